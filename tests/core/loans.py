"""Loans and histories for the tests of ``core``: short builders and Hypothesis strategies."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from daihou.core import terms as t
from daihou.core.events import Event, Kind

START = date(2023, 11, 20)  # The year turns into a leap year on the way.
STEPS = [t.Step(timing=timing, component=c) for timing in t.Timing for c in t.Component]


def rate(value, per=t.RatePer.YEAR):
    return t.Rate(value=Decimal(value), per=per)


def contract(principal_minor=120_000, **terms):
    terms = {"method": t.Method.EQUAL_PRINCIPAL, "rate": rate("0.12"), **terms}
    return t.Contract(
        loan_ref="L1",
        currency="CNY",
        minor_digits=2,
        principal_minor=principal_minor,
        start_on=START,
        terms=t.Terms(**terms),
    )


def free(*dues, **terms):
    """A free schedule: (day offset, principal, interest, fee) per instalment."""
    free_dues = tuple(
        t.FreeDue(
            due_on=on(offset),
            **dict(zip(("principal_minor", "interest_minor", "fee_minor"), amounts, strict=False)),
        )
        for offset, *amounts in dues
    )
    principal_minor = sum(due.principal_minor for due in free_dues)
    return contract(principal_minor, method=t.Method.FREE, free_dues=free_dues, **terms)


def on(offset):
    return START + timedelta(days=offset)


def event(kind, offset, amount_minor=0, *, sequence=0, recorded=None, **more):
    """An event ``offset`` days after the start, recorded on its day unless said otherwise."""
    known = on(offset if recorded is None else recorded)
    return Event(
        kind=kind,
        effective_on=on(offset),
        recorded_at=datetime(known.year, known.month, known.day, 12, tzinfo=UTC),
        sequence=sequence,
        amount_minor=amount_minor,
        **{"key": f"{kind}-{offset}-{sequence}", **more},
    )


def disbursed(amount_minor=120_000, offset=0, **more):
    return event(Kind.DISBURSED, offset, amount_minor, **more)


def paid(offset, amount_minor, **more):
    return event(Kind.PAYMENT_RECEIVED, offset, amount_minor, **more)


RULES = st.builds(
    t.AllocationRule,
    steps=st.permutations(STEPS).map(tuple),
    mode=st.sampled_from(t.Mode),
    surplus=st.sampled_from(t.Surplus),
)
ORDERLY_RULES = st.builds(
    t.rule_in_order,
    st.permutations(list(t.Component)),
    mode=st.sampled_from(t.Mode),
    surplus=st.sampled_from(t.Surplus),
)
PENALTIES = st.builds(
    t.PenaltyTerms,
    rate=st.sampled_from([rate("0.0005", t.RatePer.DAY), rate("0.015", t.RatePer.MONTH)]),
    compound_rate=st.sampled_from([None, rate("0.18")]),
    rounding=st.sampled_from(t.AccrualRounding),
    stop_after_days=st.sampled_from([None, 45]),
)
METHODS = [method for method in t.Method if method not in {t.Method.FREE, t.Method.BALLOON}]


@st.composite
def contracts(draw):
    rules = RULES | ORDERLY_RULES
    late = draw(st.none() | rules)
    return contract(
        draw(st.integers(10_000, 2_000_000)),
        method=draw(st.sampled_from(METHODS)),
        rate=rate(draw(st.sampled_from(["0", "0.078", "0.24"]))),
        day_count=draw(st.sampled_from(t.DayCount)),
        instalment_count=draw(st.integers(1, 6)),
        rounding=draw(st.sampled_from(t.Rounding)),
        instalment_fee_minor=draw(st.sampled_from([0, 150])),
        grace_days=draw(st.sampled_from([0, 3])),
        down_payment_rate=draw(st.sampled_from([None, None, Decimal("0.25")])),
        tolerance_minor=draw(st.sampled_from([0, 100])),
        allocation=t.AllocationTerms(
            normal=draw(rules),
            late=late,
            late_from_days=None if late is None else 91,
            by_channel=(("refund", draw(rules)),),
        ),
        penalty=draw(st.none() | PENALTIES),
    )


def _other_events(draw, i):
    offset = draw(st.integers(0, 260))
    charge = {
        "component": draw(st.sampled_from([t.Component.FEE, t.Component.PENALTY])),
        "due_on": on(draw(st.integers(0, 300))),
    }
    waiver = {"component": t.Component.INTEREST, "instalment_no": draw(st.integers(1, 3))}
    kind, amount, more = draw(
        st.sampled_from(
            [
                (Kind.CHARGE_ADDED, 2_000, charge),
                (Kind.CHARGE_WAIVED, 700, waiver),
                (Kind.PENALTY_STOPPED, 0, {}),
                (Kind.PENALTY_STARTED, 0, {}),
                (Kind.WRITTEN_OFF, 0, {}),
                (Kind.RECOVERED, 5_000, {}),
                (Kind.CLOSED, 0, {}),
            ]
        )
    )
    late = draw(st.integers(0, 30))
    return event(kind, offset, amount, sequence=i, recorded=offset + late, key=f"o{i}", **more)


@st.composite
def histories(draw, plain=False):
    """A contract with its events: paid out, paid, and unless plain anything else that happens."""
    agreed = draw(contracts())
    events = [disbursed(agreed.principal_minor, key="d1")]
    if not plain and draw(st.booleans()):
        offset = draw(st.integers(0, 25))  # Before the first due date there is always one to come.
        events.append(disbursed(draw(st.integers(1, 90_000)), offset, key="d2"))
    for i in range(1, draw(st.integers(1, 9))):
        if plain or draw(st.integers(0, 2)):
            offset, late = draw(st.integers(0, 260)), draw(st.integers(0, 3))
            amount = draw(st.integers(1, agreed.principal_minor))
            channel = "" if plain else draw(st.sampled_from(["", "", "refund"]))
            events.append(
                paid(
                    offset, amount, sequence=i, recorded=offset + late, key=f"p{i}", channel=channel
                )
            )
        else:
            events.append(_other_events(draw, i))
    return agreed, events
