"""What a collector is advised to do next in a case, and why: the first rule that fits.

Shape   Pure: facts in, a step with its reasons out. It advises; ``collect.guard`` alone allows.
        What keeps from pressing a person stands before what would press her. Rules in their
        order: docs/guides/desk.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

BROKEN_MANY = 2  # Promises broken before a plan is offered instead of another promise.
UNANSWERED_MANY = 5  # Dials in a row without an answer before another way is taken.
VISIT_FROM_DAYS = 60  # Days past due before somebody is sent to a person who cannot be reached.
LIMITATION_DAYS = 90  # Days before a debt's limitation expires from which a demand comes first.
ENDS_CONTACT = frozenset({"deceased", "incapable", "bankrupt", "identity_theft"})
IN_HARDSHIP = frozenset({"hardship", "vulnerable"})
WRITTEN = ("sms", "wechat", "whatsapp", "push", "email", "letter")  # The nearest to her first.


class Step(StrEnum):
    NOTHING = "nothing"  # No money is overdue.
    REFRESH = "refresh"  # The figures are older than the business date.
    HAND_OVER = "hand_over"
    MATCH_PAYMENT = "match_payment"
    ANSWER = "answer"  # A complaint or a dispute.
    KEEP_SILENT = "keep_silent"
    AWAIT_PROMISE = "await_promise"
    AFTER_TALK = "after_talk"  # What was agreed is written down; nobody calls again today.
    HARDSHIP = "hardship"
    PLAN = "plan"
    FIND_NUMBER = "find_number"
    DEMAND = "demand"  # A written demand, so that limitation is interrupted.
    CALL = "call"
    MESSAGE = "message"
    VISIT = "visit"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Whether one channel is open now; if not, when again (None: not foreseeable)."""

    is_open: bool
    opens_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known of a case. ``ways`` by channel (voice, sms, visit …).

    ``stops`` are the kinds of orders that hold every channel and every debt of the case,
    ``part_stops`` of those that leave a way open. ``talked_today``: she was spoken with today.
    """

    business_date: date
    figures_as_of: date | None
    overdue_minor: int
    days_past_due: int
    states: frozenset[str] = frozenset()
    stops: frozenset[str] = frozenset()
    part_stops: frozenset[str] = frozenset()
    has_claimed_payment: bool = False
    has_dispute: bool = False
    has_complaint: bool = False
    promised_on: date | None = None
    talked_today: bool = False
    broken_promises: int = 0
    unanswered_in_a_row: int = 0
    has_number: bool = True
    limitation_ends_on: date | None = None
    ways: Mapping[str, Way] = field(default_factory=dict)

    def is_open(self, channel: str) -> bool:
        way = self.ways.get(channel)
        return way is not None and way.is_open

    def may_write(self) -> bool:
        return any(self.is_open(channel) for channel in WRITTEN)

    def may_be_visited(self) -> bool:
        return self.is_open("visit") and self.days_past_due >= VISIT_FROM_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: a stable code and what its line names."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """``at`` is when it may be done where that is not now."""

    step: Step
    reasons: tuple[Reason, ...]
    at: datetime | None = None


def advise(situation: Situation) -> Advice:
    """Advise the next step.

    >>> from datetime import date
    >>> day = date(2026, 3, 2)
    >>> advise(
    ...     Situation(
    ...         business_date=day, figures_as_of=day, overdue_minor=100, days_past_due=3,
    ...         ways={"voice": Way(is_open=True)},
    ...     )
    ... ).step
    <Step.CALL: 'call'>
    """
    return _held(situation) or _agreed(situation) or _by_hardship(situation) or _reach(situation)


def _held(now: Situation) -> Advice | None:
    """Advise what comes before any contact about money."""
    if now.figures_as_of is None or now.figures_as_of < now.business_date:
        return _advice(Step.REFRESH, "stale", as_of=now.figures_as_of, date=now.business_date)
    if ended := now.states & ENDS_CONTACT:
        return _advice(Step.HAND_OVER, "state", state=min(ended))
    if now.has_claimed_payment:
        return _advice(Step.MATCH_PAYMENT, "claimed")
    if now.has_complaint:
        return _advice(Step.ANSWER, "complaint")
    if now.has_dispute:
        return _advice(Step.ANSWER, "dispute")
    if now.stops:
        return _advice(Step.KEEP_SILENT, "stopped", kind=min(now.stops))
    if now.overdue_minor <= 0:
        return _advice(Step.NOTHING, "nothing_owed")
    return None


def _agreed(now: Situation) -> Advice | None:
    """Wait for what she said, or write it down while it is fresh."""
    if now.promised_on is not None and now.promised_on >= now.business_date:
        return _advice(Step.AWAIT_PROMISE, "promised", day=now.promised_on)
    if now.talked_today:
        return _advice(Step.AFTER_TALK, "talked")
    return None


def _by_hardship(now: Situation) -> Advice | None:
    if found := now.states & IN_HARDSHIP:
        return _advice(Step.HARDSHIP, "state", state=min(found))
    if now.broken_promises >= BROKEN_MANY:
        return _advice(Step.PLAN, "broken", count=now.broken_promises)
    return None


def _reach(now: Situation) -> Advice:
    """Choose a way to her: a demand where time runs out, then by what is open."""
    if now.limitation_ends_on is not None:
        days = (now.limitation_ends_on - now.business_date).days
        if 0 <= days <= LIMITATION_DAYS:
            return _advice(Step.DEMAND, "limitation", day=now.limitation_ends_on, days=days)
    if not now.has_number:
        if now.may_be_visited():
            return _advice(Step.VISIT, "no_number", days=now.days_past_due)
        return _advice(Step.FIND_NUMBER, "no_number", days=now.days_past_due)
    if now.unanswered_in_a_row >= UNANSWERED_MANY:
        if now.may_be_visited():
            return _advice(Step.VISIT, "unanswered", count=now.unanswered_in_a_row)
        if now.may_write():
            return _advice(Step.MESSAGE, "unanswered", count=now.unanswered_in_a_row)
    if now.is_open("voice"):
        return _overdue(now, Step.CALL)
    if now.may_write():
        return _overdue(now, Step.MESSAGE)
    if now.part_stops and now.may_be_visited():
        return _overdue(now, Step.VISIT)
    return _wait(now)


def _wait(now: Situation) -> Advice:
    later = [way.opens_at for way in now.ways.values() if way.opens_at is not None]
    reasons = (Reason(code="no_way_open"), *_stopped(now))
    return Advice(step=Step.WAIT, reasons=reasons, at=min(later, default=None))


def _overdue(now: Situation, step: Step) -> Advice:
    first = Reason(code="overdue", params={"days": now.days_past_due})
    broken = (
        (Reason(code="broken", params={"count": now.broken_promises}),)
        if now.broken_promises
        else ()
    )
    return Advice(step=step, reasons=(first, *broken, *_stopped(now)))


def _stopped(now: Situation) -> tuple[Reason, ...]:
    """Name an order that leaves some ways open, so that nobody looks for the others."""
    if not now.part_stops:
        return ()
    return (Reason(code="stopped", params={"kind": min(now.part_stops)}),)


def _advice(step: Step, code: str, **params: object) -> Advice:
    return Advice(step=step, reasons=(Reason(code=code, params=params),))
