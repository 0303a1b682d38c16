"""Texts prompted by what happened: a receipt of a payment, a word on a promise that was broken.

A payment is looked at once, in the order of the ledger, from the first look at its book on; what
an import tells of long ago prompts nothing. Whatever was taken back because the ledger moved is
asked for again: its text is written anew, or found to be needed no more.
"""

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import BigIntegerField, Exists, OuterRef, Value
from django.db.models.functions import Cast, NullIf

from daihou.web.cases import promises
from daihou.web.cases.models import Promise, PromiseState
from daihou.web.cases.operations import MOVED
from daihou.web.cases.promises import MONEY_KINDS
from daihou.web.cases.queries import late_loans, loans_of
from daihou.web.channels.models import Occasion, ReceiptMark, Reminder, ReminderState
from daihou.web.channels.reminder_rules import rule_on
from daihou.web.contacts.models import Outcome, OutcomeKind
from daihou.web.ledger.models import Book, Event

EARLIEST: Final = time(9, 30)  # At the book's place; the rules say the rest for the person's own.
KEPT: Final = timedelta(days=2)  # So long after its day a text may still be asked for.
BATCH: Final = 500


def plan(*, book: Book, on: date, at: datetime) -> int:
    """Plan what happened since the last look prompts; return how many. Again changes nothing."""
    return _receipts(book, on=on, at=at) + _broken(book, on=on, at=at) + _again(book, on=on, at=at)


def _receipts(book: Book, *, on: date, at: datetime) -> int:
    with transaction.atomic():
        last = Book.objects.values_list("next_sequence", flat=True).get(pk=book.pk) - 1
        mark, is_first = ReceiptMark.objects.select_for_update().get_or_create(
            book=book, defaults={"through_sequence": last}
        )
        if is_first or last <= mark.through_sequence:
            return 0
        paid = Event.objects.filter(
            book=book,
            sequence__gt=mark.through_sequence,
            sequence__lte=last,
            kind__in=[kind.value for kind in MONEY_KINDS],
            effective_on__gte=on - KEPT,
            recorded_at__gte=at - KEPT,
            loan__person__isnull=False,
        )
        if rule_on(book=book, on=on).receipts:
            rows = [
                Reminder(
                    book=book,
                    loan_id=loan_id,
                    occasion=Occasion.RECEIPT,
                    event_sequence=sequence,
                    about_on=paid_on,
                    on=on,
                    due_at=at,
                )
                for loan_id, sequence, paid_on in paid.order_by("sequence").values_list(
                    "loan_id", "sequence", "effective_on"
                )
            ]
            Reminder.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
        else:
            rows = []
        mark.through_sequence = last
        mark.save(update_fields=["through_sequence"])
    return len(rows)


def _broken(book: Book, *, on: date, at: datetime) -> int:
    """Plan a word on each promise decided broken in the last days, about the date she missed."""
    if not rule_on(book=book, on=on).broken_promises:
        return 0
    told = Reminder.objects.filter(part__promise=OuterRef("pk"), occasion=Occasion.PROMISE_BROKEN)
    found = Promise.objects.filter(
        ~Exists(told),
        case__book=book,
        state=PromiseState.BROKEN,
        decided_on__gte=on - KEPT,
    )
    due_at = max(at, datetime.combine(on, EARLIEST, tzinfo=ZoneInfo(book.time_zone)))
    rows = []
    for promise in found.select_related("case").order_by("pk"):
        part = promises.missed(case=promise.case)
        loans = late_loans(loans=list(loans_of(case=promise.case)))
        if part is None or part.promise_id != promise.pk or not loans:
            continue
        rows.append(
            Reminder(
                book=book,
                loan=loans[0],
                occasion=Occasion.PROMISE_BROKEN,
                part=part,
                about_on=part.due_on,
                on=on,
                due_at=due_at,
            )
        )
    Reminder.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _again(book: Book, *, on: date, at: datetime) -> int:
    taken_back = Outcome.objects.filter(
        permit_id=Cast(NullIf(OuterRef("permit_ref"), Value("")), BigIntegerField()),
        outcome=OutcomeKind.WITHDRAWN,
        reference=MOVED,
    )
    asked = Reminder.objects.filter(book=book, on__gte=on - KEPT, state=ReminderState.ASKED)
    return asked.filter(Exists(taken_back)).update(
        state=ReminderState.PLANNED, due_at=at, channel="", code=MOVED, permit_ref=""
    )
