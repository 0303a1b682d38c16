"""A pay-off quote: what closes a loan on a day, and what each later day adds.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``payoff_quote`` reads a position and adds the fee of its rule; without a fee its total is
        ``Position.payoff_minor`` to the cent.
Errors  ``QuoteRefused``; ``EventRefused`` as ``position``.
Source  民法典 art. 677 and 法释〔2020〕17号 art. 30: interest for the days the money was really out
        (read in full text). See docs/algorithms/quotes.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from daihou.core.calendar import MONTHS_IN_YEAR
from daihou.core.events import Event
from daihou.core.limits import CostItem
from daihou.core.money import round_amount
from daihou.core.periods import yearly_rate
from daihou.core.position import Position, Status, position
from daihou.core.terms import Component, Contract

DAY = timedelta(days=1)


class QuoteRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FeeMethod(StrEnum):
    """How the fee for paying early is measured."""

    PERCENT_OF_PRINCIPAL = "percent_of_principal"  # A share of the principal not yet due.
    MONTHS_OF_INTEREST = "months_of_interest"  # So many months' interest on that principal.


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRule:
    """提前还款违约金. ``item`` names the line of the cost table that discloses it."""

    item: str
    method: FeeMethod
    value: Decimal  # A share, or a count of months.
    free_after_instalments: int | None = None  # Nothing once so many instalments are settled.


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    loan_ref: str
    currency: str
    valid_on: date  # The money must have come in by the end of this day.
    due_minor: Mapping[Component, int]  # Due by then and unpaid.
    principal_later_minor: int
    accrued_interest_minor: int
    fee_minor: int
    held_minor: int  # Received and not yet applied: taken off.
    total_minor: int
    per_day_minor: int  # What the next day adds.
    next_due_on: date | None  # From this day on an instalment falls due as well.


def payoff_quote(
    *,
    contract: Contract,
    events: Sequence[Event],
    valid_on: date,
    fee_rule: FeeRule | None = None,
    cost_table: Sequence[CostItem] | None = None,
    known_at: datetime | None = None,
) -> Quote:
    """Quote what closes the loan at the end of ``valid_on``.

    ``events`` may hold what is to happen by then; a fee needs its line in the cost table.

    :raises QuoteRefused: ``quote.not_active``, ``quote.stated``, ``quote.fee_not_disclosed``,
        ``quote.fee_senseless``.

    >>> from datetime import UTC
    >>> from daihou.core.events import Kind
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...     free_dues=(FreeDue(due_on=date(2024, 5, 31), principal_minor=1000, interest_minor=30),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> quote = payoff_quote(contract=contract, events=[paid_out], valid_on=date(2024, 5, 11))
    >>> quote.total_minor, quote.accrued_interest_minor, quote.per_day_minor
    (1010, 10, 1)
    """
    then = position(contract=contract, events=events, as_of=valid_on, known_at=known_at)
    if then.stated_on is not None:
        raise QuoteRefused("quote.stated")
    if then.status not in {Status.ACTIVE, Status.WRITTEN_OFF}:
        raise QuoteRefused("quote.not_active")
    due = _due(then)
    principal_due_minor = sum(
        each.components[Component.PRINCIPAL].outstanding_minor
        for each in then.instalments
        if each.due_on <= valid_on
    )
    later_minor = then.principal_outstanding_minor - principal_due_minor
    fee_minor = _fee(contract, then, later_minor, fee_rule, cost_table)
    next_day = position(contract=contract, events=events, as_of=valid_on + DAY, known_at=known_at)
    falls_due_on = next((each.due_on for each in then.instalments if each.due_on > valid_on), None)
    return Quote(
        loan_ref=then.loan_ref,
        currency=then.currency,
        valid_on=valid_on,
        due_minor=due,
        principal_later_minor=later_minor,
        accrued_interest_minor=then.accrued_interest_minor,
        fee_minor=fee_minor,
        held_minor=then.unapplied_minor,
        total_minor=_total(then, fee_minor),
        per_day_minor=max(0, next_day.payoff_minor - then.payoff_minor),
        next_due_on=falls_due_on,
    )


def _due(then: Position) -> dict[Component, int]:
    return {
        component: sum(
            each.components[component].outstanding_minor
            for each in then.instalments
            if each.due_on <= then.as_of
        )
        for component in Component
    }


def _total(then: Position, fee_minor: int) -> int:
    """Add the fee; money held beyond the pay-off figure pays it first."""
    if not fee_minor:
        return then.payoff_minor
    owed_minor = sum(_due(then).values()) + then.accrued_interest_minor
    owed_minor += then.principal_outstanding_minor - _due(then)[Component.PRINCIPAL]
    return max(0, owed_minor + fee_minor - then.unapplied_minor)


def _fee(
    contract: Contract,
    then: Position,
    later_minor: int,
    rule: FeeRule | None,
    cost_table: Sequence[CostItem] | None,
) -> int:
    if rule is None:
        return 0
    if not rule.value.is_finite() or rule.value < 0:
        raise QuoteRefused("quote.fee_senseless")
    shown = {item.item for item in cost_table or () if item.component is Component.FEE}
    if rule.item not in shown:
        raise QuoteRefused("quote.fee_not_disclosed")
    settled = sum(each.paid_on is not None for each in then.instalments)
    if rule.free_after_instalments is not None and settled >= rule.free_after_instalments:
        return 0
    share = Fraction(rule.value)
    if rule.method is FeeMethod.MONTHS_OF_INTEREST:
        yearly = Fraction(*yearly_rate(then.rate, contract.terms.day_count))
        share *= yearly / MONTHS_IN_YEAR
    return round_amount(amount=later_minor * share, rounding=contract.terms.rounding)
