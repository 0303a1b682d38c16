"""Carry out a peer's commands as events of ours.

A ``PeerLoan`` keeps what the peer's words need (references, names of charges, channels); every
amount it reports comes from ``core.position`` over the events.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from daihou.conformance.cases import Case
from daihou.conformance.charges import charge_figures
from daihou.conformance.product import is_progressive, minor, terms_of
from daihou.conformance.replan import Schedule, replanned_position, whole_schedule
from daihou.core.events import Event, Kind
from daihou.core.position import Applied, Position, position
from daihou.core.schedule import build_schedule
from daihou.core.terms import Component, Contract

CHARGES = {
    "LOAN_NSF_FEE": ("NSF fee", Component.PENALTY, "Specified due date", "Flat"),
    "LOAN_SNOOZE_FEE": ("Snooze fee", Component.FEE, "Specified due date", "Flat"),
    "LOAN_PERCENTAGE_PROCESSING_FEE": (
        "Percentage processing fee",
        Component.FEE,
        "Specified due date",
        "% Loan Amount + Interest",
    ),
    "LOAN_INSTALLMENT_PERCENTAGE_FEE": (
        "Installment percentage fee",
        Component.FEE,
        "Installment Fee",
        "% Loan Amount + Interest",
    ),
}
LATE_CHARGES = {  # Raised by the peer's end of day: 1.5 % of what is overdue of these components.
    "LOAN_PERCENTAGE_LATE_FEE": ("% Late fee", (Component.PRINCIPAL,), "% Amount"),
    "LOAN_PERCENTAGE_LATE_FEE_AMOUNT_PLUS_INTEREST": (
        "% Late fee amount+interest",
        (Component.PRINCIPAL, Component.INTEREST),
        "% Loan Amount + Interest",
    ),
}
LATE_PERCENT = Decimal("1.5")
PAYMENTS = {
    "repayment": "Repayment",
    "goodwill_credit": "Goodwill Credit",
    "merchant_issued_refund": "Merchant Issued Refund",
    "payout_refund": "Payout Refund",
}
DOWN_PAYMENT, DISBURSEMENT, WAIVER = "Down Payment", "Disbursement", "Waive loan charges"


@dataclass(slots=True, kw_only=True)
class Transaction:
    key: str
    name: str
    on: date
    amount_minor: int
    channel: str = ""
    belongs_to: str = ""  # The disbursement that made this down payment.
    charge_key: str = ""  # The charge that this waives.
    was_accrued: bool = False  # The peer had accrued the waived charge by then.
    taken_back: Applied | None = None  # What it had done in the moment it was reversed.


@dataclass(slots=True, kw_only=True)
class Charge:
    name: str
    component: Component
    due_at: str
    calc: str
    due_on: date | None
    keys: tuple[str, ...]
    added_on: date


@dataclass(slots=True)
class PeerLoan:
    case: Case
    today: date = date.min
    approved: bool = False
    accrues_when_added: bool = False
    closed_through: date | None = None  # The peer's end of day has run to here.
    events: list[Event] = field(default_factory=list)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)
    contract: Contract = field(init=False)

    def __post_init__(self) -> None:
        peer = self.case.terms
        self.contract = Contract(
            loan_ref=self.case.case_id,
            currency=peer["currency"],
            minor_digits=peer["decimals"],
            principal_minor=minor(peer["principal"]),
            start_on=date.fromisoformat(peer["submitted_on"]),
            terms=terms_of(peer),
        )
        self.today = self.contract.start_on

    def carry_out(self, step: Mapping[str, Any]) -> None:
        COMMANDS[step["op"]](self, step)

    def tranches(self) -> list[Event]:
        return [event for event in self.events if event.kind is Kind.DISBURSED]

    def replan(self) -> Schedule | None:
        """Plan all tranches at once, where the peer does and it changes a figure."""
        tranches = self.tranches()
        if is_progressive(self.case.terms) or len(tranches) < 2:
            return None
        last_on = max(event.effective_on for event in tranches)
        terms, first_on = self.contract.terms, tranches[0].effective_on
        planned = build_schedule(terms=terms, principal_minor=1, start_on=first_on)
        paid_before = any(
            event.kind is Kind.PAYMENT_RECEIVED and event.effective_on < last_on
            for event in self.events
        )
        if not paid_before and last_on < planned[-1].due_on:
            return None
        return whole_schedule(terms=terms, tranches=tranches)

    def position(self) -> Position:
        events = self.in_force()
        if schedule := self.replan():
            return replanned_position(
                contract=self.contract, events=events, as_of=self.today, schedule=schedule
            )
        return position(contract=self.contract, events=events, as_of=self.today)

    def applied_by_key(self, now: Position) -> dict[str, Applied]:
        """Give where each payment went, with the principal that the peer shows after it.

        Our fold pays out before it takes money in, on one day, and a replanned loan from the start.
        """
        places = {event.key: (event.effective_on, event.sequence) for event in self.events}
        found = {}
        from_the_start = self.replan() is not None
        for each in now.applied:
            later = sum(
                tranche.amount_minor
                for tranche in self.tranches()
                if places[tranche.key] > places[each.event_key]
                and (from_the_start or tranche.effective_on == each.effective_on)
            )
            after_minor = max(0, each.principal_after_minor - later)
            found[each.event_key] = replace(each, principal_after_minor=after_minor)
        return found

    def in_force(self) -> tuple[Event, ...]:
        """Give the events; where schedules are cumulative, charges stand from the start."""
        disbursed = [event.effective_on for event in self.tranches()]
        if is_progressive(self.case.terms) or not disbursed:
            return tuple(self.events)
        return tuple(
            replace(event, effective_on=min(disbursed))
            if event.kind in {Kind.CHARGE_ADDED, Kind.CHARGE_WAIVED}
            else event
            for event in self.events
        )

    def add(self, kind: Kind, on: date, **more: Any) -> Event:
        sequence = len(self.events) + 1
        event = Event(
            kind=kind,
            effective_on=on,
            recorded_at=datetime.combine(self.today, time(), tzinfo=UTC),
            sequence=sequence,
            key=more.pop("key", f"{kind}-{sequence}"),
            **more,
        )
        self.events.append(event)
        return event


def _set_business_date(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    loan.today = date.fromisoformat(step["date"])


def _nothing(_loan: PeerLoan, _step: Mapping[str, Any]) -> None:
    """Do nothing: a position is computed for its day, so there is no job to run before it."""


def _close_business(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    loan.closed_through = loan.today - timedelta(days=1)
    for code in loan.case.terms.get("product_overdue_charges", ()):
        name, components, calc = LATE_CHARGES[code]
        for instalment in loan.position().instalments:
            late = (name, instalment.due_on)
            overdue_minor = sum(
                instalment.components[each].outstanding_minor for each in components
            )
            charged = {(charge.name, charge.due_on) for charge in loan.charges}
            if instalment.due_on < loan.today and overdue_minor and late not in charged:
                added = loan.add(
                    Kind.CHARGE_ADDED,
                    loan.today,
                    amount_minor=_share(overdue_minor, LATE_PERCENT),
                    component=Component.PENALTY,
                    due_on=instalment.due_on,
                )
                loan.charges.append(
                    Charge(
                        name=name,
                        component=Component.PENALTY,
                        due_at="Overdue Fees",
                        calc=calc,
                        due_on=instalment.due_on,
                        keys=(added.key,),
                        added_on=loan.today,
                    )
                )


def _set_config(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    if step["key"] == "charge-accrual-date":
        loan.accrues_when_added = step["value"] == "submitted-date"


def _approve(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    loan.approved = True
    loan.contract = replace(
        loan.contract,
        principal_minor=minor(step["amount"]),
        start_on=date.fromisoformat(step["expected_disbursement"]),
    )


def _disburse(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    on, amount_minor = date.fromisoformat(step["date"]), minor(step["amount"])
    loan.today = max(loan.today, on)
    loan.approved = True
    overpaid_minor = loan.position().unapplied_minor
    loan.add(Kind.DISBURSED, on, key=step["ref"], amount_minor=amount_minor)
    loan.transactions[step["ref"]] = Transaction(
        key=step["ref"], name=DISBURSEMENT, on=on, amount_minor=amount_minor
    )
    if ref := step.get("auto_down_payment_ref"):
        planned = build_schedule(
            terms=loan.contract.terms, principal_minor=amount_minor, start_on=on
        )
        down_minor = planned[0].principal_minor - overpaid_minor
        if down_minor > 0:  # What was overpaid before pays the down payment first.
            _pay(loan, ref, DOWN_PAYMENT, on, down_minor)
            loan.transactions[ref].belongs_to = step["ref"]


def _pay(
    loan: PeerLoan, ref: str, name: str, on: date, amount_minor: int, credit: str = ""
) -> None:
    own_rules = {name for name, _ in loan.contract.terms.allocation.by_channel}
    loan.add(
        Kind.PAYMENT_RECEIVED,
        on,
        key=ref,
        amount_minor=amount_minor,
        channel=credit if credit in own_rules else "",
    )
    loan.transactions[ref] = Transaction(key=ref, name=name, on=on, amount_minor=amount_minor)


def _transaction(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    on = date.fromisoformat(step["date"])
    _pay(loan, step["ref"], PAYMENTS[step["type"]], on, minor(step["amount"]), step["type"])
    loan.transactions[step["ref"]].channel = step.get("channel", "")


def _undo_transaction(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    _take_back(loan, loan.transactions[step["target"]])


def _take_back(loan: PeerLoan, transaction: Transaction) -> None:
    transaction.taken_back = loan.applied_by_key(loan.position())[transaction.key]
    loan.add(Kind.PAYMENT_REVERSED, loan.today, target_key=transaction.key)


def _undo_disbursal(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    """Take all money back: the loan is as if it had never been paid out."""
    loan.events = [event for event in loan.events if event.kind is Kind.CHARGE_ADDED]
    loan.transactions.clear()


def _undo_last_disbursal(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    last = loan.tranches()[-1]
    gone = {last.key} | {
        each.key for each in loan.transactions.values() if each.belongs_to == last.key
    }
    loan.events = [event for event in loan.events if event.key not in gone]
    for key in gone:
        del loan.transactions[key]


def _add_charge(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    name, component, due_at, calc = CHARGES[step["charge"]]
    due_on = date.fromisoformat(step["due_date"]) if step.get("due_date") else None
    if due_on is None:
        parts = _instalment_charges(loan, Decimal(step["percent"]))
    elif "percent" in step:
        parts = [(due_on, _share(_planned_minor(loan), Decimal(step["percent"])))]
    else:
        parts = [(due_on, minor(step["amount"]))]
    keys = tuple(
        loan.add(
            Kind.CHARGE_ADDED,
            min(on, loan.today),
            amount_minor=amount_minor,
            component=component,
            due_on=on,
        ).key
        for on, amount_minor in parts
    )
    charge = Charge(
        name=name,
        component=component,
        due_at=due_at,
        calc=calc,
        due_on=due_on,
        keys=keys,
        added_on=loan.today,
    )
    loan.charges.append(charge)


def _instalment_charges(loan: PeerLoan, percent: Decimal) -> list[tuple[date, int]]:
    schedule = build_schedule(
        terms=loan.contract.terms,
        principal_minor=loan.contract.principal_minor,
        start_on=_start_on(loan),
    )
    return [
        (each.due_on, _share(each.principal_minor + each.interest_minor, percent))
        for each in schedule
    ]


def _planned_minor(loan: PeerLoan) -> int:
    schedule = build_schedule(
        terms=loan.contract.terms,
        principal_minor=loan.contract.principal_minor,
        start_on=_start_on(loan),
    )
    return sum(each.principal_minor + each.interest_minor for each in schedule)


def _share(base_minor: int, percent: Decimal) -> int:
    return int((base_minor * percent / 100).to_integral_value(ROUND_HALF_EVEN))


def _start_on(loan: PeerLoan) -> date:
    disbursed = [event.effective_on for event in loan.tranches()]
    return min(disbursed, default=loan.contract.start_on)


def _waive_charge(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    charge = loan.charges[-1]
    figures = charge_figures(events=loan.in_force(), position=loan.position())
    on = loan.today
    if is_progressive(loan.case.terms) and charge.due_on is not None:
        on = min(on, charge.due_on)
    for key in charge.keys:
        if left_minor := figures[key].left_minor:
            waiver = loan.add(Kind.CHARGE_WAIVED, on, target_key=key, amount_minor=left_minor)
            loan.transactions[waiver.key] = Transaction(
                key=waiver.key,
                name=WAIVER,
                on=on,
                amount_minor=left_minor,
                charge_key=key,
                was_accrued=_was_accrued(loan, charge),
            )


def _was_accrued(loan: PeerLoan, charge: Charge) -> bool:
    on = charge.added_on if loan.accrues_when_added else charge.due_on
    return on is not None and loan.closed_through is not None and on <= loan.closed_through


def _undo_waive_charge(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    waivers = [each for each in loan.transactions.values() if each.name == WAIVER]
    loan.events = [event for event in loan.events if event.key != waivers[-1].key]


COMMANDS = {
    "set_business_date": _set_business_date,
    "set_config": _set_config,
    "run_cob_for_loan": _close_business,
    "run_delinquency_job": _nothing,
    "create_loan": _nothing,
    "approve": _approve,
    "disburse": _disburse,
    "transaction": _transaction,
    "undo_transaction": _undo_transaction,
    "undo_disbursal": _undo_disbursal,
    "undo_last_disbursal": _undo_last_disbursal,
    "add_charge": _add_charge,
    "waive_charge": _waive_charge,
    "undo_waive_charge": _undo_waive_charge,
}
