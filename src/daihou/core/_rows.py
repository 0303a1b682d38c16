"""Instalments at work: the small mutable rows that the fold writes on and then freezes.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   Lists of five amounts stand in the order of ``Component``; rows stay sorted by due day.
Errors  None of its own: what reaches this module has been checked.
Source  A charge belongs to the instalment with start < due day <= its due day; after the last due
        day it makes an instalment of its own (docs/algorithms/position.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from operator import attrgetter

from daihou.core._rhythm import value_at
from daihou.core.allocation import COMPONENT_NO, COMPONENTS, Part, Row
from daihou.core.money import round_amount, round_ratio, split_by_largest_remainder
from daihou.core.schedule import ScheduledInstalment
from daihou.core.terms import Component, Rounding

PRINCIPAL = COMPONENT_NO[Component.PRINCIPAL]
INTEREST = COMPONENT_NO[Component.INTEREST]
FEE = COMPONENT_NO[Component.FEE]
PENALTY = COMPONENT_NO[Component.PENALTY]
COMPOUND_INTEREST = COMPONENT_NO[Component.COMPOUND_INTEREST]


class WorkRow(Row):
    """One instalment: what fell due, what is left of it and what was given up."""

    __slots__ = (
        "accrued",
        "carried",
        "due_on",
        "is_beside",
        "numerators",
        "owed",
        "paid_on",
        "planned",
        "points",
        "start",
        "start_on",
        "waived",
    )

    def __init__(self, *, start_on: date, due_on: date) -> None:
        super().__init__(due=due_on.toordinal(), left=[0] * len(COMPONENTS))
        self.start_on, self.due_on, self.start = start_on, due_on, start_on.toordinal()
        self.owed = [0] * len(COMPONENTS)
        self.waived = [0] * len(COMPONENTS)
        self.planned = [0, 0, 0]  # Principal, interest and fee of the schedule alone.
        self.carried = [0] * len(
            COMPONENTS
        )  # Of ``owed``: had fallen due before it was re-planned.
        self.points: tuple[tuple[int, Fraction], ...] = ()  # Interest earned by which day, exactly.
        self.is_beside = False  # An instalment of overdue money beside the running plan.
        self.numerators = [0, 0]  # What has accrued exactly: penalty and compound interest …
        self.accrued = [0, 0]  # … and the same rounded.
        self.paid_on: int | None = None

    def add(self, component: int, amount_minor: int) -> None:
        """Owe more of a component, or less, but never less than is left."""
        self.owed[component] += amount_minor
        self.left[component] += amount_minor
        assert self.left[component] >= 0
        if self.left[component]:
            self.paid_on = None

    def add_back(self, component: int, amount_minor: int) -> None:
        """Leave unpaid what had been paid."""
        self.left[component] += amount_minor
        self.paid_on = None

    def waive(self, component: int, amount_minor: int, on: int) -> None:
        self.left[component] -= amount_minor
        self.waived[component] += amount_minor
        self.note_paid(on)

    def note_paid(self, on: int) -> None:
        if not any(self.left):
            self.paid_on = on

    def move(self, *, start: int, due: int) -> None:
        """Let the instalment run from one day and fall due on another."""
        self.start, self.start_on = start, date.fromordinal(start)
        self.due, self.due_on = due, date.fromordinal(due)

    def carried_left(self, component: int) -> int:
        """Count what is left of what it carries: what was settled counts for that first."""
        settled_minor = self.owed[component] - self.left[component]
        return max(0, self.carried[component] - settled_minor)

    def ages(self, tolerance_minor: int) -> bool:
        """Tell whether enough scheduled money is left to make the loan past due."""
        left = self.left
        return left[PRINCIPAL] + left[INTEREST] + left[FEE] > tolerance_minor


def merge_schedule(
    rows: Sequence[WorkRow], schedule: Sequence[ScheduledInstalment]
) -> list[WorkRow]:
    """Bring rows to a new schedule (another tranche): each takes the difference to its old plan.

    Where an instalment would owe less than was paid on it, others owe that much less: the next
    ones, and when there are none the last ones.
    """
    if not rows:
        return _first_rows(schedule)
    waiting: defaultdict[tuple[date, bool], list[WorkRow]] = defaultdict(list)
    for row in rows:
        waiting[row.due_on, row.start == row.due].append(row)
    planned: list[tuple[WorkRow, tuple[int, int, int]]] = []
    for new in schedule:
        same_due = waiting[new.due_on, new.start_on == new.due_on]
        row = same_due.pop(0) if same_due else WorkRow(start_on=new.start_on, due_on=new.due_on)
        planned.append((row, (new.principal_minor, new.interest_minor, new.fee_minor)))
    planned += [(row, (0, 0, 0)) for same_due in waiting.values() for row in same_due]
    planned.sort(key=lambda pair: pair[0].due)

    overpaid_minor = 0
    for row, amounts in planned:
        overpaid_minor = _replan(row, amounts, overpaid_minor)
    for row, _ in reversed(planned):
        taken_minor = min(overpaid_minor, row.left[PRINCIPAL])
        row.add(PRINCIPAL, -taken_minor)
        overpaid_minor -= taken_minor
    return [row for row, amounts in planned if any(amounts) or any(row.owed)]


def _first_rows(schedule: Sequence[ScheduledInstalment]) -> list[WorkRow]:
    rows = []
    for new in schedule:
        amounts = [new.principal_minor, new.interest_minor, new.fee_minor]
        if any(amounts):
            row = WorkRow(start_on=new.start_on, due_on=new.due_on)
            row.planned = amounts
            row.owed[:3] = row.left[:3] = amounts
            rows.append(row)
    return sorted(rows, key=attrgetter("due"))


def _replan(row: WorkRow, amounts: tuple[int, int, int], overpaid_minor: int) -> int:
    for component, amount_minor in enumerate(amounts):
        wanted = amount_minor - row.planned[component]
        if component == PRINCIPAL:
            wanted -= overpaid_minor
        taken = max(wanted, -row.left[component])
        if component == PRINCIPAL:
            overpaid_minor = taken - wanted
        row.planned[component] = amount_minor
        row.add(component, taken)
    return overpaid_minor


def row_for_charge(rows: list[WorkRow], due_on: date) -> WorkRow:
    """Find the instalment a charge belongs to; make one where its day is after the last.

    A down payment, which starts and falls due on one day, bears no charges.
    """
    due = due_on.toordinal()
    for row in rows:
        if due <= row.due and row.start < row.due:
            return row
    extra = WorkRow(start_on=rows[-1].due_on, due_on=due_on)
    rows.append(extra)
    return extra


def accrued_of_period(row: WorkRow, on: int, rounding: Rounding) -> int:
    """Count an instalment's interest earned by the end of a day before it is due, paid or not."""
    if on >= row.due:
        return 0
    carried_minor = row.carried[INTEREST]
    if row.points:
        earned = value_at(row.points, on)
        return carried_minor + round_amount(amount=earned, rounding=rounding)
    if on <= row.start:
        return carried_minor
    return carried_minor + round_ratio(
        numerator=(row.owed[INTEREST] - carried_minor) * (on - row.start),
        denominator=row.due - row.start,
        rounding=rounding,
    )


def accrued_unpaid(row: WorkRow, on: int, rounding: Rounding) -> int:
    """Count an instalment's interest earned by a day, less what was paid in advance."""
    settled_minor = row.owed[INTEREST] - row.left[INTEREST]
    return max(0, accrued_of_period(row, on, rounding) - settled_minor)


def pay_what_is_earned(
    rows: Sequence[WorkRow], amount_minor: int, *, on: int, rounding: Rounding, parts: list[Part]
) -> int:
    """Pay what instalments to come owe already: what they carry, and interest earned by the day."""
    for row in rows:
        if row.due <= on:
            continue
        for component in range(INTEREST, len(COMPONENTS)):
            owed_minor = row.carried_left(component)
            if component == INTEREST:
                owed_minor = min(row.left[INTEREST], accrued_unpaid(row, on, rounding))
            taken_minor = min(amount_minor, owed_minor)
            if taken_minor:
                row.left[component] -= taken_minor
                parts.append((row, component, taken_minor))
                amount_minor -= taken_minor
    return amount_minor


def reduce_principal(
    rows: list[WorkRow],
    amount_minor: int,
    *,
    on: int,
    keeps_instalment: bool,
    rounding: Rounding,
    parts: list[Part],
) -> int:
    """Pay principal before it is due and scale down what is to come; give back what is left.

    What is owed already is paid first. The money is booked on the next instalment.
    ``keeps_instalment`` shortens the term; without it every instalment shrinks. Overdue money that
    is planned beside comes last.
    """
    amount_minor = pay_what_is_earned(rows, amount_minor, on=on, rounding=rounding, parts=parts)
    future = [row for row in rows if row.due > on and not row.is_beside]
    balance_minor = sum(row.left[PRINCIPAL] for row in future)
    prepaid_minor = min(amount_minor, balance_minor)
    if prepaid_minor:
        head = future[0]
        earned = [(row, _earned(row, on)) for row in future if row.points or row.start < on]
        rest_minor = balance_minor - prepaid_minor
        if keeps_instalment:
            _shorten(future, balance_minor, rest_minor, rounding)
        else:
            _lower(future, balance_minor, rest_minor, rounding)
        head.owed[PRINCIPAL] += prepaid_minor
        parts.append((head, PRINCIPAL, prepaid_minor))
        for row, earned_by_now in earned:
            _earn_anew(row, on, earned_by_now)
        rows[:] = [row for row in rows if row.due <= on or any(row.owed)]
        amount_minor -= prepaid_minor
    for row in rows:
        if amount_minor and row.is_beside and row.due > on and row.left[PRINCIPAL]:
            taken_minor = min(amount_minor, row.left[PRINCIPAL])
            row.left[PRINCIPAL] -= taken_minor
            parts.append((row, PRINCIPAL, taken_minor))
            amount_minor -= taken_minor
    return amount_minor


def _earned(row: WorkRow, on: int) -> Fraction:
    if row.points:
        return value_at(row.points, on)
    own_minor = row.owed[INTEREST] - row.carried[INTEREST]
    return own_minor * Fraction(on - row.start, row.due - row.start)


def _earn_anew(row: WorkRow, on: int, earned: Fraction) -> None:
    """Earn what is left of an instalment's interest evenly from a day to its due day."""
    owed_minor = row.owed[INTEREST] - row.carried[INTEREST]
    row.points = ((on, earned), (row.due, Fraction(owed_minor)))


def _scaled_interest(row: WorkRow, old_minor: int, new_minor: int, rounding: Rounding) -> int:
    """Scale the interest that is still to be earned; what is carried stays."""
    if not old_minor:
        return row.left[INTEREST]
    carried_minor = row.carried_left(INTEREST)
    return carried_minor + round_ratio(
        numerator=(row.left[INTEREST] - carried_minor) * new_minor,
        denominator=old_minor,
        rounding=rounding,
    )


def _shorten(future: Sequence[WorkRow], old: int, new: int, rounding: Rounding) -> None:
    """Keep each instalment's amount: less interest, so more principal, until none is left."""
    for row in future:
        interest = _scaled_interest(row, old, new, rounding)
        principal = row.left[PRINCIPAL]
        old -= principal
        if principal:
            principal = min(new, principal + row.left[INTEREST] - interest)
        if row is future[-1]:
            principal = new
        new -= principal
        _set_left(row, principal, interest)


def _lower(future: Sequence[WorkRow], old: int, new: int, rounding: Rounding) -> None:
    """Scale each instalment's principal and the interest on the balance it starts from."""
    weights = [row.left[PRINCIPAL] for row in future]
    principals = split_by_largest_remainder(total_minor=new, weights=weights)
    for row, was, principal in zip(future, weights, principals, strict=True):
        interest = _scaled_interest(row, old, new, rounding)
        old, new = old - was, new - principal
        _set_left(row, principal, interest)


def _set_left(row: WorkRow, principal_minor: int, interest_minor: int) -> None:
    row.add(PRINCIPAL, principal_minor - row.left[PRINCIPAL])
    row.add(INTEREST, interest_minor - row.left[INTEREST])
