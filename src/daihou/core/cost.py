"""Solve for what a loan costs a year: each measure under its own name, none called just a rate.

Units   Amounts are minor units; results are fractions of a year (``Decimal("0.24")`` is 24 %),
        correct to ``PLACES`` decimal places; times are whole and fractional unit-periods or years.
Shape   Money paid out on one side, money paid back on the other, in any order.
Errors  ``CostRefused``, before or instead of a result.
Source  中国人民银行公告〔2021〕第3号 (both annual measures); 12 CFR 1026 Appendix J(b); Directive
        2008/48/EC Annex I with 2011/90/EU. See docs/algorithms/cost.md.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from daihou.core.calendar import MONTHS_IN_YEAR, add_months
from daihou.core.terms import MonthEnd

PLACES = 12
PRECISION = 40  # Digits the solver works with.
MOST_STEPS = 300
LOWEST_RATE = Decimal("-0.999999")
HIGHEST_RATE = Decimal(10) ** 9


class CostRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnitOfTime(StrEnum):
    DAY = "day"
    WEEK = "week"
    HALF_MONTH = "half_month"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPeriod:
    """The interval Regulation Z counts in: ``every`` units, a year at most."""

    unit: UnitOfTime
    every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    amount_minor: int
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class YearFlow:
    amount_minor: int
    years: Fraction  # After the first drawdown.


def irr_times_twelve(*, amount_minor: int, monthly_minor: Sequence[int]) -> Decimal:
    """Give twelve times the monthly internal rate of return: the nominal annual measure.

    ``monthly_minor[k]`` is paid ``k + 1`` equal months after the amount is paid out.

    :raises CostRefused: ``cost.not_positive``, ``cost.negative_flow``, ``cost.no_rate``.

    >>> round(irr_times_twelve(amount_minor=1_200_000, monthly_minor=(107_200,) * 12), 5)
    Decimal('0.13034')
    """
    with localcontext(prec=PRECISION):
        return _rounded(_monthly_rate(amount_minor, monthly_minor) * MONTHS_IN_YEAR)


def effective_rate(*, amount_minor: int, monthly_minor: Sequence[int]) -> Decimal:
    """Give the monthly internal rate of return compounded over a year: the effective measure.

    :raises CostRefused: as ``irr_times_twelve``.

    >>> round(effective_rate(amount_minor=1_200_000, monthly_minor=(107_200,) * 12), 5)
    Decimal('0.13842')
    """
    with localcontext(prec=PRECISION):
        return _rounded((1 + _monthly_rate(amount_minor, monthly_minor)) ** MONTHS_IN_YEAR - 1)


def _monthly_rate(amount_minor: int, monthly_minor: Sequence[int]) -> Decimal:
    _check_amounts([amount_minor], monthly_minor)

    def surplus(rate: Decimal) -> Decimal:
        owed = Decimal(0)
        for payment in reversed(monthly_minor):  # Horner's scheme from the last month back.
            owed = (owed + payment) / (1 + rate)
        return owed - amount_minor

    return _solve(surplus)


def regulation_z_apr(
    *, advances: Sequence[Flow], payments: Sequence[Flow], unit: UnitPeriod | None = None
) -> Decimal:
    """Give the annual percentage rate: the unit-period rate times the unit-periods of a year.

    Odd days bear simple interest, whole unit-periods compound. Without ``unit`` the unit-period is
    the one ``find_unit_period`` finds.

    :raises CostRefused: ``cost.not_positive``, ``cost.negative_flow``, ``cost.no_rate``,
        ``cost.payment_before_advance``, ``cost.no_common_period``, ``cost.unit_beyond_year``.

    >>> loan = Flow(amount_minor=100_000, on=date(1978, 1, 3))
    >>> back = Flow(amount_minor=108_000, on=date(1978, 9, 15))
    >>> round(regulation_z_apr(advances=[loan], payments=[back]), 4)
    Decimal('0.1145')
    """
    _check_amounts(
        [flow.amount_minor for flow in advances], [flow.amount_minor for flow in payments]
    )
    start_on = min(flow.on for flow in advances)
    if min(flow.on for flow in payments) <= start_on:
        raise CostRefused("cost.payment_before_advance")
    unit = unit or find_unit_period(dates=[flow.on for flow in (*advances, *payments)])
    _check_unit(unit)
    with localcontext(prec=PRECISION):
        paid_out = [_timed(flow, start_on, unit) for flow in advances]
        paid_back = [_timed(flow, start_on, unit) for flow in payments]

        def surplus(rate: Decimal) -> Decimal:
            return _unit_worth(paid_back, rate) - _unit_worth(paid_out, rate)

        per_year = unit_periods_per_year(unit)
        return _rounded(_solve(surplus) * per_year.numerator / per_year.denominator)


_Timed = tuple[Decimal, int, Decimal]


def _timed(flow: Flow, start_on: date, unit: UnitPeriod) -> _Timed:
    whole, odd = unit_periods_between(unit=unit, from_on=start_on, to_on=flow.on)
    return Decimal(flow.amount_minor), whole, Decimal(odd.numerator) / odd.denominator


def _unit_worth(flows: Sequence[_Timed], rate: Decimal) -> Decimal:
    return sum(
        (amount / ((1 + odd * rate) * (1 + rate) ** whole) for amount, whole, odd in flows),
        Decimal(0),
    )


def unit_periods_per_year(unit: UnitPeriod) -> Fraction:
    """Count the unit-periods of a year: 365 days, 52 weeks, 24 half months or 12 months.

    >>> unit_periods_per_year(UnitPeriod(unit=UnitOfTime.MONTH, every=3))
    Fraction(4, 1)
    """
    in_year = {
        UnitOfTime.DAY: 365,
        UnitOfTime.WEEK: 52,
        UnitOfTime.HALF_MONTH: 24,
        UnitOfTime.MONTH: MONTHS_IN_YEAR,
    }
    return Fraction(in_year[unit.unit], unit.every)


def _check_unit(unit: UnitPeriod) -> None:
    if unit.every < 1 or unit_periods_per_year(unit) < 1:
        raise CostRefused("cost.unit_beyond_year")


def unit_periods_between(*, unit: UnitPeriod, from_on: date, to_on: date) -> tuple[int, Fraction]:
    """Count whole unit-periods back from the later date, then the odd days as a share of one.

    Months are counted as the calendar has them; what is left over is counted in days, a month of
    the odd part being 30.

    >>> unit_periods_between(
    ...     unit=UnitPeriod(unit=UnitOfTime.MONTH, every=3),
    ...     from_on=date(1978, 5, 23),
    ...     to_on=date(1978, 10, 1),
    ... )
    (1, Fraction(13, 30))
    """
    if unit.unit in {UnitOfTime.DAY, UnitOfTime.WEEK}:
        days = (to_on - from_on).days
        length = unit.every * (7 if unit.unit is UnitOfTime.WEEK else 1)
    else:
        months, odd_days = months_back(from_on=from_on, to_on=to_on)
        if unit == UnitPeriod(unit=UnitOfTime.MONTH):
            return months, Fraction(odd_days, 30)
        days = 30 * months + odd_days
        length = unit.every * (15 if unit.unit is UnitOfTime.HALF_MONTH else 30)
    whole, odd = divmod(days, length)
    return whole, Fraction(odd, length)


def months_back(*, from_on: date, to_on: date) -> tuple[int, int]:
    """Count whole months back from the later date, then the days left to the earlier one.

    >>> months_back(from_on=date(2024, 1, 15), to_on=date(2024, 3, 31))
    (2, 16)
    """
    months = (to_on.year - from_on.year) * MONTHS_IN_YEAR + to_on.month - from_on.month
    reached_on = add_months(from_on=to_on, count=-months, month_end=MonthEnd.LAST_DAY)
    if reached_on < from_on:
        months -= 1
        reached_on = add_months(from_on=to_on, count=-months, month_end=MonthEnd.LAST_DAY)
    return months, (reached_on - from_on).days


def find_unit_period(*, dates: Sequence[date]) -> UnitPeriod:
    """Find the interval that occurs most often between the dates of a loan; of equals the shorter.

    One advance and one payment: the term is the unit-period, a year at most.

    :raises CostRefused: ``cost.no_common_period``: the unit-period must then be named.

    >>> find_unit_period(dates=[date(2024, 1, 15), date(2024, 2, 29), date(2024, 3, 31)]).unit
    Traceback (most recent call last):
    daihou.core.cost.CostRefused: cost.no_common_period
    >>> find_unit_period(dates=[date(2024, month, 5) for month in (1, 3, 5, 7)])
    UnitPeriod(unit=<UnitOfTime.MONTH: 'month'>, every=2)
    """
    ordered = sorted(set(dates))
    if len(ordered) == 2:
        return _term(ordered[0], ordered[1])
    counts = Counter(_interval(earlier, later) for earlier, later in pairwise(ordered))
    halves = sum(
        _is_half_months(*three) for three in zip(ordered, ordered[1:], ordered[2:], strict=False)
    )
    counts[UnitPeriod(unit=UnitOfTime.HALF_MONTH)] = halves + 1 if halves else 0
    most = max(counts.values(), default=0)
    if most == 1 or not counts:
        raise CostRefused("cost.no_common_period")
    common = [unit for unit, count in counts.items() if count == most]
    return max(common, key=unit_periods_per_year)


def _term(start_on: date, end_on: date) -> UnitPeriod:
    interval = _interval(start_on, end_on)
    if unit_periods_per_year(interval) < 1:
        return UnitPeriod(unit=UnitOfTime.MONTH, every=MONTHS_IN_YEAR)
    return interval


def _interval(earlier: date, later: date) -> UnitPeriod:
    months = (later.year - earlier.year) * MONTHS_IN_YEAR + later.month - earlier.month
    onward = add_months(from_on=earlier, count=months, month_end=MonthEnd.LAST_DAY)
    backward = add_months(from_on=later, count=-months, month_end=MonthEnd.LAST_DAY)
    if months and (onward == later or backward == earlier):
        return UnitPeriod(unit=UnitOfTime.MONTH, every=months)
    days = (later - earlier).days
    if days % 7 == 0:
        return UnitPeriod(unit=UnitOfTime.WEEK, every=days // 7)
    return UnitPeriod(unit=UnitOfTime.DAY, every=days)


def _is_half_months(first: date, second: date, third: date) -> bool:
    """Tell whether three dates are half months apart, as the 1st, the 16th and the 1st are."""
    half = 15
    return months_back(from_on=first, to_on=third) == (1, 0) and second.day - first.day in {
        half,
        -half,
    }


def eu_aprc(*, drawdowns: Sequence[YearFlow], repayments: Sequence[YearFlow]) -> Decimal:
    """Give the annual percentage rate of charge: the effective yearly rate over times in years.

    :raises CostRefused: ``cost.not_positive``, ``cost.negative_flow``, ``cost.no_rate``,
        ``cost.negative_time``.

    >>> lent = YearFlow(amount_minor=100_000, years=Fraction(0))
    >>> back = YearFlow(amount_minor=120_000, years=Fraction(3, 2))
    >>> round(eu_aprc(drawdowns=[lent], repayments=[back]), 3)
    Decimal('0.129')
    """
    _check_amounts(
        [flow.amount_minor for flow in drawdowns], [flow.amount_minor for flow in repayments]
    )
    if any(flow.years < 0 for flow in (*drawdowns, *repayments)):
        raise CostRefused("cost.negative_time")
    with localcontext(prec=PRECISION):

        def surplus(rate: Decimal) -> Decimal:
            return _year_worth(repayments, rate) - _year_worth(drawdowns, rate)

        return _rounded(_solve(surplus))


def _year_worth(flows: Sequence[YearFlow], rate: Decimal) -> Decimal:
    logarithm = (1 + rate).ln()
    return sum(
        (
            flow.amount_minor * (-logarithm * flow.years.numerator / flow.years.denominator).exp()
            for flow in flows
        ),
        Decimal(0),
    )


def eu_years(*, first_on: date, on: date) -> Fraction:
    """Measure the time since the first drawdown: whole months back from the day, then days.

    The odd days are a share of the 365 or 366 days of the year that ends with the last of them.

    :raises CostRefused: ``cost.negative_time``.

    >>> eu_years(first_on=date(2023, 1, 10), on=date(2023, 4, 10))
    Fraction(1, 4)
    >>> eu_years(first_on=date(2024, 2, 20), on=date(2024, 3, 1))
    Fraction(5, 183)
    """
    if on < first_on:
        raise CostRefused("cost.negative_time")
    months, odd_days = months_back(from_on=first_on, to_on=on)
    last_on = add_months(from_on=on, count=-months, month_end=MonthEnd.LAST_DAY)
    year_ago = add_months(from_on=last_on, count=-MONTHS_IN_YEAR, month_end=MonthEnd.LAST_DAY)
    return Fraction(months, MONTHS_IN_YEAR) + Fraction(odd_days, (last_on - year_ago).days)


def _check_amounts(paid_out: Sequence[int], paid_back: Sequence[int]) -> None:
    if any(amount < 0 for amount in (*paid_out, *paid_back)):
        raise CostRefused("cost.negative_flow")
    if not sum(paid_out) or not sum(paid_back):
        raise CostRefused("cost.not_positive")


def _solve(surplus: Callable[[Decimal], Decimal]) -> Decimal:
    """Find where a falling function crosses zero: bracket, then halve or draw the secant."""
    low, high = _bracket(surplus)
    at_low, at_high = surplus(low), surplus(high)
    tolerance = Decimal(10) ** -(PLACES + 6)
    side = 0
    for _ in range(MOST_STEPS):
        if not at_high or not at_low or high - low < tolerance * (1 + abs(low)):
            break
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        at_middle = surplus(middle)
        if at_middle >= 0:  # The Illinois rule: an end kept twice counts half, so both ends close.
            low, at_low = middle, at_middle
            at_high = at_high / 2 if side > 0 else at_high
            side = 1
        else:
            high, at_high = middle, at_middle
            at_low = at_low / 2 if side < 0 else at_low
            side = -1
    else:
        raise CostRefused("cost.no_rate")
    return low if abs(at_low) <= abs(at_high) else high


def _bracket(surplus: Callable[[Decimal], Decimal]) -> tuple[Decimal, Decimal]:
    low, high = Decimal(0), Decimal("0.01")
    while surplus(low) < 0:
        low, high = (low - 1) / 2, low
        if low < LOWEST_RATE:
            raise CostRefused("cost.no_rate")
    while surplus(high) > 0:
        low, high = high, high * 4
        if high > HIGHEST_RATE:
            raise CostRefused("cost.no_rate")
    return low, high


def _rounded(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal(1).scaleb(-PLACES), rounding=ROUND_HALF_EVEN)
