"""Show what proposed events would make of a loan, beside what it is.

Units   ``*_minor`` is an ``int`` count of minor units; yearly costs as ``core.life_cost``.
Shape   ``preview`` folds the loan twice, without and with what is proposed. Nothing is recorded.
Errors  ``EventRefused`` of ``core.refusals`` for what the loan cannot take; ``CostRefused`` is none
        here: a cost that has no rate is None.
Source  docs/algorithms/plan-changes.md, "Preview".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from daihou.core.cost import CostRefused
from daihou.core.events import Event
from daihou.core.life_cost import AnnualCost, LifeFlow, Source, annual_cost, life_flows
from daihou.core.position import InstalmentPosition, Position, position
from daihou.core.refusals import check_change
from daihou.core.terms import Component, Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the loan costs its borrower by plan: what was paid, and what is still to be."""

    charged_minor: dict[Component, int]  # Due in all, less what was given up; without principal.
    to_pay_minor: int  # From the day on, principal included.
    whole_life: AnnualCost | None  # None where there is no rate: nothing lent, nothing to pay.
    remaining: AnnualCost | None  # Of what paying all off on the day would take.

    @property
    def total_minor(self) -> int:
        return sum(self.charged_minor.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """One instalment by the old and by the new plan; None where a plan has none on that day."""

    due_on: date
    before: InstalmentPosition | None
    after: InstalmentPosition | None

    @property
    def change_minor(self) -> int:
        """How much more is left to pay on it."""
        return _left(self.after) - _left(self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    before: Position
    after: Position
    rows: tuple[SideBySide, ...]
    cost_before: Cost
    cost_after: Cost

    @property
    def cost_change_minor(self) -> int:
        return self.cost_after.total_minor - self.cost_before.total_minor

    @property
    def days_past_due_change(self) -> int:
        return self.after.days_past_due - self.before.days_past_due


def preview(
    *, contract: Contract, events: Sequence[Event], proposed: Sequence[Event], as_of: date
) -> Preview:
    """Compare a loan with and without proposed events at the end of a day.

    Proposed events take their places after all that are known, in the order given. Where one of
    them lies after the day, both positions are those of its day.

    :raises EventRefused: as ``core.refusals.check_change``.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from daihou.core.events import Kind
    >>> from daihou.core.terms import Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.EQUAL_PRINCIPAL, instalment_count=2,
    ...               rate=Rate(value=Decimal("0.12"), per=RatePer.YEAR))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=73000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> told = {"recorded_at": datetime(2024, 5, 1, tzinfo=UTC), "sequence": 1}
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), key="d1",
    ...                  amount_minor=73000, **told)
    >>> called = Event(kind=Kind.ACCELERATED, effective_on=date(2024, 5, 21), key="a1", **told)
    >>> shown = preview(contract=contract, events=[paid_out], proposed=[called],
    ...                 as_of=date(2024, 5, 21))
    >>> shown.cost_before.total_minor, shown.cost_after.total_minor
    (1104, 480)
    """
    after_sequence = max((event.sequence for event in events), default=0)
    added: list[Event] = []
    for number, event in enumerate(proposed, start=1):
        placed = replace(event, sequence=after_sequence + number)
        check_change(contract=contract, events=[*events, *added], event=placed)
        added.append(placed)
    day = max([as_of, *(event.effective_on for event in added)])
    before = position(contract=contract, events=events, as_of=day)
    after = position(contract=contract, events=[*events, *added], as_of=day)
    return Preview(
        before=before,
        after=after,
        rows=_side_by_side(before, after),
        cost_before=_cost(contract, events, before),
        cost_after=_cost(contract, [*events, *added], after),
    )


def _side_by_side(before: Position, after: Position) -> tuple[SideBySide, ...]:
    """Pair instalments by due date; of several on one date the first with the first."""
    pairs: dict[tuple[date, int], list[InstalmentPosition | None]] = {}
    for place, plan in enumerate((before.instalments, after.instalments)):
        turns: dict[date, int] = {}
        for each in plan:
            turn = turns[each.due_on] = turns.get(each.due_on, 0) + 1
            pairs.setdefault((each.due_on, turn), [None, None])[place] = each
    return tuple(
        SideBySide(due_on=due_on, before=old, after=new)
        for (due_on, _), (old, new) in sorted(pairs.items(), key=lambda pair: pair[0])
    )


def _cost(contract: Contract, events: Sequence[Event], then: Position) -> Cost:
    charged: dict[Component, int] = {
        component: sum(
            each.components[component].due_minor - each.components[component].waived_minor
            for each in then.instalments
        )
        for component in Component
        if component is not Component.PRINCIPAL
    }
    flows = life_flows(contract=contract, events=events, as_of=then.as_of)
    planned = [flow for flow in flows if flow.source is Source.PLANNED]
    rest = [LifeFlow(on=then.as_of, amount_minor=-then.payoff_minor, source=Source.LENT), *planned]
    return Cost(
        charged_minor=charged,
        to_pay_minor=sum(_left(each) for each in then.instalments),
        whole_life=_annual(contract, flows),
        remaining=_annual(contract, rest),
    )


def _annual(contract: Contract, flows: Sequence[LifeFlow]) -> AnnualCost | None:
    try:
        return annual_cost(flows=flows, unit=contract.terms.unit)
    except CostRefused:
        return None


def _left(each: InstalmentPosition | None) -> int:
    return 0 if each is None else each.outstanding_minor
