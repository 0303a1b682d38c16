"""Spend one payment on the dues of one loan, in the order its contract gives.

Units   ``*_minor`` is an ``int`` count of minor currency units; one currency per call.
Shape   ``applied_minor[i]`` belongs to ``dues[i]``: same length, same order as given.
Errors  ``AllocationRefused``, before anything is computed; a result is never partial.
Source  Default order: PRC Civil Code art. 561 (costs, interest, principal); a contract may differ.
        From 91 days past due principal first: 商业银行信用卡业务监督管理办法 art. 57 (2ND hand).
Twin    The night's kernel does the same on columns; ``tests/twins`` holds the two equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from daihou.core.terms import AllocationRule, Component, Mode, Surplus, Timing

COMPONENTS = tuple(Component)
COMPONENT_NO = {component: i for i, component in enumerate(COMPONENTS)}
SPENDS_IN_ADVANCE = frozenset({Surplus.NEXT_INSTALMENT, Surplus.LAST_INSTALMENT, Surplus.SPREAD})


class AllocationRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    instalment_no: int
    due_on: date
    component: Component
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    applied_minor: tuple[int, ...]
    unapplied_minor: int  # The caller decides: hold it, or reduce principal with it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A rule made ready: per timing, groups of components that an instalment finishes together."""

    due_groups: tuple[tuple[Timing, tuple[int, ...]], ...]
    advance_groups: tuple[tuple[int, ...], ...]
    surplus: Surplus
    charges_on_their_day: bool


class Row:
    """One instalment at work: its due day (ordinal) and what is left of each component."""

    __slots__ = ("due", "left")

    def __init__(self, *, due: int, left: list[int]) -> None:
        self.due = due
        self.left = left


Part: TypeAlias = tuple[Row, int, int]  # Where, which component (by number), how much.


@lru_cache(maxsize=1024)
def plan_of(rule: AllocationRule) -> Plan:
    """Check a rule and make it ready.

    Horizontal: consecutive steps of one timing form a group; inside it an instalment is finished
    before the next. Vertical: every step is a group of its own.

    :raises AllocationRefused: ``rule.step_twice``; ``rule.incomplete`` when a component that is due
        has no step (compound interest may have none: few products charge it).

    >>> from daihou.core.terms import STATUTORY
    >>> plan_of(STATUTORY.normal).due_groups[0]
    (<Timing.PAST_DUE: 'past_due'>, (2, 3, 4, 1, 0))
    """
    pairs = {(step.timing, step.component) for step in rule.steps}
    if len(pairs) != len(rule.steps):
        raise AllocationRefused("rule.step_twice")
    needed = COMPONENTS[: COMPONENT_NO[Component.COMPOUND_INTEREST]]
    due_timings = (Timing.PAST_DUE, Timing.DUE)
    if not all((timing, component) in pairs for timing in due_timings for component in needed):
        raise AllocationRefused("rule.incomplete")

    groups: list[tuple[Timing, tuple[int, ...]]] = []
    for timing, steps in groupby(rule.steps, key=attrgetter("timing")):
        numbers = tuple(COMPONENT_NO[step.component] for step in steps)
        if rule.mode is Mode.HORIZONTAL:
            groups.append((timing, numbers))
        else:
            groups.extend((timing, (number,)) for number in numbers)
    return Plan(
        due_groups=tuple(group for group in groups if group[0] is not Timing.IN_ADVANCE),
        advance_groups=tuple(group[1] for group in groups if group[0] is Timing.IN_ADVANCE),
        surplus=rule.surplus,
        charges_on_their_day=rule.charges_on_their_day,
    )


def spend_on_due(
    *, amount_minor: int, rows: Sequence[Row], plan: Plan, on: int, parts: list[Part]
) -> int:
    """Spend an amount on what is past due and due, in place; note each part; give back the rest.

    Rows are sorted by due day; days are ordinals.

    >>> from daihou.core.terms import STATUTORY
    >>> row, parts = Row(due=9, left=[900, 200, 0, 0, 0]), []
    >>> plan = plan_of(STATUTORY.normal)
    >>> spend_on_due(amount_minor=500, rows=[row], plan=plan, on=9, parts=parts), row.left
    (0, [600, 0, 0, 0, 0])
    """
    open_rows = [row for row in rows if row.due <= on and any(row.left)]
    if not open_rows:
        return amount_minor
    by_timing = {
        Timing.PAST_DUE: [row for row in open_rows if row.due < on],
        Timing.DUE: [row for row in open_rows if row.due == on],
    }
    for timing, components in plan.due_groups:
        amount_minor = _spend_forwards(amount_minor, by_timing[timing], components, parts)
    return amount_minor


def spend_in_advance(
    *, amount_minor: int, rows: Sequence[Row], plan: Plan, on: int, parts: list[Part]
) -> int:
    """Spend a surplus on what is not due yet, where the rule says so; give back the rest.

    >>> from daihou.core.terms import STATUTORY_ORDER, rule_in_order
    >>> rows, parts = [Row(due=day, left=[100, 0, 0, 0, 0]) for day in (7, 8, 9)], []
    >>> plan = plan_of(rule_in_order(STATUTORY_ORDER, surplus=Surplus.SPREAD))
    >>> spend_in_advance(amount_minor=200, rows=rows, plan=plan, on=6, parts=parts)
    0
    >>> [row.left[0] for row in rows]
    [33, 33, 34]
    """
    if not amount_minor or plan.surplus not in SPENDS_IN_ADVANCE:
        return amount_minor
    future = [row for row in rows if row.due > on and any(row.left)]
    if plan.surplus is Surplus.LAST_INSTALMENT:
        future.reverse()
    share = _spend_evenly if plan.surplus is Surplus.SPREAD else _spend_forwards
    for components in plan.advance_groups:
        amount_minor = share(amount_minor, future, components, parts)
    return amount_minor


def _spend_forwards(
    amount_minor: int, rows: Sequence[Row], components: tuple[int, ...], parts: list[Part]
) -> int:
    for row in rows:
        if not amount_minor:
            break
        left = row.left
        for component in components:
            if left[component]:
                amount_minor = _take(amount_minor, row, component, parts)
    return amount_minor


def _spend_evenly(
    amount_minor: int, rows: Sequence[Row], components: tuple[int, ...], parts: list[Part]
) -> int:
    """Give each row the nearest whole share and the last one the rest, until nothing fits."""
    while amount_minor:
        rows = [row for row in rows if any(row.left[component] for component in components)]
        if not rows:
            break
        share_minor, rest = divmod(amount_minor, len(rows))
        share_minor += 2 * rest > len(rows)
        not_taken_minor = 0
        for row in rows[:-1]:
            given_minor = min(share_minor, amount_minor)
            amount_minor -= given_minor
            not_taken_minor += _spend_forwards(given_minor, [row], components, parts)
        amount_minor = not_taken_minor + _spend_forwards(amount_minor, rows[-1:], components, parts)
    return amount_minor


def _take(amount_minor: int, row: Row, component: int, parts: list[Part]) -> int:
    taken_minor = min(row.left[component], amount_minor)
    if taken_minor:
        row.left[component] -= taken_minor
        parts.append((row, component, taken_minor))
    return amount_minor - taken_minor


def allocate(
    *, payment_minor: int, dues: Sequence[Due], rule: AllocationRule, on: date
) -> Allocation:
    """Spend the payment on the dues as the rule says, seen from the day of the payment.

    ``Surplus.SHORTEN`` and ``Surplus.LOWER`` leave the surplus unapplied here: they change the
    schedule, which is the fold's work.

    :raises AllocationRefused: ``payment.not_positive``, ``due.negative``, ``due.twice``,
        ``rule.step_twice``, ``rule.incomplete``.

    >>> from daihou.core.terms import STATUTORY
    >>> may = date(2024, 5, 1)
    >>> owed = [
    ...     Due(instalment_no=1, due_on=may, component=Component.PRINCIPAL, amount_minor=900),
    ...     Due(instalment_no=1, due_on=may, component=Component.INTEREST, amount_minor=200),
    ... ]
    >>> allocate(payment_minor=500, dues=owed, rule=STATUTORY.normal, on=may)
    Allocation(applied_minor=(300, 200), unapplied_minor=0)
    """
    if payment_minor <= 0:
        raise AllocationRefused("payment.not_positive")
    if any(due.amount_minor < 0 for due in dues):
        raise AllocationRefused("due.negative")
    plan = plan_of(rule)

    rows: dict[tuple[date, int], Row] = {}
    places: dict[tuple[int, int], int] = {}  # Row and component to the place in ``dues``.
    for i, due in enumerate(dues):
        new_row = Row(due=due.due_on.toordinal(), left=[0] * len(COMPONENTS))
        row = rows.setdefault((due.due_on, due.instalment_no), new_row)
        place = (id(row), COMPONENT_NO[due.component])
        if place in places:
            raise AllocationRefused("due.twice")
        places[place] = i
        row.left[COMPONENT_NO[due.component]] = due.amount_minor

    parts: list[Part] = []
    in_due_order = [rows[key] for key in sorted(rows)]
    left_minor, today = payment_minor, on.toordinal()
    for spend in (spend_on_due, spend_in_advance):
        left_minor = spend(
            amount_minor=left_minor, rows=in_due_order, plan=plan, on=today, parts=parts
        )
    applied = [0] * len(dues)
    for row, component, taken_minor in parts:
        applied[places[id(row), component]] += taken_minor
    assert sum(applied) + left_minor == payment_minor
    return Allocation(applied_minor=tuple(applied), unapplied_minor=left_minor)
