"""Goal: the last day to sue is the one the law gives, and every move of it shows its evidence."""

from datetime import date, timedelta

import pytest

from daihou.core.changes import Change
from daihou.core.events import Kind
from daihou.core.limitation import (
    ClockState,
    Evidence,
    Ground,
    LimitationRefused,
    LimitationRules,
    check_evidence,
    clock_of,
    guarantee_clock,
)
from daihou.core.terms import Component
from tests.core.loans import START, disbursed, event, free, on, paid

RULES = LimitationRules(
    valid_from=date(2021, 1, 1),
    years=3,
    outer_years=20,
    suspension_window_months=6,
    suspension_after_months=6,
    enforcement_years=2,
    guarantee_months=6,
)
LOAN = free((30, 1_000), (60, 1_000))
LENT = [disbursed(2_000)]
LAST_DUE = on(60)  # 19 January 2024.
EXPIRES = date(2027, 1, 19)


def clock(as_of, *evidence, events=LENT, contract=LOAN):
    return clock_of(contract=contract, events=events, evidence=evidence, as_of=as_of, rules=RULES)


def record(ground, day, **more):
    return Evidence(ground=ground, on=day, reference=f"{ground} of {day}", **more)


def demand(day, arrived_on=None):
    return record(Ground.DEMAND, day, arrived_on=arrived_on)


def test_a_debt_without_a_schedule_has_not_begun_and_names_no_day():
    far = free((30, 1_000), ((date(9999, 1, 1) - START).days, 1_000))
    found = clock(on(900), contract=far)
    assert (found.state, found.starts_on, found.expires_on) == (ClockState.NOT_BEGUN, None, None)


def test_instalment_debt_runs_from_the_last_instalments_due_date():
    assert date(2024, 1, 19) == LAST_DUE
    assert clock(LAST_DUE).state is ClockState.NOT_BEGUN
    begun = clock(LAST_DUE + timedelta(days=1))
    assert (begun.state, begun.starts_on, begun.expires_on) == (
        ClockState.RUNNING,
        LAST_DUE,
        EXPIRES,
    )


def test_the_last_day_itself_is_in_time():
    assert (clock(EXPIRES).state, clock(EXPIRES).days_left) == (ClockState.RUNNING, 0)
    assert clock(EXPIRES + timedelta(days=1)).state is ClockState.EXPIRED


def test_a_period_from_29_february_ends_on_the_28th():
    leap = free(((date(2024, 2, 29) - START).days, 1_000))
    found = clock(date(2026, 1, 1), contract=leap, events=[disbursed(1_000)])
    assert found.expires_on == date(2027, 2, 28)


def test_a_charge_after_the_end_does_not_put_the_start_off():
    charge = event(Kind.CHARGE_ADDED, 200, 50, sequence=3, component=Component.FEE, due_on=on(300))
    assert clock(on(400), events=[*LENT, charge]).starts_on == LAST_DUE


def test_a_payment_restarts_it_with_its_own_event_as_evidence():
    payment = paid(400, 100, sequence=1)
    found = clock(on(401), events=[*LENT, payment])
    assert found.expires_on == on(400).replace(year=on(400).year + 3)
    turn = found.last_restart
    assert (turn.ground, turn.reference, turn.counts) == (Ground.PAYMENT, payment.key, True)


def test_a_payment_that_was_reversed_restarts_nothing():
    payment = paid(400, 100, sequence=1)
    reversal = event(Kind.PAYMENT_REVERSED, 401, sequence=2, target_key=payment.key)
    assert clock(on(402), events=[*LENT, payment, reversal]).expires_on == EXPIRES


def test_payments_before_the_end_of_the_term_are_noted_and_change_nothing():
    payment = paid(20, 100, sequence=1)
    found = clock(on(100), events=[*LENT, payment])
    assert (found.turns[0].counts, found.turns[0].reason) == (False, "not_begun")
    assert found.expires_on == EXPIRES


def test_an_agreed_change_of_the_plan_acknowledges_and_moves_the_last_due_date():
    extended = event(Kind.EXTENDED, 50, sequence=1, change=Change(through_on=on(150)))
    assert clock(on(200), events=[*LENT, extended]).starts_on == on(150)


def test_what_the_lender_does_alone_acknowledges_nothing():
    called = event(Kind.ACCELERATED, 40, sequence=1)
    found = clock(on(200), events=[*LENT, called])
    assert [turn.ground for turn in found.turns] == []


def test_a_demand_counts_from_its_proved_arrival():
    found = clock(on(500), demand(on(400), on(404)))
    assert found.expires_on == on(404).replace(year=on(404).year + 3)
    unproved = clock(on(500), demand(on(400)))
    assert (unproved.turns[0].reason, unproved.expires_on) == ("not_arrived", EXPIRES)
    on_its_way = clock(on(402), demand(on(400), on(404)))
    assert (on_its_way.turns[0].reason, on_its_way.expires_on) == ("not_yet", EXPIRES)


@pytest.mark.parametrize("ground", [Ground.AUTO_DEBIT, Ground.PROMISE, Ground.ACKNOWLEDGEMENT])
def test_each_ground_restarts_it(ground):
    found = clock(on(500), record(ground, on(400)))
    assert found.expires_on == on(400).replace(year=on(400).year + 3)


def test_restarts_chain_and_the_latest_counts_whatever_order_they_come_in():
    first, second = demand(on(400), on(400)), record(Ground.PROMISE, on(900))
    for given in ((first, second), (second, first)):
        found = clock(on(1_000), *given)
        assert found.expires_on == on(900).replace(year=on(900).year + 3)
        assert [turn.ground for turn in found.turns] == [Ground.DEMAND, Ground.PROMISE]


def test_after_expiry_only_an_acknowledgement_revives_the_claim():
    late = EXPIRES + timedelta(days=30)
    payment = paid((late - START).days, 100, sequence=1)
    as_of = late + timedelta(days=1)
    for given, events in (((demand(late, late),), LENT), ((), [*LENT, payment])):
        found = clock(as_of, *given, events=events)
        assert (found.state, found.turns[0].reason) == (ClockState.EXPIRED, "after_expiry")
    revived = clock(as_of, record(Ground.ACKNOWLEDGEMENT, late))
    assert (revived.state, revived.expires_on) == (
        ClockState.RUNNING,
        late.replace(year=late.year + 3),
    )


def test_no_restart_goes_past_the_outer_limit():
    days = [date(2026 + 2 * n, 6, 1) for n in range(9)]
    found = clock(date(2043, 1, 1), *(demand(day, day) for day in days))
    assert found.expires_on == found.outer_expires_on == date(2044, 1, 19)
    assert clock(date(2044, 1, 20), *(demand(d, d) for d in days)).state is ClockState.EXPIRED


def test_the_clock_stands_while_a_suit_goes_on_and_restarts_when_it_ends():
    suit = record(Ground.SUIT, on(400), through=on(900))
    during = clock(on(899), suit)
    assert (during.state, during.expires_on, during.days_left) == (
        ClockState.IN_PROCEEDINGS,
        None,
        None,
    )
    assert clock(on(901), suit).expires_on == on(900).replace(year=on(900).year + 3)
    assert clock(on(2_000), record(Ground.SUIT, on(400))).state is ClockState.IN_PROCEEDINGS


def test_suspension_counts_in_the_last_six_months_and_adds_six_after_it_ends():
    window_on = date(2026, 7, 19)
    early = record(Ground.SUSPENSION, date(2026, 1, 1), through=window_on - timedelta(days=1))
    found = clock(date(2026, 12, 1), early)
    assert (found.turns[0].reason, found.expires_on) == ("before_last_months", EXPIRES)
    reaching = record(Ground.SUSPENSION, date(2026, 1, 1), through=date(2026, 11, 30))
    assert clock(date(2026, 12, 1), reaching).expires_on == date(2027, 5, 30)
    lasting = record(Ground.SUSPENSION, date(2026, 12, 1))
    assert clock(date(2027, 6, 1), lasting).state is ClockState.SUSPENDED
    assert clock(date(2026, 6, 1), record(Ground.SUSPENSION, date(2026, 5, 1))).state is (
        ClockState.RUNNING
    )


def test_a_judgment_has_two_years_to_be_enforced_and_enforcement_keeps_it():
    suit = record(Ground.SUIT, on(400))
    judged = record(Ground.JUDGMENT, on(600))
    ends = on(600).replace(year=on(600).year + 2)
    found = clock(on(700), suit, judged)
    assert (found.state, found.expires_on) == (ClockState.ENFORCEABLE, ends)
    assert clock(ends + timedelta(days=1), judged).state is ClockState.ENFORCEMENT_EXPIRED
    asked = record(Ground.ENFORCEMENT, on(1_000))
    kept = clock(on(1_100), judged, asked)
    assert kept.expires_on == on(1_000).replace(year=on(1_000).year + 2)
    too_late = record(Ground.ENFORCEMENT, ends + timedelta(days=1))
    assert clock(too_late.on, judged, too_late).turns[-1].reason == "after_expiry"
    assert clock(on(700), record(Ground.ENFORCEMENT, on(650))).turns[0].reason == "no_judgment"


def test_nothing_owed_has_no_clock():
    settled = [*LENT, paid(10, 2_000, sequence=1), event(Kind.CLOSED, 11, sequence=2)]
    assert clock(on(90), events=settled).state is ClockState.NOTHING_OWED
    assert clock(on(90), events=[]).state is ClockState.NOTHING_OWED


def test_what_happens_later_is_not_known_yet():
    later = demand(on(400), on(400))
    assert clock(on(399), later).turns == ()


def test_the_guarantee_period_never_moves():
    due_on = date(2024, 1, 19)

    def guarantee(as_of, *evidence, months=None):
        return guarantee_clock(
            due_on=due_on, agreed_months=months, evidence=evidence, as_of=as_of, rules=RULES
        )

    assert guarantee(date(2024, 7, 19)).is_free is False
    assert guarantee(date(2024, 7, 20)).is_free is True
    towards_debtor = demand(date(2024, 3, 1), date(2024, 3, 1))
    assert guarantee(date(2024, 7, 20), towards_debtor).is_free is True
    act = record(Ground.GUARANTOR_DEMAND, date(2024, 7, 1), arrived_on=date(2024, 7, 19))
    kept = guarantee(date(2025, 1, 1), act)
    assert (kept.is_free, kept.acted_on) == (False, date(2024, 7, 19))
    too_late = record(Ground.GUARANTOR_DEMAND, date(2024, 7, 1), arrived_on=date(2024, 7, 20))
    assert guarantee(date(2025, 1, 1), too_late).is_free is True
    assert guarantee(date(2025, 1, 1), months=24).expires_on == date(2026, 1, 19)
    sued = record(Ground.SUIT, date(2024, 6, 1))
    assert guarantee(date(2025, 1, 1), sued).is_free is False


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"through": on(9)}, "evidence.ends_before_it_begins"),
        ({"arrived_on": on(9)}, "evidence.arrived_before_sent"),
    ],
)
def test_evidence_that_contradicts_itself_is_refused(wrong, code):
    with pytest.raises(LimitationRefused) as refused:
        check_evidence(record(Ground.SUIT, on(10), **wrong))
    assert refused.value.code == code
