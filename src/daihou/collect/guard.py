"""Decide whether a contact may be made: the law of contact as one pure function.

Units   Instants are aware; days and minutes are those of the place where the person is.
Shape   Request, facts and rules in; a ``Decision`` with every reason, what it reserves, when to
        ask again and what is left of each cap out.
Errors  Refusals are values. What is not known refuses: no rule, no zone, no basis, old figures.
Source  Each rule names its own. docs/algorithms/guard.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from daihou.collect import _clock_rules, _content_rules, _person_rules
from daihou.collect._case import Case, Refused, Span, at_instant, case_of, earliest
from daihou.collect._clock_rules import closes_at, counted_days, is_lifted, keys_of
from daihou.collect._times import next_when, start_of_day, zone_named
from daihou.collect.facts import Facts
from daihou.collect.packs import ONE_DAY, Confidence, Kind, Rule, RuleSet
from daihou.collect.requests import Counts, Request

GUARD = "GUARD"  # Rule ids of the guard's own refusals begin with it.
LEAPS_MOST = 400  # From one end of a refusal to the next; a year of days ends well before.


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A rule that refuses. ``code`` names its line in ``daihou.messages.collect``."""

    rule_id: str
    code: str
    version: str
    source: str
    confidence: Confidence
    inputs: tuple[Input, ...] = ()
    tightened_by: tuple[str, ...] = ()

    @property
    def params(self) -> dict[str, str]:
        return {each.name: each.value for each in self.inputs}

    @property
    def must_be_verified(self) -> bool:
        return self.confidence not in {Confidence.FULL, Confidence.OWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """One place that this contact takes under a cap: number ``taken + 1`` of ``most``.

    ``on`` is the person's day; the cap counts over ``days`` of them, this one the last.
    """

    rule_id: str
    counts: Counts
    key: str
    on: date
    days: int
    most: int
    taken: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a cap leaves before this contact is made."""

    rule_id: str
    counts: Counts
    key: str
    most: int
    taken: int

    @property
    def left(self) -> int:
        return max(self.most - self.taken, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """``use_before``: the permit holds until just before that instant, facts being the same.

    ``next_permitted_at``: the first instant at which the same request on the same facts is
    allowed; None where only somebody's act can change it. Of an allowed request it is None.
    """

    is_allowed: bool
    refusals: tuple[Ruling, ...]
    passed: tuple[str, ...]
    reserves: tuple[Reserve, ...] = ()
    left: tuple[Left, ...] = ()
    next_permitted_at: datetime | None = None
    use_before: datetime | None = None
    local_on: date | None = None  # The person's day, by which the caps count.

    @property
    def left_by_rule(self) -> dict[str, int]:
        """Return for each cap the least that is left over its keys."""
        found: dict[str, int] = {}
        for each in self.left:
            found[each.rule_id] = min(each.left, found.get(each.rule_id, each.left))
        return found


def decide(*, request: Request, facts: Facts, rules: RuleSet | None) -> Decision:
    """Decide a request.

    A refusal is final or says when to ask again: ``next_permitted_at`` is found by asking the
    rules themselves, so it is true for the same facts.
    """
    if rules is None or rules.jurisdiction != facts.jurisdiction:
        return _unfounded("LAW", "law_unknown", jurisdiction=facts.jurisdiction)
    zones = [zone_named(name) for name in facts.time_zones]
    known = [zone for zone in zones if zone is not None]
    if not known or len(known) != len(zones):
        return _unfounded("ZONE", "zone_unknown", zone=", ".join(facts.time_zones) or "?")
    case = case_of(request=request, facts=facts, zones=known)
    found = _look(case, rules)
    if found.refusals:
        return Decision(
            is_allowed=False,
            refusals=tuple(ruling for ruling, _ in found.refusals),
            passed=found.passed,
            left=_left(case, found.caps),
            next_permitted_at=_next_permitted_at(case, rules, found),
            local_on=case.days[0],
        )
    return Decision(
        is_allowed=True,
        refusals=(),
        passed=found.passed,
        reserves=_reserves(case, found.caps),
        left=_left(case, found.caps),
        use_before=_use_before(case, found.hours),
        local_on=case.days[0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    refusals: tuple[tuple[Ruling, datetime | None], ...]
    passed: tuple[str, ...]
    caps: tuple[Rule, ...]
    hours: tuple[Rule, ...]


def _look(case: Case, rules: RuleSet) -> _Found:
    """Ask every rule in force that binds the request."""
    on = case.days[0]
    refusals = _gaps(case, rules, on)
    passed: list[str] = []
    binding = [rule for rule in rules.in_force(on=on) if rule.kind in CHECKS and case.binds(rule)]
    for rule in binding:
        refused = CHECKS[rule.kind](case, rule)
        if refused is None:
            passed.append(rule.rule_id)
        else:
            refusals.append((_ruling(rule, refused), refused.again_at))
    return _Found(
        refusals=tuple(refusals),
        passed=tuple(passed),
        caps=tuple(r for r in binding if r.kind is Kind.CAP and not is_lifted(case, r)),
        hours=tuple(r for r in binding if r.kind is Kind.HOURS and not is_lifted(case, r)),
    )


def _gaps(case: Case, rules: RuleSet, on: date) -> list[tuple[Ruling, datetime | None]]:
    """Refuse what nobody can decide: a required rule or a debt is not there."""
    gaps = []
    missing = rules.missing(on=on)
    if missing:
        gaps.append(_gap("RULES", "rule_missing", rules=", ".join(missing), on=str(on)))
    if len(case.debts) != len(set(case.request.debt_keys)):
        gaps.append(_gap("DEBT", "debt_unknown"))
    return [(gap, None) for gap in gaps]


def _gap(name: str, code: str, **inputs: str) -> Ruling:
    return Ruling(
        rule_id=f"{GUARD}-{name}",
        code=f"contact.{code}",
        version="",
        source="",
        confidence=Confidence.OWN,
        inputs=tuple(Input(name=key, value=value) for key, value in inputs.items()),
    )


def _unfounded(name: str, code: str, **inputs: str) -> Decision:
    return Decision(is_allowed=False, refusals=(_gap(name, code, **inputs),), passed=())


def _ruling(rule: Rule, refused: Refused) -> Ruling:
    return Ruling(
        rule_id=rule.rule_id,
        code=refused.code,
        version=f"{rule.version}/{rule.valid_from.isoformat()}",
        source=rule.source,
        confidence=rule.confidence,
        inputs=tuple(Input(name=name, value=value) for name, value in refused.inputs),
        tightened_by=rule.tightened_by,
    )


def _next_permitted_at(case: Case, rules: RuleSet, found: _Found) -> datetime | None:
    """Leap from one refusal's end to the next until nothing refuses.

    Each rule says until when it refuses at least, so no permitted instant is leapt over.
    """
    for _ in range(LEAPS_MOST):
        turn_at = _turn_at(case, rules)
        ends = [earliest((again_at, turn_at)) for _, again_at in found.refusals]
        leap_to = None if None in ends else max(end for end in ends if end is not None)
        if leap_to is None:
            return None
        assert leap_to > case.at
        case = at_instant(case, leap_to)
        found = _look(case, rules)
        if not found.refusals:
            return leap_to
    return None


def _turn_at(case: Case, rules: RuleSet) -> datetime | None:
    """Return when the next row of the rules begins or has ended."""
    turn = next((day for day in rules.turns if day > case.days[0]), None)
    return None if turn is None else start_of_day(on=turn, zone=case.zones[0])


def _reserves(case: Case, caps: Iterable[Rule]) -> tuple[Reserve, ...]:
    return tuple(
        Reserve(
            rule_id=rule.rule_id,
            counts=rule.counts,
            key=key,
            on=case.days[0],
            days=rule.days,
            most=rule.most,
            taken=len(counted_days(case, rule, zone_no=0, key=key)),
        )
        for rule in caps
        for key in dict.fromkeys(keys_of(rule, case.request))
        if rule.counts is not None and rule.days is not None and rule.most is not None
    )


def _left(case: Case, caps: Iterable[Rule]) -> tuple[Left, ...]:
    """Say what each cap leaves, at the place where it leaves least."""
    return tuple(
        Left(
            rule_id=rule.rule_id,
            counts=rule.counts,
            key=key,
            most=rule.most,
            taken=max(
                len(counted_days(case, rule, zone_no=zone_no, key=key))
                for zone_no in range(len(case.zones))
            ),
        )
        for rule in caps
        for key in dict.fromkeys(keys_of(rule, case.request))
        if rule.counts is not None and rule.most is not None
    )


def _use_before(case: Case, hours: Iterable[Rule]) -> datetime | None:
    """Return the first instant at which time alone may end what is allowed now."""
    facts = case.facts
    spans: list[Span] = [*facts.stop_orders, *facts.agreements, *facts.bases]
    turns = [start_of_day(on=day + ONE_DAY, zone=zone) for day, zone in _places(case)]
    turns += [span.from_at for span in spans]
    turns += [span.until_at for span in spans if span.until_at is not None]
    closing = [closes_at(case, rule) for rule in hours]
    begins = [
        next_when(
            at=case.at,
            zone=zone,
            minutes=[each.from_minute for each in facts.inconvenient],
            holds=lambda _: True,
        )
        for zone in case.zones
        if facts.inconvenient
    ]
    later = [turn for turn in [*turns, *closing, *begins] if turn is not None and turn > case.at]
    return min(later).astimezone(UTC)


def _places(case: Case) -> Iterable[tuple[date, ZoneInfo]]:
    return zip(case.days, case.zones, strict=True)


CHECKS: Final[Mapping[Kind, Callable[[Case, Rule], Refused | None]]] = {
    Kind.HOURS: _clock_rules.hours,
    Kind.PREFERENCES: _clock_rules.preferences,
    Kind.CAP: _clock_rules.cap,
    Kind.LIVE_DIAL: _clock_rules.live_dial,
    Kind.STOP: _person_rules.stop,
    Kind.BASIS: _person_rules.basis,
    Kind.ADDRESS: _person_rules.address,
    Kind.OUT_OF_REACH: _person_rules.out_of_reach,
    Kind.NO_DEBT_FACTS: _person_rules.no_debt_facts,
    Kind.GUARANTOR: _person_rules.guarantor,
    Kind.SPOUSE: _person_rules.spouse,
    Kind.HEIR: _person_rules.heir,
    Kind.FORBIDDEN: _person_rules.forbidden,
    Kind.FIRST_CONTACT: _content_rules.first_contact,
    Kind.INSTITUTION: _content_rules.institution,
    Kind.WORDING: _content_rules.wording,
    Kind.OPT_OUT_TEXT: _content_rules.opt_out_text,
    Kind.RECORDING: _content_rules.recording,
    Kind.VISIT: _content_rules.visit,
    Kind.STAFF: _content_rules.staff,
    Kind.AGENCY: _content_rules.agency,
    Kind.PLACEMENT: _content_rules.placement,
    Kind.AGENT_NOTICE: _content_rules.agent_notice,
    Kind.TRANSFER_NOTICE: _person_rules.transfer_notice,
    Kind.VALIDATION_NOTICE: _person_rules.validation_notice,
    Kind.EXPIRED: _content_rules.expired,
    Kind.EXPIRED_SUIT: _content_rules.expired_suit,
    Kind.FIGURES: _person_rules.figures,
    Kind.OWED: _person_rules.owed,
    Kind.ASKED: _clock_rules.asked,
    Kind.COMPLAINED: _clock_rules.complained,
    Kind.COMPLAINED_RIGHTLY: _clock_rules.complained_rightly,
}
