"""What the law and the house refuse of a product version, by the dated limits in force."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from daihou.core import limits as rules
from daihou.core.life_cost import CostBasis
from daihou.core.limits import Limits, Refusal
from daihou.core.terms import PeriodUnit, Rate, Terms
from daihou.web.loans.costs import Sample, cost_table, sample
from daihou.web.loans.models import Product
from daihou.web.loans.queries import Content, sample_principal
from daihou.web.parameters.limits import limits_on
from daihou.web.parameters.queries import profile_on


def refusals(*, product: Product, content: Content) -> tuple[Refusal, ...]:
    """Say what refuses loans of a version, at the dearest that its ranges allow.

    :raises DaihouError: ``parameter.not_in_force``; and as ``costs.sample``.
    """
    found = limits_of(product=product, content=content)
    table = cost_table(content.costs)
    payees = dict(found.payees_refused)
    refused = list(
        rules.check_terms_limits(
            terms=content.terms, limits=found, cost_table=table, start_on=content.effective_on
        )
    )
    refused += [
        Refusal(
            rule_id=payees[item.payee].rule_id,
            code="limit.payee_refused",
            params={"payee": item.payee.value},
            rule=payees[item.payee],
        )
        for item in table
        if item.payee in payees
    ]
    if found.cost_caps:
        dearest = _dearest(product=product, content=content)
        refused += _above_caps(found, dearest)
    return tuple(refused)


def limits_of(*, product: Product, content: Content) -> Limits:
    """Build the limits of a version as if it were approved already."""
    on: date = content.effective_on
    held = profile_on(book=product.book, on=on, product=product)
    stated = replace(
        held,
        lender_type=content.lender_type or held.lender_type,
        product_class=content.product_class or held.product_class,
        is_assumed=not content.lender_type,
    )
    return limits_on(
        book=product.book,
        on=on,
        product=product,
        term_months=_months(content.terms),
        profile=stated,
    )


def _dearest(*, product: Product, content: Content) -> Sample:
    """Cost the loan that the ranges make dearest: the highest rate, the smallest principal."""
    terms, ranges = content.terms, content.ranges
    highest = max(terms.rate.value, ranges.rate_most or terms.rate.value)
    has_amounts = any(item.amount_minor for item in content.costs) or terms.instalment_fee_minor
    usual = sample_principal(ranges=ranges, digits=product.book.minor_digits)
    return sample(
        terms=replace(terms, rate=Rate(value=highest, per=terms.rate.per)),
        costs=content.costs,
        principal_minor=ranges.principal_least_minor
        if has_amounts and ranges.principal_least_minor > 1
        else usual,
        start_on=content.effective_on,
    )


def _above_caps(limits: Limits, dearest: Sample) -> list[Refusal]:
    found = []
    for cap in limits.cost_caps:
        is_nominal = cap.basis is CostBasis.NOMINAL
        rate = dearest.nominal_rate if is_nominal else dearest.effective_rate
        compared = rate.quantize(rules.RATE_STEP, rounding=ROUND_HALF_UP)
        if compared > cap.most.value:
            found.append(
                Refusal(
                    rule_id=cap.most.rule.rule_id,
                    code="limit.annual_cost",
                    params={
                        "rate": _percent(compared),
                        "most": _percent(cap.most.value),
                        "basis": cap.basis.value,
                    },
                    rule=cap.most.rule,
                )
            )
    return found


def _percent(rate: Decimal) -> str:
    return f"{rate * 100:.2f} %"


def _months(terms: Terms) -> int | None:
    """Count the months of a term in months; others have no such cap here."""
    is_monthly = terms.unit is PeriodUnit.MONTH
    return terms.instalment_count * terms.every if is_monthly else None
