"""Accrue penalty (罚息) and compound interest (复利) day by day, exactly.

Units   A daily rate is an integer fraction of the base per day. What has accrued is kept as a
        numerator over that rate's denominator, in minor units; it is rounded only when read.
Shape   ``DailyRate`` for common and leap years over one denominator; day counts in, numerators out.
Errors  ``AccrualRefused`` with a stable code.
Source  银发〔2003〕251号 (contract rate plus 30 % to 50 %) and 银发〔1999〕77号 art. 20
        (compound), both 2ND hand; the two roundings: design.md, "Money".
Twin    The night's kernel keeps the same numerators in 64 bits; ``check_widths`` proves they fit.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import lcm

from daihou.core.calendar import YEAR_DAYS, is_leap
from daihou.core.money import round_ratio
from daihou.core.terms import (
    MOST_MINOR,
    AccrualRounding,
    DayCount,
    Rate,
    RatePer,
    Rounding,
    Terms,
)

LONGEST_SPAN_DAYS = 36_525  # A century past due: nothing accrues longer in one span.
MONTHS_IN_YEAR = 12


class AccrualRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyRate:
    common_numerator: int  # For a day of a common year.
    leap_numerator: int  # For a day of a leap year; differs only under actual/actual.
    denominator: int


def daily_rate(*, rate: Rate, day_count: DayCount, multiple: Decimal = Decimal(1)) -> DailyRate:
    """State a rate per day, reduced, over the year basis of the day count.

    30/360 counts actual days over 360 here. A rate per day is taken as given.

    :raises AccrualRefused: ``rate.not_finite``, ``rate.negative``.

    >>> yearly = Rate(value=Decimal("0.18"), per=RatePer.YEAR)
    >>> daily_rate(rate=yearly, day_count=DayCount.ACTUAL_360)
    DailyRate(common_numerator=1, leap_numerator=1, denominator=2000)
    """
    if not (rate.value.is_finite() and multiple.is_finite()):
        raise AccrualRefused("rate.not_finite")
    if rate.value < 0 or multiple < 0:
        raise AccrualRefused("rate.negative")
    value = Fraction(rate.value) * Fraction(multiple)
    if rate.per is RatePer.DAY:
        common = leap = value
    else:
        yearly = value * MONTHS_IN_YEAR if rate.per is RatePer.MONTH else value
        by_calendar = day_count is DayCount.ACTUAL_ACTUAL
        common = yearly / (365 if by_calendar else YEAR_DAYS[day_count])
        leap = yearly / (366 if by_calendar else YEAR_DAYS[day_count])
    denominator = lcm(common.denominator, leap.denominator)
    return DailyRate(
        common_numerator=common.numerator * (denominator // common.denominator),
        leap_numerator=leap.numerator * (denominator // leap.denominator),
        denominator=denominator,
    )


def penalty_rate(terms: Terms) -> DailyRate | None:
    """Find the penalty's daily rate: its own, or the contract's times the agreed multiple.

    :raises AccrualRefused: ``penalty.rate_twice`` when both are given.

    >>> from daihou.core.terms import Method, PenaltyTerms
    >>> yearly = Rate(value=Decimal("0.12"), per=RatePer.YEAR)
    >>> terms = Terms(method=Method.BULLET, rate=yearly,
    ...               penalty=PenaltyTerms(multiple=Decimal("1.5")))
    >>> penalty_rate(terms) == daily_rate(
    ...     rate=Rate(value=Decimal("0.18"), per=RatePer.YEAR), day_count=DayCount.ACTUAL_365)
    True
    """
    penalty = terms.penalty
    if penalty is None:
        return None
    if penalty.rate is not None and penalty.multiple is not None:
        raise AccrualRefused("penalty.rate_twice")
    if penalty.rate is not None:
        return daily_rate(rate=penalty.rate, day_count=terms.day_count)
    if penalty.multiple is not None:
        return daily_rate(rate=terms.rate, day_count=terms.day_count, multiple=penalty.multiple)
    return None


def compound_rate(terms: Terms) -> DailyRate | None:
    """Find the daily rate of interest on unpaid interest, where the product charges it.

    >>> from daihou.core.terms import Method
    >>> terms = Terms(method=Method.BULLET, rate=Rate(value=Decimal(0), per=RatePer.YEAR))
    >>> compound_rate(terms) is None
    True
    """
    if terms.penalty is None or terms.penalty.compound_rate is None:
        return None
    return daily_rate(rate=terms.penalty.compound_rate, day_count=terms.day_count)


def count_accrual_days(*, after: int, through: int) -> tuple[int, int]:
    """Count the days of common and of leap years; a day belongs to the year it lies in.

    Days are ordinals: the first is ``after + 1``, the last ``through``.

    >>> eve = date(2023, 12, 30).toordinal()
    >>> count_accrual_days(after=eve, through=eve + 3)
    (1, 2)
    """
    if through <= after:
        return 0, 0
    first, last = date.fromordinal(after + 1), date.fromordinal(through)
    if first.year == last.year:
        days = through - after
        return (0, days) if is_leap(first.year) else (days, 0)
    turn = date(first.year, 12, 31).toordinal()
    common, leap = count_accrual_days(after=turn, through=through)
    days = turn - after
    return (common, leap + days) if is_leap(first.year) else (common + days, leap)


def accrue(
    *,
    base_minor: int,
    rate: DailyRate,
    after: int,
    through: int,
    accrual_rounding: AccrualRounding,
    rounding: Rounding,
) -> int:
    """Accrue on an unchanged base for the days after one ordinal through another; a numerator.

    ``EACH_DAY`` rounds one day and multiplies; ``SPAN`` is exact.

    >>> rate = DailyRate(common_numerator=1, leap_numerator=1, denominator=2000)
    >>> days = {"base_minor": 1_001_999, "rate": rate, "after": 0, "through": 10}
    >>> accrue(**days, accrual_rounding=AccrualRounding.SPAN, rounding=Rounding.HALF_UP) / 2000
    5009.995
    >>> accrue(**days, accrual_rounding=AccrualRounding.EACH_DAY, rounding=Rounding.HALF_UP) / 2000
    5010.0
    """
    if rate.common_numerator == rate.leap_numerator:
        common, leap = max(0, through - after), 0
    else:
        common, leap = count_accrual_days(after=after, through=through)
    numerator = 0
    for days, per_day in ((common, rate.common_numerator), (leap, rate.leap_numerator)):
        if days:
            of_day = base_minor * per_day
            if accrual_rounding is AccrualRounding.EACH_DAY:
                of_day = rate.denominator * read(numerator=of_day, rate=rate, rounding=rounding)
            numerator += days * of_day
    return numerator


def read(*, numerator: int, rate: DailyRate, rounding: Rounding) -> int:
    """Round what has accrued to minor units.

    >>> rate = DailyRate(common_numerator=1, leap_numerator=1, denominator=2000)
    >>> read(numerator=1000, rate=rate, rounding=Rounding.HALF_UP)
    1
    """
    return round_ratio(numerator=numerator, denominator=rate.denominator, rounding=rounding)


def widest_base(*, terms: Terms, days: int = LONGEST_SPAN_DAYS) -> int:
    """Find the largest base whose accrual stays within 64 bits for so many days.

    The widest number met is the exact numerator of the whole span plus one carried remainder,
    doubled where a half is looked for. Negative where not even a base of zero fits.

    >>> from daihou.core.terms import Method, PenaltyTerms
    >>> fine = Rate(value=Decimal("0.0005"), per=RatePer.DAY)
    >>> widest_base(terms=Terms(method=Method.BULLET, rate=fine, penalty=PenaltyTerms(rate=fine)))
    126261081955575
    """
    widest = MOST_MINOR
    for rate in (penalty_rate(terms), compound_rate(terms)):
        if rate is None:
            continue
        most = max(rate.common_numerator, rate.leap_numerator)
        if 2 * rate.denominator * days > MOST_MINOR:
            return -1
        if most:
            widest = min(widest, (MOST_MINOR // 2 - rate.denominator) // (most * days))
    return widest


def check_widths(*, terms: Terms, base_minor: int, days: int = LONGEST_SPAN_DAYS) -> None:
    """Refuse terms whose accrual on this base could pass 64 bits within so many days.

    The engine relies on this proof; so does the import.

    :raises AccrualRefused: ``accrual.too_wide``, ``base.negative``.

    >>> from daihou.core.terms import Method, PenaltyTerms
    >>> fine = Rate(value=Decimal("0.0005"), per=RatePer.DAY)
    >>> terms = Terms(method=Method.BULLET, rate=fine, penalty=PenaltyTerms(rate=fine))
    >>> check_widths(terms=terms, base_minor=10**12)
    >>> check_widths(terms=terms, base_minor=10**16)
    Traceback (most recent call last):
    daihou.core.accrual.AccrualRefused: accrual.too_wide
    """
    if base_minor < 0:
        raise AccrualRefused("base.negative")
    if base_minor > widest_base(terms=terms, days=days):
        raise AccrualRefused("accrual.too_wide")
