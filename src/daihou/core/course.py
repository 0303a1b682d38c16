"""The course of one loan: where it stood at the end of many days, from one fold.

Units   ``*_minor`` is an ``int`` count of minor units of the contract's currency.
Shape   ``standings`` gives one ``Standing`` per day asked for, in the order of the days. It folds
        once, and once more for every day on which a reversal takes a payment away.
Errors  ``EventRefused`` as ``position``; figures another system stated are no part of a course.
Source  design.md, "One idea": each standing is what ``position`` says on that day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from daihou.core import ageing
from daihou.core._fold import Fold, sort_key
from daihou.core.events import Event, Kind, check_events
from daihou.core.position import Status, find_closed_on, status_of
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
    check_events(events)
    reversals = [event for event in events if event.kind is Kind.PAYMENT_REVERSED]
    facts = sorted((event for event in events if event.kind not in _NO_FACTS), key=sort_key)
    gone: set[str | None] = set()
    fold, waiting = Fold(contract), facts
    for day in days:
        gone_by_then = {event.target_key for event in reversals if event.effective_on <= day}
        if gone_by_then != gone:
            gone, fold = gone_by_then, Fold(contract)
            waiting = [event for event in facts if event.key not in gone]
        count = next((i for i, e in enumerate(waiting) if e.effective_on > day), len(waiting))
        fold.run(waiting[:count], day)
        waiting = waiting[count:]
        yield _standing(fold, day)


_NO_FACTS = frozenset({Kind.PAYMENT_REVERSED, Kind.STATED})


def _standing(fold: Fold, as_of: date) -> Standing:
    day, rows = as_of.toordinal(), fold.rows
    tolerance_minor = fold.terms.tolerance_minor
    unpaid_on = next((row.due_on for row in rows if row.ages(tolerance_minor)), None)
    past_due_on = unpaid_on if unpaid_on is not None and unpaid_on < as_of else None
    days = ageing.days_past_due(oldest_unpaid_due_on=past_due_on, as_of=as_of)
    return Standing(
        as_of=as_of,
        status=status_of(fold, find_closed_on(fold)),
        first_due_on=rows[0].due_on if rows else None,
        last_due_on=rows[-1].due_on if rows else None,
        first_unpaid_due_on=unpaid_on,
        days_past_due=days,
        bucket=ageing.bucket_of(days),
        overdue_minor=sum(sum(row.left) for row in rows if row.due < day),
        principal_outstanding_minor=(
            fold.principal_left() if rows else sum(t.amount_minor for t in fold.tranches)
        ),
        unapplied_minor=sum(flow.left_minor for flow in fold.payments),
    )
