"""Lay out instalments as a peer shows them where charge-backs and refunds are about.

The peer keeps one instalment for all that comes after the last due date and moves its day; with us
each such day has its own. And where held money covers a part of what goes back, the peer shows all
of it as owed and the part as paid, we only the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from daihou.conformance.loan import PLAN_CHANGES, RE_AGE, TERMINATION, PeerLoan, Transaction
from daihou.core.events import PLAN_KINDS
from daihou.core.position import InstalmentPosition, Owed, Position
from daihou.core.schedule import build_schedule
from daihou.core.terms import Component

CHARGES = (Component.FEE, Component.PENALTY)
NOTHING = Owed(due_minor=0, paid_minor=0, waived_minor=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    instalment: InstalmentPosition
    in_advance_minor: int = 0
    late_minor: int = 0
    owed_again_minor: int = 0  # Of its principal.


def shown_rows(loan: PeerLoan, now: Position) -> list[Shown]:
    rows = [_with_covered(_shown(each, now), now) for each in now.instalments]
    if any(event.kind in PLAN_KINDS for event in loan.events):
        return _as_changed(loan, rows)
    last_due_on = _last_due_on(loan)
    later = [row for row in rows if row.instalment.due_on > last_due_on]
    if len(later) < 2 or not any(row.owed_again_minor for row in later):
        return rows
    return [*rows[: -len(later)], _together(later)]


def _as_changed(loan: PeerLoan, rows: Sequence[Shown]) -> list[Shown]:
    """Keep what a change has emptied as rows of nothing, and show one row for one due day."""
    changes = [each for each in loan.transactions.values() if each.name in PLAN_CHANGES]
    for change in (each for each in changes if each.before_undo is None):
        if change.name == TERMINATION:
            rows = _by_due_day(rows)
            continue
        then = loan.before(change.belongs_to or change.key, change.on)
        rows = _with_emptied(rows, then, change)
    return list(rows)


def _by_due_day(rows: Sequence[Shown]) -> list[Shown]:
    days = sorted({row.instalment.due_on for row in rows})
    return [_together([row for row in rows if row.instalment.due_on == day]) for day in days]


def _with_emptied(rows: Sequence[Shown], then: Position, change: Transaction) -> list[Shown]:
    """Add the rows that the change has emptied; the peer leaves charges on them."""
    kept = {row.instalment.due_on for row in rows}
    emptied = [
        _emptied(each, then, change)
        for each in then.instalments
        if each.due_on <= change.on and each.due_on not in kept
    ]
    if change.name == RE_AGE:  # The running period ends on that day.
        emptied += [
            _emptied(replace(each, due_on=change.on, components={}), then, change)
            for each in then.instalments
            if each.start_on < change.on < each.due_on
        ]
    charged = [_charges_of(row) for row in emptied]
    left = {component: sum(each[component] for each in charged) for component in CHARGES}
    later = [_without_charges(row, left, change) for row in rows]
    return _in_order(sorted([*later, *emptied], key=lambda row: row.instalment.due_on))


def _emptied(instalment: InstalmentPosition, then: Position, change: Transaction) -> Shown:
    before = _shown(instalment, then)
    charges = {
        component: owed
        for component, owed in instalment.components.items()
        if component in CHARGES and owed.outstanding_minor
    }
    return replace(
        before,
        instalment=replace(
            instalment,
            components={**dict.fromkeys(Component, NOTHING), **charges},
            paid_on=None if charges else change.on,
        ),
    )


def _charges_of(row: Shown) -> dict[Component, int]:
    return {each: row.instalment.components[each].outstanding_minor for each in CHARGES}


def _without_charges(row: Shown, left: dict[Component, int], change: Transaction) -> Shown:
    """Take the charges off a new row that the peer leaves on the old ones."""
    if row.instalment.due_on <= change.on:
        return row
    components = dict(row.instalment.components)
    for component in CHARGES:
        owed = components[component]
        moved_minor = min(left[component], owed.outstanding_minor)
        left[component] -= moved_minor
        components[component] = replace(owed, due_minor=owed.due_minor - moved_minor)
    return replace(row, instalment=replace(row.instalment, components=components))


def _in_order(rows: Sequence[Shown]) -> list[Shown]:
    """Give rows new numbers, each from the due day of the one before."""
    shown, start_on = [], rows[0].instalment.start_on
    for number, row in enumerate(rows, start=1):
        renewed = replace(row.instalment, instalment_no=number, start_on=start_on)
        shown.append(replace(row, instalment=renewed))
        start_on = row.instalment.due_on
    return shown


def _last_due_on(loan: PeerLoan) -> date:
    planned = build_schedule(
        terms=loan.contract.terms,
        principal_minor=1,
        start_on=min(event.effective_on for event in loan.tranches()),
    )
    return planned[-1].due_on


def _shown(instalment: InstalmentPosition, now: Position) -> Shown:
    number, due_on = instalment.instalment_no, instalment.due_on
    parts = [
        (part.applied_on, part.amount_minor)
        for each in now.applied
        for part in each.parts
        if part.instalment_no == number
    ]
    taken_back_minor = sum(
        part.amount_minor
        for each in now.given_back
        for part in each.taken_back
        if part.instalment_no == number
    )
    return Shown(
        instalment=instalment,
        in_advance_minor=sum(amount for on, amount in parts if on < due_on) - taken_back_minor,
        late_minor=sum(amount for on, amount in parts if on > due_on),
        owed_again_minor=sum(
            part.amount_minor
            for each in now.given_back
            for part in each.owed_again
            if part.instalment_no == number and part.component is Component.PRINCIPAL
        ),
    )


def _with_covered(row: Shown, now: Position) -> Shown:
    """Add what held money covered of what went back, as owed and as paid."""
    number, due_on = row.instalment.instalment_no, row.instalment.due_on
    covered = [
        (each.effective_on, each.held_minor)
        for each in now.given_back
        if any(part.instalment_no == number for part in each.owed_again)
    ]
    covered_minor = sum(amount_minor for _, amount_minor in covered)
    principal = row.instalment.components[Component.PRINCIPAL]
    more = replace(
        principal,
        due_minor=principal.due_minor + covered_minor,
        paid_minor=principal.paid_minor + covered_minor,
    )
    components = {**row.instalment.components, Component.PRINCIPAL: more}
    return replace(
        row,
        instalment=replace(row.instalment, components=components),
        in_advance_minor=row.in_advance_minor + sum(minor for on, minor in covered if on < due_on),
        owed_again_minor=row.owed_again_minor + covered_minor,
    )


def _together(rows: Sequence[Shown]) -> Shown:
    first, last = rows[0].instalment, rows[-1].instalment
    paid_on = [row.instalment.paid_on for row in rows]
    days = [on for on in paid_on if on is not None]
    owed = [row.instalment.components for row in rows]
    return Shown(
        instalment=replace(
            first,
            due_on=last.due_on,
            components={
                component: _sum([each[component] for each in owed])
                for component in first.components
            },
            paid_on=max(days) if len(days) == len(paid_on) else None,
        ),
        in_advance_minor=sum(row.in_advance_minor for row in rows),
        late_minor=sum(row.late_minor for row in rows),
        owed_again_minor=sum(row.owed_again_minor for row in rows),
    )


def _sum(owed: Sequence[Owed]) -> Owed:
    return Owed(
        due_minor=sum(each.due_minor for each in owed),
        paid_minor=sum(each.paid_minor for each in owed),
        waived_minor=sum(each.waived_minor for each in owed),
    )
