"""Goal: every method's dues are exact. Method: a slow exact oracle, named edges, laws for all."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import assume, example, given, strategies as st

from daihou.core.calendar import CalendarRefused, days_in_year
from daihou.core.schedule import ScheduleRefused, Tranche, build_schedule, build_tranched_schedule
from daihou.core.terms import (
    MOST_INSTALMENTS,
    MOST_MINOR,
    Calendar,
    DayCount,
    FreeDue,
    HolidayShift,
    InstalmentRule,
    InterestBasis,
    Method,
    MonthEnd,
    PeriodUnit,
    Rate,
    RatePer,
    Rounding,
    Terms,
    TermsRefused,
)

DAY = timedelta(days=1)
START = date(2024, 1, 31)
PER_PERIOD = {"interest_basis": InterestBasis.PER_PERIOD}
PLANNED = [method for method in Method if method is not Method.FREE]


def terms_of(method=Method.EQUAL_INSTALMENT, value="0.12", per=RatePer.YEAR, **rest):
    return Terms(method=method, rate=Rate(value=Decimal(value), per=per), **rest)


def plan(terms, principal=1_000_000, start_on=START):
    return build_schedule(terms=terms, principal_minor=principal, start_on=start_on)


def columns(dues):
    return [(due.principal_minor, due.interest_minor) for due in dues]


def totals(dues):
    return [due.principal_minor + due.interest_minor for due in dues]


STARTS = st.dates(date(2019, 1, 1), date(2031, 12, 31))
AMOUNTS = st.integers(1, 10**12)
RATES = st.builds(
    lambda ppm, per: Rate(value=Decimal(ppm).scaleb(-6), per=per),
    st.integers(0, 30_000),
    st.sampled_from(RatePer),
)
COUNTS = st.integers(1, 36)
TERMS = st.builds(
    Terms,
    method=st.sampled_from([m for m in PLANNED if m not in {Method.BULLET, Method.BALLOON}]),
    rate=RATES,
    day_count=st.sampled_from(DayCount),
    interest_basis=st.sampled_from(InterestBasis),
    instalment_count=COUNTS,
    every=st.integers(1, 3),
    unit=st.sampled_from(PeriodUnit),
    month_end=st.sampled_from(MonthEnd),
    instalment_rule=st.sampled_from(InstalmentRule),
    rounding=st.sampled_from(Rounding),
    multiple_minor=st.sampled_from([1, 100, 1000]),
    instalment_fee_minor=st.integers(0, 100),
)
BIG = 10**12


@given(terms=TERMS, principal=AMOUNTS, start_on=STARTS)
@example(terms=terms_of(instalment_count=1), principal=1, start_on=START)
@example(terms=terms_of(instalment_count=12, multiple_minor=1000), principal=60, start_on=START)
@example(terms=terms_of(Method.FLAT, instalment_count=3), principal=2, start_on=START)
def test_every_plan_repays_the_principal_exactly_and_nothing_is_negative(
    terms, principal, start_on
):
    dues = plan(terms, principal, start_on)
    assert [due.instalment_no for due in dues] == list(range(1, terms.instalment_count + 1))
    assert sum(due.principal_minor for due in dues) == principal
    assert all(min(due.principal_minor, due.interest_minor) >= 0 for due in dues)
    assert {due.fee_minor for due in dues} == {terms.instalment_fee_minor}
    assert dues[0].start_on == start_on
    assert all(later.start_on == due.due_on for due, later in pairwise(dues))
    assert all(due.start_on < due.due_on for due in dues)


def night_share(day_count, on):
    """Give the share of a year of the night that ends on a day."""
    fixed = {DayCount.ACTUAL_360: 360, DayCount.ACTUAL_364: 364, DayCount.ACTUAL_365: 365}
    return Fraction(1, fixed.get(day_count) or days_in_year(on.year))


def slow_rates(terms, dues):
    """Add up the rate of each period night by night; a full period by its months."""
    value = Fraction(terms.rate.value) * {RatePer.YEAR: 1, RatePer.MONTH: 12}[terms.rate.per]
    if terms.interest_basis is InterestBasis.PER_PERIOD:
        return [value * terms.every / 12 for _ in dues]
    rates = []
    for due in dues:
        nights = (due.due_on - due.start_on).days
        ends = [due.start_on + n * DAY for n in range(1, nights + 1)]
        rates.append(value * sum(night_share(terms.day_count, on) for on in ends))
    return rates


def left_after(owed, rates, instalment):
    for rate in rates:
        owed = owed * (1 + rate) - instalment
    return owed


def slow_instalment(owed, rates, left_over=0):
    """Find the instalment that leaves ``left_over``: what is left falls linearly with it."""
    nothing, one = left_after(owed, rates, 0), left_after(owed, rates, 1)
    return (nothing - left_over) / (nothing - one)


def half(amount, rounding, multiple=1):
    exact = Fraction(amount) / multiple
    if rounding is Rounding.HALF_EVEN:
        return round(exact) * multiple
    return (exact + Fraction(1, 2)).__floor__() * multiple


def slow_walk(terms, principal, rates, instalment):
    rows, balance = [], principal
    for rate in rates:
        interest = half(balance * rate, terms.rounding)
        repaid = min(max(instalment - interest, 0), balance)
        if len(rows) == len(rates) - 1:
            repaid = balance
        rows.append((repaid, interest))
        balance -= repaid
    return rows


ANNUITIES = st.builds(
    Terms,
    method=st.just(Method.EQUAL_INSTALMENT),
    rate=st.builds(
        lambda ppm, per: Rate(value=Decimal(ppm).scaleb(-6), per=per),
        st.integers(0, 360_000),
        st.sampled_from([RatePer.YEAR, RatePer.MONTH]),
    ),
    day_count=st.sampled_from([d for d in DayCount if d is not DayCount.THIRTY_360]),
    interest_basis=st.sampled_from(InterestBasis),
    instalment_count=COUNTS,
    every=st.integers(1, 3),
    rounding=st.sampled_from(Rounding),
    multiple_minor=st.sampled_from([1, 100]),
)


@given(terms=ANNUITIES, principal=AMOUNTS, start_on=STARTS)
@example(terms=terms_of(instalment_count=12), principal=1_000_000, start_on=date(2023, 12, 31))
@example(
    terms=terms_of(instalment_count=2, day_count=DayCount.ACTUAL_ACTUAL),
    principal=BIG,
    start_on=date(2023, 12, 31),
)
@example(terms=terms_of(value="0", instalment_count=7), principal=100, start_on=START)
def test_equal_instalments_follow_the_annuity_formula(terms, principal, start_on):
    dues = plan(terms, principal, start_on)
    yearly = Fraction(terms.rate.value) * (12 if terms.rate.per is RatePer.MONTH else 1)
    nominal = [yearly * terms.every / 12] * terms.instalment_count
    instalment = half(slow_instalment(principal, nominal), terms.rounding, terms.multiple_minor)
    expected = slow_walk(terms, principal, slow_rates(terms, dues), instalment)
    assert columns(dues) == expected


@given(terms=ANNUITIES, principal=AMOUNTS, start_on=STARTS)
@example(terms=terms_of(instalment_count=12), principal=1_000_000, start_on=START)
def test_own_periods_move_the_instalment_once_and_only_nearer(terms, principal, start_on):
    dues = plan(replace(terms, instalment_rule=InstalmentRule.OWN_PERIODS), principal, start_on)
    rates, count = slow_rates(terms, dues), terms.instalment_count
    instalment = half(slow_instalment(principal, rates), terms.rounding, terms.multiple_minor)
    stays = slow_walk(terms, principal, rates, instalment)
    difference = sum(stays[-1]) - instalment
    step = half(Fraction(abs(difference), count), terms.rounding, terms.multiple_minor)
    moved_to = instalment + (step if difference > 0 else -step)
    moved = slow_walk(terms, principal, rates, moved_to)
    nearer = abs(sum(moved[-1]) - moved_to) < abs(difference)
    worth_it = 2 * abs(difference) > count
    assert columns(dues) == (moved if worth_it and nearer else stays)


def test_an_instalment_that_would_come_no_nearer_stays():
    own = terms_of(
        value="0",
        instalment_count=2,
        multiple_minor=100,
        instalment_rule=InstalmentRule.OWN_PERIODS,
    )
    # 300 and 200, or moved 200 and 300: as far apart.
    assert totals(plan(own, 500)) == [300, 200]


def test_a_thirty_day_month_asks_less_than_a_twelfth_of_the_year():
    # 0.12 / 365 × 30 is less than 0.01, so the instalment of the formula is lower.
    twelfth = plan(terms_of(instalment_count=12))
    thirty = plan(terms_of(instalment_count=12, instalment_rule=InstalmentRule.THIRTY_DAY_MONTHS))
    rate = Fraction(12, 100) * 30 / 365
    assert totals(thirty)[0] == half(slow_instalment(1_000_000, [rate] * 12), Rounding.HALF_UP)
    assert totals(thirty)[0] < totals(twelfth)[0] == 88_849


def test_known_instalment_of_a_year_at_one_percent_a_month():
    dues = plan(terms_of(instalment_count=12, **PER_PERIOD))
    assert totals(dues) == [88_849] * 11 + [88_847]
    assert columns(dues)[0] == (78_849, 10_000)


def test_whole_yuan_leave_the_rest_to_the_last_instalment():
    dues = plan(terms_of(instalment_count=12, multiple_minor=100, **PER_PERIOD))
    assert totals(dues)[:11] == [88_800] * 11
    assert totals(dues)[11] > 88_800
    assert sum(due.principal_minor for due in dues) == 1_000_000


def test_equal_principal_pays_falling_interest():
    dues = plan(terms_of(Method.EQUAL_PRINCIPAL, instalment_count=3, **PER_PERIOD), 100_000)
    assert columns(dues) == [(33_333, 1000), (33_333, 667), (33_334, 333)]


def test_equal_principal_rounds_its_share_to_the_multiple():
    terms = terms_of(Method.EQUAL_PRINCIPAL, instalment_count=3, multiple_minor=100, **PER_PERIOD)
    assert [due.principal_minor for due in plan(terms, 100_000)] == [33_300, 33_300, 33_400]


def test_interest_only_repays_at_the_end():
    dues = plan(terms_of(Method.INTEREST_ONLY, instalment_count=3), 100_000, date(2023, 1, 1))
    assert columns(dues) == [(0, 1019), (0, 921), (100_000, 1019)]


def test_a_bullet_is_one_due_with_simple_interest_rounded_once():
    terms = terms_of(Method.BULLET, instalment_count=3)
    (due,) = plan(terms, 100_000, date(2023, 1, 31))
    assert (due.start_on, due.due_on) == (date(2023, 1, 31), date(2023, 4, 30))
    assert columns([due]) == [(100_000, half(Fraction(12_000 * 89, 365), Rounding.HALF_UP))]
    (same,) = plan(replace(terms, **PER_PERIOD), 100_000, date(2023, 1, 31))
    assert same.interest_minor == 3000


def test_flat_takes_interest_on_the_whole_principal_in_equal_shares():
    terms = terms_of(Method.FLAT, "0.006", RatePer.MONTH, instalment_count=12, **PER_PERIOD)
    dues = plan(terms, 1_200_000)
    assert columns(dues) == [(100_000, 7200)] * 12


def test_flat_gives_the_last_instalment_what_rounding_left():
    terms = terms_of(Method.FLAT, "0.12", instalment_count=3, **PER_PERIOD)
    dues = plan(terms, 10_000)
    assert columns(dues) == [(3333, 100), (3333, 100), (3334, 100)]
    dues = plan(replace(terms, instalment_count=7), 1000)
    assert columns(dues) == [(143, 10)] * 6 + [(142, 10)]
    whole = plan(replace(terms, multiple_minor=100), 10_000)
    assert columns(whole) == [(3300, 100), (3300, 100), (3400, 100)]


def test_flat_counts_the_days_where_interest_is_daily():
    dues = plan(terms_of(Method.FLAT, instalment_count=2), 100_000, date(2023, 1, 1))
    interest = half(Fraction(100_000 * 12 * 59, 100 * 365), Rounding.HALF_UP)
    assert sum(due.interest_minor for due in dues) == interest == 1940
    assert columns(dues) == [(50_000, 970), (50_000, 970)]


@given(
    principal=st.integers(100, 10**10),
    count=COUNTS,
    ppm=st.integers(0, 360_000),
    share=st.integers(1, 100),
    grace=st.integers(0, 35),
)
@example(principal=100, count=1, ppm=0, share=100, grace=0)
def test_a_balloon_leaves_its_amount_to_the_last_instalment(principal, count, ppm, share, grace):
    assume(grace < count)
    balloon = max(principal * share // 100, 1)
    terms = terms_of(
        Method.BALLOON,
        value=Decimal(ppm).scaleb(-6),
        instalment_count=count,
        balloon_minor=balloon,
        principal_grace_count=grace,
        **PER_PERIOD,
    )
    rates = [Fraction(ppm, 12 * 10**6)] * count
    planned = half(slow_instalment(principal, rates[grace:], balloon), Rounding.HALF_UP)
    rows = columns(plan(terms, principal))
    assert all(row == (0, half(principal * rates[0], Rounding.HALF_UP)) for row in rows[:grace])
    assert rows[grace:] == slow_walk(terms, principal, rates[grace:], planned)


@given(principal=st.integers(10**6, 10**12), count=st.integers(2, 24), share=st.integers(1, 99))
def test_a_balloon_by_own_periods_leaves_its_amount_too(principal, count, share):
    balloon = principal * share // 100
    terms = terms_of(
        Method.BALLOON,
        instalment_count=count,
        balloon_minor=balloon,
        instalment_rule=InstalmentRule.OWN_PERIODS,
    )
    dues = plan(terms, principal)
    exact = slow_instalment(principal, slow_rates(terms, dues), balloon)
    assert all(abs(total - exact) <= 1 for total in totals(dues)[:-1])
    assert abs(totals(dues)[-1] - balloon - exact) <= 2 * count


def test_a_balloon_loan_by_hand():
    terms = terms_of(Method.BALLOON, instalment_count=3, balloon_minor=50_000, **PER_PERIOD)
    # (100 000 − 50 000 / 1.01³) × 0.01 / (1 − 1.01⁻³) = 17 501.11
    assert totals(plan(terms, 100_000)) == [17_501, 17_501, 67_501]


def test_principal_grace_pays_interest_only_and_plans_the_rest():
    terms = terms_of(instalment_count=18, principal_grace_count=6, **PER_PERIOD)
    rows = columns(plan(terms, 500_000))
    assert rows[:6] == [(0, 5000)] * 6
    assert rows[6:] == columns(
        plan(replace(terms, instalment_count=12, principal_grace_count=0), 500_000)
    )


@pytest.mark.parametrize("method", [Method.EQUAL_PRINCIPAL, Method.FLAT])
def test_principal_grace_shares_the_principal_over_the_rest(method):
    terms = terms_of(method, instalment_count=4, principal_grace_count=2, **PER_PERIOD)
    dues = plan(terms, 10_000)
    assert [due.principal_minor for due in dues] == [0, 0, 5000, 5000]
    assert [due.interest_minor for due in dues][:3] == [100, 100, 100]


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.FLAT])
def test_interest_grace_collects_and_falls_due_after_it(method):
    terms = terms_of(method, instalment_count=6, principal_grace_count=2, **PER_PERIOD)
    with_grace = plan(replace(terms, interest_grace_count=3), 600_000)
    without = plan(terms, 600_000)
    assert [due.principal_minor for due in with_grace] == [due.principal_minor for due in without]
    interest = [due.interest_minor for due in without]
    expected = [0, 0, 0, sum(interest[:4]), *interest[4:]]
    assert [due.interest_minor for due in with_grace] == expected


RATES_OF_ONE_COST = [
    ("0.12", RatePer.YEAR),
    ("0.01", RatePer.MONTH),
]


def test_a_monthly_rate_is_a_twelfth_of_the_yearly_one():
    yearly, monthly = (plan(terms_of(value=v, per=p)) for v, p in RATES_OF_ONE_COST)
    assert yearly == monthly


@pytest.mark.parametrize("day_count", DayCount)
def test_a_daily_rate_counts_each_day_as_it_is(day_count):
    terms = terms_of(
        Method.INTEREST_ONLY, "0.0005", RatePer.DAY, day_count=day_count, instalment_count=2
    )
    dues = plan(terms, 1_000_000, date(2023, 12, 1))
    days = [30, 30] if day_count is DayCount.THIRTY_360 else [31, 31]
    assert [due.interest_minor for due in dues] == [500 * n for n in days]


def test_a_daily_rate_per_period_is_the_day_count_year_over_twelve():
    terms = terms_of(Method.INTEREST_ONLY, "0.0005", RatePer.DAY, **PER_PERIOD)
    assert plan(replace(terms, day_count=DayCount.ACTUAL_360))[0].interest_minor == 15_000
    interest = half(Fraction(500 * 365, 12), Rounding.HALF_UP)
    assert plan(replace(terms, day_count=DayCount.ACTUAL_365))[0].interest_minor == interest


DAY_COUNTS = [
    # From 31 December 2023: 31 days end in January, 29 in February of a leap year.
    (DayCount.ACTUAL_360, [Fraction(31, 360), Fraction(29, 360), Fraction(31, 360)]),
    (DayCount.ACTUAL_364, [Fraction(31, 364), Fraction(29, 364), Fraction(31, 364)]),
    (DayCount.ACTUAL_365, [Fraction(31, 365), Fraction(29, 365), Fraction(31, 365)]),
    (DayCount.ACTUAL_ACTUAL, [Fraction(31, 366), Fraction(29, 366), Fraction(31, 366)]),
    (DayCount.THIRTY_360, [Fraction(1, 12)] * 3),
]


@pytest.mark.parametrize(("day_count", "years"), DAY_COUNTS)
def test_daily_interest_follows_the_day_count(day_count, years):
    terms = terms_of(Method.INTEREST_ONLY, day_count=day_count, instalment_count=3)
    dues = plan(terms, BIG, date(2023, 12, 31))
    expected = [half(BIG * Fraction(12, 100) * share, Rounding.HALF_UP) for share in years]
    assert [due.interest_minor for due in dues] == expected


def test_thirty_360_counts_days_and_weeks_by_its_own_months():
    terms = terms_of(
        Method.INTEREST_ONLY,
        day_count=DayCount.THIRTY_360,
        instalment_count=3,
        unit=PeriodUnit.DAY,
        every=15,
    )
    dues = plan(terms, 360_000_000, date(2024, 1, 20))
    # To 4 February, 19 February and 5 March: 14, 15 and 16 days of thirty-day months.
    assert [due.interest_minor for due in dues] == [120_000 * days for days in (14, 15, 16)]


def test_actual_actual_splits_a_period_at_the_turn_of_the_year():
    terms = terms_of(Method.BULLET, day_count=DayCount.ACTUAL_ACTUAL)
    (due,) = plan(terms, BIG, date(2023, 12, 12))
    share = Fraction(19, 365) + Fraction(12, 366)
    assert due.interest_minor == half(BIG * Fraction(12, 100) * share, Rounding.HALF_UP)


FULL = [
    (PeriodUnit.DAY, 15, DayCount.ACTUAL_365, Fraction(15, 365)),
    (PeriodUnit.WEEK, 2, DayCount.ACTUAL_364, Fraction(2, 52)),
    (PeriodUnit.WEEK, 1, DayCount.ACTUAL_ACTUAL, Fraction(7, 365)),
    (PeriodUnit.DAY, 10, DayCount.THIRTY_360, Fraction(10, 360)),
    (PeriodUnit.MONTH, 3, DayCount.ACTUAL_360, Fraction(3, 12)),
]


@pytest.mark.parametrize(("unit", "every", "day_count", "share"), FULL)
def test_a_full_period_bears_its_share_of_the_year(unit, every, day_count, share):
    terms = terms_of(
        Method.INTEREST_ONLY, unit=unit, every=every, day_count=day_count, **PER_PERIOD
    )
    (due,) = plan(terms, BIG)
    assert due.interest_minor == half(BIG * Fraction(12, 100) * share, Rounding.HALF_UP)


ODD = [
    # First due on, periods in the first one when a period is a month.
    (date(2024, 3, 15), Fraction(1)),
    (date(2024, 3, 1), Fraction(15, 29)),
    (date(2024, 4, 15), Fraction(2)),
    (date(2024, 4, 1), 1 + Fraction(15, 29)),
    (date(2024, 2, 16), Fraction(1, 31)),
    (date(2024, 5, 20), 3 + Fraction(5, 31)),
]


@pytest.mark.parametrize("basis", ["per_period", "thirty_360"])
@pytest.mark.parametrize(("first_due_on", "periods"), ODD)
def test_an_odd_first_period_counts_whole_periods_back_and_shares_the_cut_one(
    basis, first_due_on, periods
):
    rules = PER_PERIOD if basis == "per_period" else {"day_count": DayCount.THIRTY_360}
    terms = terms_of(Method.INTEREST_ONLY, first_due_on=first_due_on, instalment_count=2, **rules)
    dues = plan(terms, BIG, date(2024, 2, 15))
    assert dues[0].due_on == first_due_on
    first = half(BIG * Fraction(1, 100) * periods, Rounding.HALF_UP)
    assert [due.interest_minor for due in dues] == [first, BIG // 100]


def test_an_odd_first_period_of_days_bears_its_days():
    terms = terms_of(Method.INTEREST_ONLY, first_due_on=date(2024, 4, 1), instalment_count=2)
    dues = plan(terms, BIG, date(2024, 2, 15))
    assert [due.due_on for due in dues] == [date(2024, 4, 1), date(2024, 5, 1)]
    assert [due.interest_minor for due in dues] == [
        half(Fraction(BIG * 12 * days, 36_500), Rounding.HALF_UP) for days in (46, 30)
    ]


def test_a_first_period_dearer_than_the_instalment_pays_interest_only():
    terms = terms_of(value="0.36", first_due_on=date(2025, 1, 1), instalment_count=12, **PER_PERIOD)
    rows = columns(plan(terms, 1_000_000, date(2024, 1, 1)))
    assert rows[0] == (0, 360_000)
    assert sum(principal for principal, _ in rows) == 1_000_000


MONTH_ENDS = [
    (MonthEnd.LAST_DAY, [(2, 28), (3, 31), (4, 30), (5, 31)]),
    (MonthEnd.FIRST_OF_NEXT, [(3, 1), (3, 31), (5, 1), (5, 31)]),
]


@pytest.mark.parametrize(("month_end", "days"), MONTH_ENDS)
def test_a_loan_of_the_31st_keeps_its_day(month_end, days):
    terms = terms_of(instalment_count=4, month_end=month_end)
    dues = plan(terms, start_on=date(2023, 1, 31))
    assert [(due.due_on.month, due.due_on.day) for due in dues] == days


HOLIDAYS = Calendar(name="test", closed_on=frozenset({date(2024, 2, 10), date(2024, 3, 10)}))
SHIFTED = terms_of(
    Method.INTEREST_ONLY,
    instalment_count=3,
    calendar=HOLIDAYS,
    holiday_shift=HolidayShift.FOLLOWING,
)


def test_a_shifted_due_date_bears_its_days_and_moves_no_other():
    dues = plan(SHIFTED, 36_500_000, date(2024, 1, 10))
    assert [due.due_on.day for due in dues] == [11, 11, 10]
    assert [due.interest_minor for due in dues] == [12_000 * days for days in (32, 29, 30)]


def test_a_shifted_due_date_leaves_the_interest_of_a_full_period():
    dues = plan(replace(SHIFTED, **PER_PERIOD), 1_000_000, date(2024, 1, 10))
    assert [due.interest_minor for due in dues] == [10_000] * 3


def test_without_a_rule_of_shifting_holidays_do_nothing():
    unshifted = replace(SHIFTED, holiday_shift=HolidayShift.NONE)
    assert [due.due_on.day for due in plan(unshifted, start_on=date(2024, 1, 10))] == [10] * 3


@pytest.mark.parametrize(
    ("shift", "start_on"),
    [
        (HolidayShift.FOLLOWING, date(2024, 2, 9)),
        (HolidayShift.PRECEDING, date(2024, 2, 9)),
    ],
)
def test_refuses_due_dates_that_meet_after_a_shift(shift, start_on):
    daily = replace(SHIFTED, unit=PeriodUnit.DAY, holiday_shift=shift)
    with pytest.raises(TermsRefused) as refused:
        plan(daily, start_on=start_on)
    assert refused.value.code == "terms.due_dates_meet"


FREE = terms_of(
    Method.FREE,
    free_dues=(
        FreeDue(due_on=date(2024, 3, 1), principal_minor=0, interest_minor=7),
        FreeDue(due_on=date(2024, 9, 1), principal_minor=1000, fee_minor=3),
    ),
)


def test_a_free_schedule_is_taken_as_given():
    first, second = plan(FREE, 1000)
    assert (first.start_on, first.due_on, first.interest_minor) == (START, date(2024, 3, 1), 7)
    assert (second.start_on, second.principal_minor, second.fee_minor) == (first.due_on, 1000, 3)


def test_a_cut_over_brings_dues_older_than_its_day():
    dues = plan(FREE, 1000, date(2024, 6, 1))
    assert [due.start_on for due in dues] == [date(2024, 3, 1), date(2024, 3, 1)]


def test_the_largest_amounts_fit_and_one_more_is_refused():
    nothing = terms_of(Method.BULLET, "0")
    assert plan(nothing, MOST_MINOR)[0].principal_minor == MOST_MINOR
    with pytest.raises(ScheduleRefused) as refused:
        plan(replace(nothing, instalment_fee_minor=1), MOST_MINOR)
    assert refused.value.code == "schedule.too_large"
    assert plan(replace(nothing, instalment_fee_minor=1), MOST_MINOR - 1)


def test_refuses_dates_that_do_not_exist():
    with pytest.raises(CalendarRefused) as refused:
        plan(terms_of(instalment_count=MOST_INSTALMENTS, every=1200))
    assert refused.value.code == "date.out_of_range"


def test_refuses_terms_before_planning():
    with pytest.raises(TermsRefused) as refused:
        plan(terms_of(instalment_count=0))
    assert refused.value.code == "terms.count_not_positive"
    with pytest.raises(TermsRefused) as refused:
        plan(terms_of(first_due_on=START))
    assert refused.value.code == "terms.due_before_start"
    with pytest.raises(ScheduleRefused) as refused:
        build_tranched_schedule(terms=terms_of(), tranches=())
    assert refused.value.code == "tranche.missing"


@given(terms=TERMS, principal=AMOUNTS, start_on=STARTS)
def test_balances_never_rise(terms, principal, start_on):
    repaid = list(accumulate(due.principal_minor for due in plan(terms, principal, start_on)))
    assert repaid == sorted(repaid)
    assert repaid[-1] == principal


def test_planning_twice_gives_the_same():
    tranche = Tranche(amount_minor=1_000_000, paid_out_on=START)
    assert build_tranched_schedule(terms=terms_of(), tranches=[tranche]) == plan(terms_of())
