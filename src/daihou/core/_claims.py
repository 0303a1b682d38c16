"""Who owns the loan and who paid for whom: sale, compensation by a guarantor, prepayment.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   One function per kind, called by the fold.
Errors  None of its own: ``core.refusals`` refuses an event before it is recorded.
Source  docs/algorithms/plan-changes.md; Civil Code art. 700 for the guarantor's claim.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from daihou.core.events import change_of
from daihou.core.terms import Surplus

if TYPE_CHECKING:
    from daihou.core._fold import Fold
    from daihou.core.events import Event


def change_owner(fold: Fold, event: Event, _day: int) -> None:
    """债权转让: who owns the loan changes and nothing that is owed."""
    fold.owner = change_of(event).counterparty


def compensate(fold: Fold, event: Event, day: int) -> None:
    """代偿: the guarantor's money is applied as any; what it paid is the guarantor's claim."""
    fold.receive(event, day)
    fold.compensations.append(fold.payments[-1])


def recover_claim(fold: Fold, event: Event, _day: int) -> None:
    """追偿: the debtor pays the guarantor; the loan itself owes what it owed."""
    fold.recovered_minor += event.amount_minor


def prepay(fold: Fold, event: Event, day: int) -> None:
    """提前还款: what is due, what is earned, then principal, whatever the product says."""
    surplus = change_of(event).surplus
    fold.receive(event, day, shortens=surplus is Surplus.SHORTEN)
