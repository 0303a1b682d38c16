"""What an action would do: the loan before and after, its cost, its class, what refuses it.

Units   ``*_minor`` is an ``int`` of minor units of the loan's currency.
Shape   Frozen values, nothing is written. Days line up: a due date has one row for both plans.
Errors  ``ServicingRefused`` where nothing can be shown; limits are listed, not raised.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from daihou.core.classes import ClassFloor, ClassRules, five_level_floor
from daihou.core.cost import CostRefused
from daihou.core.events import Event
from daihou.core.life_cost import AnnualCost
from daihou.core.limits import Limits, Refusal, Rule, check, cost_of
from daihou.core.position import InstalmentPosition, Position, position
from daihou.core.terms import Component, PeriodUnit
from daihou.web.approvals.authority import authority_on
from daihou.web.approvals.models import Authority
from daihou.web.ledger.models import Book
from daihou.web.parameters.limits import class_rules_on, limits_on
from daihou.web.parameters.queries import profile_on
from daihou.web.servicing import loading, quoting
from daihou.web.servicing.actions import SPECS, Action, Asked, Group, check_asked, kind_of
from daihou.web.servicing.building import Loan, build
from daihou.web.servicing.errors import ServicingRefused
from daihou.web.servicing.waiving import discounts

PREVIEW = "preview"  # First part of the keys of events that are only looked at.


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The loan by one of the two plans, at the end of the day shown."""

    position: Position
    cost: AnnualCost | None  # None where no rate makes the flows even.
    floor: ClassFloor | None
    planned_minor: int  # What is still to be paid, in all.
    last_due_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Everything due on one day, by both plans; None where that plan has nothing on it."""

    due_on: date
    before: int | None
    after: int | None
    before_principal: int | None
    after_principal: int | None

    @property
    def is_changed(self) -> bool:
        return (self.before, self.before_principal) != (self.after, self.after_principal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    action: Action
    asked: Asked
    shown_on: date
    sequence: int  # Of the loan's last event: who asks says which one she saw.
    events: tuple[Event, ...]
    before: Side
    after: Side
    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]
    rules: tuple[Rule, ...]  # In force for this loan on that day.
    amount_minor: int  # By which the authority matrix decides.
    given_up: tuple[tuple[Component, int], ...]  # By a settlement.
    authority: Authority

    @property
    def may_be_asked(self) -> bool:
        return not self.refusals


def preview(
    *,
    book: Book,
    loan_ref: str,
    action: Action,
    asked: Asked,
    at: datetime,
    prefix: str = PREVIEW,
) -> Previewed:
    """Show what an action would do to a loan, as it is known now (``at``).

    :raises ServicingRefused: as ``actions.check_asked`` and ``building.build``.
    :raises LedgerRefused: ``loan.unknown``.
    :raises ApprovalRefused: ``approval.nobody_may``.
    """
    check_asked(action=action, asked=asked)
    loaded = loading.load(book=book, loan_ref=loan_ref, at=at)
    try:
        return _preview(book=book, loaded=loaded, action=action, asked=asked, at=at, prefix=prefix)
    except ValueError as refused:  # What core refuses has a code of its own.
        code = getattr(refused, "code", None)
        if code is None:
            raise
        raise ServicingRefused(code, detail=str(refused)) from refused


def _preview(
    *,
    book: Book,
    loaded: loading.Loaded,
    action: Action,
    asked: Asked,
    at: datetime,
    prefix: str,
) -> Previewed:
    loan = loaded.loan
    asked = quoting.filled(loaded=loaded, action=action, asked=asked)
    events = build(loan=loan, action=action, asked=asked, prefix=prefix, recorded_at=at)
    shown_on = max(loan.last_on, asked.effective_on)
    limits = _limits(book=book, loaded=loaded, on=asked.effective_on)
    refusals = check(
        contract=loan.contract,
        events=loan.events,
        proposed=events,
        as_of=shown_on,
        limits=limits,
        around=loading.around(loaded=loaded, asked=asked, events=events),
    )
    classes = _classes(book=book, loaded=loaded, on=shown_on)
    before = _side(loan, loan.events, shown_on=shown_on, classes=classes)
    after = _side(loan, (*loan.events, *events), shown_on=shown_on, classes=classes)
    given_up = (
        discounts(position=loan.on(asked.effective_on), asked=asked)
        if action is Action.SETTLE
        else {}
    )
    amount_minor = _weight(action, asked, events, before.position, sum(given_up.values()))
    return Previewed(
        action=action,
        asked=asked,
        shown_on=shown_on,
        sequence=loan.sequence,
        events=events,
        before=before,
        after=after,
        rows=_rows(before.position, after.position),
        refusals=refusals,
        rules=limits.rules(),
        amount_minor=amount_minor,
        given_up=tuple(given_up.items()),
        authority=authority_on(
            kind=kind_of(action),
            currency=book.currency,
            amount_minor=amount_minor,
            on=loading.local_day(book=book, at=at),
        ),
    )


def _limits(*, book: Book, loaded: loading.Loaded, on: date) -> Limits:
    terms = loaded.loan.contract.terms
    is_monthly = terms.unit is PeriodUnit.MONTH
    return limits_on(
        book=book,
        on=on,
        contracted_on=loaded.loan.contract.start_on,
        product=loaded.row.product,
        term_months=terms.instalment_count * terms.every if is_monthly else None,
    )


def _classes(*, book: Book, loaded: loading.Loaded, on: date) -> ClassRules | None:
    """Find the thresholds of the class floor; a book under no law that is known has none."""
    found = profile_on(book=book, on=on, product=loaded.row.product)
    if not found.jurisdiction:
        return None
    return class_rules_on(jurisdiction=found.jurisdiction, on=on)


def _side(
    loan: Loan, events: Sequence[Event], *, shown_on: date, classes: ClassRules | None
) -> Side:
    then = position(contract=loan.contract, events=events, as_of=shown_on)
    unpaid = [each for each in then.instalments if each.outstanding_minor]
    floor = None
    if classes is not None:
        floor = five_level_floor(
            contract=loan.contract, events=events, as_of=shown_on, rules=classes
        )
    return Side(
        position=then,
        cost=_cost(loan, events, shown_on=shown_on),
        floor=floor,
        planned_minor=sum(each.outstanding_minor for each in unpaid),
        last_due_on=unpaid[-1].due_on if unpaid else None,
    )


def _cost(loan: Loan, events: Sequence[Event], *, shown_on: date) -> AnnualCost | None:
    try:
        return cost_of(contract=loan.contract, events=events, as_of=shown_on)
    except CostRefused:
        return None


def _rows(before: Position, after: Position) -> tuple[Row, ...]:
    """Lay both plans side by side; days on which nothing is left by either are left out."""
    old, new = _by_day(before), _by_day(after)
    rows = (
        Row(
            due_on=day,
            before=old[day][0] if day in old else None,
            after=new[day][0] if day in new else None,
            before_principal=old[day][1] if day in old else None,
            after_principal=new[day][1] if day in new else None,
        )
        for day in sorted(old.keys() | new.keys())
    )
    return tuple(row for row in rows if row.before or row.after)


def _by_day(then: Position) -> dict[date, tuple[int, int]]:
    """Sum what is left to pay of each due date, and the principal in it."""

    def principal(each: InstalmentPosition) -> int:
        return each.components[Component.PRINCIPAL].outstanding_minor

    found = {}
    for day, rows in groupby(then.instalments, key=lambda each: each.due_on):
        of_day = list(rows)
        found[day] = (
            sum(each.outstanding_minor for each in of_day),
            sum(principal(each) for each in of_day),
        )
    return found


def _weight(
    action: Action,
    asked: Asked,
    events: Sequence[Event],
    before: Position,
    discount_minor: int,
) -> int:
    """Say how much an action is about, for the authority matrix.

    What is given up or moved, where it is money; else the principal whose plan changes.
    """
    if action is Action.SETTLE:
        return discount_minor
    if action is Action.WAIVE:
        return sum(event.amount_minor for event in events)
    if action is Action.CHARGE_OFF:
        return before.payoff_minor
    if SPECS[action].group is Group.PLAN or asked.amount_minor is None:
        return before.principal_outstanding_minor
    return asked.amount_minor
