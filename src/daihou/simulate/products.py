"""The products of the invented lender: one of each way to repay that the market sells.

Units   Rates are nominal a year; tickets are minor units (fen).
Source  Ticket about 10,400 yuan and tenor about 8 months: field/analytics.md §2.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from daihou.core.terms import (
    PRINCIPAL_FIRST_ORDER,
    STATUTORY_ORDER,
    AllocationTerms,
    DayCount,
    InterestBasis,
    Method,
    PenaltyTerms,
    PeriodUnit,
    Rate,
    RatePer,
    Surplus,
    Terms,
    rule_in_order,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product on the shelf: its terms but for the count of instalments, and how it sells."""

    code: str
    name: str
    weight: int
    terms: Terms
    counts: tuple[int, ...]
    ticket_mean_minor: int


def _terms(
    method: Method,
    rate: str,
    *,
    grace_days: int = 0,
    surplus: Surplus = Surplus.HOLD,
    unit: PeriodUnit = PeriodUnit.MONTH,
    every: int = 1,
    late: bool = False,
) -> Terms:
    allocation = AllocationTerms(
        normal=rule_in_order(STATUTORY_ORDER, surplus=surplus),
        late=rule_in_order(PRINCIPAL_FIRST_ORDER, surplus=surplus) if late else None,
        late_from_days=91 if late else None,
    )
    return Terms(
        method=method,
        rate=Rate(value=Decimal(rate), per=RatePer.YEAR),
        day_count=DayCount.ACTUAL_360 if unit is PeriodUnit.DAY else DayCount.THIRTY_360,
        interest_basis=InterestBasis.PER_PERIOD,
        unit=unit,
        every=every,
        grace_days=grace_days,
        allocation=allocation,
        penalty=PenaltyTerms(multiple=Decimal("1.5")),
    )


OFFERS: Sequence[Offer] = (
    Offer(
        code="XJFQ",
        name="现金分期 等额本息",
        weight=46,
        counts=(6, 9, 12),
        ticket_mean_minor=1_050_000,
        terms=_terms(Method.EQUAL_INSTALMENT, "0.216", late=True),
    ),
    Offer(
        code="SPFQ",
        name="商品分期 等本等息",
        weight=20,
        counts=(3, 6, 12),
        ticket_mean_minor=420_000,
        terms=_terms(Method.FLAT, "0.096", grace_days=3),
    ),
    Offer(
        code="DEFQ",
        name="大额分期 等额本金",
        weight=12,
        counts=(12, 24),
        ticket_mean_minor=2_600_000,
        terms=_terms(Method.EQUAL_PRINCIPAL, "0.168", surplus=Surplus.NEXT_INSTALMENT),
    ),
    Offer(
        code="JYD",
        name="小微经营贷 先息后本",
        weight=10,
        counts=(6, 12),
        ticket_mean_minor=3_000_000,
        terms=_terms(Method.INTEREST_ONLY, "0.15", grace_days=1),
    ),
    Offer(
        code="YCD",
        name="月内贷 到期一次还本付息",
        weight=12,
        counts=(1,),
        ticket_mean_minor=260_000,
        terms=_terms(Method.BULLET, "0.234", unit=PeriodUnit.DAY, every=30),
    ),
)
