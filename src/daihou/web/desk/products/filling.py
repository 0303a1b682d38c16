"""Fill the forms of a version with what a version says, or with what a new product begins with."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from daihou.core.quote import FeeMethod
from daihou.core.terms import (
    MOST_MINOR,
    PRINCIPAL_FIRST_ORDER,
    STATUTORY_ORDER,
    Calendar,
    InterestBasis,
    Method,
    PenaltyTerms,
    Rate,
    RatePer,
    Terms,
    rule_in_order,
)
from daihou.web.desk.products.forms import CostForms, CostFormSet, Draft, VersionForm
from daihou.web.loans.costs import PrepaymentFee
from daihou.web.loans.queries import Content
from daihou.web.loans.ranges import Ranges


def beginning(*, on: date) -> Content:
    """Give what a first version begins with: twelve equal monthly instalments."""
    terms = Terms(
        method=Method.EQUAL_INSTALMENT,
        rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR),
        interest_basis=InterestBasis.PER_PERIOD,
        instalment_count=12,
        penalty=PenaltyTerms(multiple=Decimal("1.5")),
    )
    return Content(terms=terms, effective_on=on)


def draft_of(
    *, content: Content, digits: int, calendars: dict[str, Calendar], posted: Any = None
) -> Draft:
    """Make the forms: filled from a version, or bound to what was typed."""
    known = dict(calendars)
    if content.terms.calendar is not None:  # Agreed terms keep the days they were given.
        known.setdefault(content.terms.calendar.name, content.terms.calendar)
    form = VersionForm(
        posted, initial=None if posted else _initial(content, digits), calendars=known
    )
    costs: CostForms = CostFormSet(
        posted, prefix="costs", initial=None if posted else _initial_costs(content, digits)
    )
    return Draft(form=form, costs=costs, base=content, digits=digits, calendars=known)


def _initial(content: Content, digits: int) -> dict[str, Any]:
    terms, ranges = content.terms, content.ranges
    return {
        "effective_on": content.effective_on,
        "effective_until": content.effective_until,
        "lender_type": content.lender_type,
        "product_class": content.product_class,
        "note": content.note,
        **{
            name: getattr(terms, name).value
            for name in (
                "method", "unit", "month_end", "holiday_shift", "day_count", "interest_basis",
                "instalment_rule", "tranche_rule", "rounding",
            )
        },
        **{
            name: getattr(terms, name)
            for name in (
                "instalment_count", "every", "principal_grace_count", "interest_grace_count",
                "grace_days",
            )
        },
        "calendar": terms.calendar.name if terms.calendar else "",
        "rate": _percent(terms.rate.value),
        "rate_per": terms.rate.per.value,
        "multiple": _major(terms.multiple_minor, digits) if terms.multiple_minor > 1 else None,
        "balloon": _major(terms.balloon_minor, digits),
        "instalment_fee": _major(terms.instalment_fee_minor, digits),
        "tolerance": _major(terms.tolerance_minor, digits),
        "down_payment": _percent(terms.down_payment_rate),
        "is_recalculated": terms.recalculation is not None,
        "overdue_bears": terms.recalculation is not None and terms.recalculation.overdue_bears,
        **_initial_late(terms.penalty),
        **_initial_order(terms),
        **_initial_ranges(ranges, digits),
    }  # fmt: skip


def _initial_late(penalty: PenaltyTerms | None) -> dict[str, Any]:
    if penalty is None:
        return {"penalty": "none"}
    own, compound = penalty.rate, penalty.compound_rate
    kind = "rate" if own else "multiple" if penalty.multiple is not None else "none"
    return {
        "penalty": kind,
        "penalty_multiple": penalty.multiple,
        "penalty_rate": _percent(own.value) if own else None,
        "penalty_rate_per": own.per.value if own else "day",
        "penalty_rounding": penalty.rounding.value,
        "compound_rate": _percent(compound.value) if compound else None,
        "compound_rate_per": compound.per.value if compound else "year",
        "stop_after_days": penalty.stop_after_days,
    }


def _initial_order(terms: Terms) -> dict[str, Any]:
    normal = terms.allocation.normal
    named = {
        rule_in_order(STATUTORY_ORDER).steps: "statutory",
        rule_in_order(PRINCIPAL_FIRST_ORDER).steps: "principal_first",
    }
    return {
        "order": named.get(normal.steps, "kept"),
        "mode": normal.mode.value,
        "surplus": normal.surplus.value,
        "late_from_days": terms.allocation.late_from_days,
    }


def _initial_ranges(ranges: Ranges, digits: int) -> dict[str, Any]:
    most = ranges.principal_most_minor
    return {
        "principal_least": _major(ranges.principal_least_minor, digits)
        if ranges.principal_least_minor > 1
        else None,
        "principal_most": _major(most, digits) if most != MOST_MINOR else None,
        "count_least": ranges.count_least,
        "count_most": ranges.count_most,
        "rate_least": _percent(ranges.rate_least),
        "rate_most": _percent(ranges.rate_most),
        "methods": [method.value for method in ranges.methods],
    }


def _initial_costs(content: Content, digits: int) -> list[dict[str, Any]]:
    return [
        {
            "code": item.code,
            "component": item.component.value,
            "method": item.method.value,
            "standard": item.standard,
            "payee": item.payee,
            "payee_role": item.payee_role.value,
            "share": _percent(item.share),
            "amount": _major(item.amount_minor, digits),
            **_initial_prepayment(item.prepayment),
        }
        for item in content.costs
    ]


def _initial_prepayment(fee: PrepaymentFee | None) -> dict[str, Any]:
    if fee is None:
        return {}
    is_share = fee.method is FeeMethod.PERCENT_OF_PRINCIPAL
    return {
        "prepayment": fee.method.value,
        "prepayment_value": _percent(fee.value) if is_share else fee.value,
        "prepayment_free_after": fee.free_after_instalments,
    }


def _major(minor: int, digits: int) -> Decimal | None:
    return Decimal(minor).scaleb(-digits) if minor else None


def _percent(share: Decimal | None) -> str | None:
    return None if share is None else f"{(share * 100).normalize():f}"


def again(content: Content, *, on: date) -> Content:
    """Give what a new version made from another begins with: the same, in force from a day on."""
    return replace(content, effective_on=on, effective_until=None, note="")
