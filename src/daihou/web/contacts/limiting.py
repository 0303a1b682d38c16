"""The caps of the packs of rules as rows of the database: what the triggers hold by themselves."""

from collections.abc import Iterator

from daihou.collect.packs import Kind, Rule, rules_of
from daihou.collect.requests import COUNTED
from daihou.web.contacts.models import Limit

SHARED_PREFIX = "HOUSE-"  # Rows of every pack, kept once.


def limits_of(*, jurisdictions: tuple[str, ...]) -> Iterator[Limit]:
    """Yield the rows that the packs of jurisdictions make; a row of the house stands once."""
    seen: set[tuple[str, object]] = set()
    for jurisdiction in jurisdictions:
        rules = rules_of(jurisdiction=jurisdiction)
        assert rules is not None, jurisdiction
        for rule in rules.rules:
            if rule.kind is not Kind.CAP or (rule.rule_id, rule.valid_from) in seen:
                continue
            seen.add((rule.rule_id, rule.valid_from))
            is_shared = rule.rule_id.startswith(SHARED_PREFIX)
            yield _limit(rule, jurisdiction="" if is_shared else jurisdiction)


def _limit(rule: Rule, *, jurisdiction: str) -> Limit:
    assert rule.counts is not None
    assert rule.per is not None
    assert rule.days is not None
    assert rule.most is not None
    return Limit(
        jurisdiction=jurisdiction,
        rule_id=rule.rule_id,
        counts=rule.counts.value,
        per=rule.per.value,
        channels=sorted(channel.value for channel in rule.channels),
        purposes=sorted(purpose.value for purpose in rule.purposes),
        recipients=sorted(recipient.value for recipient in rule.recipients),
        days=rule.days,
        most=rule.most,
        kept_by=sorted(outcome.value for outcome in COUNTED[rule.counts] if outcome is not None),
        unless_agreed=rule.unless_agreed.value if rule.unless_agreed else "",
        with_inbound=rule.with_inbound,
        valid_from=rule.valid_from,
        valid_through=rule.valid_through,
    )
