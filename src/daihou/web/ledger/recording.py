"""Record events of a loan: by key, once; its published position follows in the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from daihou.core.changes import plain
from daihou.core.events import Event
from daihou.core.position import position
from daihou.core.refusals import check_change
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.hearing import hear
from daihou.web.ledger import queries
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book, EndOfDayStep, Event as EventRow, RunState, StepState
from daihou.web.ledger.publishing import refresh
from daihou.web.loans.models import Loan

NOT_CONTENT = {"sequence", "recorded_at", "source_ref"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """``event`` as the ledger holds it; ``is_new`` is false where its key was known already."""

    event: Event
    is_new: bool


def record_event(*, book: Book, loan_ref: str, event: Event, acting_user: User) -> Recorded:
    """Add an event to a loan; see ``record_events``."""
    (recorded,) = record_events(
        book=book, loan_ref=loan_ref, events=[event], acting_user=acting_user
    )
    return recorded


def record_events(
    *, book: Book, loan_ref: str, events: Sequence[Event], acting_user: User
) -> tuple[Recorded, ...]:
    """Add events to a loan, all or none. Their ``sequence`` is given here, whatever it says.

    :raises LedgerRefused: ``loan.unknown``, ``event.key_conflict``.
    :raises EventRefused: as ``core.refusals.check_change``.
    :raises ScheduleRefused: a tranche that the schedule cannot take (``tranche.after_last_due``).
    """
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=book.pk)
        rows = EventRow.objects.filter(book=book, key__in=[event.key for event in events])
        known = {row.key: row for row in rows.select_related("loan")}
        fresh = [event for event in events if event.key not in known]
        added = [replace(e, sequence=book.next_sequence + n) for n, e in enumerate(fresh)]
        if added:
            _add(book=book, loan_ref=loan_ref, added=added, acting_user=acting_user)
        recorded = {event.key: Recorded(event=event, is_new=True) for event in added}
        for event in events:
            if event.key in known:
                recorded[event.key] = _known_already(
                    known=known[event.key], loan_ref=loan_ref, event=event
                )
    return tuple(recorded[event.key] for event in events)


def _add(*, book: Book, loan_ref: str, added: Sequence[Event], acting_user: User) -> None:
    contract, events = queries.load_loan(book=book, loan_ref=loan_ref)
    for number, event in enumerate(added):
        check_change(contract=contract, events=[*events, *added[:number]], event=event)
    last_on = max(event.effective_on for event in [*events, *added])
    position(contract=contract, events=[*events, *added], as_of=last_on)
    loan = Loan.objects.get(book=book, loan_ref=contract.loan_ref)
    for event in added:
        _insert(book=book, loan=loan, event=event)
        audit.record(
            acting_user=acting_user,
            action="event.record",
            target_type="loan",
            target_id=loan.pk,
            details={"kind": event.kind.value, "key": event.key, "sequence": event.sequence},
        )
    days = [_published_on(book=book, loan=loan, event=event) for event in added]
    as_of = max((day for day in days if day is not None), default=None)
    if as_of is not None:
        refresh(book=book, loan_ids=[loan.pk], as_of=as_of)
        hear(book_id=book.pk, loan_ids=[loan.pk])


def _known_already(*, known: EventRow, loan_ref: str, event: Event) -> Recorded:
    held = queries.event_of(known)
    names = [field.name for field in fields(Event) if field.name not in NOT_CONTENT]
    is_same = known.loan.loan_ref == loan_ref and all(
        getattr(held, name) == getattr(event, name) for name in names
    )
    if not is_same:
        raise LedgerRefused("event.key_conflict", key=event.key)
    return Recorded(event=held, is_new=False)


def _insert(*, book: Book, loan: Loan, event: Event) -> None:
    book.next_sequence = event.sequence + 1
    book.save(update_fields=["next_sequence"])
    EventRow.objects.create(
        book=book,
        sequence=event.sequence,
        loan=loan,
        kind=event.kind.value,
        effective_on=event.effective_on,
        recorded_at=event.recorded_at,
        inserted_at=timezone.now(),
        amount_minor=event.amount_minor,
        component=event.component.value if event.component else None,
        instalment_no=event.instalment_no,
        due_on=event.due_on,
        key=event.key,
        target_key=event.target_key,
        source_ref=event.source_ref,
        channel=event.channel,
        figures=dict(event.figures) or None,
        change=None if event.change is None else plain(event.change),
    )


def _published_on(*, book: Book, loan: Loan, event: Event) -> date | None:
    """Return the day to publish the loan for; none before the book's first end of day.

    That is the day its shard is published for, or that of an event which is past it.
    """
    if book.business_date is None:
        return None
    night = EndOfDayStep.objects.filter(
        run__book=book, run__state=RunState.RUNNING, shard=loan.shard, state=StepState.DONE
    )
    through = night.values_list("run__through_on", flat=True).first()
    recorded_on = event.recorded_at.astimezone(ZoneInfo(book.time_zone)).date()
    return max(through or book.business_date, min(event.effective_on, recorded_on))
