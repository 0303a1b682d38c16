"""Charges and waivers: what is owed beside the schedule, and what is given up.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   ``add_charge`` and ``waive_charge`` are called by the fold; changes of the plan give up
        interest by ``begin_waiver`` and ``waive_part``.
Errors  None of its own: events are checked before they reach the fold.
Source  docs/algorithms/position.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daihou.core._flows import Flow
from daihou.core._rows import INTEREST, WorkRow, row_for_charge
from daihou.core.allocation import COMPONENT_NO

if TYPE_CHECKING:
    from daihou.core._fold import Fold
    from daihou.core.events import Event


class Charge:
    """A fee or penalty that was added: where it lies and what may still be waived of it."""

    __slots__ = (
        "amount_minor",
        "component",
        "due",
        "is_carried",
        "is_moved",
        "rows",
        "waivable_minor",
    )

    def __init__(self, *, row: WorkRow, component: int, due: int, amount_minor: int) -> None:
        self.rows = [row]  # Several once it was spread over new instalments.
        self.is_carried = self.is_moved = False
        self.component = component
        self.due = due
        self.amount_minor = self.waivable_minor = amount_minor


def add_charge(fold: Fold, event: Event, _day: int) -> None:
    if fold.tranches:
        place_charge(fold, event)
    else:
        fold.early_charges.append(event)


def place_charge(fold: Fold, event: Event) -> None:
    assert event.due_on is not None
    assert event.component is not None
    row = row_for_charge(fold.rows, event.due_on)
    component = COMPONENT_NO[event.component]
    row.add(component, event.amount_minor)
    fold.charges[event.key] = Charge(
        row=row,
        component=component,
        due=event.due_on.toordinal(),
        amount_minor=event.amount_minor,
    )


def waive_charge(fold: Fold, event: Event, day: int) -> None:
    """Give up what is left of a charge or of a component, at most what the event says."""
    flow = begin_waiver(fold, event)
    if event.target_key is not None:
        charge = fold.charges.get(event.target_key)
        if charge is not None:
            most_minor = min(event.amount_minor, charge.waivable_minor)
            for row in charge.rows:
                waived_minor = waive_part(flow, row, charge.component, most_minor, day)
                charge.waivable_minor -= waived_minor
                most_minor -= waived_minor
        return
    assert event.instalment_no is not None
    assert event.component is not None
    if 1 <= event.instalment_no <= len(fold.rows):
        row = fold.rows[event.instalment_no - 1]
        waive_part(flow, row, COMPONENT_NO[event.component], event.amount_minor, day)


def begin_waiver(fold: Fold, event: Event) -> Flow:
    """Note what an event gives up as a waiver of its own."""
    flow = Flow(event)
    fold.waivers.append(flow)
    return flow


def waive_carried(flow: Flow, row: WorkRow, amount_minor: int, day: int) -> None:
    """Give up interest that no instalment holds any more; it stays to be seen on one."""
    row.add(INTEREST, amount_minor)
    row.carried[INTEREST] += amount_minor
    waive_part(flow, row, INTEREST, amount_minor, day)


def waive_part(flow: Flow, row: WorkRow, component: int, most_minor: int, day: int) -> int:
    amount_minor = min(most_minor, row.left[component])
    if amount_minor:
        row.waive(component, amount_minor, day)
        flow.parts.append((row, component, amount_minor, day))
        flow.left_minor = max(0, flow.left_minor - amount_minor)
    return amount_minor
