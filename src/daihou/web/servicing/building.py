"""From what is asked to the events that do it. Pure: the loan and the day come in, events go out.

Units   ``*_minor`` is an ``int`` of minor units of the loan's currency.
Shape   Events are numbered from 1 behind the prefix given: ``prefix:1``, ``prefix:2``, …; their
        sequences follow those of the loan, until the ledger gives them their own.
Errors  ``ServicingRefused``: what a loan in this state, or on this day, cannot take.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from daihou.core.changes import FIELDS, Change
from daihou.core.events import (
    MONEY_IN_KINDS,
    STARTING_KINDS,
    UNDOABLE_KINDS,
    Event,
    Kind,
    without_taken_back,
)
from daihou.core.position import Position, Status, position
from daihou.core.refusals import check_change
from daihou.core.terms import Component, Contract
from daihou.web.servicing.actions import SPECS, Action, Asked
from daihou.web.servicing.errors import ServicingRefused
from daihou.web.servicing.waiving import discounts, waived_cells

KEY = "servicing"  # First part of the key of every event that servicing records.


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan as it is known now; ``today`` is the last day on which a thing can have happened."""

    contract: Contract
    events: tuple[Event, ...]
    business_date: date
    today: date

    @property
    def sequence(self) -> int:
        """The place in the ledger of what was learned last."""
        return max((event.sequence for event in self.events), default=0)

    @property
    def last_on(self) -> date:
        """The business date, or the day of a later event that has happened already."""
        happened = [e.effective_on for e in self.events if e.effective_on <= self.today]
        return max([self.business_date, *happened])

    def on(self, day: date) -> Position:
        return position(contract=self.contract, events=self.events, as_of=day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One action on one loan: ``then`` is the loan on the day it counts for."""

    loan: Loan
    asked: Asked
    then: Position
    recorded_at: datetime


def build(
    *,
    loan: Loan,
    action: Action,
    asked: Asked,
    prefix: str,
    recorded_at: datetime,
) -> tuple[Event, ...]:
    """Make the events of an action; of a settlement those that will fulfil it.

    :raises ServicingRefused: ``servicing.*``, ``waiver.*``, ``refund.*``, ``chargeback.*``,
        ``settlement.*``, ``transfer.*``, ``charge.*``.
    :raises EventRefused: as ``core.refusals.check_change``.
    """
    check_loan(loan=loan, action=action, asked=asked)
    case = Case(loan=loan, asked=asked, then=loan.on(asked.effective_on), recorded_at=recorded_at)
    drafts = _BUILDERS[action](case)
    events: list[Event] = []
    for number, draft in enumerate(drafts, start=1):
        event = replace(draft, key=f"{prefix}:{number}", sequence=loan.sequence + number)
        check_change(contract=loan.contract, events=[*loan.events, *events], event=event)
        events.append(event)
    return tuple(events)


def check_loan(*, loan: Loan, action: Action, asked: Asked) -> None:
    """Refuse what a loan in its state, or on that day, cannot take."""
    spec = SPECS[action]
    if asked.currency and asked.currency != loan.contract.currency:
        raise ServicingRefused(
            "servicing.currency_mismatch", asked=asked.currency, held=loan.contract.currency
        )
    starts = [event.effective_on for event in loan.events if event.kind in STARTING_KINDS]
    if not starts:
        raise ServicingRefused("servicing.not_paid_out")
    if asked.effective_on < min(starts):
        raise ServicingRefused("servicing.before_disbursement", start=min(starts))
    if asked.effective_on > loan.today and not spec.may_be_future:
        raise ServicingRefused("servicing.in_future", today=loan.today)
    for day in sorted({asked.effective_on, max(asked.effective_on, loan.last_on)}):
        found = loan.on(day)
        if found.stated_on is not None:
            raise ServicingRefused("servicing.stated_elsewhere", on=found.stated_on)
        if found.status not in spec.statuses:
            raise ServicingRefused(_STATUS_CODES[found.status], action=action.value)


_STATUS_CODES = {
    Status.PENDING: "servicing.not_paid_out",
    Status.ACTIVE: "servicing.not_written_off",
    Status.CLOSED: "servicing.loan_closed",
    Status.WRITTEN_OFF: "servicing.written_off",
}


def _event(case: Case, kind: Kind, **more: Any) -> Event:
    return Event(
        kind=kind,
        effective_on=case.asked.effective_on,
        recorded_at=case.recorded_at,
        sequence=0,
        key="",
        source_ref=case.asked.voucher,
        **more,
    )


def _changed(kind: Kind, **fixed: Any) -> Callable[[Case], list[Event]]:
    """Make the builder of a kind whose change is what was asked, field by field."""

    def made(case: Case) -> list[Event]:
        names = FIELDS[kind.value].needed | FIELDS[kind.value].allowed
        given = {name: getattr(case.asked, name) for name in names} | fixed
        amount_minor = case.asked.amount_minor or 0
        return [_event(case, kind, amount_minor=amount_minor, change=Change(**given))]

    return made


def _plain(kind: Kind) -> Callable[[Case], list[Event]]:
    def made(case: Case) -> list[Event]:
        return [_event(case, kind, amount_minor=case.asked.amount_minor or 0)]

    return made


def _waive(case: Case) -> list[Event]:
    cells = waived_cells(
        position=case.then, asked=case.asked, rounding=case.loan.contract.terms.rounding
    )
    return [
        _event(
            case,
            Kind.CHARGE_WAIVED,
            instalment_no=number,
            component=component,
            amount_minor=amount_minor,
        )
        for number, component, amount_minor in cells
    ]


def _add_charge(case: Case) -> list[Event]:
    asked = case.asked
    component = asked.components[0] if asked.components else Component.FEE
    if len(asked.components) > 1 or component is Component.PRINCIPAL:
        raise ServicingRefused("charge.component_wrong")
    made = _event(
        case,
        Kind.CHARGE_ADDED,
        amount_minor=asked.amount_minor,
        component=component,
        due_on=asked.due_on,
    )
    return [replace(made, source_ref=asked.charge)]


def _pay_off(case: Case) -> list[Event]:
    """Charge the fee of paying early, then pay everything with one sum."""
    paid = _changed(Kind.PREPAID)(case)
    if not case.asked.fee_minor:
        return paid
    fee = _event(
        case,
        Kind.CHARGE_ADDED,
        amount_minor=case.asked.fee_minor,
        component=Component.FEE,
        due_on=case.asked.effective_on,
    )
    return [replace(fee, source_ref=case.asked.charge), *paid]


def _refund(case: Case) -> list[Event]:
    later = case.loan.on(max(case.asked.effective_on, case.loan.last_on))
    held_minor = min(later.unapplied_minor, case.then.unapplied_minor)
    assert case.asked.amount_minor is not None
    if case.asked.amount_minor > held_minor:
        raise ServicingRefused("refund.above_unapplied", held=held_minor)
    return _plain(Kind.REFUNDED)(case)


def _charge_back(case: Case) -> list[Event]:
    target = _payment(case)
    taken_minor = sum(
        event.amount_minor
        for event in without_taken_back(case.loan.events)
        if event.kind is Kind.CHARGED_BACK and event.target_key == target.key
    )
    left_minor = target.amount_minor - taken_minor
    assert case.asked.amount_minor is not None
    if case.asked.amount_minor > left_minor:
        raise ServicingRefused("chargeback.above_payment", left=left_minor)
    return [
        _event(
            case,
            Kind.CHARGED_BACK,
            amount_minor=case.asked.amount_minor,
            target_key=target.key,
        )
    ]


def _reverse_payment(case: Case) -> list[Event]:
    target = _payment(case)
    return [_event(case, Kind.PAYMENT_REVERSED, target_key=target.key)]


def _payment(case: Case) -> Event:
    """Find the payment that is meant; what was taken back is none any more."""
    held = {event.key: event for event in case.loan.events}
    target = held.get(case.asked.target_key)
    if target is None:
        raise ServicingRefused("servicing.target_unknown", key=case.asked.target_key)
    if target.kind not in MONEY_IN_KINDS:
        raise ServicingRefused("servicing.target_not_payment", key=target.key)
    if target not in without_taken_back(case.loan.events):
        raise ServicingRefused("servicing.target_taken_back", key=target.key)
    if target.effective_on > case.asked.effective_on:
        raise ServicingRefused("servicing.before_target", on=target.effective_on)
    return target


def _buy_back(case: Case) -> list[Event]:
    if not case.then.owner:
        raise ServicingRefused("transfer.not_sold")
    return _changed(Kind.OWNER_CHANGED, counterparty="")(case)


def _undo(case: Case) -> list[Event]:
    """Take back an event, with all that was recorded together with it, last first."""
    targets = recorded_together(loan=case.loan, key=case.asked.target_key)
    return [_event(case, Kind.UNDONE, target_key=event.key) for event in reversed(targets)]


def recorded_together(*, loan: Loan, key: str) -> tuple[Event, ...]:
    """Return the events of one action, in their order; of any other source the event alone.

    :raises ServicingRefused: ``servicing.target_unknown``, ``undo.impossible``.
    """
    target = next((event for event in loan.events if event.key == key), None)
    if target is None:
        raise ServicingRefused("servicing.target_unknown", key=key)
    prefix = key.rpartition(":")[0]
    of_action = prefix.startswith(f"{KEY}:")
    found = [
        event
        for event in loan.events
        if event.key == key or (of_action and event.key.rpartition(":")[0] == prefix)
    ]
    for event in found:
        if event.kind not in UNDOABLE_KINDS:
            raise ServicingRefused("undo.impossible")
    return tuple(sorted(found, key=lambda event: event.sequence))


def _settle(case: Case) -> list[Event]:
    """Show how a settlement ends: the money comes, the rest is given up."""
    assert case.asked.expires_on is not None
    if case.asked.expires_on < max(case.asked.effective_on, case.loan.last_on):
        raise ServicingRefused("settlement.expires_too_early", on=case.asked.expires_on)
    discounts(position=case.then, asked=case.asked)
    return [*_plain(Kind.PAYMENT_RECEIVED)(case), _event(case, Kind.CLOSED)]


_BUILDERS: Mapping[Action, Callable[[Case], Sequence[Event]]] = MappingProxyType(
    {
        Action.EXTEND: _changed(Kind.EXTENDED),
        Action.DEFER: _changed(Kind.DEFERRED),
        Action.RE_AGE: _changed(Kind.RE_AGED),
        Action.RE_AMORTIZE: _changed(Kind.RE_AMORTIZED),
        Action.MOVE_DUE_DATES: _changed(Kind.DUE_DATES_MOVED),
        Action.CHANGE_RATE: _changed(Kind.RATE_CHANGED),
        Action.CHANGE_TERM: _changed(Kind.TERM_CHANGED),
        Action.PLAN_OVERDUE: _changed(Kind.OVERDUE_PLANNED),
        Action.CARD_INSTALMENTS: _changed(Kind.CARD_INSTALMENTS),
        Action.ACCELERATE: _plain(Kind.ACCELERATED),
        Action.PAUSE_INTEREST: _changed(Kind.INTEREST_PAUSED),
        Action.PREPAY: _changed(Kind.PREPAID),
        Action.PAY_OFF: _pay_off,
        Action.SETTLE: _settle,
        Action.WAIVE: _waive,
        Action.ADD_CHARGE: _add_charge,
        Action.STOP_PENALTY: _plain(Kind.PENALTY_STOPPED),
        Action.START_PENALTY: _plain(Kind.PENALTY_STARTED),
        Action.REFUND: _refund,
        Action.CHARGE_BACK: _charge_back,
        Action.REVERSE_PAYMENT: _reverse_payment,
        Action.CHARGE_OFF: _plain(Kind.WRITTEN_OFF),
        Action.RECOVER: _plain(Kind.RECOVERED),
        Action.TRANSFER: _changed(Kind.OWNER_CHANGED),
        Action.BUY_BACK: _buy_back,
        Action.COMPENSATE: _changed(Kind.COMPENSATED),
        Action.RECOVER_CLAIM: _plain(Kind.CLAIM_RECOVERED),
        Action.UNDO: _undo,
    }
)
