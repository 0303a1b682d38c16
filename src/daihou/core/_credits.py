"""Money that goes back out: a payment that is charged back, and a refund.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   A ``Credit`` notes where the money of one such event came from: out of money held, out of
        what was paid in advance, or out of nothing, so that it is owed again.
Errors  None of its own: ``check_events`` has refused what has no payment to go back on.
Source  docs/algorithms/money-back.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daihou.core._rows import PRINCIPAL, WorkRow, row_for_charge
from daihou.core.allocation import COMPONENT_NO, COMPONENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daihou.core._flows import Flow
    from daihou.core._fold import Fold
    from daihou.core.events import Event

Part = tuple[WorkRow, int, int]  # Where, which component (by number), how much.


class Credit:
    """One charge-back or refund, and where its money came from."""

    __slots__ = (
        "event",
        "held_minor",
        "known_parts",
        "owed_again",
        "principal_after_minor",
        "taken_back",
    )

    def __init__(self, event: Event, paid: Flow | None) -> None:
        self.event = event
        self.known_parts = 0 if paid is None else len(paid.parts)  # Of the payment it goes back on.
        self.held_minor = 0  # Out of money that had found no place.
        self.taken_back: list[Part] = []  # Out of what was paid before it was due.
        self.owed_again: list[Part] = []
        self.principal_after_minor = 0


def charge_back(fold: Fold, event: Event, day: int) -> None:
    """Owe again what a payment had settled, in the order of the product.

    Where the product says so money held goes first, the payment's own before the latest, and then
    what it had paid in advance. What the order gives no place to is principal.
    """
    paid = _payment(fold, event.target_key)
    credit = Credit(event, paid)
    left_minor = event.amount_minor
    allocation = fold.terms.allocation
    if allocation.charged_back_from_held or not fold.rows:
        left_minor = _take_held(fold, credit, left_minor, first=paid)
    if paid is not None and allocation.charged_back_from_advances:
        left_minor = _take_advances(fold, credit, paid, left_minor, day)
    settled = _settled(paid, [*fold.credits, credit])
    for component in allocation.charged_back_order:
        number = COMPONENT_NO[component]
        part_minor = min(left_minor, settled[number])
        left_minor = _owe_again(fold, credit, number, part_minor, left_minor)
    _owe_again(fold, credit, PRINCIPAL, left_minor, left_minor)
    _note(fold, credit)


def refund(fold: Fold, event: Event, day: int) -> None:
    """Pay money out again: what is held, and of a payment it names what that paid in advance.

    What is still missing was never there: it is owed again as principal.
    """
    paid = _payment(fold, event.target_key)
    credit = Credit(event, paid)
    left_minor = _take_held(fold, credit, event.amount_minor, first=paid)
    if paid is not None:
        left_minor = _take_advances(fold, credit, paid, left_minor, day)
    _owe_again(fold, credit, PRINCIPAL, left_minor, left_minor)
    _note(fold, credit)


def _payment(fold: Fold, key: str | None) -> Flow | None:
    return next((flow for flow in fold.payments if flow.event.key == key), None)


def _take_held(fold: Fold, credit: Credit, amount_minor: int, *, first: Flow | None) -> int:
    """Take from money held, the latest first; give back what it did not cover."""
    flows = [flow for flow in reversed(fold.held) if flow is not first]
    for flow in flows if first is None else [first, *flows]:
        taken_minor = min(amount_minor, flow.left_minor)
        flow.left_minor -= taken_minor
        credit.held_minor += taken_minor
        amount_minor -= taken_minor
    fold.held = [flow for flow in fold.held if flow.left_minor]
    return amount_minor


def _take_advances(fold: Fold, credit: Credit, paid: Flow, amount_minor: int, day: int) -> int:
    """Take back what a payment settled of instalments to come: the last due first, backwards."""
    gone = _amounts(
        part
        for other in fold.credits
        if other.event.target_key == paid.event.key
        for part in other.taken_back
    )
    to_come = [part for part in reversed(paid.parts) if part[0].due > day]
    for row, component, paid_minor, _ in sorted(to_come, key=lambda part: -part[0].due):
        place = id(row), component
        gone_minor = min(paid_minor, gone.get(place, 0))
        gone[place] = gone.get(place, 0) - gone_minor
        part_minor = min(amount_minor, paid_minor - gone_minor)
        if part_minor:
            row.add_back(component, part_minor)
            credit.taken_back.append((row, component, part_minor))
            amount_minor -= part_minor
    return amount_minor


def _settled(paid: Flow | None, earlier: Sequence[Credit]) -> list[int]:
    """Count what a payment had settled of each component when it was first charged back.

    What was charged back of it before is gone.
    """
    settled = [0] * len(COMPONENTS)
    if paid is None:
        return settled
    before = [credit for credit in earlier if credit.event.target_key == paid.event.key]
    known = before[0].known_parts if before else len(paid.parts)
    for _, component, amount_minor, _ in paid.parts[:known]:
        settled[component] += amount_minor
    for credit in before:
        for _, component, amount_minor in (*credit.owed_again, *credit.taken_back):
            settled[component] = max(0, settled[component] - amount_minor)
    return settled


def _owe_again(fold: Fold, credit: Credit, component: int, part_minor: int, left_minor: int) -> int:
    if part_minor:
        row = row_for_charge(fold.rows, credit.event.effective_on)
        row.add(component, part_minor)
        if component != PRINCIPAL:
            row.carried[component] += part_minor
        credit.owed_again.append((row, component, part_minor))
        fold.reopen()
    return left_minor - part_minor


def _note(fold: Fold, credit: Credit) -> None:
    credit.principal_after_minor = fold.principal_left()
    fold.credits.append(credit)


def _amounts(parts: Iterable[Part]) -> dict[tuple[int, int], int]:
    """Add parts up by row and component."""
    amounts: dict[tuple[int, int], int] = {}
    for row, component, amount_minor in parts:
        place = id(row), component
        amounts[place] = amounts.get(place, 0) + amount_minor
    return amounts
