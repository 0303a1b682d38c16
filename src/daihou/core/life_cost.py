"""What a loan costs its borrower a year over its whole life, by what was paid and what is planned.

Units   ``*_minor`` is an ``int`` count of minor units; rates are fractions of a year.
Shape   ``life_flows`` lays the borrower's money flows out; ``annual_cost`` solves both measures.
Errors  ``CostRefused`` of ``core.cost``; ``EventRefused`` as ``position``.
Source  中国人民银行公告〔2021〕第3号 (every directly related charge counts, on what is actually
        outstanding; second hand). See docs/algorithms/limits.md.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

from daihou.core.calendar import MONTHS_IN_YEAR, add_months
from daihou.core.cost import PLACES, PRECISION, YearFlow, eu_aprc
from daihou.core.events import Event, Kind, without_taken_back
from daihou.core.position import Position, position
from daihou.core.terms import Contract, MonthEnd, PeriodUnit

DAYS_IN_YEAR = 365


class CostBasis(StrEnum):
    """Which of the two annual measures counts; both are always computed."""

    NOMINAL = "irr_times_twelve"  # 内部收益率×12
    EFFECTIVE = "effective"  # 实际年化


class Source(StrEnum):
    LENT = "lent"
    PAID = "paid"
    PLANNED = "planned"
    OUTSIDE = "outside"  # Paid to somebody else, and not through this ledger.


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeFlow:
    """Money between the borrower and all others of the loan; what she pays is positive."""

    on: date
    amount_minor: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnualCost:
    nominal: Decimal  # Twelve times the monthly internal rate.
    effective: Decimal  # The monthly internal rate compounded over a year.

    def by(self, basis: CostBasis) -> Decimal:
        return self.nominal if basis is CostBasis.NOMINAL else self.effective


NO_COST = AnnualCost(nominal=Decimal(0), effective=Decimal(0))
_IN = frozenset({Kind.PAYMENT_RECEIVED, Kind.RECOVERED, Kind.PREPAID, Kind.CLAIM_RECOVERED})
_OUT = frozenset({Kind.DISBURSED, Kind.OPENED, Kind.REFUNDED, Kind.CHARGED_BACK})


def life_flows(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    outside: Iterable[LifeFlow] = (),
) -> tuple[LifeFlow, ...]:
    """Lay out what was paid by the end of a day and what is planned from then on, in order.

    What is overdue counts as paid on the day itself. Money of a guarantor is none of the
    borrower's: what she pays on the claim is, and so is what is left of it.

    >>> from datetime import UTC, datetime
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...     free_dues=(FreeDue(due_on=date(2024, 6, 1), principal_minor=1000, fee_minor=10),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> [flow.amount_minor for flow in
    ...  life_flows(contract=contract, events=[paid_out], as_of=date(2024, 5, 1))]
    [-1000, 1010]
    """
    told = without_taken_back(event for event in events if event.effective_on <= as_of)
    flows = [
        LifeFlow(on=flow.on, amount_minor=flow.amount_minor, source=flow.source) for flow in outside
    ]
    for event in told:
        if event.kind in _IN:
            flows.append(_flow(event, Source.PAID, event.amount_minor))
        elif event.kind in _OUT:
            source = Source.LENT if event.kind in {Kind.DISBURSED, Kind.OPENED} else Source.PAID
            flows.append(_flow(event, source, -event.amount_minor))
    then = position(contract=contract, events=events, as_of=as_of)
    flows += _planned(then)
    return tuple(sorted(flows, key=lambda flow: flow.on))


def _flow(event: Event, source: Source, amount_minor: int) -> LifeFlow:
    return LifeFlow(on=event.effective_on, amount_minor=amount_minor, source=source)


def _planned(then: Position) -> list[LifeFlow]:
    """Plan every outstanding instalment for its day, past ones for this; held money goes first."""
    held_minor = then.unapplied_minor
    flows = []
    if then.claim_minor:
        flows.append(LifeFlow(on=then.as_of, amount_minor=then.claim_minor, source=Source.PLANNED))
    for instalment in then.instalments:
        left_minor = instalment.outstanding_minor
        taken_minor = min(held_minor, left_minor)
        held_minor -= taken_minor
        if left_minor > taken_minor:
            on = max(instalment.due_on, then.as_of)
            flows.append(
                LifeFlow(on=on, amount_minor=left_minor - taken_minor, source=Source.PLANNED)
            )
    return flows


def annual_cost(*, flows: Sequence[LifeFlow], unit: PeriodUnit = PeriodUnit.MONTH) -> AnnualCost:
    """Solve what the flows cost a year; nothing where the borrower pays back no more than she got.

    Time is counted in months of the calendar from the first flow, odd days and loans by the day or
    the week in twelfths of 365 days.

    :raises CostRefused: ``cost.no_rate``.

    >>> from daihou.core.calendar import add_months
    >>> start = date(2024, 1, 31)
    >>> flows = [LifeFlow(on=start, amount_minor=-1_200_000, source=Source.LENT)] + [
    ...     LifeFlow(on=add_months(from_on=start, count=n, month_end=MonthEnd.LAST_DAY),
    ...              amount_minor=107_200, source=Source.PLANNED) for n in range(1, 13)]
    >>> cost = annual_cost(flows=flows)
    >>> round(cost.nominal, 5), round(cost.effective, 5)
    (Decimal('0.13034'), Decimal('0.13842'))
    """
    if sum(flow.amount_minor for flow in flows) <= 0:
        return NO_COST
    first_on = min(flow.on for flow in flows)
    got: list[YearFlow] = []
    paid: list[YearFlow] = []
    for flow in flows:
        years = months_since(first_on=first_on, on=flow.on, unit=unit) / MONTHS_IN_YEAR
        side = got if flow.amount_minor < 0 else paid
        side.append(YearFlow(amount_minor=abs(flow.amount_minor), years=years))
    effective = eu_aprc(drawdowns=got, repayments=paid)
    with localcontext(prec=PRECISION):
        monthly = ((1 + effective).ln() / MONTHS_IN_YEAR).exp() - 1
        nominal = (monthly * MONTHS_IN_YEAR).quantize(Decimal(1).scaleb(-PLACES))
    return AnnualCost(nominal=nominal, effective=effective)


def months_since(*, first_on: date, on: date, unit: PeriodUnit) -> Fraction:
    """Measure a time in months: whole ones of the calendar, then days as twelfths of 365.

    >>> months_since(first_on=date(2024, 1, 31), on=date(2024, 2, 29), unit=PeriodUnit.MONTH)
    Fraction(1, 1)
    >>> months_since(first_on=date(2024, 1, 31), on=date(2024, 2, 29), unit=PeriodUnit.DAY)
    Fraction(348, 365)
    """
    whole, from_on = 0, first_on
    if unit is PeriodUnit.MONTH:
        whole = (on.year - first_on.year) * MONTHS_IN_YEAR + on.month - first_on.month
        from_on = add_months(from_on=first_on, count=whole, month_end=MonthEnd.LAST_DAY)
        if from_on > on:
            whole -= 1
            from_on = add_months(from_on=first_on, count=whole, month_end=MonthEnd.LAST_DAY)
    return whole + Fraction((on - from_on).days * MONTHS_IN_YEAR, DAYS_IN_YEAR)


def excess_minor(
    *,
    flows: Sequence[LifeFlow],
    most: Decimal,
    basis: CostBasis,
    as_of: date,
    unit: PeriodUnit = PeriodUnit.MONTH,
) -> int:
    """Compute what to give up on a day so that the life of the loan costs no more than a rate.

    Rounded up to a whole minor unit; nothing where the cost keeps the rate.

    >>> flows = [LifeFlow(on=date(2024, 1, 1), amount_minor=-100_000, source=Source.LENT),
    ...          LifeFlow(on=date(2025, 1, 1), amount_minor=130_000, source=Source.PLANNED)]
    >>> excess_minor(flows=flows, most=Decimal("0.24"), basis=CostBasis.EFFECTIVE,
    ...              as_of=date(2025, 1, 1))
    6000
    """
    first_on = min(flow.on for flow in flows)
    with localcontext(prec=PRECISION):
        if basis is CostBasis.NOMINAL:
            month = (1 + most / MONTHS_IN_YEAR).ln()
        else:
            month = (1 + most).ln() / MONTHS_IN_YEAR
        worth = Decimal(0)
        for flow in flows:
            months = months_since(first_on=first_on, on=flow.on, unit=unit)
            worth += flow.amount_minor * _grown(month, -months)
        then = worth * _grown(month, months_since(first_on=first_on, on=as_of, unit=unit))
        whole = then.quantize(Decimal(1).scaleb(-PLACES))
        return max(0, int(whole.to_integral_value(rounding="ROUND_CEILING")))


def _grown(logarithm: Decimal, months: Fraction) -> Decimal:
    return (logarithm * months.numerator / months.denominator).exp()
