"""What can happen to a loan, as an append-only list of facts.

Units   ``amount_minor`` is a positive ``int`` of minor units; the kind says which way it goes.
Shape   One ``Event`` per fact. ``effective_on`` is the business day it counts for, ``sequence`` its
        place in the ledger (commit order), ``recorded_at`` when it became known.
Errors  ``EventRefused`` with a stable code, raised by ``check_event`` and ``check_events``.
Source  design.md, "One idea".
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from daihou.core.changes import Change, fault_of_change
from daihou.core.terms import MOST_MINOR, AllocationTerms, Component, Contract, Surplus


class Kind(StrEnum):
    DISBURSED = "disbursed"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REVERSED = "payment_reversed"  # ``target_key`` names the payment or recovery.
    CHARGE_ADDED = "charge_added"  # Of ``component``, due on ``due_on``.
    CHARGE_WAIVED = "charge_waived"  # ``target_key`` names a charge, or ``component`` + instalment.
    PENALTY_STOPPED = "penalty_stopped"
    PENALTY_STARTED = "penalty_started"
    WRITTEN_OFF = "written_off"
    RECOVERED = "recovered"  # Money that came after the write-off; applied like a payment.
    CLOSED = "closed"  # What is still owed is given up on that day.
    OPENED = "opened"  # Cut-over: balances brought from another system on ``effective_on``.
    STATED = "stated"  # Overlay: the core system's own figures for ``effective_on``.
    # Changes of the plan; what each needs is in ``changes.FIELDS``.
    EXTENDED = "extended"  # 展期: the last due date moves to ``through_on``.
    DEFERRED = "deferred"  # 延期: the next instalments are skipped.
    RE_AGED = "re_aged"  # All that is outstanding goes into new instalments.
    RE_AMORTIZED = "re_amortized"  # What is overdue is spread over the rest.
    DUE_DATES_MOVED = "due_dates_moved"  # 变更还款日.
    RATE_CHANGED = "rate_changed"  # From ``effective_on`` on.
    TERM_CHANGED = "term_changed"  # So many instalments are still to come.
    OVERDUE_PLANNED = "overdue_planned"  # 逾期分期: beside the running plan.
    CARD_INSTALMENTS = "card_instalments"  # 个性化分期.
    ACCELERATED = "accelerated"  # 提前到期: everything falls due.
    INTEREST_PAUSED = "interest_paused"  # 停息 through ``through_on``.
    PREPAID = "prepaid"  # Money that pays principal before it is due.
    CHARGED_BACK = "charged_back"  # Of the payment ``target_key``; owed again.
    REFUNDED = "refunded"  # Out of unapplied money; of a payment ``target_key`` also its advances.
    OWNER_CHANGED = "owner_changed"  # Sold to ``counterparty``; bought back when that is "".
    COMPENSATED = "compensated"  # 代偿: money in from the guarantor, who gets a claim for it.
    CLAIM_RECOVERED = "claim_recovered"  # 追偿: paid to the guarantor.
    UNDONE = "undone"  # ``target_key`` leaves no trace.


class EventRefused(ValueError):
    def __init__(self, code: str, key: str = "") -> None:
        super().__init__(f"{code}: {key}" if key else code)
        self.code = code
        self.key = key  # Of the event at fault.


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    kind: Kind
    effective_on: date
    recorded_at: datetime
    sequence: int
    key: str  # Idempotency key, unique within the book.
    source_ref: str = ""
    amount_minor: int = 0
    component: Component | None = None
    instalment_no: int | None = None
    due_on: date | None = None
    target_key: str | None = None
    channel: str = ""  # How money came in; ``AllocationTerms.by_channel`` may give it its own rule.
    figures: tuple[tuple[str, int], ...] = ()  # ``STATED``: name and value.
    change: Change | None = None  # What a change of the plan says.


STARTING_KINDS = frozenset({Kind.DISBURSED, Kind.OPENED})
MONEY_IN_KINDS = frozenset({Kind.PAYMENT_RECEIVED, Kind.RECOVERED, Kind.PREPAID, Kind.COMPENSATED})
PLAIN_KINDS = STARTING_KINDS | {Kind.PAYMENT_RECEIVED}
AMOUNT_KINDS = (
    STARTING_KINDS
    | MONEY_IN_KINDS
    | {Kind.CHARGE_ADDED, Kind.CHARGE_WAIVED}
    | {Kind.CHARGED_BACK, Kind.REFUNDED, Kind.CLAIM_RECOVERED}
)
PLAN_KINDS = frozenset(
    {
        Kind.EXTENDED,
        Kind.DEFERRED,
        Kind.RE_AGED,
        Kind.RE_AMORTIZED,
        Kind.DUE_DATES_MOVED,
        Kind.RATE_CHANGED,
        Kind.TERM_CHANGED,
        Kind.OVERDUE_PLANNED,
        Kind.CARD_INSTALMENTS,
        Kind.ACCELERATED,
        Kind.INTEREST_PAUSED,
    }
)
TAKING_BACK_KINDS = frozenset({Kind.PAYMENT_REVERSED, Kind.UNDONE})
# A payment is reversed, not undone; what paid out or was stated stands.
UNDOABLE_KINDS = (
    frozenset(Kind) - STARTING_KINDS - MONEY_IN_KINDS - TAKING_BACK_KINDS - {Kind.STATED}
)
PAYMENT_TARGET_KINDS = frozenset({Kind.PAYMENT_REVERSED, Kind.CHARGED_BACK, Kind.REFUNDED})
TARGET_KINDS = TAKING_BACK_KINDS | {Kind.CHARGED_BACK}
# Interest: collected as it was earned, on a loan whose schedule has none. Principal: capitalized.
CHARGE_COMPONENTS = frozenset(Component) - {Component.COMPOUND_INTEREST}
STATED_FIGURES = frozenset(
    {
        "principal_outstanding_minor",
        "interest_outstanding_minor",
        "fee_outstanding_minor",
        "penalty_outstanding_minor",
        "overdue_minor",
        "days_past_due",
        "next_due_on",  # An ordinal; 0 when nothing is to come.
        "unapplied_minor",
        "closed",  # 0 or 1.
    }
)


def check_event(event: Event) -> None:
    """Refuse an event that can mean nothing, whatever the loan.

    :raises EventRefused: ``event.key_missing``, ``event.amount_not_positive``,
        ``event.amount_too_large``, ``event.amount_not_wanted``, ``event.target_missing``,
        ``event.component_missing``, ``event.component_wrong``, ``event.due_on_missing``,
        ``event.figure_unknown``, ``event.figure_negative``, ``event.recorded_at_naive``, and
        the codes of ``changes.fault_of_change``.

    >>> from datetime import UTC
    >>> day = date(2024, 5, 1)
    >>> check_event(Event(kind=Kind.PAYMENT_RECEIVED, effective_on=day, sequence=1, key="p1",
    ...                   recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=0))
    Traceback (most recent call last):
    daihou.core.events.EventRefused: event.amount_not_positive: p1
    """
    code = _fault_of(event)
    if code is not None:
        raise EventRefused(code, event.key)


def _fault_of(event: Event) -> str | None:
    if not event.key:
        return "event.key_missing"
    if event.recorded_at.tzinfo is None:
        return "event.recorded_at_naive"
    if event.kind in AMOUNT_KINDS:
        if event.amount_minor <= 0:
            return "event.amount_not_positive"
        if event.amount_minor > MOST_MINOR:
            return "event.amount_too_large"
    elif event.amount_minor != 0 and event.kind is not Kind.PAYMENT_REVERSED:
        return "event.amount_not_wanted"
    fault = fault_of_change(event.kind, event.change)
    if fault is not None:
        return fault
    if event.kind in TARGET_KINDS and event.target_key is None:
        return "event.target_missing"
    if event.kind is Kind.CHARGE_ADDED:
        return _fault_of_charge(event)
    if event.kind is Kind.CHARGE_WAIVED and event.target_key is None:
        if event.component is None or event.instalment_no is None:
            return "event.target_missing"
        if event.component is Component.PRINCIPAL:
            return "event.component_wrong"
    if event.kind is Kind.STATED:
        return _fault_of_figures(event)
    return None


def _fault_of_charge(event: Event) -> str | None:
    if event.component is None:
        return "event.component_missing"
    if event.component not in CHARGE_COMPONENTS:
        return "event.component_wrong"
    return "event.due_on_missing" if event.due_on is None else None


def _fault_of_figures(event: Event) -> str | None:
    if not {name for name, _ in event.figures} <= STATED_FIGURES:
        return "event.figure_unknown"
    if any(value < 0 for _, value in event.figures):
        return "event.figure_negative"
    too_large = any(value > MOST_MINOR for _, value in event.figures)
    return "event.amount_too_large" if too_large else None


def check_events(events: Sequence[Event]) -> None:
    """Refuse a list of events of one loan that contradicts itself.

    :raises EventRefused: as ``check_event``, and ``event.duplicate_key``, ``event.unknown_target``,
        ``event.target_not_payment`` (a reversal of a reversal is one), ``event.target_not_charge``,
        ``event.reversed_twice``, ``event.total_too_large``, ``undo.impossible``, ``undo.twice``.

    >>> from datetime import UTC
    >>> check_events([Event(kind=Kind.PAYMENT_REVERSED, effective_on=date(2024, 5, 1), sequence=1,
    ...     key="r1", target_key="p1", recorded_at=datetime(2024, 5, 1, tzinfo=UTC))])
    Traceback (most recent call last):
    daihou.core.events.EventRefused: event.unknown_target: r1
    """
    kinds: dict[str, Kind] = {}
    total_minor = 0
    for event in events:
        check_event(event)
        if event.key in kinds:
            raise EventRefused("event.duplicate_key", event.key)
        kinds[event.key] = event.kind
        total_minor += event.amount_minor
    if total_minor > MOST_MINOR:
        raise EventRefused("event.total_too_large")
    taken_back: set[str] = set()
    for event in events:
        if event.target_key is None:
            continue
        if event.target_key not in kinds:
            raise EventRefused("event.unknown_target", event.key)
        code = _fault_of_target(event, kinds[event.target_key], taken_back)
        if code is not None:
            raise EventRefused(code, event.key)
        if event.kind in TAKING_BACK_KINDS:
            taken_back.add(event.target_key)


def _fault_of_target(event: Event, target: Kind, taken_back: set[str]) -> str | None:
    if event.kind in PAYMENT_TARGET_KINDS and target not in MONEY_IN_KINDS:
        return "event.target_not_payment"
    if event.kind is Kind.PAYMENT_REVERSED and event.target_key in taken_back:
        return "event.reversed_twice"
    if event.kind is Kind.CHARGE_WAIVED and target is not Kind.CHARGE_ADDED:
        return "event.target_not_charge"
    if event.kind is Kind.UNDONE:
        if target not in UNDOABLE_KINDS:
            return "undo.impossible"
        return "undo.twice" if event.target_key in taken_back else None
    return None


def change_of(event: Event) -> Change:
    """Give the change of an event whose kind needs one."""
    assert event.change is not None
    return event.change


def without_taken_back(events: Iterable[Event]) -> list[Event]:
    """Leave out what was reversed or undone, and what reversed and undid it.

    >>> without_taken_back([])
    []
    """
    told = list(events)
    gone = {event.target_key for event in told if event.kind in TAKING_BACK_KINDS}
    return [e for e in told if e.kind not in TAKING_BACK_KINDS and not leaves_no_trace(e, gone)]


def leaves_no_trace(event: Event, taken_back: Container[str | None]) -> bool:
    """Tell whether an event was taken back, or goes back on a payment that was.

    >>> from datetime import UTC
    >>> day = date(2024, 5, 1)
    >>> back = Event(kind=Kind.CHARGED_BACK, effective_on=day, sequence=2, key="b1",
    ...     target_key="p1", amount_minor=5, recorded_at=datetime(2024, 5, 1, tzinfo=UTC))
    >>> leaves_no_trace(back, {"p1"}), leaves_no_trace(back, {"p2"})
    (True, False)
    """
    if event.key in taken_back:
        return True
    return event.kind is Kind.CHARGED_BACK and event.target_key in taken_back


def is_plain(*, contract: Contract, events: Iterable[Event]) -> bool:
    """Tell whether the night's kernel may fold this loan; if not, ``core`` does.

    Plain: one disbursement or cut-over, else payments only, none of them effective before it or
    under a rule of its own channel; no surplus or interest that rewrites the schedule; the dues of
    a free schedule add up to what was paid out.

    >>> from datetime import UTC
    >>> from decimal import Decimal
    >>> from daihou.core.terms import Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.BULLET, rate=Rate(value=Decimal("0.1"), per=RatePer.YEAR))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1)
    >>> is_plain(contract=contract, events=[paid_out]), is_plain(contract=contract, events=[])
    (True, False)
    """
    starts: list[Event] = []
    paid_on: list[date] = []
    for event in events:
        if event.kind not in PLAIN_KINDS or event.channel:
            return False
        if event.kind in STARTING_KINDS:
            starts.append(event)
        else:
            paid_on.append(event.effective_on)
    if len(starts) != 1 or any(on < starts[0].effective_on for on in paid_on):
        return False
    if contract.terms.recalculation is not None:
        return False
    dues = contract.terms.free_dues
    if dues and sum(due.principal_minor for due in dues) != starts[0].amount_minor:
        return False
    return _allocates_plainly(contract.terms.allocation)


def _allocates_plainly(allocation: AllocationTerms) -> bool:
    rules = (allocation.normal, allocation.late)
    rewriting = {Surplus.SHORTEN, Surplus.LOWER}
    return not any(rule is not None and rule.surplus in rewriting for rule in rules)
