"""Changes that take in what has fallen due: re-ageing, re-amortizing, plans beside, acceleration.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   One function per kind, called by the fold. What had fallen due is carried by the new
        instalments component by component; it bears no contract interest unless capitalized.
Errors  None of its own: ``core.refusals`` refuses a change before it is recorded.
Source  docs/algorithms/plan-changes.md, one section per kind.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from daihou.core import _replan as plans
from daihou.core._charges import begin_waiver, waive_carried, waive_part
from daihou.core._rhythm import Rhythm
from daihou.core._rows import FEE, INTEREST, PRINCIPAL, WorkRow
from daihou.core.allocation import COMPONENTS
from daihou.core.changes import InterestTreatment
from daihou.core.events import change_of
from daihou.core.money import round_amount, round_ratio
from daihou.core.terms import Method, PeriodUnit, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daihou.core._flows import Flow
    from daihou.core._fold import Fold
    from daihou.core._replan import Collected, Taken
    from daihou.core.events import Event

# What these plan as one sum, or as agreed, is planned as equal instalments.
NOT_IN_PARTS = frozenset({Method.BULLET, Method.FREE, Method.INTEREST_ONLY, Method.BALLOON})


def re_age(fold: Fold, event: Event, day: int) -> None:
    """Plan all that is outstanding in new instalments; nothing is past due then."""
    change = change_of(event)
    first_on, count = change.first_due_on, change.instalment_count
    if not fold.owes or first_on is None or count is None or first_on <= event.effective_on:
        return
    due = [row for row in fold.rows if row.due <= day or row.is_beside]
    taken = plans.take(fold, day)
    if change.rate is not None:  # Personalized instalments are monthly.
        plans.set_rate(fold, change.rate)
        fold.terms = replace(fold.terms, every=1, unit=PeriodUnit.MONTH)
    method = fold.terms.method
    fold.terms = replace(
        fold.terms,
        method=Method.EQUAL_INSTALMENT if method in NOT_IN_PARTS else method,
        free_dues=(),
        balloon_minor=0,
        every=change.every or fold.terms.every,
        unit=change.unit or fold.terms.unit,
    )
    fold.anchor_on = first_on
    _plan_anew(fold, event, day, taken, due, count)
    fold.note_restructure(event)


def _plan_anew(
    fold: Fold, event: Event, day: int, taken: Taken, due: Sequence[WorkRow], count: int
) -> None:
    treatment = change_of(event).interest or InterestTreatment.SPREAD
    carried = plans.collect_carried(taken.rows)
    carried[INTEREST] += _split_off_earned(fold, taken, treatment)
    given_up = _give_up(fold, event, day, due) if treatment is InterestTreatment.WAIVED else None
    collected = plans.collect(fold, due)
    amounts = [a + b for a, b in zip(collected.amounts, carried, strict=True)]
    interest_minor = _capitalize(fold, amounts, treatment)
    taken.principal_minor += amounts[PRINCIPAL]
    taken.grace, taken.dues = 0, []
    fold.flat_base = Fraction(taken.principal_minor)
    dues = plans.dues_from(fold.rhythm, count, day)
    rows = plans.put(fold, taken, plans.plan(fold, taken, day, dues))
    if given_up is not None:
        waive_carried(given_up, rows[0], interest_minor, day)
        interest_minor = 0
    first = rows[:1] if treatment is InterestTreatment.GOES_ON else rows
    plans.carry(first, INTEREST, interest_minor)
    _carry_the_rest(fold, rows, amounts, collected, day)


def _split_off_earned(fold: Fold, taken: Taken, treatment: InterestTreatment) -> int:
    """Take the running period's interest so far out of the new plan, unless it goes on there."""
    if treatment is InterestTreatment.GOES_ON:
        return 0
    earned_minor = round_amount(amount=taken.earned, rounding=fold.terms.rounding)
    earned_minor = max(0, earned_minor - taken.settled_minor)
    taken.earned -= earned_minor
    return earned_minor


def _give_up(fold: Fold, event: Event, day: int, rows: Sequence[WorkRow]) -> Flow:
    given_up = begin_waiver(fold, event)
    for row in rows:
        waive_part(given_up, row, INTEREST, row.left[INTEREST], day)
    return given_up


def _capitalize(fold: Fold, amounts: list[int], treatment: InterestTreatment) -> int:
    """Turn overdue interest into principal where that is agreed; give back what stays interest."""
    interest_minor = amounts[INTEREST]
    if treatment is not InterestTreatment.CAPITALIZED:
        return interest_minor
    amounts[PRINCIPAL] += interest_minor
    fold.capitalized_minor += interest_minor
    return 0


def _carry_the_rest(
    fold: Fold,
    rows: Sequence[WorkRow],
    amounts: Sequence[int],
    collected: Collected,
    day: int,
) -> None:
    """Spread fees, penalty and compound interest over the new instalments."""
    for component in range(FEE, len(COMPONENTS)):
        plans.carry(rows, component, amounts[component])
    for charge in collected.charges:
        charge.rows, charge.is_moved = list(rows), True
    plans.drop_empty(fold, day)


def re_amortize(fold: Fold, event: Event, day: int) -> None:
    """Spread what is overdue over the instalments to come; the loan ends as before."""
    due = overdue_rows(fold, day)
    treatment = change_of(event).interest
    if not fold.goes_on or not due or not plans.to_come(fold, day) or treatment is None:
        return
    taken = plans.take(fold, day)
    if treatment is InterestTreatment.WAIVED:
        _give_up(fold, event, day, due)
    collected = plans.collect(fold, due)
    amounts = collected.amounts
    interest_minor = _capitalize(fold, amounts, treatment)
    if fold.terms.method is Method.FREE or not fold.rate.value:
        parts = _like_instalments(fold.terms, amounts[PRINCIPAL], len(taken.dues))
        principal = [a + b for (a, _), b in zip(taken.given, parts, strict=True)]
        lines = plans.given_lines(taken, day, taken.dues, principal=principal)
    else:
        taken.principal_minor += amounts[PRINCIPAL]
        lines = plans.plan(fold, taken, day, taken.dues)
    rows = plans.put(fold, taken, lines)
    plans.carry(rows, INTEREST, interest_minor)
    _carry_the_rest(fold, rows, amounts, collected, day)
    fold.note_restructure(event)


def plan_overdue(fold: Fold, event: Event, day: int) -> None:
    """逾期分期: what is overdue goes into instalments of its own beside the running plan."""
    change = change_of(event)
    first_on, count = change.first_due_on, change.instalment_count
    due = overdue_rows(fold, day)
    if not fold.goes_on or not due or first_on is None or count is None:
        return
    if first_on <= event.effective_on:
        return
    terms = replace(
        fold.terms, every=change.every or fold.terms.every, unit=change.unit or fold.terms.unit
    )
    collected = plans.collect(fold, due)
    fold.is_replanned = True
    rows = []
    for due_on in plans.dues_from(Rhythm(terms, first_on), count, day):
        row = WorkRow(start_on=event.effective_on, due_on=due_on)
        row.is_beside = True
        rows.append(row)
    plans.add_rows(fold, rows)
    for component in (PRINCIPAL, INTEREST):
        plans.carry(rows, component, collected.amounts[component])
    _carry_the_rest(fold, rows, collected.amounts, collected, day)
    fold.note_restructure(event)


def accelerate(fold: Fold, event: Event, day: int) -> None:
    """提前到期: all principal falls due, and interest only to the day."""
    del event
    if not fold.goes_on:
        return
    fold.is_called = True
    beside = [row for row in fold.rows if row.due > day and row.is_beside]
    for row in beside:
        row.move(start=day, due=day)
    taken = plans.take(fold, day)
    if taken.rows:
        for row in taken.rows:
            planned_minor = min(row.left[FEE] - row.carried_left(FEE), row.planned[FEE])
            row.add(FEE, -planned_minor)
            row.planned[FEE] -= planned_minor
        interest_minor = round_amount(amount=taken.earned, rounding=fold.terms.rounding)
        line = plans.Line(taken.start, day, taken.principal_minor, interest_minor)
        plans.put(fold, taken, [line])
    plans.add_rows(fold, beside)
    plans.drop_empty(fold, day)


def overdue_rows(fold: Fold, day: int) -> list[WorkRow]:
    return [row for row in fold.rows if row.due < day and any(row.left)]


def _like_instalments(terms: Terms, amount_minor: int, count: int) -> list[int]:
    """Split an amount as instalments are: each rounded, the last one takes the rest."""
    share_minor = round_ratio(
        numerator=amount_minor,
        denominator=count,
        rounding=terms.rounding,
        multiple_minor=terms.multiple_minor,
    )
    parts = []
    for _ in range(count - 1):
        parts.append(min(share_minor, amount_minor))
        amount_minor -= parts[-1]
    return [*parts, amount_minor]
