"""What moved in one loan, step by step: the fold watched from outside.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``movements`` folds the loan day by day and says what each day and each event moved. What
        is taken back (reversed, undone) stays where it was; the day it is taken back shows the
        difference to a fold that never knew of it.
Errors  ``EventRefused`` as ``position``; figures another system stated move nothing.
Source  docs/algorithms/posting.md. The sums of all movements are the position: tests/core.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from daihou.core._fold import Flow, Fold, sort_key
from daihou.core._rows import INTEREST, PRINCIPAL, WorkRow, accrued_of_period
from daihou.core.allocation import COMPONENTS
from daihou.core.events import (
    MONEY_IN_KINDS,
    STARTING_KINDS,
    TAKING_BACK_KINDS,
    Event,
    Kind,
    check_events,
)
from daihou.core.terms import Component, Contract

ACCRUAL, SUSPENSE = "accrual", "suspense"  # Causes that are no event: a day passes, money waited.
FEE = COMPONENTS.index(Component.FEE)
INCOME = tuple(range(INTEREST, len(COMPONENTS)))
NO_COMPONENT = None


class Move(StrEnum):
    """What a component, or the money that waits, did; negative amounts take it back."""

    LENT = "lent"  # Principal owed more.
    LENT_OTHERWISE = "lent_otherwise"  # Principal owed that a disbursement did not pay out.
    EARNED = "earned"  # Income that became receivable, or that was paid in advance.
    PAID = "paid"
    ADVANCED = "advanced"  # Of what was paid: not earned yet.
    WAIVED = "waived"
    CAPITALIZED = "capitalized"  # Receivable that became principal.
    HELD = "held"  # Money that came in and waits.
    REFUNDED = "refunded"  # Waiting money that went out.
    LEFT_STATE = "left_state"  # What was receivable when the state of the loan changed …
    ENTERED_STATE = "entered_state"
    ADVANCE_LEFT_STATE = "advance_left_state"  # … and what was paid in advance.
    ADVANCE_ENTERED_STATE = "advance_entered_state"
    PRICE = "price"  # Paid by the new owner; negative when bought back.
    PRICE_RESULT = "price_result"  # What was given for more than its price.
    CLAIM = "claim"  # Of the guarantor who paid.
    PROVIDED = "provided"  # A provision of the book; no loan's event makes it.


class State(StrEnum):
    NORMAL = "normal"
    CHARGED_OFF = "charged_off"
    SOLD = "sold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """``cause`` is a ``Kind``, ``accrual`` or ``suspense``; ``taken_back_by`` the kind that did."""

    on: date
    cause: str
    event_key: str  # "" where only a day passed.
    move: Move
    component: Component | None
    state: State
    amount_minor: int
    instalment_no: int | None = None
    taken_back_by: str = ""


class Standing(NamedTuple):
    """Sums by component at one moment."""

    left: tuple[int, ...]  # Receivable; of principal all that is outstanding.
    paid: tuple[int, ...]
    advance: tuple[int, ...]
    waived: tuple[int, ...]
    held_minor: int
    claim_minor: int
    state: State


NOTHING = Standing((0,) * 5, (0,) * 5, (0,) * 5, (0,) * 5, 0, 0, State.NORMAL)


def state_of(fold: Fold) -> State:
    if fold.owner:
        return State.SOLD
    return State.NORMAL if fold.written_off_on is None else State.CHARGED_OFF


def standing(fold: Fold, day: int) -> Standing:
    """Sum up a fold at the end of a day.

    Interest is earned as its period runs, a fee on its instalment's due day, penalty and compound
    interest at once. On the day the loan is closed earning ends.
    """
    left, paid, advance, waived = [0] * 5, [0] * 5, [0] * 5, [0] * 5
    if fold.closed_on is not None:
        day = min(day, fold.closed_on.toordinal())
    rounding = fold.terms.rounding
    for row in fold.rows:
        for component, owed_minor in enumerate(row.owed):
            if not owed_minor:
                continue
            waived_minor = row.waived[component]
            left_minor = row.left[component]
            paid_minor = owed_minor - left_minor - waived_minor
            paid[component] += paid_minor
            if component == PRINCIPAL:
                left[PRINCIPAL] += left_minor
                waived[PRINCIPAL] += waived_minor
                continue
            earned_minor = owed_minor
            if row.due > day and component in {INTEREST, FEE}:
                earned_minor = 0
                if component == INTEREST:
                    earned_minor = accrued_of_period(row, day, rounding)
            left[component] += max(0, earned_minor - owed_minor + left_minor)
            advance[component] += max(0, paid_minor - earned_minor)
            waived[component] += min(waived_minor, max(0, earned_minor - paid_minor))
    return Standing(
        tuple(left),
        tuple(paid),
        tuple(advance),
        tuple(waived),
        sum(flow.left_minor for flow in fold.payments),
        fold.claim_minor,
        state_of(fold),
    )


class _Watched(Fold):
    """A fold that stops every day and after every event, and notes what moved."""

    def __init__(self, contract: Contract) -> None:
        super().__init__(contract)
        self.noted: list[Movement] = []
        self.before = NOTHING
        self.handles: Event | None = None

    def go_to(self, events: Sequence[Event], through: date) -> None:
        """Fold sorted events and every day on the way; the first call starts with its first."""
        place, last = 0, through.toordinal()
        if not self.through:
            if not events:
                return
            self.through = events[0].effective_on.toordinal() - 1
        while self.through < last:
            day = self.through + 1
            first = place
            while place < len(events) and events[place].effective_on.toordinal() == day:
                place += 1
            if place > first:
                self._accrue_through(day)
                self._note_day(day)
                self._fold_day(day, events[first:place])
            else:
                self._go_on_to(day)
                self._note_day(day)

    def _fold_day(self, day: int, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind in MONEY_IN_KINDS:
                self._apply_held(day)
            self.handles = event
            super()._fold_events(day, [event])
            self.handles = None
            self._note_event(event, day)
        self._apply_held(day)

    def _apply_held(self, day: int) -> None:
        if self.handles is not None or not self.held:
            super()._apply_held(day)
            return
        self._note_day(day)
        parts_before = {id(flow): len(flow.parts) for flow in self.held}
        waiting = list(self.held)
        super()._apply_held(day)
        self._note_spent(waiting, parts_before, day)
