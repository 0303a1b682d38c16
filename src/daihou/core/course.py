"""The course of one loan: where it stood at the end of many days, from one fold.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``standings`` gives one ``Standing`` per day asked for, in the order of the days; ``follow``
        the days on which what ages may have changed, and the position at the last. Both fold once,
        and once more for every day on which something is reversed or undone.
Errors  ``EventRefused`` as ``position``; figures another system stated are no part of a course.
Source  design.md, "One idea": each standing is what ``position`` says on that day.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from daihou.core import ageing
from daihou.core._fold import Fold, sort_key
from daihou.core.events import (
    TAKING_BACK_KINDS,
    Event,
    Kind,
    check_events,
    leaves_no_trace,
)
from daihou.core.position import Position, Status, find_closed_on, freeze, status_of
from daihou.core.terms import Contract


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    as_of: date
    status: Status
    first_due_on: date | None
    last_due_on: date | None
    first_unpaid_due_on: date | None  # Of all instalments that can age, future ones too.
    days_past_due: int
    bucket: ageing.Bucket
    overdue_minor: int
    principal_outstanding_minor: int
    unapplied_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A day on which what ages may have changed, and what ages from then on."""

    as_of: date
    is_begun: bool  # Paid out by then.
    first_due_on: date | None
    last_due_on: date | None
    first_unpaid_due_on: date | None


def standings(
    *, contract: Contract, events: Sequence[Event], days: Sequence[date]
) -> Iterator[Standing]:
    """Say where the loan stood at the end of each day; the days must not go back.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...               free_dues=(FreeDue(due_on=date(2024, 6, 1), principal_minor=1000),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> course = standings(contract=contract, events=[paid_out],
    ...                    days=[date(2024, 6, 1), date(2024, 6, 2), date(2024, 7, 2)])
    >>> [standing.bucket.value for standing in course]
    ['M0', 'M1', 'M2']
    """
    course = _Course(contract, events)
    for day in days:
        course.go_to(day)
        yield course.standing(day)


def follow(
    *, contract: Contract, events: Sequence[Event], after: date, through: date
) -> tuple[tuple[Turn, ...], Position]:
    """Say what aged from each day of ``(after, through]`` that may have moved it, and the end.

    The first day always counts; between two of the days what can age stands still. The position is
    that of ``position`` at the end of the last day.

    >>> from datetime import UTC, datetime
    >>> from decimal import Decimal
    >>> from daihou.core.terms import FreeDue, Method, Rate, RatePer, Terms
    >>> terms = Terms(method=Method.FREE, rate=Rate(value=Decimal(0), per=RatePer.YEAR),
    ...               free_dues=(FreeDue(due_on=date(2024, 6, 1), principal_minor=1000),))
    >>> contract = Contract(loan_ref="L1", currency="CNY", minor_digits=2, principal_minor=1000,
    ...                     start_on=date(2024, 5, 1), terms=terms)
    >>> paid_out = Event(kind=Kind.DISBURSED, effective_on=date(2024, 5, 1), sequence=1, key="d1",
    ...                  recorded_at=datetime(2024, 5, 1, tzinfo=UTC), amount_minor=1000)
    >>> turns, end = follow(contract=contract, events=[paid_out],
    ...                     after=date(2024, 4, 28), through=date(2024, 6, 2))
    >>> [turn.as_of.isoformat() for turn in turns], end.days_past_due
    (['2024-04-29', '2024-05-01'], 1)
    """
    course, turns = _Course(contract, events), []
    told = sorted({event.effective_on for event in events})
    day: date | None = after + timedelta(days=1)
    while day is not None and day <= through:
        course.go_to(day)
        turns.append(course.turn(day))
        day = course.next_turn(day, told)
    course.go_to(through)
    stated = [e for e in events if e.kind is Kind.STATED and e.effective_on <= through]
    return tuple(turns), freeze(course.fold, through, stated)


_NO_FACTS = TAKING_BACK_KINDS | {Kind.STATED}


class _Course:
    """A fold that goes from day to day; what was taken back was never there."""

    def __init__(self, contract: Contract, events: Sequence[Event]) -> None:
        check_events(events)
        self.contract = contract
        self.taking_back = [event for event in events if event.kind in TAKING_BACK_KINDS]
        self.facts = sorted((e for e in events if e.kind not in _NO_FACTS), key=sort_key)
        self.gone: set[str | None] = set()
        self._begin()

    def _begin(self) -> None:
        self.fold, self.told = Fold(self.contract), 0
        self.waiting = [event for event in self.facts if not leaves_no_trace(event, self.gone)]
        self.figures: _Figures | None = None  # Of the fold as it stands.

    def go_to(self, day: date) -> None:
        """Fold on to the end of a day; a day on which nothing can move costs nothing."""
        if self.taking_back:
            gone = {event.target_key for event in self.taking_back if event.effective_on <= day}
            if gone != self.gone:
                self.gone = gone
                self._begin()
        first, waiting = self.told, self.waiting
        while self.told < len(waiting) and waiting[self.told].effective_on <= day:
            self.told += 1
        fold = self.fold
        if self.told > first or fold.held or fold.moves_by_itself:
            fold.run(waiting[first : self.told], day)
            self.figures = None

    def next_turn(self, day: date, told: Sequence[date]) -> date | None:
        """Find the next day with an event, or a due date while money waits for one."""
        if self.fold.follower is not None:  # Interest may make a row unpaid that was paid ahead.
            return day + timedelta(days=1)
        place = bisect_right(told, day)
        days = [told[place]] if place < len(told) else []
        if self.fold.held:
            days += [row.due_on for row in self.fold.rows if row.due_on > day]
        return min(days, default=None)

    def turn(self, as_of: date) -> Turn:
        fold, rows = self.fold, self.fold.rows
        tolerance_minor = fold.terms.tolerance_minor
        return Turn(
            as_of=as_of,
            is_begun=bool(fold.tranches) or fold.closed_on is not None,
            first_due_on=rows[0].due_on if rows else None,
            last_due_on=rows[-1].due_on if rows else None,
            first_unpaid_due_on=next((r.due_on for r in rows if r.ages(tolerance_minor)), None),
        )

    def standing(self, as_of: date) -> Standing:
        if self.figures is None:
            self.figures = _Figures(self.fold)
        figures = self.figures
        unpaid_on = figures.first_unpaid_due_on
        days = 0 if unpaid_on is None else max(0, (as_of - unpaid_on).days)
        return Standing(
            as_of=as_of,
            status=figures.status,
            first_due_on=figures.first_due_on,
            last_due_on=figures.last_due_on,
            first_unpaid_due_on=unpaid_on,
            days_past_due=days,
            bucket=ageing.bucket_of(days),
            overdue_minor=figures.overdue_minor(as_of.toordinal()),
            principal_outstanding_minor=figures.principal_minor,
            unapplied_minor=figures.unapplied_minor,
        )


class _Figures:
    """What a fold comes to while nothing moves it: only days pass."""

    def __init__(self, fold: Fold) -> None:
        rows, tolerance_minor = fold.rows, fold.terms.tolerance_minor
        self.first_unpaid_due_on: date | None = None
        self.open_dues: list[int] = []  # Due days with something left …
        self.open_minor = [0]  # … and what is left on the first n of them.
        principal_minor = total_minor = 0
        for row in rows:
            principal, interest, fee, penalty, compound = row.left
            ages_minor = principal + interest + fee
            left_minor = ages_minor + penalty + compound
            if left_minor:
                total_minor += left_minor
                self.open_dues.append(row.due)
                self.open_minor.append(total_minor)
                principal_minor += principal
            if ages_minor > tolerance_minor and self.first_unpaid_due_on is None:
                self.first_unpaid_due_on = row.due_on
        self.status = status_of(fold, find_closed_on(fold))
        self.first_due_on = rows[0].due_on if rows else None
        self.last_due_on = rows[-1].due_on if rows else None
        paid_out_minor = sum(tranche.amount_minor for tranche in fold.tranches)
        self.principal_minor = principal_minor if rows else paid_out_minor
        self.unapplied_minor = sum([flow.left_minor for flow in fold.held])

    def overdue_minor(self, day: int) -> int:
        """Sum what is left of everything that fell due before the day."""
        return self.open_minor[bisect_left(self.open_dues, day)]
