"""Reminders before due (T-3, T-1, T0) and before a promised date, asked for when it is time.

A reminder is planned once for each due day and mark, whoever plans again. When its hour comes the
loan is looked at anew: what was paid meanwhile needs none. The guard permits each like any other
contact (purpose ``reminder``; of a promise, ``collection``); where it says "later today" the
reminder waits until then.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from daihou.collect.requests import Channel, Purpose
from daihou.collect.templates import Value
from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases import promises
from daihou.web.cases.models import PromiseState
from daihou.web.cases.queries import late_loans, loans_of
from daihou.web.channels import accounts, facts, rendering
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import FIELD_OF, ChannelKind, Reminder, ReminderDay, ReminderState
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.errors import ContactRefused
from daihou.web.documents import notices
from daihou.web.documents.notices import NoticeKind
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import reach
from daihou.web.parties.models import ContactPoint

EARLIEST = time(9, 30)  # At the book's place; the rules say the rest for the person's own.
ORDER = (ChannelKind.WECHAT, ChannelKind.SMS, ChannelKind.PUSH)  # Cheapest first.
BATCH = 500
LANGUAGE = "zh"


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


def plan(*, book: Book, on: date, acting_user: User) -> Planned:
    """Plan the reminders of a day from the newest version of the book; again changes nothing.

    :raises DocumentRefused, BookRefused: as ``documents.notices.plan_frame``.
    """
    done = ReminderDay.objects.filter(book=book, on=on).first()
    if done is not None:
        return Planned(on=on, found=done.count, new=0)
    due_at = datetime.combine(on, EARLIEST, tzinfo=ZoneInfo(book.time_zone))
    known_on = min(on, book.business_date or on)
    coming = notices.plan(book=book, from_on=known_on, days=(on - known_on).days + 1)
    rows = [
        Reminder(
            book=book,
            loan_id=notice.loan_id,
            about_on=notice.about_on,
            mark_days=notice.mark_days,
            on=on,
            due_at=due_at,
        )
        for notice in coming
        if notice.kind == NoticeKind.REMINDER and notice.on == on
    ]
    rows += _of_promises(book, on=on, due_at=due_at)
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
                    part=part,
                    about_on=part.due_on,
                    mark_days=1,
                    on=on,
                    due_at=due_at,
                )
            )
    return rows


def ask_due(*, at: datetime, acting_user: User, most: int = BATCH) -> Asked:
    """Ask for the reminders whose hour has come; each in its own transaction."""
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
    """Ask for one reminder; say what became of it."""
    local = at.astimezone(ZoneInfo(row.book.time_zone)).date()
    if local > row.on:
        return _end(row, ReminderState.SKIPPED, "reminder.too_late")
    try:
        contact = _contact(row, on=local)
        permit = contacts.ask(contact=contact, acting_user=acting_user, at=at)
    except _NotNeeded:
        return _end(row, ReminderState.SKIPPED, "reminder.not_needed")
    except ContactRefused as refused:
        later = refused.decision.next_permitted_at if refused.decision else None
        if later is not None and later.astimezone(ZoneInfo(row.book.time_zone)).date() == row.on:
            row.due_at = max(later, at + timedelta(minutes=1))
            return "later"
        return _end(row, ReminderState.REFUSED, _reason(refused))
    except DaihouError as refused:
        return _end(row, ReminderState.REFUSED, refused.code)
    row.state, row.permit_ref = ReminderState.ASKED, str(permit.pk)
    row.channel = contact.channel.value
    return "asked"


def _end(row: Reminder, state: ReminderState, code: str) -> str:
    row.state, row.code = state, code[:80]
    return state.value


def _reason(refused: ContactRefused) -> str:
    """Name the first rule that refused it."""
    rules = refused.decision.refusals if refused.decision else ()
    return rules[0].rule_id if rules else refused.code


class _NotNeeded(Exception):
    """Nothing of what was planned for is owed any more."""


def _contact(row: Reminder, *, on: date) -> Contact:
    """Write the reminder for the first channel there is an account, a text and an address for.

    :raises ChannelRefused: ``reminder.no_way``.
    """
    loan = row.loan
    if loan.person is None:
        raise ChannelRefused("reminder.no_way")
    values = facts.values_of(loan=loan, as_of=on, language=LANGUAGE, more=_promised(row))
    if row.part is None and values.get("due_on") != row.about_on:
        raise _NotNeeded
    for kind in ORDER:
        point = _point(loan, kind, on=on)
        if point is None or not _has_account(row.book, kind):
            continue
        version = rendering.choose(
            book=row.book,
            key=f"due-{row.mark_days}" if row.part is None else "promise-due",
            channel=kind,
            language=LANGUAGE,
            funder_id=loan.funder_id,
        )
        rendered = rendering.render(version=version, values=values)
        return Contact(
            book=row.book,
            party=loan.person,
            loans=(loan,),
            contact_point=point,
            channel=Channel(kind.value),
            purpose=Purpose.REMINDER if row.part is None else Purpose.COLLECTION,
            case_number=row.part.promise.case_id if row.part else None,
            content=rendered.content,
            payload=rendered.payload.as_mapping(),
        )
    raise ChannelRefused("reminder.no_way")


def _promised(row: Reminder) -> dict[str, Value]:
    """Give what a reminder of a promise says, while the promise stands."""
    if row.part is None:
        return {}
    if row.part.promise.state != PromiseState.OPEN:
        raise _NotNeeded
    return {
        "promised_on": row.part.due_on,
        "promised_amount": facts.money(row.book, row.part.amount_minor),
    }


def _point(loan: Loan, kind: ChannelKind, *, on: date) -> ContactPoint | None:
    """Choose the best usable address of the borrower for a channel."""
    assert loan.person is not None
    for known in reach.points(party=loan.person, on=on):
        if known.is_usable and reach.FIELDS[known.point.kind] == FIELD_OF[kind]:
            return known.point
    return None


def _has_account(book: Book, kind: ChannelKind) -> bool:
    try:
        accounts.accounts_for(book=book, channel=kind)
    except ChannelRefused:
        return False
    return True
