"""Plan anew what is still to come of one loan: take the instalments out, lay new ones.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   ``take`` empties the instalments to come of principal and of interest not carried;
        ``plan`` divides anew; ``put`` lays the lines on the same rows, so that what was paid on
        them stays. What had fallen due before is ``carried`` and is never computed again.
Errors  None of its own: ``core.refusals`` refuses what cannot be planned.
Source  docs/algorithms/plan-changes.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import lcm
from operator import attrgetter
from typing import TYPE_CHECKING

from daihou.core._rhythm import Bearing, Rhythm, value_at
from daihou.core._rows import INTEREST, PRINCIPAL, WorkRow
from daihou.core.accrual import DailyRate, compound_rate, penalty_rate
from daihou.core.allocation import COMPONENTS
from daihou.core.money import round_amount, split_by_largest_remainder
from daihou.core.periods import Periods
from daihou.core.plans import divide
from daihou.core.terms import Method, Rate, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daihou.core._charges import Charge
    from daihou.core._flows import Flow
    from daihou.core._fold import Fold

AMORTIZED = frozenset(
    {Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.BALLOON, Method.FLAT}
)
Points = tuple[tuple[int, Fraction], ...]


@dataclass(slots=True)
class Taken:
    """What was taken out of the instalments to come."""

    rows: list[WorkRow]
    principal_minor: int
    earned: Fraction  # Interest earned through the day, paid or not, exactly.
    settled_minor: int  # Of it and of interest to come: paid or given up.
    start: int  # Of the running period.
    dues: list[date]
    given: list[tuple[int, int]]  # Principal and interest of each, as it was planned.
    grace: int  # First instalments without principal.


@dataclass(slots=True)
class Line:
    """One instalment of the new plan."""

    start: int
    due: int
    principal_minor: int
    interest_minor: int
    points: Points = field(default=())


def to_come(fold: Fold, day: int) -> list[WorkRow]:
    """Give the instalments of the running plan that fall due after a day.

    What only bears a charge that was due after the last of them is none.
    """
    return [
        row
        for row in fold.rows
        if row.due > day and not row.is_beside and (any(row.planned) or row.left[PRINCIPAL])
    ]


def take(fold: Fold, day: int) -> Taken:
    """Empty the instalments to come of what is planned; what is carried and charged stays."""
    rows = to_come(fold, day)
    _carry_charged_interest(fold, rows)
    earned = _earned(fold, rows, day)
    principal_minor = sum(row.left[PRINCIPAL] for row in rows)
    not_earned_minor = min(principal_minor, fold.capital_not_earned(day))
    fold.capitalized_minor -= not_earned_minor
    fold.capital_to_come = None
    taken = Taken(
        rows=rows,
        principal_minor=principal_minor - not_earned_minor,
        earned=earned,
        settled_minor=sum(settled_interest(row) for row in rows),
        start=min([day, *(row.start for row in rows[:1])]),
        dues=[row.due_on for row in rows],
        given=[(row.left[0], row.owed[INTEREST] - row.carried[INTEREST]) for row in rows],
        grace=_leading_without_principal(rows),
    )
    for row in rows:
        row.add(PRINCIPAL, -row.left[PRINCIPAL])
        row.add(INTEREST, row.carried_left(INTEREST) - row.left[INTEREST])
        row.planned[:2] = [0, 0]
        row.points = ()
    return taken


def settled_interest(row: WorkRow) -> int:
    """Count the interest of an instalment that was paid or given up, without what it carries."""
    carried_settled = row.carried[INTEREST] - row.carried_left(INTEREST)
    return row.owed[INTEREST] - row.left[INTEREST] - carried_settled


def _carry_charged_interest(fold: Fold, rows: Sequence[WorkRow]) -> None:
    """Interest charged beside the schedule is no part of what is planned anew."""
    for charge in fold.charges.values():
        if charge.component == INTEREST and not charge.is_carried:
            for row in rows:
                if row is charge.rows[0]:
                    row.carried[INTEREST] += charge.amount_minor
                    charge.is_carried = True


def _leading_without_principal(rows: Sequence[WorkRow]) -> int:
    for number, row in enumerate(rows):
        if row.planned[PRINCIPAL] or row.left[PRINCIPAL]:
            return number
    return 0


def _earned(fold: Fold, rows: Sequence[WorkRow], day: int) -> Fraction:
    """Add up the interest earned through a day, exactly."""
    earned = Fraction(0)
    for row in rows:
        if row.points:
            earned += value_at(row.points, day)
        elif row.start < day:
            earned += _earned_by_plan(fold, row, rows, day)
    return earned


def _earned_by_plan(fold: Fold, row: WorkRow, rows: Sequence[WorkRow], day: int) -> Fraction:
    """Count from the balance where that explains the plan, else evenly over the period's days."""
    own_minor = row.owed[INTEREST] - row.carried[INTEREST]
    if fold.terms.method not in {Method.FLAT, Method.FREE}:
        balance_minor = sum(other.planned[PRINCIPAL] for other in rows if other.due >= row.due)
        bearing = Bearing(fold.rhythm, (row.start, row.due), ())
        points = bearing.points(row.start)
        whole = round_amount(amount=balance_minor * points[-1][1], rounding=fold.terms.rounding)
        if whole == row.planned[INTEREST] == own_minor:
            return balance_minor * value_at(points, day)
    return own_minor * Fraction(day - row.start, row.due - row.start)


# Planning


def plan(
    fold: Fold,
    taken: Taken,
    day: int,
    dues: Sequence[date],
    *,
    principal_minor: int | None = None,
    earned: Fraction | None = None,
    from_day: int | None = None,
) -> list[Line]:
    """Divide principal over due dates; the first one also owes the interest earned so far.

    ``from_day`` is when the new instalments begin to bear interest; without it, on the day.
    """
    amount_minor = taken.principal_minor if principal_minor is None else principal_minor
    earned = taken.earned if earned is None else earned
    start = day if from_day is None else from_day
    paces = _paces(fold, taken, start, dues)
    rates = [pace[-1][1] for pace in paces]
    if fold.terms.method is Method.FLAT:
        # Interest goes on from what the loan was paid out for.
        shares = _equal_parts(taken, len(dues), amount_minor)
        return _lines(fold, taken.start, dues, shares, [fold.flat_base] * len(dues), paces, earned)
    if not amount_minor:
        return _lines(fold, taken.start, dues, [0] * len(dues), [0] * len(dues), paces, earned)
    rates[0] += earned / amount_minor
    denominator = lcm(*(rate.denominator for rate in rates))
    days = [date.fromordinal(start), *dues]
    periods = Periods(
        tuple(days[:-1]),
        tuple(dues),
        tuple(rate.numerator * (denominator // rate.denominator) for rate in rates),
        denominator,
    )
    principal, _ = divide(
        terms=_terms_to_divide(fold.terms, taken.grace, len(dues), amount_minor),
        periods=periods,
        opening_minor=amount_minor,
    )
    balances = _balances(amount_minor, principal)
    return _lines(fold, taken.start, dues, principal, balances, paces, earned)


def _terms_to_divide(terms: Terms, grace: int, count: int, amount_minor: int) -> Terms:
    is_amortized = terms.method in AMORTIZED
    return replace(
        terms,
        principal_grace_count=min(grace, count - 1) if is_amortized else 0,
        interest_grace_count=0,
        balloon_minor=min(terms.balloon_minor, amount_minor),
    )


def _balances(opening_minor: int, principal: Sequence[int]) -> list[int]:
    balances = []
    for part_minor in principal:
        balances.append(opening_minor)
        opening_minor -= part_minor
    return balances


def _paces(fold: Fold, taken: Taken, start: int, dues: Sequence[date]) -> list[Points]:
    """Give for each period how its rate grows from day to day."""
    paces: list[Points] = []
    rhythm, pauses = fold.rhythm, tuple(fold.pauses)
    for due_on in dues:
        due = due_on.toordinal()
        marks = [start, due]
        if not paces:  # Whole periods of the old rhythm on the way count as such.
            old = [d.toordinal() for d in taken.dues]
            known = [d for d in old if start < d < due and due_on in taken.dues]
            marks = [start, *known, due]
        borne, points = Fraction(0), [(start, Fraction(0))]
        for a, b in pairwise(marks):
            running = not paces and a == start and taken.dues and b == taken.dues[0].toordinal()
            period = (min(taken.start, a), b) if running else (a, b)
            bearing = Bearing(rhythm, period, pauses)
            points += [(on, borne + rate) for on, rate in bearing.points(a)[1:]]
            borne = points[-1][1]
        paces.append(tuple(points))
        start = due
    return paces


def _equal_parts(taken: Taken, count: int, amount_minor: int) -> Sequence[int]:
    grace = min(taken.grace, count - 1)
    weights = [0] * grace + [1] * (count - grace)
    return split_by_largest_remainder(total_minor=amount_minor, weights=weights)


def _lines(
    fold: Fold,
    start: int,
    dues: Sequence[date],
    principal: Sequence[int],
    balances: Sequence[int | Fraction],
    paces: Sequence[Points],
    earned: Fraction,
) -> list[Line]:
    lines = []
    rounding = fold.terms.rounding
    for due_on, part_minor, balance, pace in zip(dues, principal, balances, paces, strict=True):
        points = tuple((on, earned + balance * rate) for on, rate in pace)
        interest_minor = round_amount(amount=points[-1][1], rounding=rounding)
        lines.append(Line(start, due_on.toordinal(), part_minor, interest_minor, points))
        start, earned = due_on.toordinal(), Fraction(0)
    return lines


def keep_amounts(fold: Fold, taken: Taken, day: int) -> list[Line]:
    """Lay the same due dates with less interest: each amount stays, the last one shrinks.

    Instalments that are not equal ones keep their principal instead.
    """
    paces = _paces(fold, taken, day, taken.dues)
    lines, balance, earned, start = [], taken.principal_minor, taken.earned, taken.start
    is_flat = fold.terms.method is Method.FLAT
    keeps_total = fold.terms.method in {Method.EQUAL_INSTALMENT, Method.BALLOON}
    for (principal, interest), due_on, pace in zip(taken.given, taken.dues, paces, strict=True):
        base = fold.flat_base if is_flat else balance
        points = tuple((on, earned + base * rate) for on, rate in pace)
        new = round_amount(amount=points[-1][1], rounding=fold.terms.rounding)
        part = min(balance, max(0, principal + interest - new)) if keeps_total else principal
        if due_on == taken.dues[-1]:
            part = balance
        part = min(part, balance)
        lines.append(Line(start, due_on.toordinal(), part, new, points))
        balance, earned, start = balance - part, Fraction(0), due_on.toordinal()
    return lines


def given_lines(
    taken: Taken,
    day: int,
    dues: Sequence[date],
    *,
    principal: Sequence[int] | None = None,
    interest: Sequence[int] | None = None,
) -> list[Line]:
    """Lay what a free schedule gave on other days, or with other amounts."""
    principal = [part for part, _ in taken.given] if principal is None else principal
    interest = [part for _, part in taken.given] if interest is None else interest
    lines, start, earned = [], taken.start, taken.earned
    for due_on, part_minor, interest_minor in zip(dues, principal, interest, strict=True):
        due = due_on.toordinal()
        first = (max(start, day), min(earned, Fraction(interest_minor)))
        points = (first, (due, Fraction(interest_minor)))
        lines.append(Line(start, due, part_minor, interest_minor, points))
        start, earned = due, Fraction(0)
    return lines


# Laying the lines


def lay(fold: Fold, taken: Taken, day: int, dues: Sequence[date]) -> list[WorkRow]:
    """Plan what was taken out over due dates; a free schedule keeps the amounts it gave."""
    if fold.terms.method is Method.FREE:
        return put(fold, taken, given_lines(taken, day, dues))
    return put(fold, taken, plan(fold, taken, day, dues))


def dues_from(rhythm: Rhythm, count: int, day: int) -> list[date]:
    """Give so many due dates from the anchor on; holidays never let two of them meet."""
    dues: list[date] = []
    number = 0
    while len(dues) < count:
        due_on = rhythm.due_on(number)
        number += 1
        if due_on.toordinal() > day and (not dues or due_on > dues[-1]):
            dues.append(due_on)
    return dues


def put(fold: Fold, taken: Taken, lines: Sequence[Line]) -> list[WorkRow]:
    """Lay new lines on the rows that were emptied, in their order; give back the rows of all."""
    rows = list(taken.rows)
    while len(rows) > len(lines):
        _join(fold, rows.pop(), rows[-1])
    while len(rows) < len(lines):
        rows.append(WorkRow(start_on=date.min, due_on=date.min))
    for row, line in zip(rows, lines, strict=True):
        row.move(start=line.start, due=line.due)
        row.add(PRINCIPAL, line.principal_minor)
        more_minor = line.interest_minor - settled_interest(row)
        if more_minor < 0:
            _release(fold, row, -more_minor)
        row.add(INTEREST, max(0, more_minor))
        row.planned[:2] = [line.principal_minor, line.interest_minor]
        row.points = line.points
    fold.is_replanned = True
    add_rows(fold, rows)
    return rows


def add_rows(fold: Fold, rows: Sequence[WorkRow]) -> None:
    """Keep all rows, in the order of their due days."""
    known = {id(row) for row in fold.rows}
    fold.rows += [row for row in rows if id(row) not in known]
    fold.rows.sort(key=attrgetter("due"))


def drop_empty(fold: Fold, day: int) -> None:
    """Let go of instalments that owe nothing and never did; note what is settled by the day."""
    fold.rows = [row for row in fold.rows if any(row.owed)]
    for row in fold.rows:
        if row.paid_on is None:
            row.note_paid(day)


def _join(fold: Fold, gone: WorkRow, into: WorkRow) -> None:
    """Let one row take over what was paid, given up and is left on another."""
    for mine, theirs in (
        (into.owed, gone.owed),
        (into.left, gone.left),
        (into.waived, gone.waived),
        (into.carried, gone.carried),
    ):
        for component, amount_minor in enumerate(theirs):
            mine[component] += amount_minor
    into.planned[2] += gone.planned[2]
    for flow in (*fold.payments, *fold.waivers):
        flow.parts = [(into if part[0] is gone else part[0], *part[1:]) for part in flow.parts]
    for credit in fold.credits:
        for name in ("taken_back", "owed_again"):
            parts = [
                (into if part[0] is gone else part[0], *part[1:]) for part in getattr(credit, name)
            ]
            setattr(credit, name, parts)
    for charge in fold.charges.values():
        charge.rows = [into if row is gone else row for row in charge.rows]
    fold.rows = [row for row in fold.rows if row is not gone]


def _release(fold: Fold, row: WorkRow, amount_minor: int) -> None:
    """Set free interest that was paid or given up before it was earned and is not charged now."""
    row.owed[INTEREST] -= amount_minor
    for flow in reversed(fold.payments):
        amount_minor -= _take_parts(flow, row, amount_minor)
    for flow in reversed(fold.waivers):
        taken_minor = _take_parts(flow, row, amount_minor)
        row.waived[INTEREST] -= taken_minor
        amount_minor -= taken_minor
    fold.held = [flow for flow in fold.payments if flow.left_minor]


def _take_parts(flow: Flow, row: WorkRow, most_minor: int) -> int:
    taken_minor, parts = 0, []
    for of_row, component, amount_minor, day in flow.parts:
        gone_minor = 0
        if of_row is row and component == INTEREST:
            gone_minor = min(amount_minor, most_minor - taken_minor)
            taken_minor += gone_minor
        if amount_minor > gone_minor:
            parts.append((of_row, component, amount_minor - gone_minor, day))
    flow.parts = parts
    flow.left_minor += taken_minor
    return taken_minor


# What has fallen due


@dataclass(slots=True)
class Collected:
    """What was taken out of instalments: by component, and the charges among it."""

    amounts: list[int]
    charges: list[Charge]


def collect(fold: Fold, rows: Sequence[WorkRow]) -> Collected:
    """Take all that is left out of rows that have fallen due."""
    amounts = [0] * len(COMPONENTS)
    for row in rows:
        for component, left_minor in enumerate(row.left):
            _take_out(row, component, left_minor)
            amounts[component] += left_minor
    charges = [
        charge
        for charge in fold.charges.values()
        if any(lies is row for lies in charge.rows for row in rows)
    ]
    return Collected(amounts, charges)


def collect_carried(rows: Sequence[WorkRow]) -> list[int]:
    """Take what instalments to come carry out of them again."""
    amounts = [0] * len(COMPONENTS)
    for row in rows:
        for component in range(INTEREST, len(COMPONENTS)):
            carried_minor = row.carried_left(component)
            _take_out(row, component, carried_minor)
            amounts[component] += carried_minor
    return amounts


def _take_out(row: WorkRow, component: int, amount_minor: int) -> None:
    row.add(component, -amount_minor)
    row.carried[component] -= min(row.carried[component], amount_minor)


def carry(rows: Sequence[WorkRow], component: int, amount_minor: int) -> None:
    """Spread what had fallen due evenly over instalments to come."""
    if not amount_minor:
        return
    shares = split_by_largest_remainder(total_minor=amount_minor, weights=[1] * len(rows))
    for row, share_minor in zip(rows, shares, strict=True):
        row.add(component, share_minor)
        row.carried[component] += share_minor


# The rate


def set_rate(fold: Fold, rate: Rate) -> None:
    """Let another rate be in force; what penalty has accrued so far stays as it is."""
    fold.terms = replace(fold.terms, rate=rate)
    fold.penalty = _on_one_denominator(fold, 0, fold.penalty, penalty_rate(fold.terms))
    fold.compound = _on_one_denominator(fold, 1, fold.compound, compound_rate(fold.terms))


def _on_one_denominator(
    fold: Fold, slot: int, old: DailyRate | None, new: DailyRate | None
) -> DailyRate | None:
    if old is None or new is None:
        return new
    denominator = lcm(old.denominator, new.denominator)
    for row in fold.rows:
        row.numerators[slot] *= denominator // old.denominator
    times = denominator // new.denominator
    return DailyRate(
        common_numerator=new.common_numerator * times,
        leap_numerator=new.leap_numerator * times,
        denominator=denominator,
    )
