"""Limitation of actions 诉讼时效: until when a debt can be sued for, and what moved that day.

Units   Years and months run to the same day of a later month, the last one included.
Shape   Events and evidence in, a ``LimitationClock`` out, with every restart and its evidence.
Errors  ``LimitationRefused`` for evidence that contradicts itself.
Source  民法典 188, 189, 192-195; 时效规定 8, 9, 11, 14, 19; 民诉法 250; 民法典 692-693, all read in
        full text. The figures are arguments. See docs/algorithms/limitation.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date
from enum import StrEnum

from daihou.core.calendar import MONTHS_IN_YEAR, add_months
from daihou.core.events import PLAN_KINDS, Event, Kind, without_taken_back
from daihou.core.position import Position, Status, position
from daihou.core.terms import Component, Contract, MonthEnd


class LimitationRefused(ValueError):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Ground(StrEnum):
    """What moves the clock."""

    PAYMENT = "payment"  # 部分清偿: agreement by conduct.
    PLAN_CHANGE = "plan_change"  # 展期、分期: an agreed change acknowledges the debt.
    DEMAND = "demand"  # 催收: counts when its arrival can be proved.
    AUTO_DEBIT = "auto_debit"  # 扣收: the lender took arrears from the account.
    PROMISE = "promise"  # 承诺还款
    ACKNOWLEDGEMENT = "acknowledgement"  # 签收催款通知、对账确认: also revives an expired claim.
    SUIT = "suit"  # 起诉、仲裁、支付令: the clock stands until the procedure ends.
    SUSPENSION = "suspension"  # 中止: force majeure, no guardian, no estate manager.
    JUDGMENT = "judgment"  # 生效裁判: from its last day of performance the enforcement timer runs.
    ENFORCEMENT = "enforcement"  # 申请执行: keeps a judgment enforceable.
    GUARANTOR_DEMAND = "guarantor_demand"  # Towards the guarantor, within the guarantee period.


_RESTARTS = frozenset(
    {Ground.PAYMENT, Ground.PLAN_CHANGE, Ground.DEMAND, Ground.AUTO_DEBIT, Ground.PROMISE}
    | {Ground.ACKNOWLEDGEMENT, Ground.SUIT}
)
_BY_BORROWER = frozenset({Kind.PAYMENT_RECEIVED, Kind.RECOVERED, Kind.PREPAID})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A record that something happened which the law counts."""

    ground: Ground
    on: date
    reference: str  # A file's digest, a notice's id, an event's key.
    through: date | None = None  # Of a suit its end, of a suspension the end of its cause.
    arrived_on: date | None = None  # Of a demand: when it provably arrived.


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitationRules:
    valid_from: date
    years: int
    outer_years: int
    suspension_window_months: int  # A cause counts within the last so many months.
    suspension_after_months: int  # The period ends so long after the cause has ended.
    enforcement_years: int
    guarantee_months: int  # Where nothing was agreed.


class ClockState(StrEnum):
    NOTHING_OWED = "nothing_owed"
    NOT_BEGUN = "not_begun"  # The last instalment is not yet due.
    RUNNING = "running"
    IN_PROCEEDINGS = "in_proceedings"
    SUSPENDED = "suspended"
    ENFORCEABLE = "enforceable"  # A judgment is in force and its timer runs.
    ENFORCEMENT_EXPIRED = "enforcement_expired"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What moved the clock or was meant to: its evidence, and until when it runs since."""

    ground: Ground
    on: date
    reference: str
    counts: bool
    reason: str  # Why it does not count: not_arrived, not_begun, after_expiry; else "".
    expires_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitationClock:
    as_of: date
    state: ClockState
    starts_on: date | None  # The last instalment's due date.
    expires_on: date | None  # The last day to sue, or of a judgment to ask for enforcement.
    outer_expires_on: date | None
    days_left: int | None
    turns: tuple[Turn, ...]  # Oldest first.

    @property
    def last_restart(self) -> Turn | None:
        """The last turn that counted."""
        return next((turn for turn in reversed(self.turns) if turn.counts), None)


def clock_of(
    *,
    contract: Contract,
    events: Sequence[Event],
    evidence: Sequence[Evidence],
    as_of: date,
    rules: LimitationRules,
) -> LimitationClock:
    """Tell the clock of one debt at the end of a day.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...               free_dues=(FreeDue(due_on=date(2021, 6, 1), principal_minor=1000),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2021, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2021, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2021, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> rules = LimitationRules(valid_from=date(2021, 1, 1), years=3, outer_years=20,
    ...     suspension_window_months=6, suspension_after_months=6, enforcement_years=2,
    ...     guarantee_months=6)
    >>> demand = Evidence(ground=Ground.DEMAND, on=date(2023, 2, 1), reference="notice 7",
    ...                   arrived_on=date(2023, 2, 3))
    >>> clock = clock_of(contract=contract, events=[paid_out], evidence=[demand],
    ...                  as_of=date(2026, 2, 3), rules=rules)
    >>> clock.state.value, clock.expires_on, clock.days_left
    ('running', datetime.date(2026, 2, 3), 0)

    :raises LimitationRefused: ``evidence.ends_before_it_begins``, ``evidence.arrived_before_sent``.
    """
    for record in evidence:
        check_evidence(record)
    told = without_taken_back(event for event in events if event.effective_on <= as_of)
    then = position(contract=contract, events=events, as_of=as_of)
    if then.status in {Status.CLOSED, Status.PENDING} or not then.instalments:
        return _idle(as_of, ClockState.NOTHING_OWED, None)
    starts_on = _last_due_on(then)
    if starts_on.year + rules.outer_years > MAXYEAR:  # A day that far off stands for none.
        return _idle(as_of, ClockState.NOT_BEGUN, None)
    records = [*evidence, *_told_by_events(told)]
    records = sorted((r for r in records if r.on <= as_of), key=lambda r: (_counts_on(r), r.ground))
    walk = _Walk(starts_on=starts_on, as_of=as_of, rules=rules)
    for record in records:
        walk.take(record)
    return walk.clock()


def check_evidence(record: Evidence) -> None:
    """Refuse a record that contradicts itself.

    :raises LimitationRefused: see ``clock_of``.

    >>> check_evidence(Evidence(ground=Ground.DEMAND, on=date(2024, 5, 2), reference="n",
    ...                         arrived_on=date(2024, 5, 1)))
    Traceback (most recent call last):
    daihou.core.limitation.LimitationRefused: evidence.arrived_before_sent
    """
    if record.through is not None and record.through < record.on:
        raise LimitationRefused("evidence.ends_before_it_begins")
    if record.arrived_on is not None and record.arrived_on < record.on:
        raise LimitationRefused("evidence.arrived_before_sent")


def _idle(as_of: date, state: ClockState, starts_on: date | None) -> LimitationClock:
    return LimitationClock(
        as_of=as_of,
        state=state,
        starts_on=starts_on,
        expires_on=None,
        outer_expires_on=None,
        days_left=None,
        turns=(),
    )


def _last_due_on(then: Position) -> date:
    """Find the last instalment's due date; a later charge of its own does not put it off."""
    lent = (Component.PRINCIPAL, Component.INTEREST)
    dues = [
        each.due_on
        for each in then.instalments
        if any(each.components[component].due_minor for component in lent)
    ]
    return max(dues, default=then.instalments[-1].due_on)


def _told_by_events(told: Sequence[Event]) -> list[Evidence]:
    """Read what the ledger itself proves: her payments and agreed changes of the plan."""
    found = []
    for event in told:
        if event.kind in _BY_BORROWER:
            ground = Ground.PAYMENT
        elif event.kind in PLAN_KINDS and event.kind not in _ONE_SIDED:
            ground = Ground.PLAN_CHANGE
        else:
            continue
        found.append(Evidence(ground=ground, on=event.effective_on, reference=event.key))
    return found


# The lender alone decides on these: nobody has acknowledged anything.
_ONE_SIDED = frozenset({Kind.ACCELERATED, Kind.INTEREST_PAUSED, Kind.RATE_CHANGED})


def _counts_on(record: Evidence) -> date:
    return record.arrived_on or record.on


class _Walk:
    """The clock on its way through the records, oldest first."""

    def __init__(self, *, starts_on: date, as_of: date, rules: LimitationRules) -> None:
        self.starts_on, self.as_of, self.rules = starts_on, as_of, rules
        self.expires_on = _years(starts_on, rules.years)
        self.outer_expires_on = _years(starts_on, rules.outer_years)
        self.turns: list[Turn] = []
        self.is_in_proceedings = self.is_suspended = self.is_judged = False

    def take(self, record: Evidence) -> None:
        reason = ""
        if record.ground in {Ground.JUDGMENT, Ground.ENFORCEMENT}:
            reason = self._enforce(record)
        elif record.ground is Ground.SUSPENSION:
            reason = self._suspend(record)
        elif record.ground in _RESTARTS:
            reason = self._restart(record)
        else:
            reason = "other_clock"
        self.turns.append(
            Turn(
                ground=record.ground,
                on=record.on,
                reference=record.reference,
                counts=not reason,
                reason=reason,
                expires_on=None if self.is_in_proceedings else self._last_day(),
            )
        )

    def _last_day(self) -> date:
        return self.expires_on if self.is_judged else min(self.expires_on, self.outer_expires_on)

    def _restart(self, record: Evidence) -> str:
        on = _counts_on(record)
        if self.is_judged:
            return "other_clock"
        if record.ground is Ground.DEMAND and record.arrived_on is None:
            return "not_arrived"
        if on > self.as_of:
            return "not_yet"
        if on > self._last_day() and record.ground is not Ground.ACKNOWLEDGEMENT:
            return "after_expiry"
        if record.ground is Ground.SUIT:
            self.is_in_proceedings = record.through is None or record.through > self.as_of
            on = record.through or on
        if on <= self.starts_on:
            return "" if self.is_in_proceedings else "not_begun"
        self.expires_on = max(self.expires_on, _years(on, self.rules.years))
        return ""

    def _suspend(self, record: Evidence) -> str:
        """Let the period end so long after a cause that fell into its last months."""
        if self.is_judged:
            return "other_clock"
        window_on = _months(self.expires_on, -self.rules.suspension_window_months)
        ended_on = record.through
        if record.on > self._last_day():
            return "after_expiry"
        if ended_on is not None and ended_on < window_on:
            return "before_last_months"
        if ended_on is None or ended_on > self.as_of:
            self.is_suspended = self.as_of >= window_on
            return "" if self.is_suspended else "before_last_months"
        self.expires_on = max(
            self.expires_on, _months(ended_on, self.rules.suspension_after_months)
        )
        return ""

    def _enforce(self, record: Evidence) -> str:
        if record.ground is Ground.ENFORCEMENT:
            if not self.is_judged:
                return "no_judgment"
            if record.on > self.expires_on:
                return "after_expiry"
        self.is_judged, self.is_in_proceedings, self.is_suspended = True, False, False
        self.expires_on = _years(record.on, self.rules.enforcement_years)
        return ""

    def clock(self) -> LimitationClock:
        last_on, state = self._last_day(), ClockState.RUNNING
        if self.is_judged:
            is_over = self.as_of > last_on
            state = ClockState.ENFORCEMENT_EXPIRED if is_over else ClockState.ENFORCEABLE
        elif self.is_in_proceedings:
            state = ClockState.IN_PROCEEDINGS
        elif self.is_suspended and self.as_of <= self.outer_expires_on:
            state = ClockState.SUSPENDED
        elif self.as_of <= self.starts_on:
            state = ClockState.NOT_BEGUN
        elif self.as_of > last_on:
            state = ClockState.EXPIRED
        stands = state in {ClockState.IN_PROCEEDINGS, ClockState.SUSPENDED}
        return LimitationClock(
            as_of=self.as_of,
            state=state,
            starts_on=self.starts_on,
            expires_on=None if stands else last_on,
            outer_expires_on=self.outer_expires_on,
            days_left=None if stands else (last_on - self.as_of).days,
            turns=tuple(self.turns),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeClock:
    """保证期间: within it the creditor must turn to the guarantor (or sue the debtor first)."""

    starts_on: date
    expires_on: date
    acted_on: date | None  # The first act within it; the limitation towards the guarantor follows.
    is_free: bool  # It passed without an act.
    days_left: int


def guarantee_clock(
    *,
    due_on: date,
    agreed_months: int | None,
    evidence: Sequence[Evidence],
    as_of: date,
    rules: LimitationRules,
) -> GuaranteeClock:
    """Tell the guarantee period after the main debt's due date; it never suspends nor restarts.

    Acts are demands on the guarantor and, for a general guarantee, a suit against the debtor.

    >>> rules = LimitationRules(valid_from=date(2021, 1, 1), years=3, outer_years=20,
    ...     suspension_window_months=6, suspension_after_months=6, enforcement_years=2,
    ...     guarantee_months=6)
    >>> clock = guarantee_clock(due_on=date(2024, 8, 31), agreed_months=None, evidence=[],
    ...                         as_of=date(2025, 3, 1), rules=rules)
    >>> clock.expires_on, clock.is_free
    (datetime.date(2025, 2, 28), True)
    """
    months = rules.guarantee_months if agreed_months is None else agreed_months
    expires_on = _months(due_on, months)
    acts = [
        _counts_on(record)
        for record in evidence
        if record.ground is Ground.SUIT
        or (record.ground is Ground.GUARANTOR_DEMAND and record.arrived_on is not None)
    ]
    in_time = sorted(on for on in acts if on <= min(expires_on, as_of))
    return GuaranteeClock(
        starts_on=due_on,
        expires_on=expires_on,
        acted_on=in_time[0] if in_time else None,
        is_free=not in_time and as_of > expires_on,
        days_left=(expires_on - as_of).days,
    )


def _months(on: date, count: int) -> date:
    return add_months(from_on=on, count=count, month_end=MonthEnd.LAST_DAY)


def _years(on: date, count: int) -> date:
    return _months(on, count * MONTHS_IN_YEAR)
