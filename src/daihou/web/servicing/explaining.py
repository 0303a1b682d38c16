"""What made one amount: lines of plan, charges, accrual, payments, waivers, each with its rule.

Units   ``*_minor`` is an ``int`` of minor units; what was paid or given up is negative.
Shape   The lines of an amount sum to it. ``rule`` names a page of docs/algorithms. What is a sum
        of cells names them: each is explained further by ``cell``.
Errors  ``ServicingRefused``: ``explain.unknown``, ``explain.payment_unknown``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from daihou.core.events import PLAN_KINDS, Event, Kind, without_taken_back
from daihou.core.position import Applied, GivenBack, InstalmentPosition, Position, position
from daihou.core.terms import Component, Contract
from daihou.web.servicing.errors import ServicingRefused

DAY = timedelta(days=1)
MOST_SPANS = 40  # Of accrual, shown one by one.
ACCRUED = frozenset({Component.PENALTY, Component.COMPOUND_INTEREST})
BASE = {
    Component.PENALTY: Component.PRINCIPAL,
    Component.COMPOUND_INTEREST: Component.INTEREST,
}


class Line(StrEnum):
    PLANNED = "planned"
    CHANGED = "changed"  # A change of the plan, which made what is planned.
    CHARGED = "charged"
    ACCRUED = "accrued"
    PAID = "paid"
    TAKEN_BACK = "taken_back"  # Money that was paid here and went back.
    OWED_AGAIN = "owed_again"  # What money that went back had settled elsewhere.
    GONE = "gone"  # Held money of a payment that went back.
    WAIVED = "waived"
    PRINCIPAL_LATER = "principal_later"
    INTEREST_SO_FAR = "interest_so_far"
    HELD = "held"
    DUE = "due"
    LEFT = "left"  # Of one cell, due or not.


RULES = {
    Line.PLANNED: "schedule",
    Line.CHANGED: "plan-changes",
    Line.CHARGED: "position",
    Line.ACCRUED: "penalty",
    Line.PAID: "allocation",
    Line.TAKEN_BACK: "allocation",
    Line.OWED_AGAIN: "position",
    Line.GONE: "allocation",
    Line.WAIVED: "position",
    Line.PRINCIPAL_LATER: "position",
    Line.INTEREST_SO_FAR: "position",
    Line.HELD: "allocation",
    Line.DUE: "position",
    Line.LEFT: "position",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    line: Line
    amount_minor: int
    on: date | None = None
    through_on: date | None = None
    base_minor: int | None = None  # What accrual ran on.
    event: Event | None = None
    instalment_no: int | None = None  # Of a line that is itself explained further.
    component: Component | None = None

    @property
    def rule(self) -> str:
        return RULES[self.line]


def cell(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    instalment_no: int,
    component: Component,
) -> tuple[Explained, ...]:
    """Explain what is left of one component of one instalment at the end of a day."""
    then = position(contract=contract, events=events, as_of=as_of)
    found = next((e for e in then.instalments if e.instalment_no == instalment_no), None)
    if found is None:
        raise ServicingRefused("explain.unknown", number=instalment_no)
    by_key = {event.key: event for event in events}
    charges = _charges(events, found, component=component, then=then)
    place = instalment_no, component
    again = _gone_back(then.given_back, Line.OWED_AGAIN, place, by_key)
    made_minor = found.components[component].due_minor
    made_minor -= sum(charge.amount_minor for charge in charges)
    made_minor -= sum(line.amount_minor for line in again)
    if component in ACCRUED:
        lines = _spans(
            contract, events, found, component=component, as_of=as_of, total_minor=made_minor
        )
    else:
        lines = [
            *_changes(events, then),
            Explained(line=Line.PLANNED, amount_minor=made_minor, on=found.due_on),
        ]
    lines += [
        Explained(line=Line.CHARGED, amount_minor=e.amount_minor, on=e.effective_on, event=e)
        for e in charges
    ]
    lines += again
    lines += _flows(then.applied, Line.PAID, place, by_key)
    lines += _flows(then.waived, Line.WAIVED, place, by_key)
    lines += _gone_back(then.given_back, Line.TAKEN_BACK, place, by_key)
    rest_minor = found.components[component].outstanding_minor - sum(
        line.amount_minor for line in lines
    )
    if rest_minor:  # Given up by the closing of the loan, which is no waiver of its own.
        closing = next((e for e in reversed(events) if e.kind is Kind.CLOSED), None)
        lines.append(
            Explained(
                line=Line.WAIVED,
                amount_minor=rest_minor,
                on=closing.effective_on if closing else None,
                event=closing,
            )
        )
    return tuple(lines)


def _charges(
    events: Sequence[Event],
    found: InstalmentPosition,
    *,
    component: Component,
    then: Position,
) -> list[Event]:
    """Find the charges that lie on an instalment: those due in its period."""
    is_first = found.instalment_no == 1
    return [
        event
        for event in without_taken_back(events)
        if event.kind is Kind.CHARGE_ADDED
        and event.component is component
        and event.effective_on <= then.as_of
        and event.due_on is not None
        and (found.start_on < event.due_on or (is_first and event.due_on <= found.start_on))
        and event.due_on <= found.due_on
    ]


def _changes(events: Sequence[Event], then: Position) -> list[Explained]:
    return [
        Explained(line=Line.CHANGED, amount_minor=0, on=event.effective_on, event=event)
        for event in sorted(without_taken_back(events), key=lambda event: event.sequence)
        if event.kind in PLAN_KINDS and event.effective_on <= then.as_of
    ]


def _spans(
    contract: Contract,
    events: Sequence[Event],
    found: InstalmentPosition,
    *,
    component: Component,
    as_of: date,
    total_minor: int,
) -> list[Explained]:
    """Part accrual at the days on which something happened, with what it ran on in between."""
    turns = sorted(
        {e.effective_on for e in events if found.due_on <= e.effective_on < as_of}
        | {found.due_on, as_of}
    )
    turns = [day for day in turns if day <= as_of]
    if len(turns) > MOST_SPANS:
        turns = [turns[0], *turns[-MOST_SPANS:]]
    lines: list[Explained] = []
    before_minor, base_minor, start_on = 0, 0, found.due_on
    for day in turns:
        then = position(contract=contract, events=events, as_of=day)
        row = next((e for e in then.instalments if e.due_on == found.due_on), None)
        if row is None:
            continue
        now_minor = row.components[component].due_minor
        if now_minor > before_minor:
            lines.append(
                Explained(
                    line=Line.ACCRUED,
                    amount_minor=now_minor - before_minor,
                    on=start_on + DAY,
                    through_on=day,
                    base_minor=base_minor,
                )
            )
        before_minor, start_on = now_minor, day
        base_minor = row.components[BASE[component]].outstanding_minor
    rest_minor = total_minor - sum(line.amount_minor for line in lines)
    if rest_minor:  # Charges among it, or spans that a change of the plan took elsewhere.
        lines.insert(0, Explained(line=Line.ACCRUED, amount_minor=rest_minor, on=found.due_on))
    return lines


def _flows(
    flows: Sequence[Applied],
    line: Line,
    place: tuple[int, Component],
    by_key: dict[str, Event],
) -> list[Explained]:
    return [
        Explained(
            line=line,
            amount_minor=-part.amount_minor,
            on=part.applied_on,
            event=by_key.get(flow.event_key),
        )
        for flow in flows
        for part in flow.parts
        if (part.instalment_no, part.component) == place and part.amount_minor
    ]


def _gone_back(
    flows: Sequence[GivenBack],
    line: Line,
    place: tuple[int, Component],
    by_key: dict[str, Event],
) -> list[Explained]:
    return [
        Explained(
            line=line,
            amount_minor=part.amount_minor,
            on=part.applied_on,
            event=by_key.get(flow.event_key),
        )
        for flow in flows
        for part in (flow.taken_back if line is Line.TAKEN_BACK else flow.owed_again)
        if (part.instalment_no, part.component) == place and part.amount_minor
    ]


def owed(*, then: Position, component: Component | None = None) -> tuple[Explained, ...]:
    """Explain what is owed on the day, of one component or of all: the cells that are due."""
    due = [each for each in then.instalments if each.due_on <= then.as_of]
    return _cells(due, Line.DUE, component=component)


def left(
    *, then: Position, instalment_no: int | None = None, component: Component | None = None
) -> tuple[Explained, ...]:
    """Explain what is left of an instalment, of a component, or of the whole plan, due or not.

    :raises ServicingRefused: ``explain.unknown``.
    """
    rows = [e for e in then.instalments if instalment_no in {None, e.instalment_no}]
    if instalment_no is not None and not rows:
        raise ServicingRefused("explain.unknown", number=instalment_no)
    return _cells(rows, Line.LEFT, component=component)


def _cells(
    rows: Sequence[InstalmentPosition], line: Line, *, component: Component | None
) -> tuple[Explained, ...]:
    return tuple(
        Explained(
            line=line,
            amount_minor=amounts.outstanding_minor,
            on=each.due_on,
            instalment_no=each.instalment_no,
            component=name,
        )
        for each in rows
        for name, amounts in each.components.items()
        if amounts.outstanding_minor or (amounts.due_minor and line is Line.LEFT)
        if component in {None, name}
    )


def payment(*, then: Position, events: Sequence[Event], key: str) -> tuple[Explained, ...]:
    """Explain where the money of one payment went; the lines sum to what was received.

    :raises ServicingRefused: ``explain.payment_unknown``.
    """
    flow = next((each for each in then.applied if each.event_key == key), None)
    if flow is None:
        raise ServicingRefused("explain.payment_unknown", key=key)
    event = next((each for each in events if each.key == key), None)
    lines = [
        Explained(
            line=Line.PAID,
            amount_minor=part.amount_minor,
            on=part.applied_on,
            event=event,
            instalment_no=part.instalment_no or None,
            component=part.component,
        )
        for part in flow.parts
    ]
    if flow.unapplied_minor:
        lines.append(
            Explained(
                line=Line.HELD,
                amount_minor=flow.unapplied_minor,
                on=flow.effective_on,
                event=event,
            )
        )
    gone_minor = flow.amount_minor - sum(line.amount_minor for line in lines)
    if gone_minor:
        lines.append(Explained(line=Line.GONE, amount_minor=gone_minor))
    return tuple(lines)


def payoff(*, contract: Contract, events: Sequence[Event], as_of: date) -> tuple[Explained, ...]:
    """Explain the pay-off figure: what is due, principal to come, interest so far, money held."""
    then = position(contract=contract, events=events, as_of=as_of)
    lines = [*owed(then=then)]
    lines += [
        Explained(
            line=Line.PRINCIPAL_LATER,
            amount_minor=left_minor,
            on=each.due_on,
            instalment_no=each.instalment_no,
            component=Component.PRINCIPAL,
        )
        for each in then.instalments
        if each.due_on > as_of
        and (left_minor := each.components[Component.PRINCIPAL].outstanding_minor)
    ]
    if then.accrued_interest_minor:
        lines.append(
            Explained(
                line=Line.INTEREST_SO_FAR,
                amount_minor=then.accrued_interest_minor,
                through_on=as_of,
            )
        )
    if then.unapplied_minor:
        lines.append(Explained(line=Line.HELD, amount_minor=-then.unapplied_minor))
    return tuple(lines)
