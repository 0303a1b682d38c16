"""Goal: money paid out in parts, or partly due at once, is planned to the unit."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from daihou.core.schedule import ScheduleRefused, Tranche, build_schedule, build_tranched_schedule
from daihou.core.terms import (
    MOST_INSTALMENTS,
    DayCount,
    FreeDue,
    InstalmentRule,
    InterestBasis,
    Method,
    PeriodUnit,
    Rate,
    RatePer,
    Rounding,
    Terms,
    TermsRefused,
    TrancheRule,
)

JAN_1, JAN_16, FEB_1, FEB_15, MAR_1, APR_1 = (
    date(2023, month, day) for month, day in ((1, 1), (1, 16), (2, 1), (2, 15), (3, 1), (4, 1))
)


def terms_of(method=Method.EQUAL_INSTALMENT, value="0", **rest):
    rules = {"instalment_count": 3, "interest_basis": InterestBasis.PER_PERIOD, **rest}
    return Terms(method=method, rate=Rate(value=Decimal(value), per=RatePer.YEAR), **rules)


def paid_out(*parts):
    return [Tranche(amount_minor=amount, paid_out_on=on) for on, amount in parts]


def rows(terms, *parts):
    dues = build_tranched_schedule(terms=terms, tranches=paid_out(*parts))
    return [(due.due_on, due.principal_minor, due.interest_minor) for due in dues]


def principals(terms, *parts):
    return [(on.month, on.day, principal) for on, principal, _ in rows(terms, *parts)]


REMAINING = [
    ([(JAN_1, 900), (JAN_16, 300)], [400, 400, 400]),
    ([(JAN_1, 900), (FEB_1, 300)], [300, 450, 450]),
    ([(JAN_1, 900), (FEB_15, 300)], [300, 450, 450]),
    ([(JAN_1, 900), (MAR_1, 300)], [300, 300, 600]),
    ([(JAN_1, 900), (JAN_1, 300)], [400, 400, 400]),
]
WHOLE_TERM = [
    ([(JAN_1, 900), (JAN_16, 300)], [400, 400, 400]),
    # The instalment of the tranche's own day already counts it.
    ([(JAN_1, 900), (FEB_1, 300)], [400, 400, 400]),
    ([(JAN_1, 900), (FEB_15, 300)], [300, 400, 500]),
    ([(JAN_1, 900), (APR_1, 300)], [300, 300, 600]),
]


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.FLAT])
@pytest.mark.parametrize("rule", InstalmentRule)
@pytest.mark.parametrize(("parts", "expected"), REMAINING)
def test_what_is_owed_is_shared_over_the_instalments_after_the_tranche(
    method, rule, parts, expected
):
    terms = terms_of(method, instalment_rule=rule)
    assert [principal for _, principal, _ in rows(terms, *parts)] == expected


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.FLAT])
@pytest.mark.parametrize("rule", InstalmentRule)
@pytest.mark.parametrize(("parts", "expected"), WHOLE_TERM)
def test_the_instalment_of_the_whole_term_leaves_the_rest_to_the_last(
    method, rule, parts, expected
):
    terms = terms_of(method, instalment_rule=rule, tranche_rule=TrancheRule.WHOLE_TERM)
    assert [principal for _, principal, _ in rows(terms, *parts)] == expected


def test_order_of_tranches_given_does_not_matter():
    parts = [(JAN_1, 900), (FEB_15, 300), (JAN_16, 60)]
    assert rows(terms_of(value="0.12"), *parts) == rows(terms_of(value="0.12"), *parts[::-1])


def test_a_tranche_bears_interest_from_its_own_day():
    terms = terms_of(Method.INTEREST_ONLY, "0.12")
    halfway = rows(terms, (JAN_1, 1_000_000), (JAN_16, 1_000_000))
    # 16 of January's 31 days on the second million, a full month on the first.
    assert [interest for _, _, interest in halfway] == [15_161, 20_000, 20_000]
    daily = replace(terms, interest_basis=InterestBasis.DAILY)
    by_day = rows(daily, (JAN_1, 36_500_000), (JAN_16, 36_500_000))
    assert [interest for _, _, interest in by_day] == [12_000 * 47, 24_000 * 28, 24_000 * 31]


def test_a_tranche_on_a_due_date_bears_nothing_before_it():
    terms = terms_of(Method.INTEREST_ONLY, "0.12")
    for rule in TrancheRule:
        due = rows(replace(terms, tranche_rule=rule), (JAN_1, 1_000_000), (FEB_1, 1_000_000))
        assert [interest for _, _, interest in due] == [10_000, 20_000, 20_000]


def test_actual_actual_counts_the_days_of_a_late_tranche_in_their_years():
    terms = terms_of(
        Method.BULLET,
        "0.12",
        instalment_count=1,
        interest_basis=InterestBasis.DAILY,
        day_count=DayCount.ACTUAL_ACTUAL,
    )
    ((_, _, interest),) = rows(terms, (date(2023, 12, 12), 10**9), (date(2023, 12, 30), 10**9))
    share = Fraction(19, 365) + Fraction(12, 366) + Fraction(1, 365) + Fraction(12, 366)
    assert interest == round(10**9 * Fraction(12, 100) * share)


def test_an_annuity_is_planned_anew_with_the_first_interest_as_it_is():
    terms = terms_of(value="0.12", instalment_count=6, instalment_rule=InstalmentRule.OWN_PERIODS)
    got = rows(terms, (JAN_1, 100_000), (JAN_16, 200_000))
    first = Fraction(100_000 + 200_000 * 16 / Fraction(31)) / 100
    owed = Fraction(300_000) + first
    instalment = round(owed / sum(Fraction(100, 101) ** n for n in range(6)))
    assert got[0][2] == round(first)
    totals = [principal + interest for _, principal, interest in got]
    assert totals[:5] == [instalment] * 5
    assert abs(totals[5] - instalment) <= 3


@pytest.mark.parametrize("rule", [InstalmentRule.NOMINAL_PERIODS, InstalmentRule.OWN_PERIODS])
def test_an_annuity_with_a_tranche_on_a_due_date_is_two_annuities(rule):
    terms = terms_of(value="0.12", instalment_count=6, instalment_rule=rule)
    alone = build_schedule(terms=terms, principal_minor=100_000, start_on=JAN_1)
    both = rows(terms, (JAN_1, 100_000), (MAR_1, 50_000))
    assert both[:2] == [(d.due_on, d.principal_minor, d.interest_minor) for d in alone[:2]]
    left = 150_000 - sum(principal for _, principal, _ in both[:2])
    rest = build_schedule(
        terms=replace(terms, instalment_count=4), principal_minor=left, start_on=MAR_1
    )
    assert both[2:] == [(d.due_on, d.principal_minor, d.interest_minor) for d in rest]


def test_the_rest_after_a_tranche_is_moved_like_a_loan_of_its_own():
    terms = terms_of(value="0.24", instalment_count=8, instalment_rule=InstalmentRule.OWN_PERIODS)
    alone = build_schedule(terms=terms, principal_minor=40_000, start_on=JAN_1)
    left = 40_000 - sum(due.principal_minor for due in alone[:2])
    both = rows(terms, (JAN_1, 40_000), (MAR_1, 47_223 - left))
    rest_terms = replace(terms, instalment_count=6)
    rest = build_schedule(terms=rest_terms, principal_minor=47_223, start_on=MAR_1)
    assert [principal for _, principal, _ in both[2:]] == [due.principal_minor for due in rest]
    stays = replace(rest_terms, instalment_rule=InstalmentRule.NOMINAL_PERIODS)
    assert rest != build_schedule(terms=stays, principal_minor=47_223, start_on=MAR_1)


def test_a_tranche_within_the_grace_changes_only_its_interest_until_the_grace_ends():
    terms = terms_of(value="0.12", instalment_count=4, principal_grace_count=2)
    got = rows(terms, (JAN_1, 100_000), (FEB_1, 100_000))
    assert [(principal, interest) for _, principal, interest in got[:2]] == [(0, 1000), (0, 2000)]
    rest = build_schedule(
        terms=replace(terms, instalment_count=2, principal_grace_count=0),
        principal_minor=200_000,
        start_on=MAR_1,
    )
    assert [principal for _, principal, _ in got[2:]] == [due.principal_minor for due in rest]


def test_flat_interest_of_a_tranche_runs_from_its_day_to_the_end():
    terms = terms_of(Method.FLAT, "0.12")
    got = rows(terms, (JAN_1, 300_000), (FEB_15, 200_000))
    # The second: 14 of the 28 days to 1 March and a full month: 1.5 × 1 % in two shares.
    assert [interest for _, _, interest in got] == [3000, 4500, 4500]
    assert [principal for _, principal, _ in got] == [100_000, 200_000, 200_000]
    graced = rows(replace(terms, principal_grace_count=2), (JAN_1, 300_000), (FEB_15, 200_000))
    assert [principal for _, principal, _ in graced] == [0, 0, 500_000]


DOWN = terms_of(down_payment_rate=Decimal("0.25"))


def test_a_down_payment_is_an_instalment_of_its_own_day():
    first = build_schedule(terms=DOWN, principal_minor=1000, start_on=JAN_1)[0]
    assert (first.instalment_no, first.start_on, first.due_on) == (1, JAN_1, JAN_1)
    assert (first.principal_minor, first.interest_minor, first.fee_minor) == (250, 0, 0)
    assert principals(DOWN, (JAN_1, 1000)) == [(1, 1, 250), (2, 1, 250), (3, 1, 250), (4, 1, 250)]


def test_each_tranche_has_its_down_payment_in_due_order():
    parts = [(JAN_1, 1000), (FEB_1, 400)]
    assert principals(DOWN, *parts) == [
        (1, 1, 250),
        (2, 1, 250),
        (2, 1, 100),
        (3, 1, 400),
        (4, 1, 400),
    ]
    whole_term = replace(DOWN, tranche_rule=TrancheRule.WHOLE_TERM)
    assert principals(whole_term, *parts) == [
        (1, 1, 250),
        (2, 1, 100),
        (2, 1, 350),
        (3, 1, 350),
        (4, 1, 350),
    ]


def test_a_down_payment_bears_no_fee_and_is_rounded_like_an_instalment():
    terms = replace(DOWN, multiple_minor=100, instalment_fee_minor=7)
    dues = build_schedule(terms=terms, principal_minor=1000, start_on=JAN_1)
    assert [due.principal_minor for due in dues] == [300, 200, 200, 300]
    assert [due.fee_minor for due in dues] == [0, 7, 7, 7]
    even = replace(terms, rounding=Rounding.HALF_EVEN)
    assert (
        build_schedule(terms=even, principal_minor=1000, start_on=JAN_1)[0].principal_minor == 200
    )


def test_a_down_payment_is_never_more_than_the_tranche():
    terms = replace(DOWN, multiple_minor=1000, down_payment_rate=Decimal("0.9"))
    dues = build_schedule(terms=terms, principal_minor=600, start_on=JAN_1)
    assert [due.principal_minor for due in dues] == [600, 0, 0, 0]


def test_numbers_run_on_over_down_payments():
    dues = build_tranched_schedule(terms=DOWN, tranches=paid_out((JAN_1, 1000), (FEB_1, 400)))
    assert [due.instalment_no for due in dues] == [1, 2, 3, 4, 5]


FREE = terms_of(Method.FREE, free_dues=(FreeDue(due_on=MAR_1, principal_minor=1000),))


def test_a_free_schedule_takes_parts_that_sum_to_it():
    assert principals(FREE, (JAN_1, 400), (FEB_1, 600)) == [(3, 1, 1000)]
    with pytest.raises(TermsRefused, match=r"terms\.free_dues_not_principal"):
        rows(FREE, (JAN_1, 400))


REFUSED = [
    (terms_of(), [(JAN_1, 1), (APR_1, 1)], "tranche.after_last_due"),
    (
        terms_of(tranche_rule=TrancheRule.WHOLE_TERM),
        [(JAN_1, 1), (date(2023, 4, 2), 1)],
        "tranche.after_last_due",
    ),
    (terms_of(), [(JAN_1, 1), (FEB_1, 0)], "tranche.not_positive"),
    (terms_of(), [(JAN_1, -1), (FEB_1, 2)], "tranche.not_positive"),
    (terms_of(), [], "tranche.missing"),
    (
        replace(DOWN, instalment_count=MOST_INSTALMENTS, unit=PeriodUnit.DAY),
        [(JAN_1, 10**6)],
        "schedule.too_long",
    ),
]


@pytest.mark.parametrize(("terms", "parts", "code"), REFUSED)
def test_refuses_parts_that_cannot_be_planned(terms, parts, code):
    with pytest.raises(ScheduleRefused) as refused:
        build_tranched_schedule(terms=terms, tranches=paid_out(*parts))
    assert refused.value.code == code == str(refused.value)


@given(
    method=st.sampled_from([m for m in Method if m is not Method.FREE]),
    instalment_rule=st.sampled_from(InstalmentRule),
    tranche_rule=st.sampled_from(TrancheRule),
    basis=st.sampled_from(InterestBasis),
    down=st.sampled_from([None, Decimal("0.2"), Decimal("0.333")]),
    multiple=st.sampled_from([1, 100]),
    grace=st.integers(0, 2),
    parts=st.lists(
        st.tuples(st.dates(JAN_1, date(2023, 5, 31)), st.integers(1, 10**9)),
        min_size=1,
        max_size=4,
    ),
)
@example(
    method=Method.EQUAL_INSTALMENT,
    instalment_rule=InstalmentRule.OWN_PERIODS,
    tranche_rule=TrancheRule.REMAINING,
    basis=InterestBasis.DAILY,
    down=Decimal("0.333"),
    multiple=100,
    grace=2,
    parts=[(JAN_1, 1), (JAN_1, 10**9), (FEB_1, 10**9)],
)
def test_whatever_is_paid_out_falls_due_exactly(
    method, instalment_rule, tranche_rule, basis, down, multiple, grace, parts
):
    bullet = method is Method.BULLET
    terms = terms_of(
        method,
        "0.12",
        instalment_count=6,
        instalment_rule=instalment_rule,
        tranche_rule=tranche_rule,
        interest_basis=basis,
        down_payment_rate=down,
        multiple_minor=multiple,
        principal_grace_count=0 if bullet else grace,
        interest_grace_count=0 if bullet else grace,
        balloon_minor=1 if method is Method.BALLOON else 0,
    )
    dues = build_tranched_schedule(terms=terms, tranches=paid_out(*parts))
    assert sum(due.principal_minor for due in dues) == sum(amount for _, amount in parts)
    assert all(min(due.principal_minor, due.interest_minor) >= 0 for due in dues)
    days = [due.due_on for due in dues]
    assert days == sorted(days)
    assert [due.instalment_no for due in dues] == list(range(1, len(dues) + 1))
    running = 0  # What has fallen due never exceeds what has been paid out by then.
    for due in dues:
        running += due.principal_minor
        assert running <= sum(amount for on, amount in parts if on <= due.due_on)
