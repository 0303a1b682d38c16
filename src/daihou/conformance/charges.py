"""Tell what of each single charge is paid: the oldest due of an instalment's charges first."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from daihou.core.events import Event, Kind
from daihou.core.position import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeFigures:
    due_minor: int
    paid_minor: int
    waived_minor: int

    @property
    def left_minor(self) -> int:
        return self.due_minor - self.paid_minor - self.waived_minor


class Span(Protocol):
    """One instalment, planned or at work."""

    @property
    def start_on(self) -> date: ...
    @property
    def due_on(self) -> date: ...


SomeSpan = TypeVar("SomeSpan", bound=Span)


def instalment_of(due_on: date, instalments: Sequence[SomeSpan]) -> SomeSpan:
    """Find the instalment whose period holds the day; a down payment has no period."""
    for instalment in instalments:
        if due_on <= instalment.due_on and instalment.start_on < instalment.due_on:
            return instalment
    return instalments[-1]


def charge_figures(*, events: Sequence[Event], position: Position) -> dict[str, ChargeFigures]:
    """Split what is paid of a fee or penalty over the charges that make it up, by key."""
    waived: dict[str, int] = defaultdict(int)
    for event in events:
        if event.kind is Kind.CHARGE_WAIVED and event.target_key is not None:
            waived[event.target_key] += event.amount_minor
    together = defaultdict(list)
    for event in events:
        if event.kind is Kind.CHARGE_ADDED:
            assert event.due_on is not None
            assert event.component is not None
            instalment = instalment_of(event.due_on, position.instalments)
            together[instalment.instalment_no, event.component].append(event)
    owed = {each.instalment_no: each.components for each in position.instalments}
    figures = {}
    for (instalment_no, component), charges in together.items():
        paid_minor = owed[instalment_no][component].paid_minor
        for charge in sorted(charges, key=lambda each: (each.due_on, each.sequence)):
            part_minor = min(paid_minor, charge.amount_minor - waived[charge.key])
            paid_minor -= part_minor
            figures[charge.key] = ChargeFigures(
                due_minor=charge.amount_minor,
                paid_minor=part_minor,
                waived_minor=waived[charge.key],
            )
    return figures
