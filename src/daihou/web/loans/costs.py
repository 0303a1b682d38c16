"""The disclosed cost table 综合融资成本明示表 of a product version, and what a sample loan costs.

Units   ``share`` is a fraction of the principal; ``*_minor`` minor units; annual costs fractions.
Shape   Items that are sure come first in the annual cost; contingent ones (penalty, prepayment
        fee) are shown beside it. An item ``IN_SCHEDULE`` is charged by the terms themselves.
Errors  ``ProductRefused`` with ``cost.*`` codes, before a version is saved or submitted.
Source  个人贷款业务明示综合融资成本规定 (in force 2026-08-01, second hand): items, method,
        standard, payee, contingent items; guarantee and insurance cost count.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from daihou.core import cost, limits
from daihou.core.limits import Payee
from daihou.core.money import round_amount
from daihou.core.quote import FeeMethod, FeeRule
from daihou.core.schedule import ScheduledInstalment, build_schedule
from daihou.core.terms import MOST_INSTALMENTS, Component, PeriodUnit, Terms
from daihou.web.loans.errors import ProductRefused

CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
STANDARD_LONGEST = 200
PAYEE_LONGEST = 80
MOST_ITEMS = 40
MOST_MONTHS = 12  # Of interest, as a fee for paying off early.


class Charged(StrEnum):
    IN_SCHEDULE = "in_schedule"  # By the terms: interest, fee of each instalment.
    AT_START = "at_start"  # Once, on the day of disbursement.
    EACH_INSTALMENT = "each_instalment"  # With every instalment, beside the schedule.
    ON_EVENT = "on_event"  # Only if something happens: contingent.


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaymentFee:
    """How an item is measured that is charged for paying off early; as ``core.quote.FeeRule``."""

    method: FeeMethod
    value: Decimal  # A share of the principal not yet due, or months of its interest.
    free_after_instalments: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    code: str
    component: Component
    method: Charged
    standard: str  # As the borrower reads it: "14.4% a year on the principal outstanding".
    payee: str
    payee_role: Payee = Payee.LENDER
    is_contingent: bool = False
    share: Decimal | None = None  # Of the principal, where charged beside the schedule …
    amount_minor: int = 0  # … or this amount.
    prepayment: PrepaymentFee | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRow:
    """One item as a sample loan bears it; ``amount_minor`` is unknown for a contingent one."""

    item: CostItem
    amount_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """``nominal_rate`` is 12 times the monthly internal rate of return, ``effective_rate`` it
    compounded over a year; both of all that is sure to be paid."""  # noqa: D205, D209

    principal_minor: int
    start_on: date
    instalments: tuple[ScheduledInstalment, ...]
    beside_minor: tuple[int, ...]  # Paid with each instalment, beside the schedule.
    received_minor: int  # What is left of the principal on the day of disbursement.
    rows: tuple[CostRow, ...]
    cost_minor: int
    nominal_rate: Decimal
    effective_rate: Decimal


def check_costs(*, costs: Sequence[CostItem], terms: Terms) -> None:
    """Refuse a table that is senseless, leaves out what the terms charge, or pays the platform.

    :raises ProductRefused: ``cost.too_many``, ``cost.code_wrong``, ``cost.code_twice``,
        ``cost.text_missing``, ``cost.text_too_long``, ``cost.contingent_wrong``,
        ``cost.amount_wrong``, ``cost.component_missing``, ``cost.prepayment_wrong``,
        ``cost.prepayment_twice``.
    """
    if len(costs) > MOST_ITEMS:
        raise ProductRefused("cost.too_many", most=MOST_ITEMS)
    twice = [code for code, n in Counter(item.code for item in costs).items() if n > 1]
    if twice:
        raise ProductRefused("cost.code_twice", item=twice[0])
    for item in costs:
        check_item(item)
    if sum(item.prepayment is not None for item in costs) > 1:
        raise ProductRefused("cost.prepayment_twice")
    for component, is_contingent in charged_by(terms):
        if not any(
            item.component is component and item.is_contingent is is_contingent for item in costs
        ):
            raise ProductRefused("cost.component_missing", component=component.value)


def check_item(item: CostItem) -> None:
    """Refuse one item that is senseless; codes as ``check_costs``."""
    if not CODE.fullmatch(item.code):
        raise ProductRefused("cost.code_wrong", item=item.code[:40])
    if not item.standard.strip() or not item.payee.strip():
        raise ProductRefused("cost.text_missing", item=item.code)
    if len(item.standard) > STANDARD_LONGEST or len(item.payee) > PAYEE_LONGEST:
        raise ProductRefused("cost.text_too_long", item=item.code)
    if item.is_contingent != (item.method is Charged.ON_EVENT):
        raise ProductRefused("cost.contingent_wrong", item=item.code)
    given = (item.share is not None) + (item.amount_minor != 0)
    beside = item.method in {Charged.AT_START, Charged.EACH_INSTALMENT}
    share = item.share if item.share is not None else Decimal(0)
    if given != (1 if beside else 0) or item.amount_minor < 0 or not 0 <= share < 1:
        raise ProductRefused("cost.amount_wrong", item=item.code)
    if item.component is Component.PRINCIPAL:
        raise ProductRefused("cost.amount_wrong", item=item.code)
    if item.prepayment is not None:
        _check_prepayment(item, item.prepayment)


def _check_prepayment(item: CostItem, fee: PrepaymentFee) -> None:
    is_share = fee.method is FeeMethod.PERCENT_OF_PRINCIPAL
    most = 1 if is_share else MOST_MONTHS
    is_sane = fee.value.is_finite() and 0 < fee.value <= most
    is_free_sane = 0 <= (fee.free_after_instalments or 0) <= MOST_INSTALMENTS
    is_fee = item.component is Component.FEE and item.method is Charged.ON_EVENT
    if not (is_sane and is_free_sane and is_fee):
        raise ProductRefused("cost.prepayment_wrong", item=item.code, most=MOST_MONTHS)


def fee_rule(costs: Sequence[CostItem]) -> FeeRule | None:
    """Return the rule of the fee for paying off early, where the table has one."""
    for item in costs:
        if item.prepayment is not None:
            return FeeRule(
                item=item.code,
                method=item.prepayment.method,
                value=item.prepayment.value,
                free_after_instalments=item.prepayment.free_after_instalments,
            )
    return None


def charged_by(terms: Terms) -> tuple[tuple[Component, bool], ...]:
    """Name the components that terms charge, and whether only on default.

    >>> from daihou.core.terms import Method, Rate, RatePer
    >>> charged_by(Terms(method=Method.BULLET, rate=Rate(value=Decimal(1), per=RatePer.YEAR)))
    ((<Component.INTEREST: 'interest'>, False),)
    """
    penalty = terms.penalty
    has_penalty = penalty is not None and (penalty.rate or penalty.multiple) is not None
    has_compound = penalty is not None and penalty.compound_rate is not None
    wanted = (
        (Component.INTEREST, False, terms.rate.value > 0),
        (Component.FEE, False, terms.instalment_fee_minor > 0),
        (Component.PENALTY, True, has_penalty),
        (Component.COMPOUND_INTEREST, True, has_compound),
    )
    return tuple((component, late) for component, late, holds in wanted if holds)


def cost_table(costs: Sequence[CostItem]) -> tuple[limits.CostItem, ...]:
    """Return the table as ``core.limits`` takes it."""
    return tuple(
        limits.CostItem(
            item=item.code,
            component=item.component,
            method=item.method.value,
            standard=item.standard,
            payee=item.payee_role,
            most_minor=item.amount_minor or None,
            is_contingent=item.is_contingent,
        )
        for item in costs
    )


def sample(
    *, terms: Terms, costs: Sequence[CostItem], principal_minor: int, start_on: date
) -> Sample:
    """Plan a loan that is paid as agreed, and compute all it costs.

    :raises TermsRefused, ScheduleRefused, CalendarRefused: as ``core.schedule.build_schedule``.
    :raises CostRefused: as ``core.cost``; ``cost.not_positive`` where nothing is left to receive.
    """
    plan = build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)
    sure = [item for item in costs if not item.is_contingent]
    amounts = {item.code: _amount(item, terms, principal_minor) for item in sure}
    each = sum(amounts[item.code] for item in sure if item.method is Charged.EACH_INSTALMENT)
    at_start = sum(amounts[item.code] for item in sure if item.method is Charged.AT_START)
    beside = tuple(each if row.due_on > row.start_on else 0 for row in plan)
    paid = [
        row.principal_minor + row.interest_minor + row.fee_minor + more
        for row, more in zip(plan, beside, strict=True)
    ]
    nominal, effective = _rates(
        terms=terms, plan=plan, paid=paid, received_minor=principal_minor - at_start
    )
    return Sample(
        principal_minor=principal_minor,
        start_on=start_on,
        instalments=plan,
        beside_minor=beside,
        received_minor=principal_minor - at_start,
        rows=tuple(_row(item, amounts, plan) for item in costs),
        cost_minor=sum(paid) + at_start - principal_minor,
        nominal_rate=nominal,
        effective_rate=effective,
    )


def _amount(item: CostItem, terms: Terms, principal_minor: int) -> int:
    if item.share is None:
        return item.amount_minor
    return round_amount(amount=principal_minor * Fraction(item.share), rounding=terms.rounding)


def _row(item: CostItem, amounts: dict[str, int], plan: Sequence[ScheduledInstalment]) -> CostRow:
    if item.is_contingent:
        return CostRow(item=item, amount_minor=None)
    if item.method is Charged.IN_SCHEDULE:
        name = "interest_minor" if item.component is Component.INTEREST else "fee_minor"
        return CostRow(item=item, amount_minor=sum(getattr(row, name) for row in plan))
    later = sum(row.due_on > row.start_on for row in plan)
    count = later if item.method is Charged.EACH_INSTALMENT else 1
    return CostRow(item=item, amount_minor=amounts[item.code] * count)


def _rates(
    *,
    terms: Terms,
    plan: Sequence[ScheduledInstalment],
    paid: Sequence[int],
    received_minor: int,
) -> tuple[Decimal, Decimal]:
    """Solve for both annual measures; odd periods are counted by their own days."""
    down_minor = sum(
        amount for row, amount in zip(plan, paid, strict=True) if row.due_on == row.start_on
    )
    flows = [
        (row.due_on, amount)
        for row, amount in zip(plan, paid, strict=True)
        if row.due_on != row.start_on
    ]
    amount_minor = received_minor - down_minor
    if terms.unit is PeriodUnit.MONTH:
        monthly: list[int] = []
        for _, amount in flows:
            monthly += [*([0] * (terms.every - 1)), amount]
        return (
            cost.irr_times_twelve(amount_minor=amount_minor, monthly_minor=monthly),
            cost.effective_rate(amount_minor=amount_minor, monthly_minor=monthly),
        )
    first_on = plan[0].start_on
    effective = cost.eu_aprc(
        drawdowns=[cost.YearFlow(amount_minor=amount_minor, years=Fraction(0))],
        repayments=[
            cost.YearFlow(amount_minor=amount, years=cost.eu_years(first_on=first_on, on=on))
            for on, amount in flows
        ],
    )
    with localcontext(prec=cost.PRECISION):
        monthly_rate = (1 + effective) ** (Decimal(1) / 12) - 1
        return round(monthly_rate * 12, cost.PLACES), effective
