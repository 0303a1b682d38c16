"""Fold the events of one loan, day by day, over the days that matter.

Units   ``*_minor`` is an ``int`` count of minor units; days are ordinals (``date.toordinal``).
Shape   A ``Fold`` is fed events in order once; ``position`` freezes what it holds.
Errors  None of its own: events, rules and terms are checked before they reach it.
Source  docs/algorithms/position.md; the order of a day's events is in ``DAY_ORDER``.
Twin    ``engine`` folds plain loans on columns; ``tests/twins`` holds the two equal.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import groupby

from daihou.core._charges import Charge, add_charge, place_charge, waive_charge
from daihou.core._claims import change_owner, compensate, prepay, recover_claim
from daihou.core._credits import Credit, charge_back, refund
from daihou.core._deferrals import defer
from daihou.core._flows import Flow
from daihou.core._overdue import accelerate, plan_overdue, re_age, re_amortize
from daihou.core._plan_changes import (
    change_rate,
    change_term,
    extend,
    move_due_dates,
    pause_interest,
)
from daihou.core._recalculation import Follower
from daihou.core._replan import Points, lay, take, to_come
from daihou.core._rhythm import Rhythm, value_at
from daihou.core._rows import (
    COMPOUND_INTEREST,
    FEE,
    INTEREST,
    PENALTY,
    PRINCIPAL,
    WorkRow,
    accrued_unpaid,
    merge_schedule,
    reduce_principal,
)
from daihou.core.accrual import DailyRate, accrue, compound_rate, penalty_rate, read
from daihou.core.allocation import (
    COMPONENTS,
    Part,
    Plan,
    plan_of,
    spend_in_advance,
    spend_on_due,
)
from daihou.core.events import MONEY_IN_KINDS, PLAN_KINDS, Event, EventRefused, Kind
from daihou.core.money import round_amount
from daihou.core.schedule import (
    ScheduledInstalment,
    ScheduleRefused,
    Tranche,
    build_schedule,
    build_tranched_schedule,
)
from daihou.core.terms import Contract, Method, Rate, Surplus, Terms

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
        self.owner = ""
        self.compensations: list[Flow] = []
        self.recovered_minor = 0  # By guarantors, of what they paid.
        self.anchor_on = contract.terms.first_due_on  # Due dates are counted from here.
        self.pauses: list[tuple[int, int]] = []  # From a day on, to a day that bears interest.
        self.flat_base: int | Fraction = 0  # What a flat loan bears interest on.
        self.capitalized_minor = 0
        self.capital_to_come: tuple[int, Points] | None = None  # Principal not yet earned.
        self.is_replanned = False
        self.is_called = False  # All fell due at once.
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
        plans = [self.normal, *self.plans.values(), *([self.late] if self.late else [])]
        self.waits_for_dues = all(
            plan.surplus is Surplus.HOLD and not plan.charges_on_their_day for plan in plans
        )

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
        if self.follower is not None and event.kind in PLAN_KINDS:
            self.follower.follow_change(day)
        elif self.follower is not None:
            self.follower.lay(day)

    # What is in force

    @property
    def rate(self) -> Rate:
        return self.terms.rate

    @property
    def goes_on(self) -> bool:
        return bool(self.tranches) and self.closed_on is None

    @property
    def owes(self) -> bool:
        return self.goes_on and any(any(row.left) for row in self.rows)

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.terms, self.anchor_on or self.tranches[0].paid_out_on)

    @property
    def claim_minor(self) -> int:
        """What guarantors paid and did not get back: never more than what they paid."""
        paid_minor = sum(flow.event.amount_minor - flow.left_minor for flow in self.compensations)
        return max(0, paid_minor - self.recovered_minor)

    def capital_not_earned(self, day: int) -> int:
        """Count interest that became principal before it is earned, while its holiday lasts."""
        if self.capital_to_come is None:
            return 0
        capital_minor, grows = self.capital_to_come
        earned_minor = round_amount(amount=value_at(grows, day), rounding=self.terms.rounding)
        return max(0, capital_minor - earned_minor)

    def note_restructure(self, event: Event) -> None:
        self.restructured_on = event.effective_on
        self.restructure_count += 1

    # Accrual

    def _accrue_through(self, day: int) -> None:
        if day <= self.through:
            return
        if self.follower is not None:  # What fell due on the way bears penalty as it did.
            self.follower.go_to(day)
        if self.tranches and self.accrues:
            if self.penalty is not None:
                self._accrue_component(0, PENALTY, PRINCIPAL, self.penalty, day)
            if self.compound is not None:
                self._accrue_component(1, COMPOUND_INTEREST, INTEREST, self.compound, day)
        self.through = day

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

    def receive(self, event: Event, day: int, *, shortens: bool | None = None) -> None:
        """Take money in; ``shortens`` says how it prepays, whatever the product's rule."""
        flow = Flow(event)
        self.payments.append(flow)
        if self.goes_on:
            self._apply(flow, day, shortens=shortens)
        if flow.left_minor and flow not in self.held:
            self.held.append(flow)
        flow.principal_after_minor = self.principal_left()

    def _apply_held(self, day: int) -> None:
        if not self.held or not self.goes_on or not self._finds_a_place(day):
            return
        for flow in self.held:
            self._apply(flow, day)
        self.held = [flow for flow in self.held if flow.left_minor]

    def _finds_a_place(self, day: int) -> bool:
        """Tell whether money that waits may find something to pay."""
        if not self.waits_for_dues or any(f.event.kind is Kind.PREPAID for f in self.held):
            return True
        for row in self.rows:
            if row.due > day:
                return False
            if any(row.left):
                return True
        return False

    def _apply(self, flow: Flow, day: int, *, shortens: bool | None = None) -> None:
        """Spend a payment: what is due, charges whose day has come, then the surplus."""
        plan = self._plan_for(flow.event.channel, day)
        parts: list[Part] = []
        left_minor = spend_on_due(
            amount_minor=flow.left_minor, rows=self.rows, plan=plan, on=day, parts=parts
        )
        if plan.charges_on_their_day or flow.event.kind is Kind.PREPAID:
            left_minor = self._spend_on_charges(left_minor, day, parts)
        if shortens is None and plan.surplus in {Surplus.SHORTEN, Surplus.LOWER}:
            shortens = plan.surplus is Surplus.SHORTEN
        if left_minor and shortens is not None:
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
        self._end_holiday(day)
        before_minor = self._principal_to_come(day)
        left_minor = reduce_principal(
            self.rows,
            amount_minor,
            on=day,
            keeps_instalment=shortens,
            rounding=self.terms.rounding,
            parts=parts,
        )
        if left_minor < amount_minor:
            self.is_replanned = True
        if before_minor:
            self.flat_base *= Fraction(self._principal_to_come(day), before_minor)
        return left_minor

    def _principal_to_come(self, day: int) -> int:
        return sum(row.left[PRINCIPAL] for row in to_come(self, day))

    def _end_holiday(self, day: int) -> None:
        """Principal that is still to be earned is none once somebody prepays or ends the loan."""
        if self.capital_not_earned(day):
            taken = take(self, day)
            lay(self, taken, day, taken.dues)

    def _spend_on_charges(self, amount_minor: int, day: int, parts: list[Part]) -> int:
        """Pay the charges of instalments to come whose own day has come, oldest first."""
        for row, component, open_minor in self._charges_come(day):
            taken_minor = min(amount_minor, open_minor)
            if taken_minor:
                row.left[component] -= taken_minor
                parts.append((row, component, taken_minor))
                amount_minor -= taken_minor
        return amount_minor

    def _charges_come(self, day: int) -> Iterator[tuple[WorkRow, int, int]]:
        """Give each such charge with what is open of its component, those before it included.

        What has been settled of a component counts for its oldest charges.
        """
        come: dict[tuple[int, int], int] = {}
        for charge in sorted(self.charges.values(), key=lambda charge: charge.due):
            row, component = charge.rows[0], charge.component
            if charge.is_moved or charge.due > day or row.due <= day:
                continue
            place = id(row), component
            come[place] = come.get(place, 0) + charge.amount_minor
            settled_minor = row.owed[component] - row.left[component]
            yield row, component, min(row.left[component], max(0, come[place] - settled_minor))

    def _note(self, flow: Flow, parts: Sequence[Part], day: int) -> None:
        for row, component, amount_minor in parts:
            assert isinstance(row, WorkRow)
            flow.parts.append((row, component, amount_minor, day))
            row.note_paid(day)

    # What the loan is

    def disburse(self, event: Event, day: int) -> None:
        self.tranches.append(
            Tranche(amount_minor=event.amount_minor, paid_out_on=event.effective_on)
        )
        if self.is_replanned:
            self._lend_more(event, day)
            return
        self.flat_base += event.amount_minor
        schedule = _schedule(self.terms, self.tranches)
        raised = {} if self.follower is None else self.follower.raised()
        self.rows = merge_schedule(self.rows, schedule)
        if self.follower is not None:
            self.follower.start(event.effective_on.toordinal(), raised)
        for charge in self.early_charges:
            place_charge(self, charge)
        self.early_charges = []

    def _lend_more(self, event: Event, day: int) -> None:
        """Plan a tranche with what is to come of a plan that was changed."""
        if self.terms.method is Method.FREE:
            return
        taken = take(self, day)
        if not taken.rows and not self.is_called:  # All was prepaid: the old dates count again.
            planned = _schedule(self.contract.terms, self.tranches)
            taken.dues = [each.due_on for each in planned if each.due_on > event.effective_on]
        if not taken.dues:
            raise ScheduleRefused("tranche.after_last_due")
        taken.principal_minor += event.amount_minor
        self.flat_base += event.amount_minor
        lay(self, taken, day, taken.dues)
        if self.follower is not None:
            self.follower.follow_change(day)

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
        self._end_holiday(day)
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

    # What a day's end shows

    def carried_charges(self, day: int) -> int:
        """Sum fees, penalty and compound interest that instalments to come carry."""
        return sum(
            row.carried_left(component)
            for row in self.rows
            if row.due > day
            for component in (FEE, PENALTY, COMPOUND_INTEREST)
        )

    def charges_come(self, day: int) -> int:
        """Sum fees and penalty of instalments to come whose own day has come."""
        beside = {FEE, PENALTY, COMPOUND_INTEREST}
        open_minor = {
            (id(row), component): amount_minor
            for row, component, amount_minor in self._charges_come(day)
            if component in beside
        }
        return sum(open_minor.values())

    def accrued_interest(self, day: int) -> int:
        return sum(accrued_unpaid(row, day, self.terms.rounding) for row in self.rows)


HANDLERS = {
    Kind.OPENED: Fold.disburse,
    Kind.DISBURSED: Fold.disburse,
    Kind.PENALTY_STOPPED: Fold.stop_penalty,
    Kind.PENALTY_STARTED: Fold.start_penalty,
    Kind.CHARGE_ADDED: add_charge,
    Kind.CHARGE_WAIVED: waive_charge,
    Kind.PAYMENT_RECEIVED: Fold.receive,
    Kind.RECOVERED: Fold.receive,
    Kind.WRITTEN_OFF: Fold.write_off,
    Kind.CLOSED: Fold.close,
    Kind.CHARGED_BACK: charge_back,
    Kind.REFUNDED: refund,
    Kind.EXTENDED: extend,
    Kind.DEFERRED: defer,
    Kind.RE_AGED: re_age,
    Kind.RE_AMORTIZED: re_amortize,
    Kind.DUE_DATES_MOVED: move_due_dates,
    Kind.RATE_CHANGED: change_rate,
    Kind.TERM_CHANGED: change_term,
    Kind.OVERDUE_PLANNED: plan_overdue,
    Kind.CARD_INSTALMENTS: re_age,
    Kind.ACCELERATED: accelerate,
    Kind.INTEREST_PAUSED: pause_interest,
    Kind.PREPAID: prepay,
    Kind.OWNER_CHANGED: change_owner,
    Kind.COMPENSATED: compensate,
    Kind.CLAIM_RECOVERED: recover_claim,
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
