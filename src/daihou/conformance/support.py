"""Say which cases ask for what is not built, and where we differ from the peer on purpose."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from daihou.conformance.cases import Case
from daihou.conformance.commands import CHARGES, COMMANDS, LATE_CHARGES, PAYMENTS
from daihou.conformance.compare import CHECKS
from daihou.conformance.money_back import REFUNDS
from daihou.conformance.product import (
    FIXED_ORDERS,
    METHODS,
    MONTH_ENDS,
    SURPLUS,
    UNITS,
    YEARS,
    is_progressive,
    terms_of,
)
from daihou.conformance.refusals import REFUSALS
from daihou.core.schedule import build_schedule


def unsupported_operation(case: Case) -> str | None:
    """Name the first operation of a case that we have not built; None where we have them all."""
    for name, asks in TERMS_NOT_BUILT.items():
        if asks(case):
            return name
    for step in case.steps:
        operation = step["op"]
        if operation == "transaction" and step["type"] not in PAYMENTS.keys() | REFUNDS.keys():
            return str(step["type"])
        if operation == "add_charge" and step["charge"] not in CHARGES:
            return str(step["charge"])
        if operation == "expect_rejected" and step["request"] not in REFUSALS:
            return f"rejection of {step['request']}"
        if operation not in COMMANDS and operation not in CHECKS:
            return str(operation)
    return None


def _recalculates_by_period(case: Case) -> bool:
    """Tell whether interest follows what is overdue by whole periods, or bears interest itself."""
    asked = case.terms.get("interest_recalculation", {})
    return asked != {} and (asked["rest_frequency"], asked["compounding"]) != ("DAILY", "NONE")


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


def _has_unknown_settings(case: Case) -> bool:
    terms = case.terms
    allocation = terms["allocation"]
    return not (
        (terms["interest_method"], terms["amortization"]) in METHODS
        and terms["repay_unit"] in UNITS
        and terms["day_count"]["days_in_year"] in YEARS
        and terms.get("month_end_due_date", "LAST_DAY_OF_MONTH") in MONTH_ENDS
        and (allocation["strategy"] in FIXED_ORDERS or "processing" in allocation)
        and set(allocation.get("future_instalment_rule", {}).values()) <= SURPLUS.keys()
        and allocation.get("order") in {None, "DEFAULT_ORDER"}
    )


def _counts_days_of_a_pause(case: Case) -> bool:
    """Tell whether days of arrears are asked for in or after a time that does not count."""
    operations = case.operations()
    if "delinquency_pause" not in operations:
        return False
    later = operations[operations.index("delinquency_pause") :]
    asked = {"expect_delinquency_loan_level", "expect_delinquency_instalment_level"}
    return bool(asked & set(later))


TERMS_NOT_BUILT: Mapping[str, Callable[[Case], bool]] = {
    "product setting": _has_unknown_settings,
    "late charge": lambda case: (
        not LATE_CHARGES.keys() >= {*case.terms.get("product_overdue_charges", ())}
    ),
    "interest recalculation by period": _recalculates_by_period,
    "days of arrears without those of a pause": _counts_days_of_a_pause,
    "periods given one by one": _has_odd_periods,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """A rule of ours that differs on purpose: what it is, and which cases show it."""

    name: str  # The heading of its reason in docs/conformance.md.
    holds: Callable[[Case], bool]


def _moves_due_dates_of_level_instalments(case: Case) -> bool:
    """Tell whether the due dates of an interest-bearing progressive schedule are moved."""
    bears = case.terms["interest_method"] == "DECLINING_BALANCE" and is_progressive(case.terms)
    return bears and any(
        step["op"] == "reschedule" and step["adjusted_due_date"] is not None for step in case.steps
    )


def _written_off_before_money_of_the_day(case: Case) -> bool:
    """Tell whether money comes in after the loan was written off on the same day."""
    written_off_on: set[str] = set()
    for step in case.steps:
        if step["op"] == "charge_off":
            written_off_on.add(step["date"])
        if step["op"] == "transaction" and step["date"] in written_off_on:
            return True
    return False


def _paid_then_disbursed_on_one_day(case: Case) -> bool:
    """Tell whether a payment goes before a disbursement of the same day."""
    paid_on: set[str] = set()
    for step in case.steps:
        if step["op"] == "disburse" and step["date"] in paid_on:
            return is_progressive(case.terms)
        if step["op"] == "transaction":
            paid_on.add(step["date"])
    return False


DEVIATIONS = (
    Deviation(
        name="within a day money is paid out before money comes in",
        holds=_paid_then_disbursed_on_one_day,
    ),
    Deviation(
        name="within a day a loan is written off last",
        holds=_written_off_before_money_of_the_day,
    ),
    Deviation(
        name="instalments are level again after their due dates were moved",
        holds=_moves_due_dates_of_level_instalments,
    ),
)


def deviation_of(case: Case) -> Deviation | None:
    return next((each for each in DEVIATIONS if each.holds(case)), None)
