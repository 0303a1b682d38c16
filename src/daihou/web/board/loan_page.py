"""One loan as its page shows it: position, reasons, money flow, and what was known later.

Units   Amounts are minor units of the book's currency.
Shape   Frozen values made from ``core.position``; no rule is decided here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from daihou.core.events import Event, Kind
from daihou.core.position import Applied, InstalmentPosition, Owed, Position
from daihou.core.terms import Component, Contract
from daihou.tapes.canonical import UNSCHEDULED_ON

PAID, PARTIAL, OVERDUE, DUE_TODAY, NEXT, LATER = (
    "paid",
    "partial",
    "overdue",
    "due_today",
    "next",
    "later",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    due_minor: int
    paid_minor: int
    waived_minor: int

    @property
    def outstanding_minor(self) -> int:
        return self.due_minor - self.paid_minor - self.waived_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentRow:
    instalment_no: int
    due_on: date
    cells: tuple[Cell, ...]  # As ``Page.components``.
    total: Cell
    state: str
    days_past_due: int
    paid_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRow:
    event: Event | None
    applied: Applied
    by_instalment: tuple[tuple[int, tuple[tuple[str, int], ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwedToday:
    """What must be paid on the day, by component, and what the whole loan would cost."""

    by_component: tuple[tuple[str, int], ...]
    total_minor: int
    overdue_minor: int
    due_today_minor: int
    oldest_no: int | None
    unpaid_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    position: Position
    components: tuple[str, ...]
    instalments: tuple[InstalmentRow, ...]
    totals: tuple[Cell, ...]
    total: Cell
    owed: OwedToday
    principal_later_minor: int  # Outstanding and not yet due.
    payments: tuple[PaymentRow, ...]
    events: tuple[Event, ...]  # Newest first: what counts on the day, as known then.
    upcoming: tuple[Event, ...]  # Known, but effective after the day.
    reversed_keys: frozenset[str]  # Payments that count no more.


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What is known now of the same day and was not known then."""

    events: tuple[Event, ...]
    changes: tuple[tuple[str, int | str, int | str], ...]  # Name, as known then, as known now.


def page(*, contract: Contract, events: Sequence[Event], position: Position) -> Page:
    """Lay out one position with the events it was folded from (those known at the time)."""
    components = _components(position)
    rows = tuple(
        _instalment(each, components=components, position=position) for each in position.instalments
    )
    past = [event for event in events if event.effective_on <= position.as_of]
    upcoming = [event for event in events if event.effective_on > position.as_of]
    assert contract.loan_ref == position.loan_ref
    return Page(
        position=position,
        components=components,
        instalments=rows,
        totals=tuple(_sum([row.cells[n] for row in rows]) for n in range(len(components))),
        total=_sum([row.total for row in rows]),
        owed=_owed(position),
        principal_later_minor=_principal_later(position),
        payments=_payments(position, events=events),
        events=tuple(sorted(past, key=_newest_first)),
        upcoming=tuple(sorted(upcoming, key=_newest_first)),
        reversed_keys=frozenset(
            event.target_key
            for event in past
            if event.kind is Kind.PAYMENT_REVERSED and event.target_key
        ),
    )


def later(
    *, then: Position, now: Position, events: Sequence[Event], known_at: datetime
) -> Later | None:
    """Compare the figure as known then with the same day as known now; None when nothing came."""
    came = tuple(
        event
        for event in events
        if event.recorded_at > known_at and event.effective_on <= then.as_of
    )
    changes = tuple(
        (name, before, after)
        for name, before, after in zip(
            COMPARED, _compared_values(then), _compared_values(now), strict=True
        )
        if before != after
    )
    return Later(events=came, changes=changes) if came or changes else None


COMPARED = ("owed", "principal", "days_past_due", "bucket", "payoff")


def _compared_values(position: Position) -> tuple[int | str, ...]:
    return (
        _owed(position).total_minor,
        position.principal_outstanding_minor,
        position.days_past_due,
        position.bucket.value,
        position.payoff_minor,
    )


def _components(position: Position) -> tuple[str, ...]:
    """Show principal and interest always, the others where the loan has any."""
    always = {Component.PRINCIPAL, Component.INTEREST}
    used = {
        component
        for instalment in position.instalments
        for component, owed in instalment.components.items()
        if owed.due_minor or owed.paid_minor
    }
    return tuple(component.value for component in Component if component in always | used)


def _instalment(
    each: InstalmentPosition, *, components: Sequence[str], position: Position
) -> InstalmentRow:
    cells = {component.value: _cell(owed) for component, owed in each.components.items()}
    total = _sum(list(cells.values()))
    left_minor = total.outstanding_minor
    days = (position.as_of - each.due_on).days
    return InstalmentRow(
        instalment_no=each.instalment_no,
        due_on=each.due_on,
        cells=tuple(cells[name] for name in components),
        total=total,
        state=_state(each, total=total, position=position),
        days_past_due=days if left_minor and days > 0 else 0,
        paid_on=each.paid_on,
    )


def _state(each: InstalmentPosition, *, total: Cell, position: Position) -> str:
    if not total.outstanding_minor:
        return PAID
    if each.due_on < position.as_of:
        return PARTIAL if total.paid_minor else OVERDUE
    if each.due_on == position.as_of:
        return DUE_TODAY
    is_next = each.due_on == position.next_due_on != UNSCHEDULED_ON
    return NEXT if is_next else LATER


def _owed(position: Position) -> OwedToday:
    due = [each for each in position.instalments if each.due_on <= position.as_of]
    sums = dict.fromkeys(Component, 0)
    for each in due:
        for component, owed in each.components.items():
            sums[component] += owed.outstanding_minor
    unpaid = [each for each in due if _left(each)]
    return OwedToday(
        by_component=tuple((name.value, amount) for name, amount in sums.items() if amount),
        total_minor=sum(sums.values()),
        overdue_minor=sum(position.overdue_minor.values()),
        due_today_minor=sum(_left(each) for each in due if each.due_on == position.as_of),
        oldest_no=unpaid[0].instalment_no if unpaid else None,
        unpaid_count=len(unpaid),
    )


def _principal_later(position: Position) -> int:
    due_minor = sum(
        each.components[Component.PRINCIPAL].outstanding_minor
        for each in position.instalments
        if each.due_on <= position.as_of
    )
    return position.principal_outstanding_minor - due_minor


def _payments(position: Position, *, events: Sequence[Event]) -> tuple[PaymentRow, ...]:
    by_key = {event.key: event for event in events}
    return tuple(
        PaymentRow(
            event=by_key.get(applied.event_key),
            applied=applied,
            by_instalment=_by_instalment(applied),
        )
        for applied in reversed(position.applied)
    )


def _by_instalment(applied: Applied) -> tuple[tuple[int, tuple[tuple[str, int], ...]], ...]:
    grouped: dict[int, dict[str, int]] = {}
    for part in applied.parts:
        parts = grouped.setdefault(part.instalment_no, {})
        parts[part.component.value] = parts.get(part.component.value, 0) + part.amount_minor
    return tuple((number, tuple(parts.items())) for number, parts in sorted(grouped.items()))


def _cell(owed: Owed) -> Cell:
    return Cell(
        due_minor=owed.due_minor, paid_minor=owed.paid_minor, waived_minor=owed.waived_minor
    )


def _sum(cells: Sequence[Cell]) -> Cell:
    return Cell(
        due_minor=sum(cell.due_minor for cell in cells),
        paid_minor=sum(cell.paid_minor for cell in cells),
        waived_minor=sum(cell.waived_minor for cell in cells),
    )


def _left(each: InstalmentPosition) -> int:
    return sum(owed.outstanding_minor for owed in each.components.values())


def _newest_first(event: Event) -> tuple[int, int]:
    return (-event.effective_on.toordinal(), -event.sequence)
