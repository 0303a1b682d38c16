"""What the law makes of a loan on a day: the floor of its class, its limitation clock, its cost.

Shape   Frozen values; where no rules are known for the book or the day a part is missing.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from daihou.core.classes import ClassFloor, five_level_floor
from daihou.core.cost import CostRefused
from daihou.core.events import Event
from daihou.core.excess import Excess, excesses
from daihou.core.life_cost import AnnualCost
from daihou.core.limitation import ClockState, LimitationClock
from daihou.core.limits import cost_of
from daihou.core.position import Position, Status
from daihou.core.terms import Contract
from daihou.errors import DaihouError
from daihou.web.limitation import queries as limitation
from daihou.web.loans.models import Loan
from daihou.web.parameters.limits import (
    class_rules_from,
    limitation_rules_from,
    limits_from,
)
from daihou.web.parameters.queries import profile_on, rules_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    jurisdiction: str
    is_assumed: bool
    floor: ClassFloor | None
    clock: LimitationClock | None
    is_clock_over: bool
    cost: AnnualCost | None
    excesses: tuple[Excess, ...]  # The price caps it is above as it stands.

    @property
    def cost_texts(self) -> tuple[str, str] | None:
        """Both annual measures as people read them."""
        if self.cost is None:
            return None
        return f"{self.cost.nominal:.2%}", f"{self.cost.effective:.2%}"


def law(
    *, loan: Loan, contract: Contract, events: Sequence[Event], position: Position
) -> Law | None:
    """Collect what rules in force on the position's day say; None where no law is known."""
    as_of = position.as_of
    profile = profile_on(book=loan.book, on=as_of, product=loan.product)
    if not profile.jurisdiction:
        return None
    rules = rules_of(jurisdiction=profile.jurisdiction)
    floor = clock = cost = None
    above: tuple[Excess, ...] = ()
    if position.status in {Status.ACTIVE, Status.WRITTEN_OFF} or position.claim_minor:
        with suppress(DaihouError):  # No thresholds were in force on that day.
            floor = five_level_floor(
                contract=contract,
                events=events,
                as_of=as_of,
                rules=class_rules_from(rules=rules, on=as_of),
            )
    with suppress(DaihouError):
        clock = limitation.clock_from(
            loan=loan,
            contract=contract,
            events=events,
            as_of=as_of,
            records=list(limitation.evidence_of(loan=loan)),
            rules=limitation_rules_from(rules=rules, on=as_of),
        )
    if position.disbursed_on is not None:
        with suppress(CostRefused, DaihouError):  # No rate makes it even; a cap is not in force.
            cost = cost_of(contract=contract, events=events, as_of=as_of)
            limits = limits_from(
                rules=rules,
                profile=profile,
                on=as_of,
                contracted_on=contract.start_on,
                minor_digits=contract.minor_digits,
            )
            above = excesses(contract=contract, events=events, as_of=as_of, limits=limits)
    return Law(
        jurisdiction=profile.jurisdiction,
        is_assumed=profile.is_assumed,
        floor=floor,
        clock=clock,
        is_clock_over=clock is not None
        and clock.state in {ClockState.EXPIRED, ClockState.ENFORCEMENT_EXPIRED},
        cost=cost,
        excesses=above,
    )
