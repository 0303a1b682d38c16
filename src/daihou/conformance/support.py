"""Say which cases ask for what is not built, and where we differ from the peer on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from daihou.conformance.cases import Case
from daihou.conformance.loan import COMMANDS, PAYMENTS
from daihou.conformance.product import METHODS, terms_of
from daihou.core.schedule import build_schedule

EXPECTATIONS = frozenset(
    {
        "expect_balance",
        "expect_charges",
        "expect_delinquency",
        "expect_delinquency_instalment_level",
        "expect_delinquency_loan_level",
        "expect_last_repayment",
        "expect_schedule",
        "expect_schedule_totals",
        "expect_status",
        "expect_transaction_reverted",
        "expect_transactions",
    }
)
MONEY_COMMANDS = frozenset({"transaction", "undo_transaction", "add_charge", "run_cob_for_loan"})


def unsupported_operation(case: Case) -> str | None:
    """Name the first operation of a case that we have not built; None where we have them all."""
    for name, asks in TERMS_NOT_BUILT.items():
        if asks(case):
            return name
    for step in case.steps:
        operation = step["op"]
        if operation == "transaction" and step["type"] not in PAYMENTS:
            return str(step["type"])
        if operation == "expect_rejected":
            return f"rejection of {step['request']}"
        if operation not in COMMANDS and operation not in EXPECTATIONS:
            return str(operation)
    return None


def _recalculates(case: Case) -> bool:
    """Tell whether interest follows payments: then any step after the first schedule needs it."""
    if "interest_recalculation" not in case.terms:
        return False
    return bool(MONEY_COMMANDS & set(case.operations())) or case.operations().count("disburse") > 1


def _has_odd_periods(case: Case) -> bool:
    """Tell whether the source gives period boundaries that follow from no rule of its terms."""
    if not case.periods:
        return False
    schedule = build_schedule(
        terms=terms_of(case.terms),
        principal_minor=1,
        start_on=date.fromisoformat(case.terms["submitted_on"]),
    )
    ours = tuple((each.start_on.isoformat(), each.due_on.isoformat()) for each in schedule)
    return ours != case.periods


def _has_unknown_method(case: Case) -> bool:
    return (case.terms["interest_method"], case.terms["amortization"]) not in METHODS


TERMS_NOT_BUILT: Mapping[str, Callable[[Case], bool]] = {
    "charges raised by the end of day": lambda case: "product_overdue_charges" in case.terms,
    "capitalized income": lambda case: "income_capitalization" in case.terms,
    "interest recalculation": _recalculates,
    "interest method": _has_unknown_method,
    "periods given one by one": _has_odd_periods,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A rule of ours that differs on purpose: what it is, and which cases show it."""

    name: str  # The heading of its reason in docs/conformance.md.
    holds: Callable[[Case], bool]


def _steps_of(case: Case, operation: str) -> list[Mapping[str, Any]]:
    return [step for step in case.steps if step["op"] == operation]


DEVIATIONS: tuple[Deviation, ...] = ()


def deviation_of(case: Case) -> Deviation | None:
    return next((each for each in DEVIATIONS if each.holds(case)), None)
