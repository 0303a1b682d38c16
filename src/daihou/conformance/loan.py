"""One loan of a case: our contract and events, and what the peer's words need beside them.

References, names of charges and channels are the peer's; every amount comes from ``core.position``
over the events.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from itertools import count
from typing import Any, NamedTuple

from daihou.conformance.cases import Case
from daihou.conformance.product import is_progressive, minor, terms_of
from daihou.conformance.replan import Schedule, replanned_position, whole_schedule
from daihou.core.events import PLAN_KINDS, TAKING_BACK_KINDS, Event, Kind
from daihou.core.position import Applied, Position, position
from daihou.core.schedule import build_schedule
from daihou.core.terms import Component, Contract, Recalculation

DOWN_PAYMENT, DISBURSEMENT = "Down Payment", "Disbursement"
WAIVER, CHARGE_OFF = "Waive loan charges", "Charge-off"
CHARGE_BACK, BALANCE_REFUND, CASH_REFUND = "Chargeback", "Credit Balance Refund", "Refund"
CAPITALIZED_INCOME, WRITE_OFF = "Capitalized Income", "Close (as written-off)"
PAID_OUT = frozenset({DISBURSEMENT, CAPITALIZED_INCOME})
MONEY_BACK = frozenset({CHARGE_BACK, BALANCE_REFUND, CASH_REFUND})
RE_AGE, RE_AMORTIZE, TERMINATION = "Re-age", "Re-amortize", "Contract Termination"
PLAN_CHANGES = frozenset({RE_AGE, RE_AMORTIZE, TERMINATION})
NO_MONEY_IN = MONEY_BACK | PAID_OUT | PLAN_CHANGES | {WAIVER, CHARGE_OFF, WRITE_OFF}


@dataclass(slots=True, kw_only=True)
class Transaction:
    key: str
    name: str
    on: date
    amount_minor: int
    channel: str = ""
    belongs_to: str = ""  # The disbursement that made this down payment, the pause of a re-age.
    charge_key: str = ""  # The charge that this waives.
    was_accrued: bool = False  # The peer had accrued the waived charge by then.
    taken_back: Applied | None = None  # What it had done in the moment it was reversed …
    posted: tuple[tuple[str, int], ...] = ()  # … and what it had posted, by account.
    before_undo: Position | None = None  # Of a change of the plan: on the eve of its undoing.


class ChargeLabel(NamedTuple):
    name: str
    component: Component
    due_at: str
    calc: str


@dataclass(slots=True, kw_only=True)
class Charge:
    label: ChargeLabel
    due_on: date | None
    keys: tuple[str, ...]
    added_on: date


@dataclass(slots=True, kw_only=True)
class Pause:
    """A time in which the peer counts no days of arrears; with us no such thing exists."""

    start_on: date
    end_on: date
    planned_end_on: date


@dataclass(slots=True)
class PeerLoan:
    case: Case
    today: date = date.min
    approved: bool = False
    accrues_when_added: bool = False
    is_fraud: bool = False  # Only the peer's journals ask for it.
    closed_through: date | None = None  # The peer's end of day has run to here.
    events: list[Event] = field(default_factory=list)
    transactions: dict[str, Transaction] = field(default_factory=dict)
    charges: list[Charge] = field(default_factory=list)
    pauses: list[Pause] = field(default_factory=list)
    resumed_on: list[date] = field(default_factory=list)
    contract: Contract = field(init=False)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        peer = self.case.terms
        self.contract = Contract(
            loan_ref=self.case.case_id,
            currency=peer["currency"],
            minor_digits=peer["decimals"],
            principal_minor=minor(peer["principal"]),
            start_on=date.fromisoformat(peer["submitted_on"]),
            terms=terms_of(peer),
        )
        if self.case.periods:  # A test of the peer's calculator alone, which rounds each piece.
            pieces = Recalculation(rounds_pieces=True)
            terms = replace(self.contract.terms, recalculation=pieces)
            self.contract = replace(self.contract, terms=terms)
        self.today = self.contract.start_on

    def tranches(self) -> list[Event]:
        return [event for event in self.events if event.kind is Kind.DISBURSED]

    def replan(self) -> Schedule | None:
        """Plan all tranches at once, where the peer does and it changes a figure."""
        tranches = self.tranches()
        if is_progressive(self.case.terms) or len(tranches) < 2:
            return None
        last_on = max(event.effective_on for event in tranches)
        terms, first_on = self.contract.terms, tranches[0].effective_on
        planned = build_schedule(terms=terms, principal_minor=1, start_on=first_on)
        paid_before = any(
            event.kind is Kind.PAYMENT_RECEIVED and event.effective_on < last_on
            for event in self.events
        )
        if not paid_before and last_on < planned[-1].due_on:
            return None
        return whole_schedule(terms=terms, tranches=tranches)

    def position(self, as_of: date | None = None) -> Position:
        events, on = self.in_force(), as_of or self.today
        if schedule := self.replan():
            return replanned_position(
                contract=self.contract, events=events, as_of=on, schedule=schedule
            )
        return position(contract=self.contract, events=events, as_of=on)

    def planned(self) -> Position:
        """Give the position with all changes of the plan known, also those from a day to come."""
        changed_on = [event.effective_on for event in self.events if event.kind in PLAN_KINDS]
        return self.position(max([self.today, *changed_on]))

    def before(self, key: str, on: date) -> Position:
        """Give the position of a day as it is without an event and those recorded after it."""
        place = next(event.sequence for event in self.events if event.key == key)
        earlier = tuple(event for event in self.in_force() if event.sequence < place)
        reversals = tuple(
            event
            for event in self.in_force()
            if event.kind in TAKING_BACK_KINDS and event.sequence > place
        )
        known = {event.key for event in earlier}
        kept = tuple(event for event in reversals if event.target_key in known)
        backdated = tuple(
            event
            for event in self.in_force()
            if event.sequence > place and event.effective_on < on and event not in kept
        )
        return position(contract=self.contract, events=(*earlier, *backdated, *kept), as_of=on)

    def applied_by_key(self, now: Position) -> dict[str, Applied]:
        """Give where each payment went, with the principal that the peer shows after it.

        Our fold pays out before it takes money in, on one day, and a replanned loan from the start.
        """
        places = {event.key: (event.effective_on, event.sequence) for event in self.events}
        found = {}
        from_the_start = self.replan() is not None
        for each in now.applied:
            later = sum(
                tranche.amount_minor
                for tranche in self.tranches()
                if places[tranche.key] > places[each.event_key]
                and (from_the_start or tranche.effective_on == each.effective_on)
            )
            after_minor = max(0, each.principal_after_minor - later)
            found[each.event_key] = replace(each, principal_after_minor=after_minor)
        return found

    def in_force(self) -> tuple[Event, ...]:
        """Give the events; where schedules are cumulative, charges stand from the start."""
        disbursed = [event.effective_on for event in self.tranches()]
        if is_progressive(self.case.terms) or not disbursed:
            return tuple(self.events)
        return tuple(
            replace(event, effective_on=min(disbursed))
            if event.kind in {Kind.CHARGE_ADDED, Kind.CHARGE_WAIVED}
            else event
            for event in self.events
        )

    def add(self, kind: Kind, on: date, **more: Any) -> Event:
        sequence = next(self.numbers)
        event = Event(
            kind=kind,
            effective_on=on,
            recorded_at=datetime.combine(self.today, time(), tzinfo=UTC),
            sequence=sequence,
            key=more.pop("key", f"{kind}-{sequence}"),
            **more,
        )
        self.events.append(event)
        return event
