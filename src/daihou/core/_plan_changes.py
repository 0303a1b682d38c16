"""What each change of the plan does to a loan at work.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   One function per kind, called by the fold with the event and its day. Where there is
        nothing to change (a payment told later has cured the loan) a change has no effect.
Errors  None of its own: ``core.refusals`` refuses a change before it is recorded.
Source  docs/algorithms/plan-changes.md, one section per kind.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from daihou.core import _replan as plans
from daihou.core._rhythm import share_of_rate
from daihou.core.events import change_of
from daihou.core.money import round_amount
from daihou.core.periods import yearly_rate
from daihou.core.terms import Method

if TYPE_CHECKING:
    from daihou.core._fold import Fold
    from daihou.core._replan import Taken
    from daihou.core.events import Event

WITHOUT_RHYTHM = frozenset({Method.BULLET, Method.FREE})


# Dates


def extend(fold: Fold, event: Event, day: int) -> None:
    """展期: the last due date moves out; the rhythm goes on until then."""
    rows, change = plans.to_come(fold, day), change_of(event)
    through_on = change.through_on
    if not fold.goes_on or not rows or through_on is None or through_on <= rows[-1].due_on:
        return
    taken = plans.take(fold, day)
    last_on = taken.dues[-1]
    if fold.terms.method is Method.FREE:
        _extend_free(fold, taken, day, through_on)
    else:
        if change.rate is not None:
            plans.set_rate(fold, change.rate)
        dues = [through_on]
        if fold.terms.method is not Method.BULLET:
            dues = [*taken.dues, *fold.rhythm.between(last_on, through_on), through_on]
        plans.lay(fold, taken, day, dues)
    fold.note_restructure(event)


def _extend_free(fold: Fold, taken: Taken, day: int, through_on: date) -> None:
    """Move the last instalment; where there is a rate it bears interest on the way."""
    start, due = taken.dues[-1].toordinal(), through_on.toordinal()
    share = share_of_rate(fold.rhythm, start, due)
    interest = [amount for _, amount in taken.given]
    interest[-1] += round_amount(amount=taken.given[-1][0] * share, rounding=fold.terms.rounding)
    lines = plans.given_lines(taken, day, [*taken.dues[:-1], through_on], interest=interest)
    plans.put(fold, taken, lines)


def move_due_dates(fold: Fold, event: Event, day: int) -> None:
    """变更还款日: the next due date moves, the later ones follow by the rhythm."""
    rows, first_on = plans.to_come(fold, day), change_of(event).first_due_on
    if not fold.goes_on or not rows or first_on is None or first_on.toordinal() <= day:
        return
    taken = plans.take(fold, day)
    if fold.terms.method is Method.FREE:
        by = first_on - taken.dues[0]
        plans.lay(fold, taken, day, [due_on + by for due_on in taken.dues])
        return
    fold.anchor_on = first_on
    plans.lay(fold, taken, day, plans.dues_from(fold.rhythm, len(taken.dues), day))


def change_term(fold: Fold, event: Event, day: int) -> None:
    """期限变更: so many instalments are still to come."""
    rows, count = plans.to_come(fold, day), change_of(event).instalment_count
    if not fold.goes_on or not rows or count is None or fold.terms.method in WITHOUT_RHYTHM:
        return
    taken = plans.take(fold, day)
    dues = taken.dues[:count]
    dues += fold.rhythm.after(taken.dues[-1], count - len(dues)) if count > len(dues) else []
    plans.lay(fold, taken, day, dues)
    if count > len(taken.dues):
        fold.note_restructure(event)


# Interest


def change_rate(fold: Fold, event: Event, day: int) -> None:
    """利率变更: the running period is split on the day; instalments to come are planned anew."""
    rate = change_of(event).rate
    if not fold.goes_on or rate is None:
        return
    is_late = fold.oldest_unpaid(day) is not None
    old = Fraction(*yearly_rate(fold.terms.rate, fold.terms.day_count))
    taken = plans.take(fold, day)
    plans.set_rate(fold, rate)
    new = Fraction(*yearly_rate(rate, fold.terms.day_count))
    if taken.rows and fold.terms.method is Method.FREE:
        _scale_free(fold, taken, day, by=new / old if old else Fraction(1))
    elif taken.rows:
        plans.lay(fold, taken, day, taken.dues)
    if is_late and new < old:
        fold.note_restructure(event)


def _scale_free(fold: Fold, taken: Taken, day: int, *, by: Fraction) -> None:
    """Scale the interest that a free schedule still has to earn."""
    interest, earned = [], taken.earned
    for _, amount in taken.given:
        total = earned + (amount - earned) * by
        interest.append(round_amount(amount=total, rounding=fold.terms.rounding))
        earned = Fraction(0)
    plans.put(fold, taken, plans.given_lines(taken, day, taken.dues, interest=interest))


def pause_interest(fold: Fold, event: Event, day: int) -> None:
    """停息: no interest from the day through the last one, both included."""
    through_on = change_of(event).through_on
    if not fold.goes_on or through_on is None or through_on < event.effective_on:
        return
    taken, until = plans.take(fold, day), through_on.toordinal() + 1
    fold.pauses.append((day, until))
    fold.paused_through_on = max(fold.paused_through_on or through_on, through_on)
    if taken.rows and fold.terms.method is Method.FREE:
        _pause_free(fold, taken, day, until)
    elif taken.rows:
        plans.put(fold, taken, plans.keep_amounts(fold, taken, day))


def _pause_free(fold: Fold, taken: Taken, day: int, until: int) -> None:
    """Take the rest days' share out of the interest of each period of a free schedule."""
    interest, start, earned = [], taken.start, taken.earned
    for (_, amount), due_on in zip(taken.given, taken.dues, strict=True):
        first, due = max(start, day), due_on.toordinal()
        rests = max(0, min(due, until) - first)
        total = earned + (amount - earned) * Fraction(due - first - rests, due - first)
        interest.append(round_amount(amount=total, rounding=fold.terms.rounding))
        start, earned = due, Fraction(0)
    plans.put(fold, taken, plans.given_lines(taken, day, taken.dues, interest=interest))
