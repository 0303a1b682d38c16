"""Goal: every date and day is right in leap years and at month ends. Method: day-by-day oracles."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import example, given, strategies as st

from daihou.core import calendar
from daihou.core.terms import Calendar, DayCount, HolidayShift, MonthEnd, PeriodUnit

DAY = timedelta(days=1)
DATES = st.dates(date(1990, 1, 1), date(2110, 12, 31))
NEAR = st.integers(0, 1200)


@pytest.mark.parametrize(
    ("year", "days"), [(1900, 365), (2000, 366), (2023, 365), (2024, 366), (2100, 365)]
)
def test_leap_years_are_those_of_the_gregorian_calendar(year, days):
    assert calendar.days_in_year(year) == days == (date(year + 1, 1, 1) - date(year, 1, 1)).days
    assert calendar.is_leap(year) == (days == 366)
    february = calendar.days_in_month(year=year, month=2)
    assert date(year, 2, 1) + february * DAY == date(year, 3, 1)


@pytest.mark.parametrize("year", [2023, 2024])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_has_the_days_until_the_next(year, month):
    days = calendar.days_in_month(year=year, month=month)
    next_first = date(year + month // 12, month % 12 + 1, 1)
    assert date(year, month, 1) + days * DAY == next_first
    last = calendar.add_months(
        from_on=date(2022, 12, 31),
        count=(year - 2023) * 12 + month,
        month_end=MonthEnd.LAST_DAY,
    )
    assert last == next_first - DAY


MONTHS = [
    (date(2023, 1, 31), 1, MonthEnd.LAST_DAY, date(2023, 2, 28)),
    (date(2024, 1, 31), 1, MonthEnd.LAST_DAY, date(2024, 2, 29)),
    (date(2023, 1, 31), 1, MonthEnd.FIRST_OF_NEXT, date(2023, 3, 1)),
    (date(2024, 1, 30), 1, MonthEnd.FIRST_OF_NEXT, date(2024, 3, 1)),
    (date(2024, 1, 29), 1, MonthEnd.FIRST_OF_NEXT, date(2024, 2, 29)),
    (date(2023, 1, 29), 1, MonthEnd.FIRST_OF_NEXT, date(2023, 3, 1)),
    (date(2023, 1, 28), 1, MonthEnd.FIRST_OF_NEXT, date(2023, 2, 28)),
    (date(2023, 10, 31), 1, MonthEnd.FIRST_OF_NEXT, date(2023, 12, 1)),
    (date(2023, 12, 31), 1, MonthEnd.LAST_DAY, date(2024, 1, 31)),
    (date(2024, 2, 29), 12, MonthEnd.LAST_DAY, date(2025, 2, 28)),
    (date(2024, 2, 29), 48, MonthEnd.LAST_DAY, date(2028, 2, 29)),
    (date(2024, 3, 31), -1, MonthEnd.LAST_DAY, date(2024, 2, 29)),
    (date(2024, 1, 15), -1, MonthEnd.LAST_DAY, date(2023, 12, 15)),
    (date(2024, 1, 15), 0, MonthEnd.LAST_DAY, date(2024, 1, 15)),
]


@pytest.mark.parametrize(("from_on", "count", "month_end", "to_on"), MONTHS)
def test_months_keep_the_day_or_follow_the_month_end_rule(from_on, count, month_end, to_on):
    assert calendar.add_months(from_on=from_on, count=count, month_end=month_end) == to_on


@given(from_on=DATES, count=st.integers(-500, 500))
def test_a_month_end_rule_touches_only_days_that_do_not_exist(from_on, count):
    last, first = (
        calendar.add_months(from_on=from_on, count=count, month_end=rule) for rule in MonthEnd
    )
    months = (last.year - from_on.year) * 12 + last.month - from_on.month
    assert months == count
    if last.day == from_on.day:
        assert first == last
    else:
        assert (last + DAY).day == 1
        assert first == last + DAY


def test_the_first_and_the_last_year_of_the_calendar_can_be_reached():
    rule = MonthEnd.LAST_DAY
    december = date(9998, 12, 31)
    assert calendar.add_months(from_on=december, count=12, month_end=rule) == date.max
    assert calendar.add_months(from_on=date(2, 1, 1), count=-12, month_end=rule) == date.min


def test_a_month_end_is_reached_again_after_short_months():
    dues = [
        calendar.add_periods(
            from_on=date(2024, 1, 31),
            count=n,
            every=1,
            unit=PeriodUnit.MONTH,
            month_end=MonthEnd.LAST_DAY,
        )
        for n in range(1, 6)
    ]
    assert [due.day for due in dues] == [29, 31, 30, 31, 30]


@pytest.mark.parametrize(
    ("unit", "every", "count", "days"),
    [(PeriodUnit.DAY, 15, 2, 30), (PeriodUnit.WEEK, 2, 3, 42), (PeriodUnit.DAY, 1, -1, -1)],
)
def test_days_and_weeks_are_counted(unit, every, count, days):
    start = date(2024, 2, 1)
    moved = calendar.add_periods(
        from_on=start, count=count, every=every, unit=unit, month_end=MonthEnd.LAST_DAY
    )
    assert moved == start + days * DAY


@pytest.mark.parametrize("unit", PeriodUnit)
@pytest.mark.parametrize("count", [10**6, -(10**6), 10**12])
def test_refuses_dates_beyond_the_calendar(unit, count):
    with pytest.raises(calendar.CalendarRefused) as refused:
        calendar.add_periods(
            from_on=date(2024, 1, 1),
            count=count,
            every=12,
            unit=unit,
            month_end=MonthEnd.FIRST_OF_NEXT,
        )
    assert refused.value.code == "date.out_of_range"


def closed(*days):
    return Calendar(name="test", closed_on=frozenset(days))


MARCH = [date(2024, 3, day) for day in range(1, 32)]
SHIFTS = [
    (HolidayShift.NONE, MARCH[9:12], MARCH[9], MARCH[9]),
    (HolidayShift.FOLLOWING, MARCH[9:12], MARCH[9], MARCH[12]),
    (HolidayShift.FOLLOWING, MARCH[9:12], MARCH[8], MARCH[8]),
    (HolidayShift.PRECEDING, MARCH[9:12], MARCH[11], MARCH[8]),
    (HolidayShift.FOLLOWING, MARCH[29:], MARCH[30], date(2024, 4, 1)),
    (HolidayShift.MODIFIED_FOLLOWING, MARCH[29:], MARCH[30], MARCH[28]),
    (HolidayShift.MODIFIED_FOLLOWING, MARCH[9:12], MARCH[10], MARCH[12]),
]


@pytest.mark.parametrize(("shift", "closed_on", "on", "moved_on"), SHIFTS)
def test_a_closed_day_moves_by_its_rule(shift, closed_on, on, moved_on):
    days = closed(*closed_on)
    assert calendar.shift_from_holiday(on=on, shift=shift, calendar=days) == moved_on


@pytest.mark.parametrize("shift", HolidayShift)
@given(on=st.sampled_from(MARCH), holidays=st.frozensets(st.sampled_from(MARCH), max_size=20))
def test_a_shift_lands_on_an_open_day_and_never_moves_twice(shift, on, holidays):
    days = closed(*holidays)
    moved_on = calendar.shift_from_holiday(on=on, shift=shift, calendar=days)
    again = calendar.shift_from_holiday(on=moved_on, shift=shift, calendar=days)
    assert again == moved_on
    if shift is not HolidayShift.NONE:
        assert moved_on not in holidays
    if on not in holidays:
        assert moved_on == on


def test_without_a_calendar_nothing_moves():
    on = date(2024, 3, 9)
    shift = HolidayShift.FOLLOWING
    assert calendar.shift_from_holiday(on=on, shift=shift, calendar=None) == on


@pytest.mark.parametrize("shift", [HolidayShift.FOLLOWING, HolidayShift.PRECEDING])
def test_refuses_a_calendar_that_never_opens(shift):
    always = closed(*(date(2024, 1, 1) + n * DAY for n in range(100)))
    with pytest.raises(calendar.CalendarRefused) as refused:
        calendar.shift_from_holiday(on=date(2024, 2, 20), shift=shift, calendar=always)
    assert refused.value.code == "calendar.never_open"


def test_thirty_one_closed_days_on_end_can_be_left_and_one_more_cannot():
    start, shift = date(2024, 1, 1), HolidayShift.FOLLOWING
    january = [start + n * DAY for n in range(31)]
    moved_on = calendar.shift_from_holiday(on=start, shift=shift, calendar=closed(*january))
    assert moved_on == date(2024, 2, 1)
    with pytest.raises(calendar.CalendarRefused):
        calendar.shift_from_holiday(on=start, shift=shift, calendar=closed(*january, moved_on))


def nights_by_year(from_on, days):
    """Count each night for the year of the day that ends it, one by one."""
    return [(from_on + n * DAY).year for n in range(1, days + 1)]


@given(from_on=DATES, days=NEAR)
@example(from_on=date(2023, 12, 31), days=1)
@example(from_on=date(2024, 12, 31), days=1)
@example(from_on=date(2023, 12, 31), days=366)
@example(from_on=date(2024, 12, 30), days=1)
def test_actual_actual_counts_each_night_in_its_year(from_on, days):
    years = nights_by_year(from_on, days)
    fraction = calendar.year_fraction(
        day_count=DayCount.ACTUAL_ACTUAL, from_on=from_on, to_on=from_on + days * DAY
    )
    leap = sum(1 for year in years if calendar.is_leap(year))
    assert fraction == Fraction(leap, 366) + Fraction(len(years) - leap, 365)


@pytest.mark.parametrize(
    ("day_count", "year"),
    [(DayCount.ACTUAL_360, 360), (DayCount.ACTUAL_364, 364), (DayCount.ACTUAL_365, 365)],
)
@given(from_on=DATES, days=NEAR)
def test_actual_days_over_a_fixed_year(day_count, year, from_on, days):
    to_on = from_on + days * DAY
    assert calendar.count_days(day_count=day_count, from_on=from_on, to_on=to_on) == days
    fraction = calendar.year_fraction(day_count=day_count, from_on=from_on, to_on=to_on)
    assert fraction == Fraction(days, year)


THIRTY = [
    (date(2024, 1, 31), date(2024, 2, 29), 29),
    (date(2024, 1, 30), date(2024, 3, 31), 60),
    (date(2024, 1, 31), date(2024, 3, 30), 60),
    (date(2024, 2, 28), date(2024, 3, 1), 3),
    (date(2023, 12, 15), date(2024, 1, 15), 30),
    (date(2024, 1, 30), date(2024, 1, 31), 0),
    (date(2024, 1, 1), date(2025, 1, 1), 360),
]


@pytest.mark.parametrize(("from_on", "to_on", "days"), THIRTY)
def test_thirty_days_a_month(from_on, to_on, days):
    day_count = DayCount.THIRTY_360
    assert calendar.count_days(day_count=day_count, from_on=from_on, to_on=to_on) == days
    fraction = calendar.year_fraction(day_count=day_count, from_on=from_on, to_on=to_on)
    assert fraction == Fraction(days, 360)


@pytest.mark.parametrize("day_count", DayCount)
def test_refuses_a_span_that_ends_before_it_starts(day_count):
    span = {"from_on": date(2024, 1, 2), "to_on": date(2024, 1, 1)}
    for call in (calendar.count_days, calendar.year_fraction):
        with pytest.raises(calendar.CalendarRefused) as refused:
            call(day_count=day_count, **span)
        assert refused.value.code == "span.negative"
    with pytest.raises(calendar.CalendarRefused):
        calendar.split_by_leap_year(**span)
