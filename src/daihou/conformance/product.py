"""Say a peer's product in our terms.

What the peer calls by its own names (goodwill credit, merchant refund, cumulative and progressive
schedules) becomes data here; ``core`` knows none of it.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from daihou.core.terms import (
    AllocationRule,
    AllocationTerms,
    Component,
    DayCount,
    InstalmentRule,
    InterestBasis,
    Method,
    Mode,
    MonthEnd,
    PeriodUnit,
    Rate,
    RatePer,
    Recalculation,
    Rounding,
    Step,
    Surplus,
    Terms,
    Timing,
    TrancheRule,
)

PENALTY, FEE = Component.PENALTY, Component.FEE
PRINCIPAL, INTEREST = Component.PRINCIPAL, Component.INTEREST
DEFAULT_ORDER = (PENALTY, FEE, PRINCIPAL, INTEREST)
FIXED_ORDERS: Mapping[str, tuple[Sequence[Component], Sequence[Component]]] = {
    "PENALTIES_FEES_INTEREST_PRINCIPAL_ORDER": (
        (PENALTY, FEE, INTEREST, PRINCIPAL),
        (PENALTY, FEE, INTEREST, PRINCIPAL),
    ),
    "DUE_PENALTY_FEE_INTEREST_PRINCIPAL_IN_ADVANCE_PRINCIPAL_PENALTY_FEE_INTEREST": (
        (PENALTY, FEE, INTEREST, PRINCIPAL),
        (PRINCIPAL, PENALTY, FEE, INTEREST),
    ),
    "DUE_PENALTY_INTEREST_PRINCIPAL_FEE_IN_ADVANCE_PENALTY_INTEREST_PRINCIPAL_FEE": (
        (PENALTY, INTEREST, PRINCIPAL, FEE),
        (PENALTY, INTEREST, PRINCIPAL, FEE),
    ),
}
SURPLUS = {
    "NEXT_INSTALLMENT": Surplus.NEXT_INSTALMENT,
    "LAST_INSTALLMENT": Surplus.LAST_INSTALMENT,
    "REAMORTIZATION": Surplus.SPREAD,
}
EARLY_PAYMENTS = {
    "REDUCE_EMI_AMOUNT": Surplus.LOWER,
    "REDUCE_NUMBER_OF_INSTALLMENTS": Surplus.SHORTEN,
}
UNITS = {"DAYS": PeriodUnit.DAY, "WEEKS": PeriodUnit.WEEK, "MONTHS": PeriodUnit.MONTH}
YEARS = {
    "ACTUAL": DayCount.ACTUAL_ACTUAL,
    "365": DayCount.ACTUAL_365,
    "364": DayCount.ACTUAL_364,
    "360": DayCount.ACTUAL_360,
}
METHODS = {
    ("NONE", "EQUAL_INSTALMENT"): Method.EQUAL_INSTALMENT,
    ("NONE", "EQUAL_PRINCIPAL"): Method.EQUAL_PRINCIPAL,
    ("DECLINING_BALANCE", "EQUAL_INSTALMENT"): Method.EQUAL_INSTALMENT,
    ("DECLINING_BALANCE", "EQUAL_PRINCIPAL"): Method.EQUAL_PRINCIPAL,
    ("FLAT", "EQUAL_INSTALMENT"): Method.FLAT,
}
MONTH_ENDS = {
    "LAST_DAY_OF_MONTH": MonthEnd.LAST_DAY,
    "FIRST_DAY_OF_NEXT_MONTH": MonthEnd.FIRST_OF_NEXT,
}


def minor(amount: str, digits: int = 2) -> int:
    """Turn a decimal string into minor units.

    >>> minor("1000.00")
    100000
    """
    scaled = Decimal(amount).scaleb(digits)
    assert scaled == scaled.to_integral_value(), amount
    return int(scaled)


def is_progressive(terms: Mapping[str, Any]) -> bool:
    return bool(terms["schedule_type"] == "PROGRESSIVE")


def terms_of(peer: Mapping[str, Any]) -> Terms:
    """Say the product's settings as terms of ours."""
    down_payment = peer.get("down_payment")
    multiple = peer["instalment_multiple_of"]
    day_count, basis = _interest_rule(peer)
    return Terms(
        method=METHODS[peer["interest_method"], peer["amortization"]],
        rate=Rate(value=Decimal(peer["annual_rate_percent"]) / 100, per=RatePer.YEAR),
        day_count=day_count,
        interest_basis=basis,
        instalment_count=peer["instalments"],
        every=peer["repay_every"],
        unit=UNITS[peer["repay_unit"]],
        month_end=MONTH_ENDS[peer.get("month_end_due_date", "LAST_DAY_OF_MONTH")],
        instalment_rule=(
            InstalmentRule.OWN_PERIODS
            if is_progressive(peer)
            else InstalmentRule.THIRTY_DAY_MONTHS
            if basis is InterestBasis.DAILY
            else InstalmentRule.NOMINAL_PERIODS
        ),
        tranche_rule=TrancheRule.REMAINING if is_progressive(peer) else TrancheRule.WHOLE_TERM,
        rounding=Rounding.HALF_EVEN,
        multiple_minor=1 if multiple is None else minor(str(multiple)),
        principal_grace_count=peer["grace_on_principal_instalments"],
        interest_grace_count=peer["grace_on_interest_payment_instalments"],
        down_payment_rate=None if down_payment is None else Decimal(down_payment["percent"]) / 100,
        allocation=allocation_of(peer["allocation"], early=_early_payment(peer)),
        recalculation=_recalculation(peer),
    )


def _early_payment(peer: Mapping[str, Any]) -> Surplus:
    """Say what a fixed-order strategy does with a surplus."""
    asked = peer.get("interest_recalculation", {}).get("on_early_payment", "")
    return EARLY_PAYMENTS.get(asked, Surplus.NEXT_INSTALMENT)


def _recalculation(peer: Mapping[str, Any]) -> Recalculation | None:
    """Say how interest follows the balance: both kinds of schedule also follow what is overdue."""
    if "interest_recalculation" not in peer:
        return None
    if is_progressive(peer):
        return Recalculation(overdue_bears=True)
    return Recalculation(
        overdue_bears=True, earned_first=False, counts_for_next=True, rounds_pieces=True
    )


def _interest_rule(peer: Mapping[str, Any]) -> tuple[DayCount, InterestBasis]:
    days = peer["day_count"]
    if is_progressive(peer):
        if days["days_in_month"] == "30":
            return DayCount.THIRTY_360, InterestBasis.PER_PERIOD
        return YEARS[days["days_in_year"]], InterestBasis.DAILY
    if peer["interest_calc_period"] == "DAILY":
        return DayCount.ACTUAL_365, InterestBasis.DAILY
    return DayCount.ACTUAL_365, InterestBasis.PER_PERIOD


def allocation_of(
    peer: Mapping[str, Any], *, early: Surplus = Surplus.NEXT_INSTALMENT
) -> AllocationTerms:
    """Say the order of payments; kinds of credit with a rule of their own become channels."""
    strategy = peer["strategy"]
    if strategy in FIXED_ORDERS:
        due, in_advance = FIXED_ORDERS[strategy]
        steps = (
            *_steps((Timing.PAST_DUE, Timing.DUE), due),
            *_steps((Timing.IN_ADVANCE,), in_advance),
        )
        return AllocationTerms(
            normal=AllocationRule(
                steps=steps,
                surplus=early,
                charges_on_their_day=strategy.startswith("DUE_"),
            ),
            charged_back_order=(PRINCIPAL,),
            charged_back_from_advances=False,
        )
    credit_order = peer.get("credit_allocation", {}).get("CHARGEBACK", ("PRINCIPAL",))
    future = peer.get("future_instalment_rule", {"DEFAULT": "NEXT_INSTALLMENT"})
    mode = Mode.VERTICAL if peer["processing"] == "VERTICAL" else Mode.HORIZONTAL
    rules = {
        kind.lower(): AllocationRule(
            steps=_steps(tuple(Timing), DEFAULT_ORDER), mode=mode, surplus=SURPLUS[rule]
        )
        for kind, rule in future.items()
    }
    normal = rules.pop("default")
    return AllocationTerms(
        normal=normal,
        by_channel=tuple(sorted(rules.items())),
        charged_back_order=tuple(Component(name.lower()) for name in credit_order),
        charged_back_from_held="credit_allocation" not in peer,
        charged_back_from_advances=False,
    )


def _steps(timings: Sequence[Timing], order: Sequence[Component]) -> tuple[Step, ...]:
    return tuple(
        Step(timing=timing, component=component) for timing in timings for component in order
    )
