"""Say which requests of a peer we refuse too, and by which rule of ours."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from daihou.conformance.loan import CHARGE_OFF, PeerLoan
from daihou.core.position import Position

Refuses = Callable[[PeerLoan, Position, Mapping[str, Any]], bool]


def _is_to_come(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> bool:
    """Tell whether the money would go out on a day that has not come."""
    return date.fromisoformat(step["date"]) > loan.today


def _is_written_off(_: PeerLoan, now: Position, __: Mapping[str, Any]) -> bool:
    """Tell whether the loan was written off before: nothing is charged on it, nor once more."""
    return now.written_off_on is not None


def _has_no_charge_off(loan: PeerLoan, _: Position, __: Mapping[str, Any]) -> bool:
    """Tell whether there is nothing to undo, or something came after it that it would disturb."""
    names = [each.name for each in loan.transactions.values() if each.taken_back is None]
    return CHARGE_OFF not in names or names[-1] != CHARGE_OFF


def _is_before_the_end(_: PeerLoan, now: Position, step: Mapping[str, Any]) -> bool:
    """Tell whether the money would have come before the loan was given up."""
    ended_on = now.closed_on or now.written_off_on
    return ended_on is not None and date.fromisoformat(step["date"]) < ended_on


def _is_not_today(loan: PeerLoan, _: Position, step: Mapping[str, Any]) -> bool:
    return date.fromisoformat(step["start"]) != loan.today


REFUSALS: Mapping[str, Refuses] = {
    "add_charge": _is_written_off,
    "charge_off": _is_written_off,
    "credit_balance_refund": _is_to_come,
    "delinquency_resume": _is_not_today,
    "repayment": _is_before_the_end,
    "undo_charge_off": _has_no_charge_off,
}
