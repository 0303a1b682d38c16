"""Carry out what a peer does with money that goes back, or that was never money."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from daihou.conformance.loan import (
    BALANCE_REFUND,
    CASH_REFUND,
    CHARGE_BACK,
    NO_MONEY_IN,
    PeerLoan,
    Transaction,
)
from daihou.conformance.product import minor
from daihou.core.events import Kind

CHARGE_ADJUSTMENT = "Charge Adjustment"
REFUNDS = {"credit_balance_refund": BALANCE_REFUND, "refund_by_cash": CASH_REFUND}


def charge_back(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    amount_minor = minor(step["amount"])
    loan.add(
        Kind.CHARGED_BACK,
        loan.today,
        key=step["ref"],
        amount_minor=amount_minor,
        target_key=step["target"],
    )
    loan.transactions[step["ref"]] = Transaction(
        key=step["ref"], name=CHARGE_BACK, on=loan.today, amount_minor=amount_minor
    )


def refund(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    on, amount_minor = date.fromisoformat(step["date"]), minor(step["amount"])
    name = REFUNDS[step["type"]]
    target = _last_payment(loan) if name == CASH_REFUND else None
    loan.add(Kind.REFUNDED, on, key=step["ref"], amount_minor=amount_minor, target_key=target)
    loan.transactions[step["ref"]] = Transaction(
        key=step["ref"], name=name, on=on, amount_minor=amount_minor
    )


def _last_payment(loan: PeerLoan) -> str:
    """Name the payment that a cash refund gives back of: what it paid in advance."""
    kept = [
        each
        for each in loan.transactions.values()
        if each.name not in NO_MONEY_IN and each.taken_back is None
    ]
    return kept[-1].key


def adjust_charge(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """Credit the amount of a charge: the peer spends it like a payment, on what is owed first."""
    amount_minor = minor(step["amount"])
    loan.add(Kind.PAYMENT_RECEIVED, loan.today, key=step["ref"], amount_minor=amount_minor)
    loan.transactions[step["ref"]] = Transaction(
        key=step["ref"], name=CHARGE_ADJUSTMENT, on=loan.today, amount_minor=amount_minor
    )


def last_adjustment(loan: PeerLoan) -> Transaction:
    return [each for each in loan.transactions.values() if each.name == CHARGE_ADJUSTMENT][-1]
