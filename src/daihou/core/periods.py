"""Lay out the interest periods of one loan: their dates and the rate each of them bears.

Units   A period's rate is ``rates[k] / denominator``, an exact share of the balance.
Shape   ``starts``, ``dues`` and ``rates`` have the same length and order; dues strictly increase.
Errors  ``CalendarRefused``, and ``TermsRefused`` where due dates meet each other or the start.
Source  docs/algorithms/day-counts.md; 银发〔2005〕129号 for the month as a twelfth of the year.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import lcm

from daihou.core.calendar import (
    MONTHS_IN_YEAR,
    YEAR_DAYS,
    add_periods,
    count_days,
    shift_from_holiday,
    split_by_leap_year,
)
from daihou.core.terms import (
    DayCount,
    HolidayShift,
    InstalmentRule,
    InterestBasis,
    Method,
    MonthEnd,
    PeriodUnit,
    Rate,
    RatePer,
    Terms,
    TermsRefused,
)


@dataclass(frozen=True, slots=True)
class Periods:
    starts: tuple[date, ...]
    dues: tuple[date, ...]
    rates: tuple[int, ...]
    denominator: int


def plan_periods(*, terms: Terms, start_on: date) -> Periods:
    """Lay out the periods counted from ``start_on``; a bullet has one, from start to end.

    :raises TermsRefused: ``terms.due_before_start``, ``terms.due_dates_meet``.
    :raises CalendarRefused: ``date.out_of_range``, ``calendar.never_open``.

    >>> from decimal import Decimal
    >>> monthly = Rate(value=Decimal("0.01"), per=RatePer.MONTH)
    >>> plan_periods(
    ...     terms=Terms(method=Method.BULLET, rate=monthly, instalment_count=3),
    ...     start_on=date(2023, 1, 31),
    ... ).dues
    (datetime.date(2023, 4, 30),)
    """
    planned = _planned_dues(
        start_on,
        terms.first_due_on,
        terms.instalment_count,
        terms.every,
        terms.unit,
        terms.month_end,
    )
    if planned[0] <= start_on:
        raise TermsRefused("terms.due_before_start")
    dues = planned
    if terms.holiday_shift is not HolidayShift.NONE:
        dues = tuple(
            shift_from_holiday(on=on, shift=terms.holiday_shift, calendar=terms.calendar)
            for on in planned
        )
        if dues[0] <= start_on or any(later <= due for due, later in pairwise(dues)):
            raise TermsRefused("terms.due_dates_meet")
    starts = (start_on, *dues[:-1])
    if counts_whole_periods(terms):
        rates, denominator = _rates_by_period(terms, start_on, planned)
    else:
        rates, denominator = _rates_by_day(terms, starts, dues)
    if terms.method is Method.BULLET:
        return Periods((start_on,), dues[-1:], (sum(rates),), denominator)
    return Periods(starts, dues, rates, denominator)


@lru_cache(maxsize=4096)
def _planned_dues(
    start_on: date,
    first_due_on: date | None,
    count: int,
    every: int,
    unit: PeriodUnit,
    month_end: MonthEnd,
) -> tuple[date, ...]:
    from_on, first = (start_on, 1) if first_due_on is None else (first_due_on, 0)
    numbers = [*range(first + count - 1, first - 1, -1)]  # The last first: it may be out of range.
    dues = [
        add_periods(from_on=from_on, count=number, every=every, unit=unit, month_end=month_end)
        for number in numbers
    ]
    return tuple(reversed(dues))


def counts_whole_periods(terms: Terms) -> bool:
    """Tell whether a full period bears the same interest whatever its days.

    >>> from decimal import Decimal
    >>> counts_whole_periods(
    ...     Terms(method=Method.FLAT, rate=Rate(value=Decimal(0), per=RatePer.YEAR))
    ... )
    False
    """
    return terms.interest_basis is InterestBasis.PER_PERIOD or (
        terms.day_count is DayCount.THIRTY_360 and terms.unit is PeriodUnit.MONTH
    )


@lru_cache(maxsize=4096)
def yearly_rate(rate: Rate, day_count: DayCount) -> tuple[int, int]:
    """Bring a rate to a year: twelve months, or the days of the day count's year.

    >>> from decimal import Decimal
    >>> yearly_rate(Rate(value=Decimal("0.0005"), per=RatePer.DAY), DayCount.ACTUAL_360)
    (9, 50)
    """
    in_year = {RatePer.YEAR: 1, RatePer.MONTH: MONTHS_IN_YEAR}
    times = in_year.get(rate.per) or YEAR_DAYS[day_count]
    return (Fraction(rate.value) * times).as_integer_ratio()


def nominal_rate(terms: Terms) -> tuple[int, int]:
    """Give the rate of one full period, as the annuity formula wants it.

    >>> from decimal import Decimal
    >>> nominal_rate(Terms(method=Method.FLAT, rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR)))
    (1, 100)
    """
    return _full_period_rate(
        terms.rate, terms.day_count, terms.every, terms.unit, terms.instalment_rule
    )


@lru_cache(maxsize=4096)
def _full_period_rate(
    rate: Rate, day_count: DayCount, every: int, unit: PeriodUnit, rule: InstalmentRule
) -> tuple[int, int]:
    numerator, denominator = yearly_rate(rate, day_count)
    days = {PeriodUnit.DAY: every, PeriodUnit.WEEK: 7 * every, PeriodUnit.MONTH: 30 * every}[unit]
    if unit is PeriodUnit.MONTH and rule is not InstalmentRule.THIRTY_DAY_MONTHS:
        share = Fraction(every, MONTHS_IN_YEAR)
    else:
        share = Fraction(days, YEAR_DAYS[day_count])
    return (Fraction(numerator, denominator) * share).as_integer_ratio()


def _rates_by_period(
    terms: Terms, start_on: date, planned: tuple[date, ...]
) -> tuple[tuple[int, ...], int]:
    full, denominator = _full_period_rate(
        terms.rate, terms.day_count, terms.every, terms.unit, InstalmentRule.NOMINAL_PERIODS
    )
    rates = (full,) * len(planned)
    if terms.first_due_on is None:
        return rates, denominator
    first = Fraction(full, denominator) * _periods_in_first(terms, start_on)
    common = lcm(denominator, first.denominator)
    rest = full * (common // denominator)
    return (
        first.numerator * (common // first.denominator),
        *(rest for _ in planned[1:]),
    ), common


def _periods_in_first(terms: Terms, start_on: date) -> Fraction:
    assert terms.first_due_on is not None
    return _periods_before(terms, start_on, terms.first_due_on)


def _periods_before(terms: Terms, start_on: date, due_on: date) -> Fraction:
    """Count back from a due date: whole periods, then a share of the one that is cut."""
    whole, later_on = 0, due_on
    while True:
        earlier_on = add_periods(
            from_on=due_on,
            count=-(whole + 1),
            every=terms.every,
            unit=terms.unit,
            month_end=terms.month_end,
        )
        if earlier_on < start_on:
            cut = Fraction((later_on - start_on).days, (later_on - earlier_on).days)
            return whole + cut
        whole, later_on = whole + 1, earlier_on


def _rates_by_day(
    terms: Terms, starts: tuple[date, ...], dues: tuple[date, ...]
) -> tuple[tuple[int, ...], int]:
    if terms.day_count is DayCount.ACTUAL_ACTUAL and terms.rate.per is not RatePer.DAY:
        numerator, denominator = yearly_rate(terms.rate, terms.day_count)
        years = [
            split_by_leap_year(from_on=start, to_on=due)
            for start, due in zip(starts, dues, strict=True)
        ]
        return (
            tuple(numerator * (common * 366 + leap * 365) for common, leap in years),
            denominator * 365 * 366,
        )
    daily, denominator = daily_rate(terms.rate, terms.day_count)
    if terms.day_count is DayCount.THIRTY_360:
        return tuple(
            daily * count_days(day_count=terms.day_count, from_on=start, to_on=due)
            for start, due in zip(starts, dues, strict=True)
        ), denominator
    ordinals = [starts[0].toordinal(), *[due.toordinal() for due in dues]]
    return tuple(daily * (due - start) for start, due in pairwise(ordinals)), denominator


@lru_cache(maxsize=4096)
def daily_rate(rate: Rate, day_count: DayCount) -> tuple[int, int]:
    """Give the rate of one day; a day's own rate stays as it is.

    >>> from decimal import Decimal
    >>> daily_rate(Rate(value=Decimal("0.18"), per=RatePer.YEAR), DayCount.ACTUAL_360)
    (1, 2000)
    """
    if rate.per is RatePer.DAY:
        return rate.value.as_integer_ratio()
    numerator, denominator = yearly_rate(rate, day_count)
    return Fraction(numerator, denominator * YEAR_DAYS[day_count]).as_integer_ratio()


def rest_of_period(*, terms: Terms, periods: Periods, period_no: int, from_on: date) -> Fraction:
    """Give the rate that money bears which comes in on a day within a period.

    >>> from decimal import Decimal
    >>> terms = Terms(
    ...     method=Method.BULLET,
    ...     rate=Rate(value=Decimal("0.01"), per=RatePer.MONTH),
    ...     interest_basis=InterestBasis.PER_PERIOD,
    ... )
    >>> periods = plan_periods(terms=terms, start_on=date(2023, 4, 1))
    >>> rest_of_period(terms=terms, periods=periods, period_no=0, from_on=date(2023, 4, 16))
    Fraction(1, 200)
    """
    start_on, due_on = periods.starts[period_no], periods.dues[period_no]
    if not counts_whole_periods(terms):
        rates, denominator = _rates_by_day(terms, (from_on,), (due_on,))
        return Fraction(rates[0], denominator)
    share = Fraction((due_on - from_on).days, (due_on - start_on).days)
    return share * Fraction(periods.rates[period_no], periods.denominator)


def rate_between(*, terms: Terms, from_on: date, to_on: date) -> Fraction:
    """Give the rate of the days between two dates, day by day.

    >>> from decimal import Decimal
    >>> yearly = Rate(value=Decimal("0.18"), per=RatePer.YEAR)
    >>> terms = Terms(method=Method.FLAT, rate=yearly, day_count=DayCount.ACTUAL_360)
    >>> rate_between(terms=terms, from_on=date(2024, 5, 1), to_on=date(2024, 5, 11))
    Fraction(1, 200)
    """
    rates, denominator = _rates_by_day(terms, (from_on,), (to_on,))
    return Fraction(rates[0], denominator)


def period_share(*, terms: Terms, from_on: date, to_on: date, whole: int | None) -> Fraction:
    """Give the rate between two dates of which a full period bears the same whatever its days.

    ``whole`` is how many periods they are apart; without it they are counted back from the end.

    >>> from decimal import Decimal
    >>> monthly = Rate(value=Decimal("0.01"), per=RatePer.MONTH)
    >>> terms = Terms(method=Method.FLAT, rate=monthly, interest_basis=InterestBasis.PER_PERIOD)
    >>> period_share(terms=terms, from_on=date(2023, 4, 1), to_on=date(2023, 5, 16), whole=None)
    Fraction(23, 1550)
    """
    full, denominator = _full_period_rate(
        terms.rate, terms.day_count, terms.every, terms.unit, InstalmentRule.NOMINAL_PERIODS
    )
    periods = Fraction(whole) if whole is not None else _periods_before(terms, from_on, to_on)
    return periods * Fraction(full, denominator)
