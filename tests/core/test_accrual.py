"""Goal: penalty is exact to the day. Method: a day-by-day oracle in fractions, named year ends."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from daihou.core import accrual
from daihou.core.calendar import days_in_year
from daihou.core.terms import AccrualRounding, DayCount, PenaltyTerms, RatePer, Rounding
from tests.core.loans import contract, rate

DAY = st.dates(date(2019, 1, 1), date(2029, 1, 1)).map(date.toordinal)
RATES = st.builds(
    rate, st.sampled_from(["0", "0.0005", "0.18", "0.1299", "0.24"]), st.sampled_from(RatePer)
)
BASES = st.integers(0, 10**12) | st.integers(0, 2_000)


def fraction_of(day, value, per, day_count):
    if per is RatePer.DAY:
        return value
    year = {DayCount.THIRTY_360: 360, DayCount.ACTUAL_360: 360, DayCount.ACTUAL_364: 364}.get(
        day_count, 365
    )
    if day_count is DayCount.ACTUAL_ACTUAL:
        year = days_in_year(date.fromordinal(day).year)
    return value * (12 if per is RatePer.MONTH else 1) / year


@given(
    base=BASES,
    quoted=RATES,
    day_count=st.sampled_from(DayCount),
    first=DAY,
    days=st.integers(0, 800),
    accrual_rounding=st.sampled_from(AccrualRounding),
    rounding=st.sampled_from(Rounding),
)
@example(
    base=10**6,
    quoted=rate("0.18"),
    day_count=DayCount.ACTUAL_ACTUAL,
    first=date(2023, 12, 31).toordinal(),
    days=1,
    accrual_rounding=AccrualRounding.SPAN,
    rounding=Rounding.HALF_UP,
)
def test_accrues_as_a_count_of_days_would(
    base, quoted, day_count, first, days, accrual_rounding, rounding
):
    daily = accrual.daily_rate(rate=quoted, day_count=day_count)
    got = accrual.accrue(
        base_minor=base,
        rate=daily,
        after=first,
        through=first + days,
        accrual_rounding=accrual_rounding,
        rounding=rounding,
    )
    expected = Fraction(0)
    for day in range(first + 1, first + days + 1):
        of_day = base * fraction_of(day, Fraction(quoted.value), quoted.per, day_count)
        if accrual_rounding is AccrualRounding.EACH_DAY:
            whole, rest = divmod(of_day, 1)
            half_up = rounding is Rounding.HALF_UP or whole % 2 == 1
            of_day = whole + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and half_up))
        expected += of_day
    assert Fraction(got, daily.denominator) == expected


@given(
    base=BASES,
    quoted=RATES,
    day_count=st.sampled_from(DayCount),
    first=DAY,
    parts=st.tuples(st.integers(0, 400), st.integers(0, 400)),
    accrual_rounding=st.sampled_from(AccrualRounding),
)
def test_a_span_split_at_any_day_accrues_the_same(
    base, quoted, day_count, first, parts, accrual_rounding
):
    daily = accrual.daily_rate(rate=quoted, day_count=day_count)

    def accrued(after, through):
        return accrual.accrue(
            base_minor=base,
            rate=daily,
            after=after,
            through=through,
            accrual_rounding=accrual_rounding,
            rounding=Rounding.HALF_UP,
        )

    middle, end = first + parts[0], first + sum(parts)
    assert accrued(first, middle) + accrued(middle, end) == accrued(first, end)


def test_a_day_belongs_to_the_year_it_lies_in():
    eve, new_year = date(2023, 12, 31).toordinal(), date(2024, 1, 1).toordinal()
    assert accrual.count_accrual_days(after=eve - 1, through=eve) == (1, 0)
    assert accrual.count_accrual_days(after=eve, through=new_year) == (0, 1)
    assert accrual.count_accrual_days(after=new_year, through=new_year) == (0, 0)
    decade = new_year + (date(2034, 1, 1) - date(2024, 1, 1)).days
    assert accrual.count_accrual_days(after=new_year - 1, through=decade - 1) == (7 * 365, 3 * 366)


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"rate": rate("0.18"), "multiple": Decimal("1.5")}, "penalty.rate_twice"),
        ({"rate": rate("NaN")}, "rate.not_finite"),
        ({"rate": rate("-0.01")}, "rate.negative"),
    ],
)
def test_refuses_rates_without_sense(terms, code):
    with pytest.raises(accrual.AccrualRefused) as refused:
        accrual.penalty_rate(contract(penalty=PenaltyTerms(**terms)).terms)
    assert refused.value.code == code


def test_widths_are_refused_just_beyond_64_bits():
    terms = contract(penalty=PenaltyTerms(rate=rate("0.18")), day_count=DayCount.ACTUAL_360).terms
    days, denominator = 10, 2000  # 0.18 / 360 = 1/2000.
    widest = (2**63 - 1) // 2 // days - denominator // days
    accrual.check_widths(terms=terms, base_minor=widest, days=days)
    with pytest.raises(accrual.AccrualRefused) as refused:
        accrual.check_widths(terms=terms, base_minor=widest + 1, days=days)
    assert refused.value.code == "accrual.too_wide"


def test_no_penalty_is_never_too_wide():
    accrual.check_widths(terms=contract().terms, base_minor=2**63 - 1)


def test_a_multiple_of_the_contracts_rate_is_a_penalty_rate():
    terms = contract(rate=rate("0.12"), penalty=PenaltyTerms(multiple=Decimal("1.5"))).terms
    assert accrual.penalty_rate(terms) == accrual.daily_rate(
        rate=rate("0.18"), day_count=terms.day_count
    )
    assert accrual.compound_rate(terms) is None
    only_compound = contract(penalty=PenaltyTerms(compound_rate=rate("0.12"))).terms
    assert accrual.penalty_rate(only_compound) is None
    assert accrual.compound_rate(only_compound) is not None


def test_a_month_rate_is_twelve_times_over_the_year():
    monthly = accrual.daily_rate(rate=rate("0.015", RatePer.MONTH), day_count=DayCount.ACTUAL_360)
    assert monthly == accrual.daily_rate(rate=rate("0.18"), day_count=DayCount.ACTUAL_360)


def test_thirty_360_counts_actual_days_over_360():
    after = date(2024, 1, 30).toordinal()
    daily = accrual.daily_rate(rate=rate("0.36"), day_count=DayCount.THIRTY_360)
    got = accrual.accrue(
        base_minor=1_000,
        rate=daily,
        after=after,
        through=after + timedelta(days=2).days,
        accrual_rounding=AccrualRounding.SPAN,
        rounding=Rounding.HALF_UP,
    )
    assert Fraction(got, daily.denominator) == 2
