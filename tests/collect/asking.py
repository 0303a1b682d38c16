"""A request that every pack allows, to be changed by a test in one place at a time."""

from dataclasses import replace
from datetime import date, datetime

from daihou.collect.facts import Attempt, Basis, BasisKind, Debt, Facts, Limitation
from daihou.collect.guard import decide
from daihou.collect.packs import rules_of
from daihou.collect.requests import (
    Actor,
    Channel,
    Content,
    Outcome,
    Purpose,
    Recipient,
    Request,
)

LONG_AGO = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
ZONES = {"CN": "Asia/Shanghai", "US": "America/New_York", "IN": "Asia/Kolkata"}
OFFSETS = {"CN": "+08:00", "US": "-05:00", "IN": "+05:30"}


def at(text, jurisdiction="CN"):
    """Read an instant; a time alone is one of 24 November 2026, a Tuesday, where she is."""
    day = text if "T" in text else f"2026-11-24T{text}"
    return datetime.fromisoformat(day if day[-6] in "+-" else f"{day}{OFFSETS[jurisdiction]}")


SAYS = Content(
    template_key="overdue",
    version=1,
    text_digest="0" * 64,
    wording_version="wording",
    names_institution=True,
    names_creditor=True,
    names_purpose=True,
    has_opt_out=True,
)
ACTOR = Actor(
    user_id="7",
    certified_through=date(2027, 12, 31),
    has_clean_record=True,
    signed_confidentiality=True,
)
DEBT = Debt(
    key="debt",
    due_minor=100_00,
    overdue_minor=100_00,
    days_past_due=10,
    limitation=Limitation.RUNNING,
    product_class="consumer",
)


def request(jurisdiction="CN", **changes):
    asked = Request(
        at=at("10:00:00", jurisdiction),
        channel=Channel.VOICE,
        purpose=Purpose.COLLECTION,
        recipient=Recipient.DEBTOR,
        recipient_key="she",
        address_key="number",
        debt_keys=("debt",),
        says=SAYS,
        actor=ACTOR,
        is_recorded=True,
    )
    return replace(asked, **changes)


def facts(jurisdiction="CN", **changes):
    known = Facts(
        jurisdiction=jurisdiction,
        time_zones=(ZONES[jurisdiction],),
        time_zone_source="address",
        business_date=date(2026, 11, 24),
        figures_as_of=date(2026, 11, 23),
        debts=(DEBT,),
        bases=tuple(
            Basis(kind=BasisKind.CONTRACT, recipient=recipient, from_at=LONG_AGO)
            for recipient in Recipient
        ),
        attempts=(),
        attempts_from=date(2025, 1, 1),
        first_contact_on=date(2026, 11, 1),
        validation_notice_on=date(2026, 11, 1),
    )
    return replace(known, **changes)


def attempt(when, outcome=Outcome.EFFECTIVE, jurisdiction="CN", **changes):
    tried = Attempt(
        at=at(when, jurisdiction),
        channel=Channel.VOICE,
        purpose=Purpose.COLLECTION,
        recipient=Recipient.DEBTOR,
        recipient_key="she",
        address_key="number",
        debt_keys=("debt",),
        outcome=outcome,
    )
    return replace(tried, **changes)


def judge(asked, known, tightenings=()):
    rules = rules_of(jurisdiction=known.jurisdiction, tightenings=tightenings)
    return decide(request=asked, facts=known, rules=rules)


def why(decision):
    return {ruling.rule_id: ruling.code for ruling in decision.refusals}
