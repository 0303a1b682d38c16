"""Deferral of instalments (延期), by what becomes of the interest of the holiday.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   ``defer`` is called by the fold; nothing falls due for so many periods, and the loan ends
        as many periods later.
Errors  None of its own: ``core.refusals`` refuses a deferral before it is recorded.
Source  docs/algorithms/plan-changes.md, "Deferral".
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from daihou.core import _replan as plans
from daihou.core._rhythm import share_of_rate
from daihou.core.calendar import add_periods
from daihou.core.changes import InterestTreatment
from daihou.core.events import change_of
from daihou.core.money import round_amount, split_by_largest_remainder
from daihou.core.terms import Method

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from daihou.core._fold import Fold
    from daihou.core._replan import Line, Points, Taken
    from daihou.core.events import Event


def defer(fold: Fold, event: Event, day: int) -> None:
    change = change_of(event)
    count, treatment = change.instalment_count, change.interest
    if not fold.goes_on or not plans.to_come(fold, day) or count is None or treatment is None:
        return
    taken = plans.take(fold, day)
    if fold.terms.method is Method.FREE:
        lines = _free_lines(fold, taken, day, count, treatment)
    else:
        taken.dues += fold.rhythm.after(taken.dues[-1], count)
        lines = _lines(fold, taken, day, count, treatment)
    plans.put(fold, taken, lines)
    fold.note_restructure(event)


def _lines(
    fold: Fold, taken: Taken, day: int, count: int, treatment: InterestTreatment
) -> list[Line]:
    resumes, dues = taken.dues[count - 1], taken.dues[count:]
    if treatment is InterestTreatment.WAIVED:
        fold.pauses.append((day, resumes.toordinal()))
    (holiday,) = plans.plan(fold, taken, day, [resumes])
    later = replace(taken, start=resumes.toordinal(), earned=Fraction(0))
    if treatment in {InterestTreatment.WAIVED, InterestTreatment.GOES_ON}:
        lines = plans.plan(fold, later, resumes.toordinal(), dues)
        _owe_first(fold, lines[0], holiday)
        return lines
    # What was paid of it in advance stays on the first instalment.
    settled_minor = taken.settled_minor
    owed_minor = max(0, holiday.interest_minor - settled_minor)
    grows = tuple((on, max(value - settled_minor, Fraction(0))) for on, value in holiday.points)
    if treatment is InterestTreatment.CAPITALIZED:
        later.principal_minor += owed_minor
        fold.capitalized_minor += owed_minor
        fold.capital_to_come = (owed_minor, grows)
    lines = plans.plan(fold, later, resumes.toordinal(), dues)
    lines[0].points = tuple((on, value + settled_minor) for on, value in lines[0].points)
    lines[0].interest_minor += settled_minor
    if treatment is InterestTreatment.SPREAD and owed_minor:
        shares = split_by_largest_remainder(total_minor=owed_minor, weights=[1] * len(lines))
        for line, share_minor in zip(lines, shares, strict=True):
            _owe_share(line, share_minor, grows)
    return lines


def _owe_first(fold: Fold, line: Line, holiday: Line) -> None:
    """Let the first instalment owe the holiday's interest on top of its own."""
    before = holiday.points[-1][1]
    line.start = holiday.start
    line.points = (*holiday.points, *((on, before + value) for on, value in line.points[1:]))
    line.interest_minor = round_amount(amount=line.points[-1][1], rounding=fold.terms.rounding)


def _owe_share(line: Line, share_minor: int, grows: Points) -> None:
    """Let a line owe a part of the holiday's interest, earned while the holiday lasts."""
    first, whole = line.points[0][1], grows[-1][1]
    marks = [(on, first + value * share_minor / whole) for on, value in grows]
    marks += [(on, value + share_minor) for on, value in line.points]
    line.points = tuple(
        mark for mark, after in pairwise([*marks, (0, Fraction(0))]) if mark[0] != after[0]
    )
    line.interest_minor += share_minor


def _free_lines(
    fold: Fold, taken: Taken, day: int, count: int, treatment: InterestTreatment
) -> list[Line]:
    """Every date of a free schedule moves; at a rate, the time between bears interest."""
    terms = fold.terms
    dues: list[date] = [
        add_periods(
            from_on=due_on,
            count=count,
            every=terms.every,
            unit=terms.unit,
            month_end=terms.month_end,
        )
        for due_on in taken.dues
    ]
    share = share_of_rate(fold.rhythm, taken.dues[0].toordinal(), dues[0].toordinal())
    if treatment is InterestTreatment.WAIVED:
        share = Fraction(0)
    extra_minor = round_amount(amount=taken.principal_minor * share, rounding=terms.rounding)
    parts: Sequence[int] = split_by_largest_remainder(
        total_minor=extra_minor, weights=[1] * len(dues)
    )
    principal, interest = [list(column) for column in zip(*taken.given, strict=True)]
    if treatment is InterestTreatment.CAPITALIZED:
        principal = [a + b for a, b in zip(principal, parts, strict=True)]
        fold.capitalized_minor += extra_minor
    elif treatment is InterestTreatment.SPREAD:
        interest = [a + b for a, b in zip(interest, parts, strict=True)]
    else:
        interest[0] += extra_minor
    return plans.given_lines(taken, day, dues, principal=principal, interest=interest)
