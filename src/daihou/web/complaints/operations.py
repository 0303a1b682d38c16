"""Record a complaint or dispute, take it, let its clock run longer, withdraw it, open it again.

Recording holds what is disputed in the same transaction; see ``holds``. Who is complained of
handles nothing. Deciding and answering are in ``deciding``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from daihou.web.access.models import SYSTEM_USERNAME, User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.models import Approval
from daihou.web.audit import operations as audit
from daihou.web.complaints import clocks, holds, texts
from daihou.web.complaints.errors import ComplaintRefused
from daihou.web.complaints.models import (
    Complaint,
    ComplaintContact,
    ComplaintPerson,
    Extension,
    Intake,
    Nature,
    State,
    Step,
    Topic,
)
from daihou.web.contacts.models import Permit
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as parties
from daihou.web.parties.models import LoanRole, Party

EXTEND = "complaint.extend"
REFERENCE_MOST = 80
OF_PEOPLE = frozenset(
    {Topic.FREQUENCY, Topic.HOURS, Topic.CONDUCT, Topic.THIRD_PARTY, Topic.SERVICE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came in. ``permits`` are the contacts complained of, ``people`` those of ours."""

    nature: str
    intake: str
    topic: str
    said: str
    received_at: datetime
    party: Party | None = None
    loans: Sequence[Loan] = ()
    permits: Sequence[Permit] = ()
    people: Sequence[User] = ()
    regulator_ref: str = ""
    request_key: str = ""  # Of a program: sent twice it is recorded once.


@transaction.atomic
def record(*, book: Book, told: Told, acting_user: User, at: datetime | None = None) -> Complaint:
    """Record a complaint or dispute, start its clock and hold what it is about.

    ``at`` is when that is done; by default now.

    :raises ComplaintRefused: ``complaint.word_unknown``, ``complaint.text_missing``,
        ``complaint.in_future``, ``complaint.loan_of_other``, ``complaint.contact_of_other``,
        ``complaint.dispute_of_nothing``.
    """
    if told.request_key:
        held = Complaint.objects.filter(book=book, request_key=told.request_key).first()
        if held is not None:
            return held
    _check(book, told)
    received_on = told.received_at.astimezone(ZoneInfo(book.time_zone)).date()
    clock = clocks.start(book=book, nature=told.nature, topic=told.topic, received_on=received_on)
    complaint_id = _next_id()
    said = texts.checked(told.said, most=texts.TEXT_MOST)
    try:
        with transaction.atomic():
            complaint = Complaint.objects.create(
                pk=complaint_id,
                book=book,
                nature=told.nature,
                intake=told.intake,
                topic=told.topic,
                party=told.party,
                said=texts.sealed(complaint_id=complaint_id, place="said", text=said),
                regulator_ref=told.regulator_ref.strip(),
                request_key=told.request_key,
                received_at=told.received_at,
                due_on=clock.due_on if clock else None,
                clock=clock.as_json() if clock else {},
                recorded_by=acting_user,
            )
    except IntegrityError:
        if not told.request_key:
            raise
        return Complaint.objects.get(book=book, request_key=told.request_key)  # Sent twice at once.
    complaint.loans.set(told.loans)
    _link(complaint, told)
    holds.place(complaint=complaint, at=at or timezone.now(), acting_user=acting_user)
    step(complaint, "record", acting_user, at=at)
    return complaint


@transaction.atomic
def take(*, complaint: Complaint, acting_user: User, at: datetime | None = None) -> Complaint:
    """Take a complaint on: from ``at``, by default now, it is this user's to decide.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``,
        ``complaint.decided_before``.
    """
    locked = lock(complaint, State.RECORDED, State.IN_PROGRESS)
    check_not_of(locked, acting_user)
    if locked.reopened and locked.decided_by_id == acting_user.pk:
        raise ComplaintRefused("complaint.decided_before")
    locked.handler, locked.state = acting_user, State.IN_PROGRESS
    locked.save(update_fields=["handler", "state"])
    step(locked, "take", acting_user, at=at)
    return locked


@transaction.atomic
def add_note(*, complaint: Complaint, note: str, acting_user: User) -> Step:
    """Note what was found out on the way.

    :raises ComplaintRefused: ``complaint.text_missing``.
    """
    locked = lock(complaint, *State)
    return step(locked, "note", acting_user, note=texts.checked(note))


@transaction.atomic
def name_people(*, complaint: Complaint, people: Sequence[User], acting_user: User) -> Complaint:
    """Note who of ours is complained of; somebody who handles it is relieved.

    :raises ComplaintRefused: ``complaint.state_wrong``.
    """
    locked = lock(complaint, State.RECORDED, State.IN_PROGRESS)
    for user in people:
        ComplaintPerson.objects.get_or_create(complaint=locked, user=user)
        if locked.handler_id == user.pk:
            locked.handler = None
            locked.save(update_fields=["handler"])
    step(locked, "name_people", acting_user)
    return locked


@transaction.atomic
def extend(
    *, complaint: Complaint, is_special: bool, reason: str, acting_user: User
) -> Approval | None:
    """Let the clock run longer: at once where a case is complex, by approval where it is special.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``,
        ``complaint.no_extension``, ``complaint.extended_already``, ``complaint.overdue_already``,
        ``complaint.text_missing``; :raises ApprovalRefused: as ``approvals.request``.
    """
    locked = lock(complaint, State.RECORDED, State.IN_PROGRESS)
    check_not_of(locked, acting_user)
    text = texts.checked(reason)
    _longer(locked, is_special=is_special)
    if is_special:
        return approvals.request(
            kind=EXTEND,
            book=locked.book,
            target_type="complaint",
            target_id=locked.pk,
            payload={"complaint": locked.pk},
            reason=text,
            acting_user=acting_user,
        )
    _prolong(locked, is_special=False, reason=text, approval=None, acting_user=acting_user)
    return None


def carry_out_extension(approval: Approval, acting_user: User) -> None:
    """Let the clock run longer as it was approved.

    :raises ComplaintRefused: as ``extend``.
    """
    complaint = Complaint.objects.get(pk=approval.payload["complaint"])
    locked = lock(complaint, State.RECORDED, State.IN_PROGRESS)
    _prolong(
        locked,
        is_special=True,
        reason=approval.reason,
        approval=approval,
        acting_user=acting_user,
    )


@transaction.atomic
def withdraw(*, complaint: Complaint, reason: str, acting_user: User) -> Complaint:
    """Note that the person took her complaint back; what it held is free again.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.of_oneself``,
        ``complaint.text_missing``.
    """
    locked = lock(complaint, State.RECORDED, State.IN_PROGRESS)
    check_not_of(locked, acting_user)
    text = texts.checked(reason)
    locked.state, locked.closed_at = State.WITHDRAWN, timezone.now()
    locked.save(update_fields=["state", "closed_at"])
    step(locked, "withdraw", acting_user, note=text)
    holds.lift(complaint=locked, reason=text, acting_user=acting_user)
    return locked


@transaction.atomic
def reopen(*, complaint: Complaint, reason: str, acting_user: User) -> Complaint:
    """Open a complaint again: a new clock, holds again, to be decided by somebody else.

    :raises ComplaintRefused: ``complaint.state_wrong``, ``complaint.text_missing``.
    """
    locked = lock(complaint, State.ANSWERED, State.CLOSED, State.WITHDRAWN)
    text = texts.checked(reason)
    today = timezone.now().astimezone(ZoneInfo(locked.book.time_zone)).date()
    clock = clocks.start(
        book=locked.book, nature=locked.nature, topic=locked.topic, received_on=today
    )
    locked.state, locked.handler, locked.closed_at = State.RECORDED, None, None
    locked.finding, locked.cause, locked.reasoning = "", "", ""
    locked.answer, locked.answered_at = None, None
    locked.due_on = clock.due_on if clock else None
    locked.clock = clock.as_json() if clock else {}
    locked.reopened += 1
    locked.save()
    step(locked, "reopen", acting_user, note=text)
    holds.place(complaint=locked, at=timezone.now(), acting_user=acting_user)
    return locked


def lock(complaint: Complaint, *states: State) -> Complaint:
    """Lock a complaint that is in one of these states.

    :raises ComplaintRefused: ``complaint.state_wrong``.
    """
    locked = Complaint.objects.select_for_update(of=("self",)).get(pk=complaint.pk)
    if locked.state not in states:
        raise ComplaintRefused("complaint.state_wrong", state=locked.state)
    return locked


def check_not_of(complaint: Complaint, user: User) -> None:
    """Refuse whoever is complained of.

    :raises ComplaintRefused: ``complaint.of_oneself``.
    """
    if complaint.people.filter(user=user).exists():
        raise ComplaintRefused("complaint.of_oneself")


def step(
    complaint: Complaint,
    action: str,
    acting_user: User,
    *,
    note: str = "",
    at: datetime | None = None,
) -> Step:
    """Add to a complaint's history, and to the audit without what anybody said."""
    made = Step.objects.create(
        complaint=complaint,
        action=action,
        state=complaint.state,
        note=texts.sealed(complaint_id=complaint.pk, place="note", text=note),
        acting_user=acting_user,
        at=at or timezone.now(),
    )
    audit.record(
        acting_user=acting_user,
        action=f"complaint.{action}",
        target_type="complaint",
        target_id=complaint.pk,
        details={
            "state": complaint.state,
            "topic": complaint.topic,
            "finding": complaint.finding,
            "cause": complaint.cause,
        },
    )
    return made


def _check(book: Book, told: Told) -> None:
    words = (
        (told.nature, Nature.values),
        (told.intake, Intake.values),
        (told.topic, Topic.values),
    )
    for word, known in words:
        if word not in known:
            raise ComplaintRefused("complaint.word_unknown", word=word[:20])
    if told.received_at > timezone.now():
        raise ComplaintRefused("complaint.in_future")
    if max(len(told.regulator_ref), len(told.request_key)) > REFERENCE_MOST:
        raise ComplaintRefused("complaint.text_missing", most=REFERENCE_MOST)
    if told.nature == Nature.DISPUTE and not told.loans:
        raise ComplaintRefused("complaint.dispute_of_nothing")
    ids = set(parties.family_ids(party=told.party)) if told.party else set()
    for loan in told.loans:
        is_hers = not ids or loan.person_id in ids or _has_role(loan, ids)
        if loan.book_id != book.pk or not is_hers:
            raise ComplaintRefused("complaint.loan_of_other", loan=loan.loan_ref)
    for permit in told.permits:
        if permit.book_id != book.pk:
            raise ComplaintRefused("complaint.contact_of_other", permit=permit.pk)


def _has_role(loan: Loan, ids: set[int]) -> bool:
    return LoanRole.objects.filter(loan=loan, party_id__in=ids).exists()


def _link(complaint: Complaint, told: Told) -> None:
    ComplaintContact.objects.bulk_create(
        ComplaintContact(complaint=complaint, permit=permit) for permit in told.permits
    )
    people = {user.pk for user in told.people}
    if complaint.topic in OF_PEOPLE:
        people |= {
            permit.acting_user_id
            for permit in told.permits
            if permit.acting_user.username != SYSTEM_USERNAME
        }
    ComplaintPerson.objects.bulk_create(
        ComplaintPerson(complaint=complaint, user_id=user_id) for user_id in sorted(people)
    )


def _longer(complaint: Complaint, *, is_special: bool) -> clocks.Clock:
    if not complaint.clock:
        raise ComplaintRefused("complaint.no_extension")
    if complaint.extensions.filter(is_special=is_special).exists():
        raise ComplaintRefused("complaint.extended_already")
    now = timezone.now().astimezone(ZoneInfo(complaint.book.time_zone)).date()
    if complaint.due_on is not None and complaint.due_on < now:
        raise ComplaintRefused("complaint.overdue_already")
    return clocks.extended(
        book=complaint.book,
        name=complaint.clock["name"],
        is_special=is_special,
        received_on=clocks.day_of(complaint.clock["from_on"]),
    )


def _prolong(
    complaint: Complaint,
    *,
    is_special: bool,
    reason: str,
    approval: Approval | None,
    acting_user: User,
) -> None:
    clock = _longer(complaint, is_special=is_special)
    Extension.objects.create(
        complaint=complaint,
        is_special=is_special,
        due_on=clock.due_on,
        reason=reason,
        approval=approval,
        acting_user=acting_user,
    )
    complaint.due_on, complaint.clock = clock.due_on, clock.as_json()
    complaint.save(update_fields=["due_on", "clock"])
    step(complaint, "extend", acting_user, note=reason)


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('complaints_complaint', 'id'))")
        return int(cursor.fetchone()[0])
