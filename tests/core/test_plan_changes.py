"""Goal: each change of the plan comes to the cent. Method: cases by hand, in fractions."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from daihou.core import terms as t
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Kind
from daihou.core.position import Status, position
from daihou.core.terms import Component, Method, Surplus
from tests.core.loans import contract, disbursed, event, free, on, paid, rate

PRINCIPAL, INTEREST = Component.PRINCIPAL, Component.INTEREST
DAILY = Fraction(12, 36_500)  # 12 % over 365 days.
# 20 November, then 20 December (day 30), 20 January (61), 20 February (92), 20 March (121).
PARTS = contract(1_200_000, instalment_count=4)
FIRST_PAID = [disbursed(1_200_000, key="d"), paid(30, 300_000 + 11_836, key="p")]
SPREAD, WAIVED = InterestTreatment.SPREAD, InterestTreatment.WAIVED
GOES_ON, CAPITALIZED = InterestTreatment.GOES_ON, InterestTreatment.CAPITALIZED


def change(kind, offset, amount_minor=0, *, sequence=50, key="change", **said):
    values = Change(**said) if said else None
    return event(kind, offset, amount_minor, sequence=sequence, key=key, change=values)


def at(events, offset, agreed=PARTS):
    return position(contract=agreed, events=events, as_of=on(offset))


def plan(got):
    """Day, principal and interest still to pay, of every instalment that owes something."""
    return [
        (
            (row.due_on - on(0)).days,
            row.components[PRINCIPAL].outstanding_minor,
            row.components[INTEREST].outstanding_minor,
        )
        for row in got.instalments
        if row.outstanding_minor
    ]


def half_up(amount):
    return int(amount + Fraction(1, 2))


def test_a_new_rate_splits_the_running_period_by_day():
    got = at([*FIRST_PAID, change(Kind.RATE_CHANGED, 45, rate=rate("0.06"))], 45)
    head = half_up(900_000 * (15 * DAILY + 16 * DAILY / 2))
    rest = [half_up(balance * days * DAILY / 2) for balance, days in ((600_000, 31), (300_000, 29))]
    assert plan(got) == [(61, 300_000, head), (92, 300_000, rest[0]), (121, 300_000, rest[1])]
    assert (got.accrued_interest_minor, got.rate) == (half_up(900_000 * 15 * DAILY), rate("0.06"))


def test_the_same_rate_again_moves_nothing():
    told = [*FIRST_PAID, change(Kind.RATE_CHANGED, 45, rate=rate("0.120"))]
    assert plan(at(told, 45)) == plan(at(FIRST_PAID, 45))
    assert at(told, 50).accrued_interest_minor == at(FIRST_PAID, 50).accrued_interest_minor


def test_two_rates_on_two_days_of_one_period_leave_every_day_its_own():
    told = [
        change(Kind.RATE_CHANGED, 40, key="a", rate=rate("0.24")),
        change(Kind.RATE_CHANGED, 50, key="b", rate=rate("0")),
    ]
    assert plan(at([*FIRST_PAID, *told], 50))[0][2] == half_up(900_000 * DAILY * (10 + 2 * 10))


def test_an_extension_plans_the_rest_until_its_new_last_day():
    got = at([*FIRST_PAID, change(Kind.EXTENDED, 45, through_on=on(182))], 45)
    assert [(day, principal) for day, principal, _ in plan(got)] == [
        (61, 180_000),
        (92, 180_000),
        (121, 180_000),
        (152, 180_000),
        (182, 180_000),
    ]
    assert plan(got)[0][2] == half_up(900_000 * 31 * DAILY)
    assert (got.restructured_on, got.restructure_count) == (on(45), 1)


def test_the_due_date_moves_and_the_odd_days_bear_interest():
    got = at([*FIRST_PAID, change(Kind.DUE_DATES_MOVED, 45, first_due_on=on(66))], 45)
    assert plan(got) == [
        (66, 300_000, half_up(900_000 * 36 * DAILY)),
        (97, 300_000, half_up(600_000 * 31 * DAILY)),
        (126, 300_000, half_up(300_000 * 29 * DAILY)),
    ]
    assert got.restructure_count == 0


@pytest.mark.parametrize(("count", "restructures"), [(2, 0), (5, 1)])
def test_another_term_divides_the_rest_by_it(count, restructures):
    got = at([*FIRST_PAID, change(Kind.TERM_CHANGED, 45, instalment_count=count)], 45)
    assert [principal for _, principal, _ in plan(got)] == [900_000 // count] * count
    assert got.restructure_count == restructures


HOLIDAY = half_up(900_000 * 31 * DAILY)  # From 20 December to 20 January, one skipped period.
AFTER = [half_up(b * d * DAILY) for b, d in ((900_000, 31), (600_000, 29), (300_000, 31))]


def test_deferred_interest_goes_on_and_is_owed_first():
    told = change(Kind.DEFERRED, 45, instalment_count=1, interest=GOES_ON)
    both = half_up(900_000 * 62 * DAILY)
    assert plan(at([*FIRST_PAID, told], 45)) == [
        (92, 300_000, both),
        (121, 300_000, AFTER[1]),
        (152, 300_000, AFTER[2]),
    ]


def test_deferred_interest_is_waived_for_the_days_of_the_holiday_alone():
    told = change(Kind.DEFERRED, 45, instalment_count=1, interest=WAIVED)
    got = at([*FIRST_PAID, told], 45)
    assert plan(got)[0] == (92, 300_000, half_up(900_000 * (15 + 31) * DAILY))
    assert at([*FIRST_PAID, told], 60).accrued_interest_minor == got.accrued_interest_minor


def test_deferred_interest_is_spread_over_what_is_to_come():
    told = change(Kind.DEFERRED, 45, instalment_count=1, interest=SPREAD)
    shares = [
        interest - own
        for (_, _, interest), own in zip(plan(at([*FIRST_PAID, told], 45)), AFTER, strict=True)
    ]
    assert sum(shares) == HOLIDAY
    assert max(shares) - min(shares) <= 1
    earned = half_up(900_000 * 15 * DAILY)
    assert abs(at([*FIRST_PAID, told], 45).accrued_interest_minor - earned) <= 1


def test_deferred_interest_becomes_principal_and_bears_interest_itself():
    told = change(Kind.DEFERRED, 45, instalment_count=1, interest=CAPITALIZED)
    got = at([*FIRST_PAID, told], 45)
    owed = 900_000 + HOLIDAY
    assert got.principal_outstanding_minor == owed
    assert got.capitalized_minor == HOLIDAY
    assert plan(got)[0][2] == half_up(owed * 31 * DAILY)


def test_paying_off_within_the_holiday_takes_no_interest_that_was_not_earned():
    told = change(Kind.DEFERRED, 45, instalment_count=1, interest=CAPITALIZED)
    payoff = at([*FIRST_PAID, told], 50).payoff_minor
    assert payoff == 900_000 + half_up(900_000 * 20 * DAILY)
    off = change(Kind.PREPAID, 50, payoff, key="off", surplus=Surplus.LOWER)
    got = at([*FIRST_PAID, told, off], 50)
    assert (got.status, got.unapplied_minor) == (Status.CLOSED, 0)


# Two instalments unpaid by day 95: 20 December is paid, 20 January and 20 February are not.
OWED_INTEREST = half_up(900_000 * 31 * DAILY) + half_up(600_000 * 31 * DAILY)
RUNNING = half_up(300_000 * 3 * DAILY)


def test_what_is_overdue_is_spread_over_the_rest():
    got = at([*FIRST_PAID, change(Kind.RE_AMORTIZED, 95, interest=SPREAD)], 95)
    own = half_up(300_000 * 3 * DAILY + 900_000 * 26 * DAILY)
    assert plan(got) == [(121, 900_000, own + OWED_INTEREST)]
    assert (got.days_past_due, got.restructure_count) == (0, 1)
    assert got.accrued_interest_minor == OWED_INTEREST + RUNNING


def test_overdue_interest_given_up_is_a_waiver_of_the_change():
    got = at([*FIRST_PAID, change(Kind.RE_AMORTIZED, 95, interest=WAIVED)], 95)
    assert sum(part.amount_minor for part in got.waived[0].parts) == OWED_INTEREST
    assert got.waived[0].event_key == "change"
    assert got.payoff_minor == 900_000 + RUNNING


@pytest.mark.parametrize("treatment", InterestTreatment)
def test_re_ageing_plans_everything_and_nothing_is_past_due(treatment):
    said = {"first_due_on": on(125), "instalment_count": 3, "interest": treatment}
    got = at([*FIRST_PAID, change(Kind.RE_AGED, 95, **said)], 95)
    owed = OWED_INTEREST + RUNNING
    principal = 900_000 + (owed if treatment is CAPITALIZED else 0)
    assert got.principal_outstanding_minor == principal
    assert [day for day, _, _ in plan(got)] == [125, 156, 186]
    assert (got.days_past_due, got.overdue_minor[INTEREST]) == (0, 0)
    kept = {GOES_ON: owed, SPREAD: owed, CAPITALIZED: 0, WAIVED: 0}[treatment]
    assert abs(got.accrued_interest_minor - kept) <= 1
    own = sum(
        half_up(Fraction(principal * part, 3) * DAILY * days)
        for part, days in ((3, 30), (2, 31), (1, 30))
    )
    assert abs(sum(interest for _, _, interest in plan(got)) - own - kept) <= 2
    assert (got.capitalized_minor, got.restructured_on) == (principal - 900_000, on(95))


def test_penalty_that_had_accrued_stays_owed_and_stops_accruing():
    agreed = replace(
        PARTS,
        terms=replace(PARTS.terms, penalty=t.PenaltyTerms(rate=rate("0.0005", t.RatePer.DAY))),
    )
    said = {"first_due_on": on(125), "instalment_count": 3, "interest": SPREAD}
    told = [*FIRST_PAID, change(Kind.RE_AGED, 95, **said)]
    before, after = at(FIRST_PAID, 95, agreed), at(told, 95, agreed)
    penalty = 150 * 34 + 150 * 3
    assert before.overdue_minor[Component.PENALTY] == penalty
    assert before.payoff_minor == after.payoff_minor
    left = [row.components[Component.PENALTY].outstanding_minor for row in after.instalments]
    assert (
        sum(left)
        == sum(
            row.components[Component.PENALTY].outstanding_minor
            for row in at(told, 125, agreed).instalments
        )
        == penalty
    )


def test_overdue_money_is_planned_beside_without_interest():
    told = change(Kind.OVERDUE_PLANNED, 95, first_due_on=on(100), instalment_count=2)
    got = at([*FIRST_PAID, told], 95)
    assert plan(got) == [
        (100, 300_000, half_up(Fraction(OWED_INTEREST, 2))),
        (121, 300_000, half_up(300_000 * 29 * DAILY)),
        (129, 300_000, OWED_INTEREST - half_up(Fraction(OWED_INTEREST, 2))),
    ]
    assert (got.days_past_due, at([*FIRST_PAID, told], 102).days_past_due) == (0, 2)


def test_a_personalized_plan_takes_all_at_its_rate():
    said = {"first_due_on": on(125), "instalment_count": 6, "rate": rate("0")}
    got = at([*FIRST_PAID, change(Kind.CARD_INSTALMENTS, 95, **said)], 95)
    assert [principal for _, principal, _ in plan(got)] == [150_000] * 6
    assert sum(interest for _, _, interest in plan(got)) == OWED_INTEREST + RUNNING


def test_acceleration_makes_all_due_with_interest_to_the_day():
    told = [*FIRST_PAID, change(Kind.ACCELERATED, 45)]
    assert plan(at(told, 45)) == [(45, 900_000, half_up(900_000 * 15 * DAILY))]
    assert at(told, 47).days_past_due == 2


def test_paused_days_bear_nothing_both_ends_included():
    told = [*FIRST_PAID, change(Kind.INTEREST_PAUSED, 45, through_on=on(64))]
    got = at(told, 45)
    assert [interest for _, _, interest in plan(got)] == [
        half_up(900_000 * 15 * DAILY),
        half_up(600_000 * 27 * DAILY),
        half_up(300_000 * 29 * DAILY),
    ]
    assert got.paused_through_on == on(64)


def test_a_pause_leaves_equal_instalments_their_amount_and_shrinks_the_last():
    agreed = contract(1_200_000, method=Method.EQUAL_INSTALMENT, instalment_count=4)
    before = [p + i for _, p, i in plan(at([disbursed(1_200_000)], 10, agreed))]
    told = [disbursed(1_200_000), change(Kind.INTEREST_PAUSED, 10, through_on=on(20))]
    after = [p + i for _, p, i in plan(at(told, 10, agreed))]
    assert after[:-1] == before[:-1]
    saved = before[-1] - after[-1]
    assert saved > half_up(1_200_000 * 11 * DAILY)  # And the interest on what was saved.


def test_compensation_opens_a_claim_no_larger_than_what_it_settled():
    told = [*FIRST_PAID, change(Kind.COMPENSATED, 95, 400_000, counterparty="guarantor")]
    got = at(told, 95)
    assert got.claim_minor == 400_000 - got.unapplied_minor
    back = change(Kind.CLAIM_RECOVERED, 99, 150_000, key="back")
    assert at([*told, back], 99).claim_minor == 250_000
    assert at([*told, back], 99).principal_outstanding_minor == got.principal_outstanding_minor


def test_sold_and_bought_back():
    sold = change(Kind.OWNER_CHANGED, 50, key="s", counterparty="fund", price_minor=1)
    back = change(Kind.OWNER_CHANGED, 60, key="b", price_minor=2)
    told = [*FIRST_PAID, sold, back]
    assert [at(told, day).owner for day in (49, 50, 60)] == ["", "fund", ""]
    assert plan(at(told, 60)) == plan(at(FIRST_PAID, 60))


def test_a_prepayment_takes_earned_interest_first_and_accrues_on_the_rest():
    told = [*FIRST_PAID, change(Kind.PREPAID, 45, 454_439, surplus=Surplus.LOWER)]
    got = at(told, 45)
    assert (
        got.principal_outstanding_minor == 450_000
    )  # 44.39 was earned of 91.73, in 15 days of 31.
    assert got.accrued_interest_minor == 0
    assert at(told, 55).accrued_interest_minor == half_up(450_000 * 10 * DAILY)


def test_a_backdated_change_lets_later_payments_find_their_new_place():
    late = paid(61, 309_173, key="late")
    told = change(Kind.DEFERRED, 45, instalment_count=1, interest=GOES_ON, sequence=90)
    got = at([*FIRST_PAID, late, told], 61)
    assert got.unapplied_minor == 309_173
    assert at([*FIRST_PAID, late, told], 92).unapplied_minor == 0


def test_undoing_leaves_no_trace_and_until_then_the_change_stood():
    told = change(Kind.EXTENDED, 45, through_on=on(182))
    undone = event(Kind.UNDONE, 70, sequence=60, target_key="change", key="u")
    history = [*FIRST_PAID, told, undone]
    assert at(history, 69).restructure_count == 1
    assert at(history, 70) == at(FIRST_PAID, 70)


def test_changes_of_one_day_take_effect_in_the_order_of_the_ledger():
    longer = change(Kind.TERM_CHANGED, 45, key="t", sequence=60, instalment_count=5)
    skip = change(Kind.DEFERRED, 45, key="s", sequence=61, instalment_count=1, interest=GOES_ON)
    got = at([*FIRST_PAID, skip, longer], 45)
    assert [day for day, _, _ in plan(got)] == [92, 121, 152, 182, 213]
    other = at([*FIRST_PAID, replace(skip, sequence=59), longer], 45)
    assert [day for day, _, _ in plan(other)] == [92, 121, 152, 182, 213]
    assert got.restructure_count == 2


def test_a_tranche_after_a_change_joins_what_is_to_come():
    told = [*FIRST_PAID, change(Kind.EXTENDED, 45, through_on=on(152))]
    more = disbursed(100_000, 50, key="d2", sequence=70)
    got = at([*told, more], 50)
    assert [principal for _, principal, _ in plan(got)] == [250_000] * 4
    assert plan(got)[0][2] == half_up(900_000 * 20 * DAILY + 1_000_000 * 11 * DAILY)


def test_a_flat_loan_bears_interest_on_what_was_paid_out_at_the_new_rate_too():
    agreed = contract(1_200_000, method=Method.FLAT, instalment_count=4)
    told = [disbursed(1_200_000), change(Kind.RATE_CHANGED, 30, rate=rate("0.06"))]
    interest = [interest for _, _, interest in plan(at(told, 30, agreed))[1:]]
    assert interest == [half_up(1_200_000 * days * DAILY / 2) for days in (31, 31, 29)]


def test_whole_periods_bear_the_same_and_the_running_one_its_share_by_days():
    agreed = contract(1_200_000, instalment_count=4, interest_basis=t.InterestBasis.PER_PERIOD)
    told = [disbursed(1_200_000), change(Kind.RATE_CHANGED, 45, rate=rate("0.06"))]
    interest = [interest for _, _, interest in plan(at(told, 45, agreed))]
    head = half_up(
        900_000 * (Fraction(15, 31) * Fraction(1, 100) + Fraction(16, 31) * Fraction(1, 200))
    )
    assert interest == [12_000, head, 3_000, 1_500]


THREE = [(30, 40_000, 900), (61, 40_000, 600), (95, 40_000, 300)]


def test_a_free_schedule_keeps_its_amounts_on_other_days():
    agreed = free(*THREE, rate=rate("0"))
    moved = change(Kind.DUE_DATES_MOVED, 10, first_due_on=on(40))
    assert plan(at([disbursed(), moved], 10, agreed)) == [
        (40, 40_000, 900),
        (71, 40_000, 600),
        (105, 40_000, 300),
    ]
    skipped = change(Kind.DEFERRED, 10, instalment_count=1, interest=GOES_ON)
    assert [row[1:] for row in plan(at([disbursed(), skipped], 10, agreed))] == [
        row[1:] for row in THREE
    ]


def test_a_free_schedule_scales_what_it_still_has_to_earn():
    agreed = free(*THREE, rate=rate("0.12"))
    told = change(Kind.RATE_CHANGED, 15, rate=rate("0.06"))
    assert [interest for _, _, interest in plan(at([disbursed(), told], 15, agreed))] == [
        675,
        300,
        150,
    ]


def test_a_penalty_that_is_a_multiple_follows_the_rate_from_the_day():
    agreed = contract(
        1_200_000, penalty=t.PenaltyTerms(multiple=Decimal("1.5")), method=Method.BULLET
    )
    told = [disbursed(1_200_000), change(Kind.RATE_CHANGED, 40, rate=rate("0.06"))]
    got = at(told, 50, agreed)
    old, new = half_up(1_200_000 * Fraction(18, 36_500)), half_up(1_200_000 * Fraction(9, 36_500))
    assert got.overdue_minor[Component.PENALTY] == 10 * old + 10 * new


def test_interest_paid_for_days_that_are_not_charged_is_money_again():
    agreed = replace(
        PARTS,
        terms=replace(
            PARTS.terms,
            allocation=t.AllocationTerms(
                normal=t.rule_in_order(t.STATUTORY_ORDER, surplus=Surplus.NEXT_INSTALMENT)
            ),
        ),
    )
    early = paid(40, 309_173, key="early")  # All of the second instalment, in advance.
    told = [*FIRST_PAID, early, change(Kind.ACCELERATED, 45)]
    got = at(told, 45, agreed)
    assert got.principal_outstanding_minor + got.unapplied_minor > 0
    paid_in = sum(part.amount_minor for a in got.applied for part in a.parts)
    assert paid_in + got.unapplied_minor == 311_836 + 309_173
    earned = half_up(900_000 * 15 * DAILY)
    owed = sum(row.components[INTEREST].due_minor for row in got.instalments[1:])
    assert owed == earned
