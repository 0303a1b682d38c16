"""What lies above a price cap over the life of a loan, and so must not be claimed.

Units   ``amount_minor`` is an ``int`` count of minor units; rates are fractions of a year.
Shape   One ``Excess`` for each cap that the loan is above as it is planned on a day.
Errors  ``CostRefused`` where no rate makes the flows even; ``EventRefused`` as ``position``.
Source  docs/algorithms/limits.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from daihou.core.events import Event
from daihou.core.life_cost import LifeFlow, annual_cost, excess_minor, life_flows
from daihou.core.limits import CostCap, Limits, compared
from daihou.core.terms import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """How far the life of a loan is above a cap: what to give up on a day to come down to it."""

    cap: CostCap
    rate: Decimal
    amount_minor: int


def excesses(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    limits: Limits,
    outside: Sequence[LifeFlow] = (),
) -> tuple[Excess, ...]:
    """Find the caps that a loan is above as it is planned on a day, each with its amount."""
    flows = life_flows(contract=contract, events=events, as_of=as_of, outside=outside)
    if not limits.cost_caps or not flows:
        return ()
    now, unit = annual_cost(flows=flows, unit=contract.terms.unit), contract.terms.unit
    return tuple(
        Excess(
            cap=cap,
            rate=compared(now.by(cap.basis)),
            amount_minor=excess_minor(
                flows=flows, most=cap.most.value, basis=cap.basis, as_of=as_of, unit=unit
            ),
        )
        for cap in limits.cost_caps
        if compared(now.by(cap.basis)) > cap.most.value
    )
