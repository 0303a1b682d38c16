"""Carry out a peer's commands as events of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from daihou.conformance.arrears import pause, resume
from daihou.conformance.charges import charge_figures
from daihou.conformance.journal import lines_of
from daihou.conformance.loan import (
    CAPITALIZED_INCOME,
    CHARGE_OFF,
    DISBURSEMENT,
    DOWN_PAYMENT,
    WAIVER,
    WRITE_OFF,
    Charge,
    ChargeLabel,
    PeerLoan,
    Transaction,
)
from daihou.conformance.money_back import (
    REFUNDS,
    adjust_charge,
    charge_back,
    last_adjustment,
    refund,
)
from daihou.conformance.plan import (
    pause_interest,
    re_age,
    re_amortize,
    reschedule,
    terminate,
    undo_re_age,
)
from daihou.conformance.product import is_progressive, minor
from daihou.core.events import Kind
from daihou.core.schedule import ScheduledInstalment, build_schedule
from daihou.core.terms import Component

CHARGES = {
    "LOAN_NSF_FEE": ChargeLabel("NSF fee", Component.PENALTY, "Specified due date", "Flat"),
    "LOAN_SNOOZE_FEE": ChargeLabel("Snooze fee", Component.FEE, "Specified due date", "Flat"),
    "LOAN_PERCENTAGE_PROCESSING_FEE": ChargeLabel(
        "Percentage processing fee",
        Component.FEE,
        "Specified due date",
        "% Loan Amount + Interest",
    ),
    "LOAN_INSTALLMENT_PERCENTAGE_FEE": ChargeLabel(
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


def _set_business_date(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    loan.today = date.fromisoformat(step["date"])


def _nothing(_loan: PeerLoan, _step: Mapping[str, Any]) -> None:
    """Do nothing: a position is computed for its day, so there is no job to run before it."""


def _close_business(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    loan.closed_through = loan.today - timedelta(days=1)
    for code in loan.case.terms.get("product_overdue_charges", ()):
        name, components, calc = LATE_CHARGES[code]
        label = ChargeLabel(name, Component.PENALTY, "Overdue Fees", calc)
        charged = {charge.due_on for charge in loan.charges if charge.label == label}
        for each in loan.position().instalments:
            overdue_minor = sum(each.components[part].outstanding_minor for part in components)
            if each.due_on < loan.today and overdue_minor and each.due_on not in charged:
                parts = [(each.due_on, _share(overdue_minor, LATE_PERCENT))]
                _charge(loan, label, each.due_on, parts)


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
        terms = replace(loan.contract.terms, first_due_on=None)
        planned = build_schedule(terms=terms, principal_minor=amount_minor, start_on=on)
        down_minor = planned[0].principal_minor - overpaid_minor
        if down_minor > 0:  # What was overpaid before pays the down payment first.
            _pay(loan, ref, DOWN_PAYMENT, on, down_minor)
            loan.transactions[ref].belongs_to = step["ref"]


def _capitalize_income(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """Add income to the principal: for the schedule it is money paid out."""
    on, amount_minor = date.fromisoformat(step["date"]), minor(step["amount"])
    event = loan.add(Kind.DISBURSED, on, amount_minor=amount_minor)
    loan.transactions[event.key] = Transaction(
        key=event.key, name=CAPITALIZED_INCOME, on=on, amount_minor=amount_minor
    )


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
    if step["type"] in REFUNDS:
        refund(loan, step)
        return
    on = date.fromisoformat(step["date"])
    _pay(loan, step["ref"], PAYMENTS[step["type"]], on, minor(step["amount"]), step["type"])
    loan.transactions[step["ref"]].channel = step.get("channel", "")


def _pay_off(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    on = date.fromisoformat(step["date"])
    _pay(loan, step["ref"], PAYMENTS["repayment"], on, loan.position(on).payoff_minor)


def _undo_transaction(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    _take_back(loan, loan.transactions[step["target"]])


def _take_back(loan: PeerLoan, transaction: Transaction) -> None:
    transaction.posted = lines_of(loan, transaction)
    transaction.taken_back = loan.applied_by_key(loan.position())[transaction.key]
    loan.add(Kind.PAYMENT_REVERSED, transaction.on, target_key=transaction.key)


def _undo_charge_adjustment(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    _take_back(loan, last_adjustment(loan))


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
    due_on = date.fromisoformat(step["due_date"]) if step.get("due_date") else None
    if due_on is None:
        parts = _instalment_charges(loan, Decimal(step["percent"]))
    elif "percent" in step:
        parts = [(due_on, _share(_planned_minor(loan), Decimal(step["percent"])))]
    else:
        parts = [(due_on, minor(step["amount"]))]
    _charge(loan, CHARGES[step["charge"]], due_on, parts)


def _charge(
    loan: PeerLoan, label: ChargeLabel, due_on: date | None, parts: Sequence[tuple[date, int]]
) -> None:
    keys = tuple(
        loan.add(
            Kind.CHARGE_ADDED,
            min(on, loan.today),
            amount_minor=amount_minor,
            component=label.component,
            due_on=on,
        ).key
        for on, amount_minor in parts
    )
    loan.charges.append(Charge(label=label, due_on=due_on, keys=keys, added_on=loan.today))


def _planned(loan: PeerLoan) -> tuple[ScheduledInstalment, ...]:
    tranches = loan.tranches()
    return build_schedule(
        terms=loan.contract.terms,
        principal_minor=loan.contract.principal_minor,
        start_on=tranches[0].effective_on if tranches else loan.contract.start_on,
    )


def _instalment_charges(loan: PeerLoan, percent: Decimal) -> list[tuple[date, int]]:
    return [
        (each.due_on, _share(each.principal_minor + each.interest_minor, percent))
        for each in _planned(loan)
    ]


def _planned_minor(loan: PeerLoan) -> int:
    return sum(each.principal_minor + each.interest_minor for each in _planned(loan))


def _share(base_minor: int, percent: Decimal) -> int:
    return int((base_minor * percent / 100).to_integral_value(ROUND_HALF_EVEN))


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


def _charge_off(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    on = date.fromisoformat(step["date"])
    event = loan.add(Kind.WRITTEN_OFF, on)
    loan.transactions[event.key] = Transaction(
        key=event.key, name=CHARGE_OFF, on=on, amount_minor=0
    )


def _write_off(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """End the loan: the peer's write-off gives up what is owed, which with us is a closing."""
    on = date.fromisoformat(step["date"])
    event = loan.add(Kind.CLOSED, on)
    loan.transactions[event.key] = Transaction(key=event.key, name=WRITE_OFF, on=on, amount_minor=0)


def _set_fraud_flag(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    loan.is_fraud = step["value"]


COMMANDS = {
    "capitalized_income": _capitalize_income,
    "write_off": _write_off,
    "adjust_charge": adjust_charge,
    "charge_off": _charge_off,
    "chargeback": charge_back,
    "cob_step_config": _nothing,
    "delinquency_pause": pause,
    "delinquency_resume": resume,
    "interest_pause": pause_interest,
    "pay_off": _pay_off,
    "re_age": re_age,
    "re_amortize": re_amortize,
    "reschedule": reschedule,
    "terminate_contract": terminate,
    "undo_re_age": undo_re_age,
    "run_cob_all": _close_business,
    "run_periodic_accrual_job": _nothing,
    "set_fraud_flag": _set_fraud_flag,
    "undo_charge_adjustment": _undo_charge_adjustment,
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


def carry_out(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """Carry out one command of a case on its loan."""
    COMMANDS[step["op"]](loan, step)
