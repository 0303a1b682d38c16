"""The due dates a loan goes on with, and the rate its principal bears between two days.

Units   Days are ordinals (``date.toordinal``); a rate is an exact ``Fraction`` of the balance.
Shape   A ``Rhythm`` counts due dates from one anchor; nothing here knows amounts.
Errors  ``CalendarRefused`` beyond the years 1 to 9999.
Source  docs/algorithms/plan-changes.md; the day counts are those of ``core.periods``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import count, pairwise

from daihou.core.calendar import MONTHS_IN_YEAR, add_periods, shift_from_holiday
from daihou.core.periods import counts_whole_periods, period_share, rate_between
from daihou.core.terms import DayCount, HolidayShift, PeriodUnit, Terms

DAYS_OF = {PeriodUnit.DAY: 1, PeriodUnit.WEEK: 7}
SHIFT_DAYS, SHIFT_MONTHS = 31, 2  # No holiday moves a due date further.
NOTHING = Fraction(0)
Span = tuple[int, int]  # From a day on, to a day that no longer counts.


@dataclass(frozen=True, slots=True)
class Rhythm:
    terms: Terms
    anchor_on: date
    known: dict[date, int | None] = field(default_factory=dict, compare=False)

    def due_on(self, number: int) -> date:
        """Give the due date so many periods after the anchor."""
        terms = self.terms
        on = add_periods(
            from_on=self.anchor_on,
            count=number,
            every=terms.every,
            unit=terms.unit,
            month_end=terms.month_end,
        )
        return shift_from_holiday(on=on, shift=terms.holiday_shift, calendar=terms.calendar)

    def number_of(self, on: date) -> int | None:
        """Tell how many periods after the anchor a date lies; None where it is no due date."""
        if on not in self.known:
            first = self._first_after(on) - 1
            self.known[on] = first if self.due_on(first) == on else None
        return self.known[on]

    def after(self, on: date, how_many: int) -> list[date]:
        """Give the next due dates after a date."""
        first = self._first_after(on)
        return [self.due_on(number) for number in range(first, first + how_many)]

    def between(self, after: date, before: date) -> list[date]:
        """Give the due dates strictly between two dates."""
        dues: list[date] = []
        for number in count(self._first_after(after)):
            due_on = self.due_on(number)
            if due_on >= before:
                return dues
            dues.append(due_on)
        raise AssertionError

    def _first_after(self, on: date) -> int:
        """Find the number of the first due date after a date."""
        anchor_on, terms = self.anchor_on, self.terms
        if terms.unit is PeriodUnit.MONTH:
            months = (on.year - anchor_on.year) * MONTHS_IN_YEAR + on.month - anchor_on.month
            before = 1 if terms.holiday_shift is HolidayShift.NONE else SHIFT_MONTHS
            number = (months - before) // terms.every
        else:
            days = (on - anchor_on).days - SHIFT_DAYS
            number = days // (DAYS_OF[terms.unit] * terms.every)
        while self.due_on(number) <= on:
            number += 1
        return number


def share_of_rate(rhythm: Rhythm, start: int, due: int) -> Fraction:
    """Give the rate of one interest period: whole periods bear the same whatever their days."""
    terms = rhythm.terms
    start_on, due_on = date.fromordinal(start), date.fromordinal(due)
    if not counts_whole_periods(terms):
        return rate_between(terms=terms, from_on=start_on, to_on=due_on)
    first, last = rhythm.number_of(start_on), rhythm.number_of(due_on)
    whole = None if first is None or last is None else last - first
    return period_share(terms=terms, from_on=start_on, to_on=due_on, whole=whole)


@dataclass(frozen=True, slots=True)
class Bearing:
    """What one period bears from a day within it to its end, less the days on which it rests."""

    rhythm: Rhythm
    period: Span
    pauses: tuple[Span, ...]

    def points(self, from_day: int) -> list[tuple[int, Fraction]]:
        """Give the days where the pace changes, each with the rate borne from the first one on."""
        due = self.period[1]
        if from_day == self.period[0] and not self.pauses and not self._splits_years:
            return [(from_day, NOTHING), (due, share_of_rate(self.rhythm, from_day, due))]
        borne, points = NOTHING, [(from_day, NOTHING)]
        for a, b in pairwise(self._marks(from_day, due)):
            if not any(first <= a and b <= last for first, last in self.pauses):
                borne += self._rate(a, b)
            points.append((b, borne))
        return points

    @property
    def _splits_years(self) -> bool:
        return self.rhythm.terms.day_count is DayCount.ACTUAL_ACTUAL

    def _marks(self, from_day: int, due: int) -> list[int]:
        marks = {from_day, due, *(day for span in self.pauses for day in span)}
        if self._splits_years:
            # The night to 1 January belongs to the new year.
            years = range(date.fromordinal(from_day).year, date.fromordinal(due).year + 1)
            marks |= {date(year, 12, 31).toordinal() for year in years}
        return sorted(mark for mark in marks if from_day <= mark <= due)

    def _rate(self, a: int, b: int) -> Fraction:
        start, due = self.period
        if counts_whole_periods(self.rhythm.terms):
            return share_of_rate(self.rhythm, start, due) * Fraction(b - a, due - start)
        return share_of_rate(self.rhythm, a, b)


def value_at(points: Sequence[tuple[int, Fraction]], day: int) -> Fraction:
    """Read a value between the days it is given for.

    >>> value_at([(10, Fraction(0)), (20, Fraction(50))], 14)
    Fraction(20, 1)
    """
    if day <= points[0][0]:
        return points[0][1]
    for (first, before), (last, after) in pairwise(points):
        if day <= last:
            return before + (after - before) * Fraction(day - first, last - first)
    return points[-1][1]
