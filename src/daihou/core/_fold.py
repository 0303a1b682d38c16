"""Fold the events of one loan, day by day, over the days that matter.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   A ``Fold`` is fed events in order once; ``position`` freezes what it holds.
Errors  None of its own: events, rules and terms are checked before they reach it.
Source  docs/algorithms/position.md; the order of a day's events is in ``DAY_ORDER``.
Twin    ``engine`` folds plain loans on columns; ``tests/twins`` holds the two equal.
"""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby

from daihou.core._credits import Credit, charge_back, refund
from daihou.core._recalculation import Follower
from daihou.core._rows import (
    COMPOUND_INTEREST,
    INTEREST,
    PENALTY,
    PRINCIPAL,
    WorkRow,
    accrued_unpaid,
    merge_schedule,
    reduce_principal,
    row_for_charge,
)
from daihou.core.accrual import DailyRate, accrue, compound_rate, penalty_rate, read
from daihou.core.allocation import (
    COMPONENT_NO,
    COMPONENTS,
    Part,
    Plan,
    plan_of,
    spend_in_advance,
    spend_on_due,
)
from daihou.core.events import MONEY_IN_KINDS, Event, EventRefused, Kind
from daihou.core.schedule import (
    ScheduledInstalment,
    Tranche,
    build_schedule,
    build_tranched_schedule,
)
from daihou.core.terms import Contract, Method, Surplus, Terms

# Within a day: first what the loan is, then everything else by its place in the ledger, last what
# ends it.
IN_TURN = 2
DAY_ORDER = {
    Kind.OPENED: 0,
    Kind.DISBURSED: 0,
    Kind.PENALTY_STOPPED: 1,
    Kind.PENALTY_STARTED: 1,
    Kind.WRITTEN_OFF: 3,
    Kind.CLOSED: 4,
}


class Flow:
    """One payment or waiver: where its money went, on which day, and what found no place."""

    __slots__ = ("event", "left_minor", "parts", "principal_after_minor")

    def __init__(self, event: Event) -> None:
        self.event = event
        self.left_minor = event.amount_minor
        self.parts: list[tuple[WorkRow, int, int, int]] = []  # Row, component, amount, day.
        self.principal_after_minor = 0


class Charge:
    """A fee or penalty that was added: where it lies and what may still be waived of it."""

    __slots__ = ("amount_minor", "component", "due", "row", "waivable_minor")

    def __init__(self, *, row: WorkRow, component: int, due: int, amount_minor: int) -> None:
        self.row = row
        self.component = component
        self.due = due
        self.amount_minor = self.waivable_minor = amount_minor


class Fold:
    """The working state of one loan."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.terms = contract.terms
        self.rows: list[WorkRow] = []
        self.tranches: list[Tranche] = []
        self.payments: list[Flow] = []
        self.waivers: list[Flow] = []
        self.held: list[Flow] = []  # Payments with money unapplied, oldest first.
        self.credits: list[Credit] = []  # Charge-backs and refunds.
        self.charges: dict[str, Charge] = {}  # By the key of the event that added it.
        self.early_charges: list[Event] = []  # They wait for the first disbursement.
        self.accrues = True
        self.written_off_on: date | None = None
        self.closed_on: date | None = None
        self.rate = contract.terms.rate  # In force.
        self.owner = ""
        self.claim_minor = 0
        self.restructured_on: date | None = None
        self.restructure_count = 0
        self.paused_through_on: date | None = None
        self.through = 0  # Everything is folded through the end of this day.
        recalculation = self.terms.recalculation
        self.follower = None if recalculation is None else Follower(self, recalculation)
        self.penalty, self.compound = _rates(self.terms)
        allocation = self.terms.allocation
        self.plans = {channel: plan_of(rule) for channel, rule in allocation.by_channel}
        self.normal = plan_of(allocation.normal)
        self.late = None if allocation.late is None else plan_of(allocation.late)

    def run(self, events: Sequence[Event], as_of: date) -> None:
        """Fold events sorted by ``sort_key`` and go on to the end of the day asked for."""
        for effective_on, todays in groupby(events, key=lambda event: event.effective_on):
            day = effective_on.toordinal()
            self._go_on_to(day - 1)
            self._accrue_through(day)
            self._fold_day(day, list(todays))
        self._go_on_to(as_of.toordinal())

    @property
    def moves_by_itself(self) -> bool:
        """Tell whether a day may change what is owed though nothing happens on it."""
        movers = (self.penalty, self.compound, self.follower)
        return any(mover is not None for mover in movers)

    def _go_on_to(self, day: int) -> None:
        """Go through the due dates on the way, as long as money waits for them."""
        if self.held and self.tranches:
            for due in sorted({row.due for row in self.rows if self.through < row.due <= day}):
                self._accrue_through(due)
                self._apply_held(due)
        self._accrue_through(day)

    def _fold_day(self, day: int, events: Sequence[Event]) -> None:
        held_is_tried = False
        for event in events:
            if event.kind in MONEY_IN_KINDS and not held_is_tried:
                self._apply_held(day)
                held_is_tried = True
            self._handle(event, day)
        self._apply_held(day)

    def _handle(self, event: Event, day: int) -> None:
        handler = HANDLERS.get(event.kind)
        if handler is None:
            raise EventRefused("event.not_folded", event.key)
        handler(self, event, day)
        if self.follower is not None:
            self.follower.lay(day)

    # Accrual

    def _accrue_through(self, day: int) -> None:
        if day <= self.through:
            return
        if self.tranches and self.accrues:
            if self.penalty is not None:
                self._accrue_component(0, PENALTY, PRINCIPAL, self.penalty, day)
            if self.compound is not None:
                self._accrue_component(1, COMPOUND_INTEREST, INTEREST, self.compound, day)
        self.through = day
        if self.follower is not None:
            self.follower.go_to(day)

    def _accrue_component(
        self, slot: int, component: int, base: int, rate: DailyRate, day: int
    ) -> None:
        """Accrue one component on every overdue instalment: its base has stood still since."""
        penalty, rounding = self.terms.penalty, self.terms.rounding
        assert penalty is not None
        for row in self.rows:
            if row.due >= day:
                break
            after = max(self.through, row.due + self.terms.grace_days)
            until = day
            if penalty.stop_after_days is not None:
                until = min(day, row.due + penalty.stop_after_days)
            if not row.left[base] or until <= after:
                continue
            row.numerators[slot] += accrue(
                base_minor=row.left[base],
                rate=rate,
                after=after,
                through=until,
                accrual_rounding=penalty.rounding,
                rounding=rounding,
            )
            accrued_minor = read(numerator=row.numerators[slot], rate=rate, rounding=rounding)
            row.add(component, accrued_minor - row.accrued[slot])
            row.accrued[slot] = accrued_minor

    # Ageing

    def oldest_unpaid(self, day: int) -> WorkRow | None:
        """Find the oldest instalment that is past due and owes more than the tolerance."""
        tolerance_minor = self.terms.tolerance_minor
        for row in self.rows:
            if row.due >= day:
                return None
            if row.ages(tolerance_minor):
                return row
        return None

    # Money in

    def principal_left(self) -> int:
        return sum([row.left[PRINCIPAL] for row in self.rows])

    def _plan_for(self, channel: str, day: int) -> Plan:
        if channel in self.plans:
            return self.plans[channel]
        late_from_days = self.terms.allocation.late_from_days
        if self.late is not None and late_from_days is not None:
            oldest = self.oldest_unpaid(day)
            if oldest is not None and day - oldest.due >= late_from_days:
                return self.late
        return self.normal

    def receive(self, event: Event, day: int) -> None:
        flow = Flow(event)
        self.payments.append(flow)
        if self.tranches and self.closed_on is None:
            self._apply(flow, day)
        if flow.left_minor and flow not in self.held:
            self.held.append(flow)
        flow.principal_after_minor = self.principal_left()

    def _apply_held(self, day: int) -> None:
        if not self.held or not self.tranches or self.closed_on is not None:
            return
        for flow in self.held:
            self._apply(flow, day)
        self.held = [flow for flow in self.held if flow.left_minor]

    def _apply(self, flow: Flow, day: int) -> None:
        """Spend a payment: what is due, charges whose day has come, then the surplus."""
        plan = self._plan_for(flow.event.channel, day)
        parts: list[Part] = []
        left_minor = spend_on_due(
            amount_minor=flow.left_minor, rows=self.rows, plan=plan, on=day, parts=parts
        )
        if plan.charges_on_their_day:
            left_minor = self._spend_on_charges(left_minor, day, parts)
        if left_minor and plan.surplus in {Surplus.SHORTEN, Surplus.LOWER}:
            shortens = plan.surplus is Surplus.SHORTEN
            left_minor = self._prepay(left_minor, day, parts, shortens=shortens)
        left_minor = spend_in_advance(
            amount_minor=left_minor, rows=self.rows, plan=plan, on=day, parts=parts
        )
        self._note(flow, parts, day)
        flow.left_minor = left_minor
        if self.follower is not None and parts:
            self.follower.lay(day)

    def _prepay(self, amount_minor: int, day: int, parts: list[Part], *, shortens: bool) -> int:
        if self.follower is not None:
            return self.follower.prepay(amount_minor, day, parts, shortens=shortens)
        return reduce_principal(
            self.rows,
            amount_minor,
            on=day,
            keeps_instalment=shortens,
            rounding=self.terms.rounding,
            parts=parts,
        )

    def _spend_on_charges(self, amount_minor: int, day: int, parts: list[Part]) -> int:
        """Pay the charges of instalments to come whose own day has come, oldest first.

        What has been settled of a component counts for its oldest charges.
        """
        come: dict[tuple[int, int], int] = {}
        for charge in sorted(self.charges.values(), key=lambda charge: charge.due):
            row, component = charge.row, charge.component
            if charge.due > day or row.due <= day:
                continue
            place = id(row), component
            come[place] = come.get(place, 0) + charge.amount_minor
            settled_minor = row.owed[component] - row.left[component]
            taken_minor = min(
                amount_minor, row.left[component], max(0, come[place] - settled_minor)
            )
            if taken_minor:
                row.left[component] -= taken_minor
                parts.append((row, component, taken_minor))
                amount_minor -= taken_minor
        return amount_minor

    def _note(self, flow: Flow, parts: Sequence[Part], day: int) -> None:
        for row, component, amount_minor in parts:
            assert isinstance(row, WorkRow)
            flow.parts.append((row, component, amount_minor, day))
            row.note_paid(day)

    # What the loan is

    def disburse(self, event: Event, day: int) -> None:
        del day
        self.tranches.append(
            Tranche(amount_minor=event.amount_minor, paid_out_on=event.effective_on)
        )
        schedule = _schedule(self.terms, self.tranches)
        raised = {} if self.follower is None else self.follower.raised()
        self.rows = merge_schedule(self.rows, schedule)
        if self.follower is not None:
            self.follower.start(event.effective_on.toordinal(), raised)
        for charge in self.early_charges:
            self._place_charge(charge)
        self.early_charges = []

    def stop_penalty(self, event: Event, day: int) -> None:
        del event, day
        self.accrues = False

    def start_penalty(self, event: Event, day: int) -> None:
        del event, day
        self.accrues = self.written_off_on is None and self.closed_on is None

    def write_off(self, event: Event, day: int) -> None:
        del day
        self.accrues = False
        self.written_off_on = self.written_off_on or event.effective_on

    def close(self, event: Event, day: int) -> None:
        """Spend what is held as a pay-off (dues, interest earned, principal); give up the rest."""
        self.accrues = False
        self._apply_held(day)
        for flow in self.held:
            parts: list[Part] = []
            flow.left_minor = self._prepay(flow.left_minor, day, parts, shortens=False)
            self._note(flow, parts, day)
        self.closed_on = self.closed_on or event.effective_on
        for row in self.rows:
            for component in range(len(COMPONENTS)):
                if row.left[component]:
                    row.waive(component, row.left[component], day)

    def reopen(self) -> None:
        """Take back the end of a loan that owes money again."""
        self.closed_on = None

    # Charges

    def add_charge(self, event: Event, day: int) -> None:
        del day
        if self.tranches:
            self._place_charge(event)
        else:
            self.early_charges.append(event)

    def _place_charge(self, event: Event) -> None:
        assert event.due_on is not None
        assert event.component is not None
        row = row_for_charge(self.rows, event.due_on)
        component = COMPONENT_NO[event.component]
        row.add(component, event.amount_minor)
        self.charges[event.key] = Charge(
            row=row,
            component=component,
            due=event.due_on.toordinal(),
            amount_minor=event.amount_minor,
        )

    def waive_charge(self, event: Event, day: int) -> None:
        """Give up what is left of a charge or of a component, at most what the event says."""
        flow = Flow(event)
        self.waivers.append(flow)
        if event.target_key is not None:
            charge = self.charges.get(event.target_key)
            if charge is not None:
                most_minor = min(event.amount_minor, charge.waivable_minor)
                charge.waivable_minor -= self._waive(
                    flow, charge.row, charge.component, most_minor, day
                )
            return
        assert event.instalment_no is not None
        assert event.component is not None
        if 1 <= event.instalment_no <= len(self.rows):
            row = self.rows[event.instalment_no - 1]
            self._waive(flow, row, COMPONENT_NO[event.component], event.amount_minor, day)

    def _waive(self, flow: Flow, row: WorkRow, component: int, most_minor: int, day: int) -> int:
        amount_minor = min(most_minor, row.left[component])
        if amount_minor:
            row.waive(component, amount_minor, day)
            flow.parts.append((row, component, amount_minor, day))
            flow.left_minor -= amount_minor
        return amount_minor

    # What a day's end shows

    def accrued_interest(self, day: int) -> int:
        if self.follower is not None:
            return self.follower.accrued()
        return sum(accrued_unpaid(row, day, self.terms.rounding) for row in self.rows)


HANDLERS = {
    Kind.OPENED: Fold.disburse,
    Kind.DISBURSED: Fold.disburse,
    Kind.PENALTY_STOPPED: Fold.stop_penalty,
    Kind.PENALTY_STARTED: Fold.start_penalty,
    Kind.CHARGE_ADDED: Fold.add_charge,
    Kind.CHARGE_WAIVED: Fold.waive_charge,
    Kind.PAYMENT_RECEIVED: Fold.receive,
    Kind.RECOVERED: Fold.receive,
    Kind.WRITTEN_OFF: Fold.write_off,
    Kind.CLOSED: Fold.close,
    Kind.CHARGED_BACK: charge_back,
    Kind.REFUNDED: refund,
}


def sort_key(event: Event) -> tuple[date, int, int, str]:
    order = DAY_ORDER.get(event.kind, IN_TURN)
    return event.effective_on, order, event.sequence, event.key


@lru_cache(maxsize=1024)
def _rates(terms: Terms) -> tuple[DailyRate | None, DailyRate | None]:
    return penalty_rate(terms), compound_rate(terms)


def _schedule(terms: Terms, tranches: Sequence[Tranche]) -> tuple[ScheduledInstalment, ...]:
    """Plan what has been paid out; the dues of a free schedule are as given, whatever was."""
    if terms.method is Method.FREE:
        principal_minor = sum(due.principal_minor for due in terms.free_dues)
        return _planned(terms, principal_minor, tranches[0].paid_out_on)
    if len(tranches) == 1:
        return _planned(terms, tranches[0].amount_minor, tranches[0].paid_out_on)
    return build_tranched_schedule(terms=terms, tranches=tranches)


@lru_cache(maxsize=4096)
def _planned(terms: Terms, principal_minor: int, start_on: date) -> tuple[ScheduledInstalment, ...]:
    return build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)
