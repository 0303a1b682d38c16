"""Count days and find due dates.

Units   ``*_on`` is a calendar date; ``*_days`` counts calendar days; a year fraction is exact.
Shape   Dates in, dates or ``Fraction`` out; nothing is read from a clock.
Errors  ``CalendarRefused``, before anything is computed.
Source  Day counts: ISDA 2006 Definitions 4.16, (d) actual/365 fixed, (e) actual/360, (g) 30E/360;
        actual/actual as its (b) but for one day a year (``split_by_leap_year``). Shift: 4.12.
"""

from datetime import date, timedelta
from fractions import Fraction

from daihou.core.terms import Calendar, DayCount, HolidayShift, MonthEnd, PeriodUnit

ONE_DAY = timedelta(days=1)
MONTHS_IN_YEAR = 12
LONGEST_MONTH_DAYS = 31
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
YEAR_DAYS = {
    DayCount.THIRTY_360: 360,
    DayCount.ACTUAL_360: 360,
    DayCount.ACTUAL_364: 364,
    DayCount.ACTUAL_365: 365,
    DayCount.ACTUAL_ACTUAL: 365,  # Where one year must stand for all; spans count their own.
}


class CalendarRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_leap(year: int) -> bool:
    """Tell whether the year has a 29 February.

    >>> [is_leap(year) for year in (1900, 2000, 2023, 2024)]
    [False, True, False, True]
    """
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_year(year: int) -> int:
    """Count the days of a calendar year.

    >>> days_in_year(2024)
    366
    """
    return 366 if is_leap(year) else 365


def days_in_month(*, year: int, month: int) -> int:
    """Count the days of a calendar month.

    >>> days_in_month(year=2024, month=2)
    29
    """
    return MONTH_DAYS[month - 1] + (month == 2 and is_leap(year))


def add_months(*, from_on: date, count: int, month_end: MonthEnd, anchor_day: int = 0) -> date:
    """Go ``count`` months on to the same day of the month, or to ``anchor_day`` where given.

    :raises CalendarRefused: ``date.out_of_range`` beyond the years 1 to 9999.

    >>> add_months(from_on=date(2024, 1, 31), count=1, month_end=MonthEnd.LAST_DAY)
    datetime.date(2024, 2, 29)
    >>> add_months(from_on=date(2024, 1, 31), count=1, month_end=MonthEnd.FIRST_OF_NEXT)
    datetime.date(2024, 3, 1)
    """
    months = from_on.year * MONTHS_IN_YEAR + from_on.month - 1 + count
    year, month = divmod(months, MONTHS_IN_YEAR)
    if not date.min.year <= year <= date.max.year:
        raise CalendarRefused("date.out_of_range")
    month += 1
    day = anchor_day or from_on.day
    if day > MONTH_DAYS[month - 1]:
        last_day = days_in_month(year=year, month=month)
        if day > last_day:
            last_on = date(year, month, last_day)
            return last_on if month_end is MonthEnd.LAST_DAY else last_on + ONE_DAY
    return date(year, month, day)


def add_periods(
    *, from_on: date, count: int, every: int, unit: PeriodUnit, month_end: MonthEnd
) -> date:
    """Go ``count`` periods of ``every`` units on, always counted from the first date.

    :raises CalendarRefused: ``date.out_of_range``.

    >>> jan = date(2023, 1, 31)
    >>> monthly = {"every": 1, "unit": PeriodUnit.MONTH, "month_end": MonthEnd.LAST_DAY}
    >>> [add_periods(from_on=jan, count=n, **monthly).day for n in (1, 2, 3)]
    [28, 31, 30]
    """
    if unit is PeriodUnit.MONTH:
        return add_months(from_on=from_on, count=count * every, month_end=month_end)
    days = count * every * (7 if unit is PeriodUnit.WEEK else 1)
    try:
        return from_on + timedelta(days=days)
    except OverflowError:
        raise CalendarRefused("date.out_of_range") from None


def shift_from_holiday(*, on: date, shift: HolidayShift, calendar: Calendar | None) -> date:
    """Move a date off closed days. An open day never moves.

    :raises CalendarRefused: ``calendar.never_open`` when a month of days on end is closed.

    >>> spring = Calendar(name="CN", closed_on=frozenset({date(2024, 2, 10), date(2024, 2, 11)}))
    >>> shift_from_holiday(on=date(2024, 2, 10), shift=HolidayShift.FOLLOWING, calendar=spring)
    datetime.date(2024, 2, 12)
    """
    if shift is HolidayShift.NONE or calendar is None or on not in calendar.closed_on:
        return on
    if shift is HolidayShift.PRECEDING:
        return _next_open(on=on, step=-ONE_DAY, calendar=calendar)
    moved_on = _next_open(on=on, step=ONE_DAY, calendar=calendar)
    if shift is HolidayShift.MODIFIED_FOLLOWING and moved_on.month != on.month:
        return _next_open(on=on, step=-ONE_DAY, calendar=calendar)
    return moved_on


def _next_open(*, on: date, step: timedelta, calendar: Calendar) -> date:
    for _ in range(LONGEST_MONTH_DAYS):
        on += step
        if on not in calendar.closed_on:
            return on
    raise CalendarRefused("calendar.never_open")


def count_days(*, day_count: DayCount, from_on: date, to_on: date) -> int:
    """Count the days of a span, the first one in and the last one out.

    :raises CalendarRefused: ``span.negative``.

    >>> count_days(day_count=DayCount.THIRTY_360, from_on=date(2024, 1, 31), to_on=date(2024, 3, 1))
    31
    >>> count_days(day_count=DayCount.ACTUAL_365, from_on=date(2024, 1, 31), to_on=date(2024, 3, 1))
    30
    """
    if to_on < from_on:
        raise CalendarRefused("span.negative")
    if day_count is not DayCount.THIRTY_360:
        return (to_on - from_on).days
    months = (to_on.year - from_on.year) * MONTHS_IN_YEAR + to_on.month - from_on.month
    return months * 30 + min(to_on.day, 30) - min(from_on.day, 30)


def year_fraction(*, day_count: DayCount, from_on: date, to_on: date) -> Fraction:
    """Measure a span in years by a day count.

    :raises CalendarRefused: ``span.negative``.

    >>> year_fraction(
    ...     day_count=DayCount.ACTUAL_ACTUAL, from_on=date(2023, 12, 1), to_on=date(2024, 2, 1)
    ... ) == Fraction(30, 365) + Fraction(32, 366)
    True
    """
    days = count_days(day_count=day_count, from_on=from_on, to_on=to_on)
    if day_count is not DayCount.ACTUAL_ACTUAL:
        return Fraction(days, YEAR_DAYS[day_count])
    common, leap = split_by_leap_year(from_on=from_on, to_on=to_on)
    return Fraction(common, 365) + Fraction(leap, 366)


def split_by_leap_year(*, from_on: date, to_on: date) -> tuple[int, int]:
    """Count the days of a span that lie in common years and those that lie in leap years.

    A day bears interest through the night before it, so the span's first day is not counted and
    its last one is: the night to 1 January belongs to the new year.

    :raises CalendarRefused: ``span.negative``.

    >>> split_by_leap_year(from_on=date(2023, 12, 1), to_on=date(2024, 2, 1))
    (30, 32)
    """
    if to_on < from_on:
        raise CalendarRefused("span.negative")
    common, leap = 0, 0
    while from_on < to_on:
        year = (from_on + ONE_DAY).year
        part_to_on = min(to_on, date(year, 12, 31))
        days = (part_to_on - from_on).days
        if is_leap(year):
            leap += days
        else:
            common += days
        from_on = part_to_on
    return common, leap
