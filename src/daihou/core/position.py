"""The position of one loan: what its contract and events come to on a day, as known at an instant.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``position`` folds the events once and freezes the result; it keeps nothing between calls.
Errors  ``PositionRefused``; what ``check_events``, ``plan_of`` and ``build_schedule`` refuse passes
        through with its own code.
Source  design.md, "One idea"; every figure is defined in docs/algorithms/position.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from daihou.core import ageing
from daihou.core._credits import Credit
from daihou.core._flows import Flow
from daihou.core._fold import Fold, sort_key
from daihou.core._rows import PRINCIPAL, WorkRow
from daihou.core.allocation import COMPONENT_NO, COMPONENTS
from daihou.core.events import Event, Kind, check_events, without_taken_back
from daihou.core.terms import Component, Contract, Rate

STATED_ORDER = (Component.FEE, Component.PENALTY, Component.INTEREST, Component.PRINCIPAL)


class PositionRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Status(StrEnum):
    PENDING = "pending"  # Nothing was paid out yet.
    ACTIVE = "active"
    CLOSED = "closed"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    due_minor: int
    paid_minor: int
    waived_minor: int

    @property
    def outstanding_minor(self) -> int:
        return self.due_minor - self.paid_minor - self.waived_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentPosition:
    instalment_no: int
    start_on: date
    due_on: date
    components: Mapping[Component, Owed]  # All five.
    paid_on: date | None  # The day on which nothing was left; None as long as something is.

    @property
    def outstanding_minor(self) -> int:
        return sum(owed.outstanding_minor for owed in self.components.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPart:
    instalment_no: int  # 0: an instalment that owes nothing any more, all of it taken back.
    component: Component
    amount_minor: int
    applied_on: date  # Later than the payment where the money was held first.


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Where the money of one payment went, or what one waiver gave up."""

    event_key: str
    effective_on: date
    amount_minor: int
    parts: tuple[AppliedPart, ...]
    unapplied_minor: int
    principal_after_minor: int  # Principal outstanding right after the payment.


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """Where the money of a charge-back or a refund came from; the three add up to its amount.

    What an instalment counts as paid is what ``applied`` put there less what was taken back. Parts
    of an instalment that a change of the plan has emptied since bear the number 0.
    """

    event_key: str
    effective_on: date
    amount_minor: int
    held_minor: int  # Out of money that had found no place.
    taken_back: tuple[AppliedPart, ...]  # Out of what was paid before it was due.
    owed_again: tuple[AppliedPart, ...]
    principal_after_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    loan_ref: str
    currency: str
    as_of: date
    status: Status
    disbursed_minor: int
    disbursed_on: date | None
    closed_on: date | None
    instalments: tuple[InstalmentPosition, ...]
    applied: tuple[Applied, ...]
    waived: tuple[Applied, ...]
    unapplied_minor: int
    oldest_unpaid_due_on: date | None
    days_past_due: int
    bucket: ageing.Bucket
    next_due_on: date | None
    next_due_minor: int
    overdue_minor: Mapping[Component, int]
    principal_outstanding_minor: int
    accrued_interest_minor: int
    payoff_minor: int
    stated_on: date | None
    is_stale: bool
    rate: Rate  # In force on the day.
    owner: str = ""  # Who it was sold to; "" is the original creditor.
    claim_minor: int = 0  # What the guarantor who paid may still ask for.
    capitalized_minor: int = 0  # Interest that became principal.
    written_off_on: date | None = None
    restructured_on: date | None = None  # The latest restructure.
    restructure_count: int = 0
    paused_through_on: date | None = None  # The last day of an interest pause; may be past.
    given_back: tuple[GivenBack, ...] = ()  # Charge-backs and refunds.


def position(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    known_at: datetime | None = None,
    with_rows: bool = True,
) -> Position:
    """Fold a loan's events to the end of the day ``as_of``, as known at ``known_at``.

    The order of ``events`` does not matter. A payment that is reversed by then leaves no trace.
    Who wants the figures alone saves time with ``with_rows=False``: instalments, payments and
    waivers are left out.

    :raises PositionRefused: ``position.known_at_naive``.
    :raises EventRefused: see ``check_events``.

    >>> from datetime import UTC
    >>> from decimal import Decimal
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...               free_dues=(FreeDue(due_on=date(2024, 6, 1), principal_minor=1000),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> late = position(contract=contract, events=[paid_out], as_of=date(2024, 7, 2))
    >>> late.days_past_due, late.bucket.value, late.overdue_minor[Component.PRINCIPAL]
    (31, 'M2', 1000)
    """
    if known_at is not None and known_at.tzinfo is None:
        raise PositionRefused("position.known_at_naive")
    check_events(events)
    counted = _counted(events, as_of, known_at)
    fold = Fold(contract)
    fold.run(sorted((e for e in counted if e.kind is not Kind.STATED), key=sort_key), as_of)
    stated = [event for event in counted if event.kind is Kind.STATED]
    return freeze(fold, as_of, stated, with_rows=with_rows)


def freeze(fold: Fold, as_of: date, stated: Sequence[Event], *, with_rows: bool = True) -> Position:
    """Read the position off a fold that went to the day; ``stated`` by then lies over it."""
    folded = _freeze(fold, as_of, with_rows=with_rows)
    if not stated:
        return folded
    return _overlay(folded, max(stated, key=lambda event: (event.effective_on, event.sequence)))


def _counted(events: Sequence[Event], as_of: date, known_at: datetime | None) -> tuple[Event, ...]:
    """Choose the events that count by then, without what takes back and what was taken back."""
    counted = [
        event
        for event in events
        if event.effective_on <= as_of and (known_at is None or event.recorded_at <= known_at)
    ]
    return tuple(without_taken_back(counted))


def _freeze(fold: Fold, as_of: date, *, with_rows: bool = True) -> Position:
    day = as_of.toordinal()
    rows, payments, waivers, credited = (
        (fold.rows, fold.payments, fold.waivers, fold.credits) if with_rows else ((), (), (), ())
    )
    numbers = {id(row): number for number, row in enumerate(fold.rows, start=1)}
    oldest = fold.oldest_unpaid(day)
    oldest_on = None if oldest is None else oldest.due_on
    days = ageing.days_past_due(oldest_unpaid_due_on=oldest_on, as_of=as_of)
    unapplied_minor = sum(flow.left_minor for flow in fold.payments)
    disbursed_minor = sum(tranche.amount_minor for tranche in fold.tranches)
    next_due_on, next_due_minor = _next_due(fold.rows, day)
    principal_minor = fold.principal_left() if fold.rows else disbursed_minor
    accrued_minor = fold.accrued_interest(day)
    due_minor = sum(sum(row.left) for row in fold.rows if row.due <= day)
    not_due_minor = principal_minor - sum(
        row.left[PRINCIPAL] for row in fold.rows if row.due <= day
    )
    closed_on = find_closed_on(fold)
    return Position(
        loan_ref=fold.contract.loan_ref,
        currency=fold.contract.currency,
        as_of=as_of,
        status=status_of(fold, closed_on),
        disbursed_minor=disbursed_minor,
        disbursed_on=fold.tranches[0].paid_out_on if fold.tranches else None,
        closed_on=closed_on,
        instalments=tuple(_freeze_row(row, numbers[id(row)]) for row in rows),
        applied=tuple(_freeze_flow(flow, numbers) for flow in payments),
        waived=tuple(_freeze_flow(flow, numbers) for flow in waivers),
        unapplied_minor=unapplied_minor,
        oldest_unpaid_due_on=oldest_on,
        days_past_due=days,
        bucket=ageing.bucket_of(days),
        next_due_on=next_due_on,
        next_due_minor=next_due_minor,
        overdue_minor={
            component: sum(row.left[i] for row in fold.rows if row.due < day)
            for i, component in enumerate(COMPONENTS)
        },
        principal_outstanding_minor=principal_minor,
        accrued_interest_minor=accrued_minor,
        payoff_minor=max(
            0,
            due_minor
            + not_due_minor
            + accrued_minor
            + fold.carried_charges(day)
            + fold.charges_come(day)
            - fold.capital_not_earned(day)
            - unapplied_minor,
        ),
        stated_on=None,
        is_stale=False,
        rate=fold.rate,
        capitalized_minor=fold.capitalized_minor,
        owner=fold.owner,
        claim_minor=fold.claim_minor,
        written_off_on=fold.written_off_on,
        restructured_on=fold.restructured_on,
        restructure_count=fold.restructure_count,
        paused_through_on=fold.paused_through_on,
        given_back=tuple(_freeze_credit(credit, numbers) for credit in credited),
    )


def _overlay(folded: Position, stated: Event) -> Position:
    """Take the figures another system stated; what it did not state stays as folded.

    Nothing moves after the stated day: its days past due are those of that day.
    """
    figures = dict(stated.figures)
    owed_minor = {
        component: figures.get(f"{component}_outstanding_minor", 0) for component in STATED_ORDER
    }
    days = figures.get("days_past_due", folded.days_past_due)
    next_due_on = folded.next_due_on
    if "next_due_on" in figures:
        next_due = figures["next_due_on"]
        next_due_on = date.fromordinal(next_due) if next_due else None
    unapplied_minor = figures.get("unapplied_minor", folded.unapplied_minor)
    is_closed = bool(figures.get("closed", folded.status is Status.CLOSED))
    status = Status.ACTIVE if folded.status is not Status.WRITTEN_OFF else folded.status
    return replace(
        folded,
        status=Status.CLOSED if is_closed else status,
        closed_on=(folded.closed_on or stated.effective_on) if is_closed else None,
        unapplied_minor=unapplied_minor,
        oldest_unpaid_due_on=stated.effective_on - timedelta(days=days) if days else None,
        days_past_due=days,
        bucket=ageing.bucket_of(days),
        next_due_on=next_due_on,
        next_due_minor=folded.next_due_minor if next_due_on == folded.next_due_on else 0,
        overdue_minor=(
            _split_overdue(figures["overdue_minor"], owed_minor)
            if "overdue_minor" in figures
            else folded.overdue_minor
        ),
        principal_outstanding_minor=figures.get(
            "principal_outstanding_minor", folded.principal_outstanding_minor
        ),
        accrued_interest_minor=0,
        payoff_minor=(
            max(0, sum(owed_minor.values()) - unapplied_minor)
            if any(f"{component}_outstanding_minor" in figures for component in STATED_ORDER)
            else folded.payoff_minor
        ),
        stated_on=stated.effective_on,
        is_stale=stated.effective_on < folded.as_of,
    )


def _split_overdue(overdue_minor: int, owed_minor: Mapping[Component, int]) -> dict[Component, int]:
    """Lay a stated total on the components: fees first, principal takes what is left."""
    split = dict.fromkeys(COMPONENTS, 0)
    for component in STATED_ORDER:
        split[component] = min(overdue_minor, owed_minor[component])
        overdue_minor -= split[component]
    split[Component.PRINCIPAL] += overdue_minor
    return split


def _next_due(rows: Sequence[WorkRow], day: int) -> tuple[date | None, int]:
    """Find the next day with something left to pay, today included, and all that is due on it."""
    for row in rows:
        if row.due >= day and any(row.left):
            return row.due_on, sum(sum(other.left) for other in rows if other.due == row.due)
    return None, 0


def find_closed_on(fold: Fold) -> date | None:
    if fold.closed_on is not None:
        return fold.closed_on
    if not fold.rows or any(any(row.left) for row in fold.rows):
        return None
    paid = [row.paid_on for row in fold.rows if row.paid_on is not None]
    return date.fromordinal(max(paid)) if paid else None


def status_of(fold: Fold, closed_on: date | None) -> Status:
    if closed_on is not None:
        return Status.CLOSED
    if not fold.tranches:
        return Status.PENDING
    return Status.ACTIVE if fold.written_off_on is None else Status.WRITTEN_OFF


def _freeze_row(row: WorkRow, number: int) -> InstalmentPosition:
    return InstalmentPosition(
        instalment_no=number,
        start_on=row.start_on,
        due_on=row.due_on,
        components={
            component: Owed(
                due_minor=row.owed[i],
                paid_minor=row.owed[i] - row.left[i] - row.waived[i],
                waived_minor=row.waived[i],
            )
            for component, i in COMPONENT_NO.items()
        },
        paid_on=None if row.paid_on is None else date.fromordinal(row.paid_on),
    )


def _freeze_flow(flow: Flow, numbers: Mapping[int, int]) -> Applied:
    return Applied(
        event_key=flow.event.key,
        effective_on=flow.event.effective_on,
        amount_minor=flow.event.amount_minor,
        parts=tuple(
            AppliedPart(
                instalment_no=numbers.get(id(row), 0),
                component=COMPONENTS[component],
                amount_minor=amount_minor,
                applied_on=date.fromordinal(day),
            )
            for row, component, amount_minor, day in flow.parts
        ),
        unapplied_minor=flow.left_minor,
        principal_after_minor=flow.principal_after_minor,
    )


def _freeze_credit(credit: Credit, numbers: Mapping[int, int]) -> GivenBack:
    event = credit.event
    taken_back, owed_again = (
        tuple(
            AppliedPart(
                instalment_no=numbers.get(id(row), 0),
                component=COMPONENTS[component],
                amount_minor=amount_minor,
                applied_on=event.effective_on,
            )
            for row, component, amount_minor in parts
        )
        for parts in (credit.taken_back, credit.owed_again)
    )
    return GivenBack(
        event_key=event.key,
        effective_on=event.effective_on,
        amount_minor=event.amount_minor,
        held_minor=credit.held_minor,
        taken_back=taken_back,
        owed_again=owed_again,
        principal_after_minor=credit.principal_after_minor,
    )
