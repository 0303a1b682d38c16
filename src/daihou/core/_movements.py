"""What moved in one loan, step by step: the fold watched from outside.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``movements`` folds the loan day by day and says what each day and each event moved. What
        is taken back (reversed, undone) stays where it was; the day it is taken back shows the
        difference to a fold that never knew of it.
Errors  ``EventRefused`` as ``position``; figures another system stated move nothing.
Source  docs/algorithms/posting.md. The sums of all movements are the position: tests/core.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from daihou.core._flows import Flow
from daihou.core._fold import Fold, sort_key
from daihou.core._rows import FEE, INTEREST, PRINCIPAL, WorkRow, accrued_of_period
from daihou.core.allocation import COMPONENTS
from daihou.core.events import (
    MONEY_IN_KINDS,
    STARTING_KINDS,
    TAKING_BACK_KINDS,
    Event,
    Kind,
    check_events,
    leaves_no_trace,
    without_taken_back,
)
from daihou.core.terms import Component, Contract

ACCRUAL, SUSPENSE = "accrual", "suspense"  # Causes that are no event: a day passes, money waited.
INCOME = tuple(range(INTEREST, len(COMPONENTS)))
# Principal owed more by these is not what was receivable before.
LENDING_KINDS = STARTING_KINDS | {Kind.CHARGE_ADDED, Kind.CHARGED_BACK, Kind.REFUNDED}


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
    ADVANCE_LEFT = "advance_left"  # … and what was paid in advance.
    ADVANCE_ENTERED = "advance_entered"
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


_Place: TypeAlias = tuple[Move, int | None]  # A component by its number; None: the loan.
_Moved: TypeAlias = dict[_Place, int]
NOTHING = Standing((0,) * 5, (0,) * 5, (0,) * 5, (0,) * 5, 0, 0, State.NORMAL)


def state_of(fold: Fold) -> State:
    if fold.owner:
        return State.SOLD
    return State.NORMAL if fold.written_off_on is None else State.CHARGED_OFF


def standing(fold: Fold, day: int) -> Standing:
    """Sum up a fold at the end of a day.

    Interest is earned as its period runs (also interest that became principal before), a fee on
    its instalment's due day, penalty and compound interest at once. What had fallen due before it
    was planned anew stays earned. On the day the loan is closed earning ends, but for what is
    charged later.
    """
    left, paid, advance, waived = [0] * 5, [0] * 5, [0] * 5, [0] * 5
    last = day if fold.closed_on is None else min(day, fold.closed_on.toordinal())
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
            earned_minor = _earned(fold, row, component, day if left_minor else last)
            left[component] += max(0, earned_minor - owed_minor + left_minor)
            advance[component] += max(0, paid_minor - earned_minor)
            waived[component] += min(waived_minor, max(0, earned_minor - paid_minor))
    advance[INTEREST] += fold.capital_not_earned(day)
    return Standing(
        tuple(left),
        tuple(paid),
        tuple(advance),
        tuple(waived),
        sum(flow.left_minor for flow in fold.payments),
        fold.claim_minor,
        state_of(fold),
    )


def _earned(fold: Fold, row: WorkRow, component: int, day: int) -> int:
    """Count what an instalment has earned of a component by the end of a day, paid or not."""
    if row.due <= day or component not in {INTEREST, FEE}:
        return row.owed[component]
    if component == FEE:
        return row.carried[FEE]
    return accrued_of_period(row, day, fold.terms.rounding)


class _Step(NamedTuple):
    """What is being noted: a day that passes, money that waited, or an event."""

    on: date
    cause: str
    event_key: str


class _Watched(Fold):
    """A fold that notes what moved: after every event, and whenever it stops on a day."""

    def __init__(self, contract: Contract, facts: Sequence[Event]) -> None:
        super().__init__(contract)
        self.waiting = facts  # Sorted by ``sort_key``.
        self.told = 0
        self.noted: list[Movement] = []
        self.before = NOTHING
        self.is_handling = False
        self.is_noting = True

    def begin_after(self, day: date) -> None:
        """Fold through a day of which nobody asks what moved; nothing is noted before it."""
        self.is_noting = False
        self._run_through(day)
        self.is_noting = True
        self.before = standing(self, day.toordinal())

    def skip_to(self, day: date) -> None:
        """Fold through a day and stop there alone; what only days moved is noted as one."""
        self._run_through(day)
        self._note_day(day)

    def _run_through(self, day: date) -> None:
        first = self.told
        while self.told < len(self.waiting) and self.waiting[self.told].effective_on <= day:
            self.told += 1
        self.run(self.waiting[first : self.told], day)

    def go_to(self, day: date) -> None:
        """Fold through a day and stop on every day from the first event on."""
        if not self.waiting:
            return
        self.through = max(self.through, self.waiting[0].effective_on.toordinal() - 1)
        for ordinal in range(self.through + 1, day.toordinal() + 1):
            self.skip_to(date.fromordinal(ordinal))

    def _fold_day(self, day: int, events: Sequence[Event]) -> None:
        if self.is_noting:
            self._note_day(date.fromordinal(day))
        super()._fold_day(day, events)

    def _handle(self, event: Event, day: int) -> None:
        self.is_handling = True
        super()._handle(event, day)
        self.is_handling = False
        if self.is_noting:
            self._note_event(event, day)

    def _apply_held(self, day: int) -> None:
        if self.is_handling or not self.held or not self.is_noting:
            super()._apply_held(day)
            return
        on = date.fromordinal(day)
        self._note_day(on)
        spent = [(flow, len(flow.parts)) for flow in self.held]
        super()._apply_held(day)
        after = standing(self, day)
        moved = _moved(self.before, after)
        for flow, known in spent:
            self._note_parts(_Step(on, SUSPENSE, flow.event.key), flow, known, moved)
        self._note_all(_Step(on, SUSPENSE, ""), moved)
        self.before = after

    # Notes

    def _note_day(self, on: date) -> None:
        after = standing(self, on.toordinal())
        if after != self.before:
            self._note_all(_Step(on, ACCRUAL, ""), _moved(self.before, after))
            self.before = after

    def _note_event(self, event: Event, day: int) -> None:
        before, after = self.before, standing(self, day)
        step = _Step(event.effective_on, event.kind.value, event.key)
        moved = _moved(before, after)
        _name_source(event, moved)
        paid_minor = sum(n for (move, _), n in moved.items() if move is Move.PAID)
        held_minor = after.held_minor - before.held_minor
        came_minor = 0
        if event.kind in MONEY_IN_KINDS:
            came_minor = event.amount_minor
            moved[Move.HELD, None] = held_minor
            if self.payments and self.payments[-1].event is event:
                self._note_parts(step, self.payments[-1], 0, moved)
        moved[Move.REFUNDED, None] = came_minor - paid_minor - held_minor
        self._note_all(step, moved)
        if after.state is not before.state:
            self._note_change(step, after)
            self._note_all(step, _price(event, before.state, after))
        self.before = after

    def _note_parts(self, step: _Step, flow: Flow, known: int, moved: _Moved) -> None:
        """Note the parts of a payment by instalment, and take them out of what is left to note."""
        numbers = {id(row): number for number, row in enumerate(self.rows, start=1)}
        for row, component, amount_minor, _ in flow.parts[known:]:
            moved[Move.PAID, component] -= amount_minor
            place = Move.PAID, component
            self._write(step, place, amount_minor, instalment_no=numbers.get(id(row)))

    def _note_change(self, step: _Step, after: Standing) -> None:
        """Move what is receivable and paid in advance from one state of the loan to another."""
        for component, amount_minor in enumerate(after.left):
            self._write(step, (Move.LEFT_STATE, component), amount_minor)
            self._write(step, (Move.ENTERED_STATE, component), amount_minor, state=after.state)
        for component, amount_minor in enumerate(after.advance):
            self._write(step, (Move.ADVANCE_LEFT, component), amount_minor)
            self._write(step, (Move.ADVANCE_ENTERED, component), amount_minor, state=after.state)

    def _note_all(self, step: _Step, moved: _Moved) -> None:
        for place, amount_minor in moved.items():
            self._write(step, place, amount_minor)

    def _write(
        self,
        step: _Step,
        place: _Place,
        amount_minor: int,
        *,
        state: State | None = None,
        instalment_no: int | None = None,
    ) -> None:
        if not amount_minor:
            return
        move, component = place
        self.noted.append(
            Movement(
                on=step.on,
                cause=step.cause,
                event_key=step.event_key,
                move=move,
                component=None if component is None else COMPONENTS[component],
                state=state or self.before.state,
                amount_minor=amount_minor,
                instalment_no=instalment_no,
            )
        )


def _moved(before: Standing, after: Standing) -> _Moved:
    """Tell what must have moved between two standings; earning and lending close the sums."""
    moved: _Moved = {}
    for component in range(len(COMPONENTS)):
        left, paid, advanced, waived = (
            now[component] - was[component] for was, now in zip(before[:4], after[:4], strict=True)
        )
        source = Move.LENT if component == PRINCIPAL else Move.EARNED
        moved[source, component] = left + paid + waived - advanced
        moved[Move.PAID, component] = paid
        moved[Move.ADVANCED, component] = advanced
        moved[Move.WAIVED, component] = waived
    moved[Move.CLAIM, None] = after.claim_minor - before.claim_minor
    return moved


def _name_source(event: Event, moved: _Moved) -> None:
    """Say where more principal came from: paid out, brought in, charged, or capitalized."""
    lent_minor = moved[Move.LENT, PRINCIPAL]
    if event.kind is Kind.DISBURSED:
        moved[Move.LENT, PRINCIPAL] = event.amount_minor
        moved[Move.LENT_OTHERWISE, PRINCIPAL] = lent_minor - event.amount_minor
    elif event.kind in LENDING_KINDS or lent_minor <= 0:
        return
    else:
        moved[Move.LENT, PRINCIPAL] = 0
        for component in INCOME:
            part_minor = min(lent_minor, max(0, -moved[Move.EARNED, component]))
            moved[Move.CAPITALIZED, component] = part_minor
            moved[Move.EARNED, component] += part_minor
            lent_minor -= part_minor
        moved[Move.CAPITALIZED, INTEREST] += lent_minor  # What was not earned yet is by this.
        moved[Move.EARNED, INTEREST] += lent_minor


def _price(event: Event, before: State, after: Standing) -> _Moved:
    """Tell what a sale brought, or a buy-back cost, and how far that is from the book value."""
    if event.kind is not Kind.OWNER_CHANGED or event.change is None:
        return {}
    price_minor = event.change.price_minor or 0
    value_minor = sum(after.left) - sum(after.advance)
    if after.state is not State.SOLD:
        price_minor, value_minor = -price_minor, -value_minor
    if State.NORMAL not in {before, after.state}:
        value_minor = 0  # It was written off: the books hold nothing of it.
    return {
        (Move.PRICE, None): price_minor,
        (Move.PRICE_RESULT, None): value_minor - price_minor,
    }


def movements(
    *,
    contract: Contract,
    events: Sequence[Event],
    as_of: date,
    known_at: datetime | None = None,
    after: date | None = None,
) -> tuple[Movement, ...]:
    """Say what moved through the end of a day, as known at an instant; or only after a day.

    The movements through an earlier day are the same, whatever later days bring.
    """
    check_events(events)
    told = [event for event in events if known_at is None or event.recorded_at <= known_at]
    return _watched(contract, told, as_of, after)[0]


def movements_and_figures(
    *, contract: Contract, events: Sequence[Event], as_of: date, after: date | None = None
) -> tuple[tuple[Movement, ...], dict[str, int]]:
    """Say what moved, and where it left the loan as ``sub_ledger`` reads it, off one fold."""
    check_events(events)
    moved, fold = _watched(contract, events, as_of, after)
    return moved, _figures(fold, as_of)


def _watched(
    contract: Contract, events: Sequence[Event], as_of: date, after: date | None
) -> tuple[tuple[Movement, ...], Fold]:
    """Give what moved, and the fold as the last day leaves it."""
    told = sorted((event for event in events if event.effective_on <= as_of), key=sort_key)
    facts = [e for e in told if e.kind not in TAKING_BACK_KINDS and e.kind is not Kind.STATED]
    taking_back = [event for event in told if event.kind in TAKING_BACK_KINDS]
    gone = {e.target_key for e in taking_back if after is not None and e.effective_on <= after}

    fold = _Watched(contract, [event for event in facts if not leaves_no_trace(event, gone)])
    if after is not None and gone.issuperset(event.target_key for event in taking_back):
        fold.begin_after(after)
    elif after is not None:
        fold.skip_to(after)  # What is taken back later is told by all that was noted of it.
    noted: list[Movement] = []
    for event in taking_back:
        if event.target_key in gone:
            continue
        eve = event.effective_on - timedelta(days=1)
        fold.go_to(eve)
        noted += fold.noted
        gone.add(event.target_key)
        fold = _Watched(contract, [fact for fact in facts if not leaves_no_trace(fact, gone)])
        fold.skip_to(eve)
        noted += _difference(event, noted, fold.noted)
        fold.noted = []
    fold.go_to(as_of)
    noted += fold.noted
    return tuple(moved for moved in noted if after is None or moved.on > after), fold


def sub_ledger(*, contract: Contract, events: Sequence[Event], as_of: date) -> dict[str, int]:
    """Read what the general ledger must hold off one fold, by the name of each figure.

    Principal, what may be asked for of each other component, and money unapplied; the claim of a
    guarantor who paid. Figures another system stated are left out.
    """
    check_events(events)
    told = [e for e in events if e.effective_on <= as_of and e.kind is not Kind.STATED]
    fold = Fold(contract)
    fold.run(sorted(without_taken_back(told), key=sort_key), as_of)
    return _figures(fold, as_of)


def _figures(fold: Fold, as_of: date) -> dict[str, int]:
    day, sums = as_of.toordinal(), [0] * len(COMPONENTS)
    for row in fold.rows:
        for component, left_minor in enumerate(row.left):
            is_asked = row.due <= day or component not in {INTEREST, FEE}
            if is_asked:
                sums[component] += left_minor
            elif component == FEE:
                sums[FEE] += row.carried_left(FEE)
    sums[INTEREST] += fold.accrued_interest(day)
    return {
        **dict(zip((component.value for component in COMPONENTS), sums, strict=True)),
        "unapplied": sum(flow.left_minor for flow in fold.payments),
        "claim": fold.claim_minor,
    }


def _difference(event: Event, was: Sequence[Movement], now: Sequence[Movement]) -> list[Movement]:
    """Bring what was noted to what a fold without the event's target says of the same days."""
    sums: dict[tuple[str, Move, Component | None, State], int] = {}
    for sign, noted in ((-1, was), (1, now)):
        for moved in noted:
            place = moved.cause, moved.move, moved.component, moved.state
            sums[place] = sums.get(place, 0) + sign * moved.amount_minor
    return [
        Movement(
            on=event.effective_on,
            cause=cause,
            event_key=event.key,
            move=move,
            component=component,
            state=state,
            amount_minor=amount_minor,
            taken_back_by=event.kind.value,
        )
        for (cause, move, component, state), amount_minor in sums.items()
        if amount_minor
    ]
