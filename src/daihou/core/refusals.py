"""Refuse an event that the loan as it stands cannot take.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``check_change`` folds what is known through the day of the event and asks whether it has
        anything to change. The fold itself takes every list of events: what a payment told later
        leaves without object has no effect there.
Errors  ``EventRefused`` with a stable code; the event is the one at fault.
Source  docs/algorithms/plan-changes.md, "What is refused".
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from daihou.core._fold import Fold, sort_key
from daihou.core._overdue import overdue_rows
from daihou.core._plan_changes import WITHOUT_RHYTHM
from daihou.core._replan import to_come
from daihou.core.allocation import COMPONENT_NO
from daihou.core.changes import InterestTreatment
from daihou.core.events import (
    PLAN_KINDS,
    Event,
    EventRefused,
    Kind,
    change_of,
    check_events,
    without_taken_back,
)
from daihou.core.position import find_closed_on, freeze
from daihou.core.terms import Contract, Method

NEEDS_A_LOAN = PLAN_KINDS | {
    Kind.PREPAID,
    Kind.OWNER_CHANGED,
    Kind.COMPENSATED,
    Kind.CLAIM_RECOVERED,
}
NEEDS_DEBT = PLAN_KINDS | {Kind.PREPAID, Kind.COMPENSATED}
NEEDS_DUES_TO_COME = (PLAN_KINDS | {Kind.PREPAID}) - {
    Kind.RE_AGED,
    Kind.CARD_INSTALMENTS,
    Kind.OVERDUE_PLANNED,
}
NEEDS_OVERDUE = frozenset({Kind.RE_AMORTIZED, Kind.OVERDUE_PLANNED})
NEEDS_FIRST_DUE = frozenset(
    {Kind.RE_AGED, Kind.CARD_INSTALMENTS, Kind.OVERDUE_PLANNED, Kind.DUE_DATES_MOVED}
)
ENDING_KINDS = frozenset({Kind.WRITTEN_OFF, Kind.CLOSED})


def check_change(*, contract: Contract, events: Sequence[Event], event: Event) -> None:
    """Refuse an event without sense for its loan; ``events`` are those known before it.

    :raises EventRefused: as ``check_events``, and ``change.before_disbursement``,
        ``change.loan_stated``, ``change.loan_settled``, ``change.nothing_to_come``,
        ``change.nothing_overdue``, ``change.first_due_not_after_day``,
        ``change.not_later_than_maturity``, ``change.through_on_past``, ``change.without_rhythm``,
        ``change.without_effect``, ``change.rate_unknown``, ``change.follows_balance``,
        ``event.compensation_above_owed``, ``event.recovery_above_claim``,
        ``event.waiver_above_owed``, ``undo.before_target``, ``undo.not_latest``.

    >>> from datetime import UTC, date, datetime
    >>> from decimal import Decimal
    >>> from daihou.core.terms import Rate, RatePer, Terms
    >>> terms = Terms(method=Method.BULLET, rate=Rate(value=Decimal("0.1"), per=RatePer.YEAR))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> check_change(contract=contract, events=[], event=Event(kind=Kind.ACCELERATED,
    ...     effective_on=date(2024, 5, 1), sequence=1, key="a1",
    ...     recorded_at=datetime(2024, 5, 1, tzinfo=UTC)))
    Traceback (most recent call last):
    daihou.core.events.EventRefused: change.before_disbursement: a1
    """
    check_events([*events, event])
    if event.kind is Kind.UNDONE:
        code = _fault_of_undo(events, event)
    elif event.kind in NEEDS_A_LOAN or event.kind is Kind.CHARGE_WAIVED:
        code = _fault_on(_folded(contract, events, event), events, event)
    else:
        code = None
    if code is not None:
        raise EventRefused(code, event.key)


def _folded(contract: Contract, events: Sequence[Event], event: Event) -> Fold:
    """Fold what counts on the day of an event, the event itself left out."""
    told = [other for other in events if other.effective_on <= event.effective_on]
    facts = [other for other in without_taken_back(told) if other.kind is not Kind.STATED]
    fold = Fold(contract)
    fold.run(sorted(facts, key=sort_key), event.effective_on)
    return fold


def _fault_on(fold: Fold, events: Sequence[Event], event: Event) -> str | None:
    kind, day = event.kind, event.effective_on.toordinal()
    if kind in NEEDS_A_LOAN and not fold.tranches:
        return "change.before_disbursement"
    stated = any(e.kind is Kind.STATED and e.effective_on <= event.effective_on for e in events)
    if kind in NEEDS_DEBT and stated:
        return "change.loan_stated"
    if kind in NEEDS_DEBT and find_closed_on(fold) is not None:
        return "change.loan_settled"
    if kind in NEEDS_DUES_TO_COME and not to_come(fold, day):
        return "change.nothing_to_come"
    if kind in NEEDS_OVERDUE and not overdue_rows(fold, day):
        return "change.nothing_overdue"
    if kind in NEEDS_FIRST_DUE:
        first_on = change_of(event).first_due_on
        if first_on is None or first_on <= event.effective_on:
            return "change.first_due_not_after_day"
    find = _FAULTS.get(kind)
    return None if find is None else find(fold, event, day)


def _fault_of_extension(fold: Fold, event: Event, day: int) -> str | None:
    through_on = change_of(event).through_on
    last_on = to_come(fold, day)[-1].due_on
    is_later = through_on is not None and through_on > last_on
    return None if is_later else "change.not_later_than_maturity"


def _fault_of_deferral(fold: Fold, event: Event, _day: int) -> str | None:
    moves_interest = change_of(event).interest in {
        InterestTreatment.CAPITALIZED,
        InterestTreatment.SPREAD,
    }
    is_followed = fold.follower is not None and moves_interest
    return "change.follows_balance" if is_followed else None


def _fault_of_term(fold: Fold, event: Event, day: int) -> str | None:
    if fold.terms.method in WITHOUT_RHYTHM:
        return "change.without_rhythm"
    is_same = change_of(event).instalment_count == len(to_come(fold, day))
    return "change.without_effect" if is_same else None


def _fault_of_rate(fold: Fold, event: Event, _day: int) -> str | None:
    if fold.terms.method is Method.FREE and not fold.rate.value:
        return "change.rate_unknown"
    return "change.without_effect" if change_of(event).rate == fold.rate else None


def _fault_of_pause(_fold: Fold, event: Event, _day: int) -> str | None:
    through_on = change_of(event).through_on
    is_past = through_on is None or through_on < event.effective_on
    return "change.through_on_past" if is_past else None


def _fault_of_owner(fold: Fold, event: Event, _day: int) -> str | None:
    return "change.without_effect" if change_of(event).counterparty == fold.owner else None


def _fault_of_compensation(fold: Fold, event: Event, _day: int) -> str | None:
    owed_minor = freeze(fold, event.effective_on, (), with_rows=False).payoff_minor
    return "event.compensation_above_owed" if event.amount_minor > owed_minor else None


def _fault_of_recovery(fold: Fold, event: Event, _day: int) -> str | None:
    return "event.recovery_above_claim" if event.amount_minor > fold.claim_minor else None


def _fault_of_waiver(fold: Fold, event: Event, _day: int) -> str | None:
    if event.target_key is not None:
        charge = fold.charges.get(event.target_key)
        left_minor = 0
        if charge is not None:
            left_minor = sum(row.left[charge.component] for row in charge.rows)
            left_minor = min(left_minor, charge.waivable_minor)
    else:
        assert event.component is not None
        assert event.instalment_no is not None
        rows = fold.rows[event.instalment_no - 1 : event.instalment_no]
        left_minor = sum(row.left[COMPONENT_NO[event.component]] for row in rows)
    return "event.waiver_above_owed" if event.amount_minor > left_minor else None


_FAULTS: Mapping[Kind, Callable[[Fold, Event, int], str | None]] = MappingProxyType(
    {
        Kind.EXTENDED: _fault_of_extension,
        Kind.DEFERRED: _fault_of_deferral,
        Kind.TERM_CHANGED: _fault_of_term,
        Kind.RATE_CHANGED: _fault_of_rate,
        Kind.INTEREST_PAUSED: _fault_of_pause,
        Kind.OWNER_CHANGED: _fault_of_owner,
        Kind.COMPENSATED: _fault_of_compensation,
        Kind.CLAIM_RECOVERED: _fault_of_recovery,
        Kind.CHARGE_WAIVED: _fault_of_waiver,
    }
)


def _fault_of_undo(events: Sequence[Event], event: Event) -> str | None:
    target = next(other for other in events if other.key == event.target_key)
    if event.effective_on < target.effective_on:
        return "undo.before_target"
    standing = without_taken_back(events)
    later = [other for other in standing if sort_key(other) > sort_key(target)]
    return "undo.not_latest" if any(_is_disturbed(other, target) for other in later) else None


def _is_disturbed(other: Event, target: Event) -> bool:
    """Tell whether an event was decided on what its target had made of the loan.

    Money is not: it is applied again to what is owed without the target.
    """
    if target.kind is Kind.OWNER_CHANGED:
        return other.kind is Kind.OWNER_CHANGED
    if target.kind is Kind.CLAIM_RECOVERED:
        return False
    if target.kind is Kind.WRITTEN_OFF and other.kind is Kind.RECOVERED:
        return True
    if other.kind is Kind.CHARGE_WAIVED:
        return other.target_key == target.key if other.target_key else target.kind in PLAN_KINDS
    tranche_or_prepayment = target.kind in PLAN_KINDS and other.kind in {
        Kind.DISBURSED,
        Kind.PREPAID,
    }
    return tranche_or_prepayment or other.kind in PLAN_KINDS | ENDING_KINDS
