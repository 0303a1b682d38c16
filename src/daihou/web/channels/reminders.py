"""What leaves by itself, planned once for each occasion and asked for when it is time.

Reminders before due (T-3, T-1, T0) and before a promised date and texts on what is overdue are
planned for a day after its end of day; receipts and texts on broken promises as they happen
(``prompted``). When its hour comes the loan is looked at anew: what was paid meanwhile needs none.
The guard permits each like any other contact; where it says "later", and the text is not stale by
then, it waits until then.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases import promises
from daihou.web.cases.queries import late_loans, loans_of
from daihou.web.channels import reminder_texts
from daihou.web.channels.models import Occasion, Reminder, ReminderDay, ReminderState
from daihou.web.channels.prompted import BATCH, EARLIEST, KEPT
from daihou.web.channels.reminder_rules import rule_on
from daihou.web.channels.reminder_texts import NotNeeded
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.errors import ContactRefused
from daihou.web.documents import notices
from daihou.web.documents.notices import NoticeKind
from daihou.web.ledger.models import Book

OCCASIONS = {NoticeKind.REMINDER: Occasion.DUE, NoticeKind.OVERDUE: Occasion.OVERDUE}
ON_ITS_DAY = frozenset({Occasion.DUE, Occasion.PROMISE_DUE})  # Tomorrow they would be wrong.


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """``new`` were planned by this call, the others before."""

    on: date
    found: int
    new: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    asked: int = 0
    refused: int = 0
    skipped: int = 0
    later: int = 0

    @property
    def count(self) -> int:
        return self.asked + self.refused + self.skipped + self.later


def plan(*, book: Book, on: date, acting_user: User) -> Planned:
    """Plan the reminders of a day from the newest version of the book; again changes nothing.

    :raises DocumentRefused, BookRefused: as ``documents.notices.plan_frame``.
    """
    done = ReminderDay.objects.filter(book=book, on=on).first()
    if done is not None:
        return Planned(on=on, found=done.count, new=0)
    due_at = datetime.combine(on, EARLIEST, tzinfo=ZoneInfo(book.time_zone))
    rows = _of_dues(book, on=on, due_at=due_at) + _of_promises(book, on=on, due_at=due_at)
    with transaction.atomic():
        _day, is_new = ReminderDay.objects.get_or_create(
            book=book, on=on, defaults={"count": len(rows)}
        )
        if is_new:
            Reminder.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
            audit.record(
                acting_user=acting_user,
                action="reminder.plan",
                target_type="book",
                target_id=book.pk,
                details={"on": on.isoformat(), "count": len(rows)},
            )
    return Planned(on=on, found=len(rows), new=len(rows) if is_new else 0)


def _of_dues(book: Book, *, on: date, due_at: datetime) -> list[Reminder]:
    """Remind before a due day, and so many days after it as the rule of the day says."""
    known_on = min(on, book.business_date or on)
    coming = notices.plan(
        book=book,
        from_on=known_on,
        days=(on - known_on).days + 1,
        after_due=rule_on(book=book, on=on).overdue_days,
    )
    return [
        Reminder(
            book=book,
            loan_id=notice.loan_id,
            occasion=OCCASIONS[NoticeKind(notice.kind)],
            about_on=notice.about_on,
            mark_days=abs(notice.mark_days),
            on=on,
            due_at=due_at,
        )
        for notice in coming
        if notice.kind in OCCASIONS and notice.on == on
    ]


def _of_promises(book: Book, *, on: date, due_at: datetime) -> list[Reminder]:
    """Remind the day before of what was promised, by the loan that is overdue longest."""
    rows = []
    for part in promises.due_for_reminder(book=book, on=on + timedelta(days=1)):
        loans = late_loans(loans=list(loans_of(case=part.promise.case)))
        if loans:
            rows.append(
                Reminder(
                    book=book,
                    loan=loans[0],
                    occasion=Occasion.PROMISE_DUE,
                    part=part,
                    about_on=part.due_on,
                    mark_days=1,
                    on=on,
                    due_at=due_at,
                )
            )
    return rows


def ask_due(*, at: datetime, acting_user: User, most: int = BATCH) -> Asked:
    """Ask for the texts whose hour has come; each in its own transaction."""
    counts = dict.fromkeys(("asked", "refused", "skipped", "later"), 0)
    for _ in range(most):
        found = _ask_next(at=at, acting_user=acting_user)
        if found is None:
            break
        counts[found] += 1
    return Asked(**counts)


def _ask_next(*, at: datetime, acting_user: User) -> str | None:
    with transaction.atomic():
        row = (
            Reminder.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=ReminderState.PLANNED, due_at__lte=at)
            .select_related(
                "book", "loan__person", "loan__product", "loan__creditor", "part__promise__case"
            )
            .order_by("due_at", "pk")
            .first()
        )
        if row is None:
            return None
        said = _ask(row, at=at, acting_user=acting_user)
        row.save(update_fields=["state", "code", "permit_ref", "channel", "due_at"])
    return said


def _ask(row: Reminder, *, at: datetime, acting_user: User) -> str:
    """Ask for one text; say what became of it."""
    local = _day(row, at)
    if local > _last_day(row):
        return _end(row, ReminderState.SKIPPED, "reminder.too_late")
    rule = rule_on(book=row.book, on=local)
    if not rule.wants(occasion=row.occasion, mark_days=row.mark_days):
        return _end(row, ReminderState.SKIPPED, "reminder.not_needed")
    try:
        contact = reminder_texts.contact_of(row=row, on=local)
        permit = contacts.ask(contact=contact, acting_user=acting_user, at=at)
    except NotNeeded:
        return _end(row, ReminderState.SKIPPED, "reminder.not_needed")
    except ContactRefused as refused:
        later = refused.decision.next_permitted_at if refused.decision else None
        if later is not None and _day(row, later) <= _last_day(row):
            row.due_at = max(later, at + timedelta(minutes=1))
            row.code = _reason(refused)[:80]
            return "later"
        return _end(row, ReminderState.REFUSED, _reason(refused))
    except DaihouError as refused:
        return _end(row, ReminderState.REFUSED, refused.code)
    row.state, row.code, row.permit_ref = ReminderState.ASKED, "", str(permit.pk)
    row.channel = contact.channel.value
    return "asked"


def _day(row: Reminder, at: datetime) -> date:
    return at.astimezone(ZoneInfo(row.book.time_zone)).date()


def _last_day(row: Reminder) -> date:
    """Return the last day a text may be asked for."""
    return row.on if row.occasion in ON_ITS_DAY else row.on + KEPT


def _end(row: Reminder, state: ReminderState, code: str) -> str:
    row.state, row.code = state, code[:80]
    return state.value


def _reason(refused: ContactRefused) -> str:
    """Name the first rule that refused it."""
    rules = refused.decision.refusals if refused.decision else ()
    return rules[0].rule_id if rules else refused.code
