"""Goal: every rule of the position, on numbers one can check by hand. Method: short named loans."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from daihou.core import terms as t
from daihou.core.changes import Change
from daihou.core.events import Kind
from daihou.core.position import PositionRefused, Status, position
from daihou.core.terms import Component, Surplus
from tests.core.loans import contract, disbursed, event, free, on, paid, rate

PRINCIPAL, INTEREST, FEE = Component.PRINCIPAL, Component.INTEREST, Component.FEE
PENALTY, COMPOUND = Component.PENALTY, Component.COMPOUND_INTEREST
PER_MILLE_A_DAY = rate("0.001", t.RatePer.DAY)
THREE = ((30, 1_000, 100), (60, 1_000, 50), (90, 1_000, 20))


def at(agreed, events, offset, **more):
    return position(contract=agreed, events=events, as_of=on(offset), **more)


def outstanding(got, component):
    return [row.components[component].outstanding_minor for row in got.instalments]


def parts_of(got, key):
    (applied,) = [a for a in got.applied if a.event_key == key]
    return [(p.instalment_no, p.component, p.amount_minor) for p in applied.parts]


def allocation(surplus, **more):
    rule = t.rule_in_order(t.STATUTORY_ORDER, surplus=surplus)
    return t.AllocationTerms(normal=rule, **more)


def three(**terms):
    return free(*THREE, **terms), [disbursed(3_000)]


def test_an_untouched_loan_ages_from_the_day_after_its_due_date():
    agreed, events = three()
    on_the_day, day_after = at(agreed, events, 30), at(agreed, events, 31)
    assert (on_the_day.days_past_due, on_the_day.next_due_on) == (0, on(30))
    assert on_the_day.next_due_minor == 1_100
    assert (day_after.days_past_due, day_after.oldest_unpaid_due_on) == (1, on(30))
    assert (day_after.bucket.value, day_after.next_due_on) == ("M1", on(60))
    assert day_after.overdue_minor == {
        PRINCIPAL: 1_000,
        INTEREST: 100,
        FEE: 0,
        PENALTY: 0,
        COMPOUND: 0,
    }


@pytest.mark.parametrize(("offset", "penalty"), [(30, 0), (31, 1), (32, 2), (61, 32)])
def test_penalty_runs_from_the_night_after_the_due_date(offset, penalty):
    agreed, events = three(penalty=t.PenaltyTerms(rate=PER_MILLE_A_DAY))
    assert sum(outstanding(at(agreed, events, offset), PENALTY)) == penalty


def test_a_payment_one_day_late_pays_one_day_of_penalty():
    agreed, events = three(penalty=t.PenaltyTerms(rate=PER_MILLE_A_DAY))
    got = at(agreed, [*events, paid(31, 1_101, key="p")], 40)
    assert parts_of(got, "p") == [(1, PENALTY, 1), (1, INTEREST, 100), (1, PRINCIPAL, 1_000)]
    assert got.instalments[0].paid_on == on(31)
    assert got.days_past_due == 0


@pytest.mark.parametrize(("offset", "penalty"), [(33, 0), (34, 1), (40, 7), (41, 7)])
def test_grace_and_stop_bound_the_days_that_bear_penalty(offset, penalty):
    terms = t.PenaltyTerms(rate=PER_MILLE_A_DAY, stop_after_days=10)
    agreed, events = three(penalty=terms, grace_days=3)
    got = at(agreed, events, offset)
    assert outstanding(got, PENALTY)[0] == penalty
    assert got.days_past_due == offset - 30


def test_penalty_follows_the_principal_left_and_compound_the_interest_left():
    terms = t.PenaltyTerms(rate=PER_MILLE_A_DAY, compound_rate=rate("0.01", t.RatePer.DAY))
    agreed, events = three(penalty=terms)
    got = at(agreed, [*events, paid(40, 620, key="p")], 50)
    # Ten days: 10 penalty, 10 compound; 620 leaves 500 of principal for ten more days.
    assert parts_of(got, "p") == [
        (1, PENALTY, 10),
        (1, COMPOUND, 10),
        (1, INTEREST, 100),
        (1, PRINCIPAL, 500),
    ]
    assert outstanding(got, PENALTY)[0] == 10  # Half a cent a day rounds up to one each day.
    exact = replace(agreed.terms, penalty=replace(terms, rounding=t.AccrualRounding.SPAN))
    got = at(replace(agreed, terms=exact), [*events, paid(40, 620, key="p")], 50)
    assert outstanding(got, PENALTY)[0] == 5


def test_actual_actual_penalty_turns_with_the_year():
    terms = t.PenaltyTerms(rate=rate("0.365"), rounding=t.AccrualRounding.SPAN)
    agreed = free((30, 3_660_000), penalty=terms, day_count=t.DayCount.ACTUAL_ACTUAL)
    got = at(agreed, [disbursed(3_660_000)], 52)  # 12 nights into 2023, 10 into 2024.
    assert on(42).isoformat() == "2024-01-01"
    assert sum(outstanding(got, PENALTY)) == 11 * 3_660 + 11 * 3_650


def test_stopped_days_bear_no_penalty():
    agreed, events = three(penalty=t.PenaltyTerms(rate=PER_MILLE_A_DAY))
    stop, start = event(Kind.PENALTY_STOPPED, 35), event(Kind.PENALTY_STARTED, 40)
    assert outstanding(at(agreed, [*events, stop, start], 45), PENALTY)[0] == 10
    assert outstanding(at(agreed, [*events, stop], 45), PENALTY)[0] == 5


@pytest.mark.parametrize(("days", "first"), [(90, INTEREST), (91, PRINCIPAL)])
def test_the_late_rule_holds_from_its_day(days, first):
    late = t.rule_in_order(t.PRINCIPAL_FIRST_ORDER)
    terms = allocation(Surplus.HOLD, late=late, late_from_days=91)
    agreed = free(*THREE, allocation=terms)
    got = at(agreed, [disbursed(3_000), paid(30 + days, 10, key="p")], 200)
    assert parts_of(got, "p") == [(1, first, 10)]


def test_held_money_is_applied_on_the_due_date_before_that_days_payments():
    agreed, events = three()
    got = at(agreed, [*events, paid(10, 1_500, key="a"), paid(60, 650, key="b")], 60)
    (first, second) = got.applied
    assert [p.applied_on for p in first.parts] == [on(30), on(30), on(60), on(60)]
    assert parts_of(got, "a")[2:] == [(2, INTEREST, 50), (2, PRINCIPAL, 350)]
    assert parts_of(got, "b") == [(2, PRINCIPAL, 650)]
    assert (first.principal_after_minor, second.principal_after_minor) == (3_000, 1_000)
    assert at(agreed, [*events, paid(10, 1_500)], 29).unapplied_minor == 1_500


def test_held_money_meets_the_charges_that_came_before_the_days_payments():
    agreed, events = three()
    events += [paid(10, 1_105, key="held"), charge(30, 5, 30, sequence=1, key="c")]
    got = at(agreed, [*events, paid(30, 9, sequence=2, key="p")], 30)
    assert parts_of(got, "held") == [(1, FEE, 5), (1, INTEREST, 100), (1, PRINCIPAL, 1_000)]
    assert got.unapplied_minor == 9
    after = at(agreed, [*events[:-1], paid(30, 9, key="p"), events[-1]], 30)
    assert parts_of(after, "held") == [(1, INTEREST, 100), (1, PRINCIPAL, 1_000), (1, FEE, 5)]


def test_a_channel_may_have_its_own_rule():
    refund = t.rule_in_order(t.PRINCIPAL_FIRST_ORDER, surplus=Surplus.LAST_INSTALMENT)
    agreed = free(*THREE, allocation=allocation(Surplus.HOLD, by_channel=(("refund", refund),)))
    events = [disbursed(3_000), paid(5, 30, key="p"), paid(5, 40, key="r", channel="refund")]
    got = at(agreed, events, 5)
    assert parts_of(got, "p") == []
    assert parts_of(got, "r") == [(3, PRINCIPAL, 40)]


def test_what_fits_nowhere_stays_unapplied_and_the_loan_is_closed():
    agreed = free(*THREE, allocation=allocation(Surplus.NEXT_INSTALMENT))
    got = at(agreed, [disbursed(3_000), paid(20, 3_200)], 20)
    assert (got.status, got.closed_on, got.unapplied_minor) == (Status.CLOSED, on(20), 30)
    assert (got.payoff_minor, got.next_due_on, got.principal_outstanding_minor) == (0, None, 0)


def test_lowering_scales_what_is_to_come():
    agreed = free(*THREE, allocation=allocation(Surplus.LOWER))
    got = at(agreed, [disbursed(3_000), paid(30, 2_100, key="p")], 30)
    # 1,100 are due; 1,000 of 2,000 principal to come is prepaid, so everything to come halves.
    assert parts_of(got, "p")[-1] == (2, PRINCIPAL, 1_000)
    assert outstanding(got, PRINCIPAL) == [0, 500, 500]
    assert outstanding(got, INTEREST) == [0, 25, 10]
    assert got.instalments[1].components[PRINCIPAL].due_minor == 1_500


def test_shortening_keeps_the_instalment():
    agreed = free(*THREE, allocation=allocation(Surplus.SHORTEN))
    got = at(agreed, [disbursed(3_000), paid(30, 2_100)], 30)
    # 1,000 are left; the second instalment was 1,050 in all and takes the whole of it.
    assert [row.due_on for row in got.instalments] == [on(30), on(60)]
    assert outstanding(got, PRINCIPAL) == [0, 1_000]
    assert outstanding(got, INTEREST) == [0, 25]


def test_shortening_turns_saved_interest_into_principal():
    dues = ((30, 1_000, 100), (60, 1_000, 60), (90, 1_000, 40), (120, 1_000, 20))
    agreed = free(*dues, allocation=allocation(Surplus.SHORTEN))
    got = at(agreed, [disbursed(4_000), paid(30, 1_600)], 30)
    # Of 3,000 to come 2,500 stay; instalments of 1,060 and 1,040, then the rest.
    assert outstanding(got, INTEREST) == [0, 50, 30, 10]
    assert outstanding(got, PRINCIPAL) == [0, 1_010, 1_010, 480]


def test_prepaying_inside_a_period_pays_the_interest_earned_first():
    agreed = free(*THREE, allocation=allocation(Surplus.LOWER))
    events = [disbursed(3_000), paid(30, 1_100), paid(45, 1_025, key="p")]
    got = at(agreed, events, 45)
    assert parts_of(got, "p") == [(2, INTEREST, 25), (2, PRINCIPAL, 1_000)]
    assert outstanding(got, INTEREST) == [0, 13, 10]  # 12.5 and 10: what the other half earns.


def test_paying_the_pay_off_figure_closes_the_loan():
    for surplus in (Surplus.SHORTEN, Surplus.LOWER):
        agreed = free(*THREE, allocation=allocation(surplus))
        events = [disbursed(3_000), paid(30, 1_100)]
        payoff = at(agreed, events, 45).payoff_minor
        assert payoff == 2_025
        got = at(agreed, [*events, paid(45, payoff)], 45)
        assert (got.status, got.closed_on, got.unapplied_minor) == (Status.CLOSED, on(45), 0)


def test_accrued_interest_runs_inside_the_period_only():
    agreed, events = three()
    accrued = [at(agreed, events, day).accrued_interest_minor for day in (0, 15, 29, 30, 31, 95)]
    assert accrued == [0, 50, 97, 0, 2, 0]


def charge(offset, amount, due, **more):
    return event(Kind.CHARGE_ADDED, offset, amount, component=FEE, due_on=on(due), **more)


@pytest.mark.parametrize(("due", "fees"), [(0, [7, 0, 0]), (30, [7, 0, 0]), (31, [0, 7, 0])])
def test_a_charge_belongs_to_the_period_its_day_lies_in(due, fees):
    agreed, events = three()
    assert outstanding(at(agreed, [*events, charge(0, 7, due)], 1), FEE) == fees


def test_a_charge_after_maturity_makes_an_instalment_of_its_own():
    agreed, events = three()
    got = at(agreed, [*events, charge(5, 7, 100)], 5)
    extra = got.instalments[3]
    assert (extra.instalment_no, extra.start_on, extra.due_on) == (4, on(90), on(100))
    assert extra.outstanding_minor == 7
    assert (
        at(agreed, [*events, charge(5, 7, 100)], 4).instalments == at(agreed, events, 4).instalments
    )


def test_a_charge_before_the_disbursement_waits_for_it():
    agreed, events = three()
    early = charge(-5, 7, 40)
    assert at(agreed, [*events, early], -1).instalments == ()
    assert outstanding(at(agreed, [*events, early], 0), FEE) == [0, 7, 0]


def test_a_charge_may_fall_due_on_its_own_day():
    rule = replace(
        t.rule_in_order(t.STATUTORY_ORDER, surplus=Surplus.LAST_INSTALMENT),
        charges_on_their_day=True,
    )
    agreed = free(*THREE, allocation=t.AllocationTerms(normal=rule))
    charges = [charge(1, 50, 20, key="c1"), charge(1, 10, 23, key="c2")]
    events = [disbursed(3_000), *charges, paid(20, 100, key="p")]
    got = at(agreed, events, 20)
    assert parts_of(got, "p") == [(1, FEE, 50), (3, INTEREST, 20), (3, PRINCIPAL, 30)]
    later = at(agreed, [*events, paid(22, 5, key="q")], 22)
    assert parts_of(later, "q") == [(3, PRINCIPAL, 5)]


@pytest.mark.parametrize(("due", "held"), [(12, 7), (15, 7), (16, 0)])
def test_a_pay_off_holds_the_charges_whose_own_day_has_come(due, held):
    agreed = free((31, 1000, 30))
    events = [event(Kind.DISBURSED, 0, 1000), charge(10, 7, due)]
    owed = at(agreed, events, 15).payoff_minor
    assert owed == 1000 + 15 + held
    change = Change(surplus=Surplus.LOWER)
    paid = event(Kind.PREPAID, 15, owed, sequence=9, change=change)
    left = at(agreed, [*events, paid], 15)
    assert left.principal_outstanding_minor == 0
    assert left.unapplied_minor == 0


def test_a_waiver_gives_up_what_is_left_and_no_more():
    agreed, events = three()
    given = event(Kind.CHARGE_WAIVED, 3, 9, target_key="c", sequence=2)
    got = at(agreed, [*events, charge(2, 7, 10, key="c", sequence=1), given], 5)
    owed = got.instalments[0].components[FEE]
    assert (owed.due_minor, owed.waived_minor, owed.outstanding_minor) == (7, 7, 0)
    (waiver,) = got.waived
    assert (waiver.amount_minor, waiver.unapplied_minor) == (9, 2)


def test_a_charge_is_waived_once_however_often_one_tries():
    agreed, events = three()
    events += [charge(2, 7, 10, key="c"), charge(2, 10, 10, key="other")]
    tries = [event(Kind.CHARGE_WAIVED, 3 + n, 5, target_key="c", key=f"w{n}") for n in range(3)]
    got = at(agreed, [*events, *tries], 9)
    assert [waiver.amount_minor - waiver.unapplied_minor for waiver in got.waived] == [5, 2, 0]
    assert outstanding(got, FEE)[0] == 10


def test_a_loan_closes_and_is_written_off_once():
    agreed, events = three()
    twice = [event(kind, day) for kind in (Kind.WRITTEN_OFF, Kind.CLOSED) for day in (40, 50)]
    assert at(agreed, [*events, *twice], 60).closed_on == on(40)


def test_a_rule_of_a_channel_is_checked_with_the_terms():
    halved = t.AllocationRule(steps=t.STATUTORY.normal.steps[:7])
    agreed = free(*THREE, allocation=replace(t.STATUTORY, by_channel=(("refund", halved),)))
    with pytest.raises(t.TermsRefused) as refused:
        t.check_terms(terms=agreed.terms, principal_minor=3_000)
    assert refused.value.code == "terms.allocation_incomplete"


def test_interest_may_be_waived_by_component_and_instalment():
    agreed, events = three()
    given = event(Kind.CHARGE_WAIVED, 3, 40, component=INTEREST, instalment_no=1)
    got = at(agreed, [*events, given], 31)
    assert outstanding(got, INTEREST) == [60, 50, 20]
    assert got.overdue_minor[INTEREST] == 60


def test_tolerance_keeps_small_rests_from_ageing():
    agreed = free(*THREE, tolerance_minor=100)
    short = [disbursed(3_000), paid(30, 1_000)]
    assert at(agreed, short, 31).days_past_due == 0
    assert at(agreed, [disbursed(3_000), paid(30, 999)], 31).days_past_due == 1


@pytest.mark.parametrize(
    ("order", "amount"),
    [
        ((PRINCIPAL, FEE, INTEREST, PENALTY, COMPOUND), 1_000 + 30),
        ((PRINCIPAL, INTEREST, FEE, PENALTY, COMPOUND), 1_000 + 100),
        ((INTEREST, FEE, PRINCIPAL, PENALTY, COMPOUND), 100 + 30),
    ],
)
def test_each_scheduled_component_alone_ages_a_loan(order, amount):
    agreed = free((30, 1_000, 100, 30), allocation=t.AllocationTerms(normal=t.rule_in_order(order)))
    got = at(agreed, [disbursed(1_000), paid(30, amount)], 31)
    assert got.days_past_due == 1
    assert [left > 0 for left in got.overdue_minor.values()].count(True) == 1


def test_penalty_alone_never_ages_a_loan():
    agreed, events = three(penalty=t.PenaltyTerms(rate=PER_MILLE_A_DAY))
    order = (PRINCIPAL, INTEREST, FEE, PENALTY, COMPOUND)
    rule = t.AllocationTerms(normal=t.rule_in_order(order))
    agreed = replace(agreed, terms=replace(agreed.terms, allocation=rule))
    got = at(agreed, [*events, paid(40, 1_100)], 50)
    assert (got.days_past_due, got.overdue_minor[PENALTY]) == (0, 10)


def test_a_write_off_stops_penalty_and_the_claim_lives_on():
    agreed, events = three(penalty=t.PenaltyTerms(rate=PER_MILLE_A_DAY))
    events += [event(Kind.WRITTEN_OFF, 40), event(Kind.RECOVERED, 50, 500, key="r")]
    got = at(agreed, events, 60)
    assert (got.status, got.days_past_due) == (Status.WRITTEN_OFF, 30)
    assert parts_of(got, "r")[0] == (1, PENALTY, 10)
    assert outstanding(got, PENALTY)[0] == 0


def test_closing_spends_what_is_held_and_gives_up_the_rest():
    agreed, events = three()
    got = at(agreed, [*events, paid(30, 1_100), event(Kind.CLOSED, 40)], 100)
    assert (got.status, got.closed_on, got.days_past_due) == (Status.CLOSED, on(40), 0)
    assert (got.principal_outstanding_minor, got.payoff_minor) == (0, 0)
    assert [row.components[PRINCIPAL].waived_minor for row in got.instalments] == [0, 1_000, 1_000]
    assert at(agreed, [*events, event(Kind.CLOSED, 40), paid(50, 9)], 60).unapplied_minor == 9


def test_a_closed_loan_spends_its_held_money_on_interest_earned_and_principal():
    agreed, events = three()
    events += [paid(30, 1_100), paid(45, 2_025, key="p"), event(Kind.CLOSED, 45)]
    got = at(agreed, events, 45)
    assert (got.unapplied_minor, got.closed_on) == (0, on(45))
    spent = sum(amount for _, component, amount in parts_of(got, "p") if component is PRINCIPAL)
    assert spent == 2_000
    waived = sum(row.components[PRINCIPAL].waived_minor for row in got.instalments)
    assert waived == 0


def test_an_opened_loan_brings_its_arrears_and_accrues_from_its_day():
    agreed = free((-40, 500, 30), (20, 500), penalty=t.PenaltyTerms(rate=PER_MILLE_A_DAY))
    got = at(agreed, [event(Kind.OPENED, 0, 1_000)], 10)
    assert (got.days_past_due, got.disbursed_minor) == (50, 1_000)
    assert outstanding(got, PENALTY) == [10, 0]  # Half a cent rounds to one, ten days since.


def test_money_before_the_disbursement_waits_for_it():
    agreed, events = three()
    early = event(Kind.PAYMENT_RECEIVED, -3, 50, key="p")
    before = at(agreed, [*events, early], -1)
    assert (before.status, before.unapplied_minor, before.instalments) == (Status.PENDING, 50, ())
    agreed = free(*THREE, allocation=allocation(Surplus.NEXT_INSTALMENT))
    got = at(agreed, [*events, early], 0)
    assert [p.applied_on for p in got.applied[0].parts] == [on(0)]


def test_tranches_raise_what_is_to_come_and_keep_what_was_paid():
    agreed = contract(
        300,
        rate=rate("0"),
        instalment_count=3,
        down_payment_rate=Decimal("0.25"),
        allocation=allocation(Surplus.NEXT_INSTALMENT),
    )
    events = [disbursed(400), paid(0, 100, key="p"), disbursed(200, 10, key="d2")]
    got = at(agreed, events, 10)
    assert [row.due_on for row in got.instalments][:2] == [on(0), on(10)]
    assert outstanding(got, PRINCIPAL) == [0, 50, 150, 150, 150]
    assert got.disbursed_minor == 600
    assert parts_of(got, "p") == [(1, PRINCIPAL, 100)]


def test_a_reversal_counts_from_its_own_day_and_then_leaves_no_trace():
    agreed, events = three()
    events += [
        paid(30, 1_100, key="p"),
        event(Kind.PAYMENT_REVERSED, 40, target_key="p"),
    ]
    assert at(agreed, events, 39).days_past_due == 0
    assert at(agreed, events, 40).days_past_due == 10
    assert at(agreed, events, 40).applied == ()


def stated(offset, sequence=0, **figures):
    return event(
        Kind.STATED,
        offset,
        sequence=sequence,
        key=f"s{offset}-{sequence}",
        figures=tuple(figures.items()),
    )


def test_stated_figures_are_the_loans_and_freeze():
    agreed, events = three()
    events += [
        stated(
            35,
            days_past_due=7,
            overdue_minor=900,
            principal_outstanding_minor=2_900,
            interest_outstanding_minor=80,
            unapplied_minor=10,
        ),
        stated(34, days_past_due=99),
    ]
    got = at(agreed, events, 50)
    assert (got.days_past_due, got.bucket.value) == (7, "M1")
    assert (got.oldest_unpaid_due_on, got.stated_on, got.is_stale) == (on(28), on(35), True)
    assert (got.overdue_minor[INTEREST], got.overdue_minor[PRINCIPAL]) == (80, 820)
    assert (got.principal_outstanding_minor, got.payoff_minor) == (2_900, 2_970)
    assert not at(agreed, events, 35).is_stale
    assert at(agreed, events, 33).stated_on is None


def test_a_stated_loan_needs_no_schedule_and_may_be_closed():
    agreed, _ = three()
    got = at(
        agreed,
        [
            stated(
                5, days_past_due=0, principal_outstanding_minor=700, next_due_on=on(20).toordinal()
            )
        ],
        5,
    )
    assert (got.status, got.principal_outstanding_minor) == (Status.ACTIVE, 700)
    assert got.next_due_on == on(20)
    closed = at(agreed, [stated(5, closed=1)], 6)
    assert (closed.status, closed.closed_on) == (Status.CLOSED, on(5))


def test_an_instant_without_a_zone_is_refused():
    agreed, events = three()
    with pytest.raises(PositionRefused) as refused:
        at(agreed, events, 5, known_at=datetime(2024, 1, 1))
    assert refused.value.code == "position.known_at_naive"
