"""Complaints and disputes: recorded once, held at once, decided by another, answered in writing."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.api.idempotency import NO_STORE
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import (
    BookName,
    LongText,
    Name,
    Reason,
    Reference,
    RowId,
    Text,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.complaints import deciding, operations, queries
from daihou.web.complaints.models import (
    Cause,
    Complaint,
    Finding,
    Intake,
    Nature,
    RemedyKind,
    State,
    Topic,
)
from daihou.web.contacts.models import Permit
from daihou.web.documents.kinds import Language
from daihou.web.parties.sighting import party_of

router = Router(tags=["complaints"])
PATH = "/books/{book_name}/complaints"
OF_COMPLAINT = PATH + "/{complaint_id}"
SEES = needs("complaint.view")
RECORDS, DECIDES = needs("complaint.record"), needs("complaint.decide")
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class ComplaintOut(Schema):
    """``due_on`` is the day by which it is to be decided; None where no rule is known."""

    id: int
    reference: str
    nature: Nature
    intake: Intake
    topic: Topic
    party_id: int | None
    loan_refs: list[str]
    regulator_ref: str
    request_key: str
    received_at: datetime
    due_on: date | None
    rule_id: str | None
    state: State
    handler: str | None
    finding: str
    cause: str
    decided_at: datetime | None
    answered_at: datetime | None
    answer_file_id: int | None
    closed_at: datetime | None
    reopened: int


class ComplaintIn(Schema):
    """``request_key`` names it in the system that sends it: sent twice it is recorded once."""

    nature: Nature
    intake: Intake
    topic: Topic
    said: Annotated[LongText, Field(min_length=1)]
    received_at: AwareDatetime | None = None
    party_id: Number | None = None
    loan_refs: Annotated[list[Reference], Field(max_length=50)] = []
    permit_ids: Annotated[list[Number], Field(max_length=50)] = []
    people: Annotated[list[Name], Field(max_length=20)] = []
    regulator_ref: Annotated[Text, Field(max_length=80)] = ""
    request_key: Annotated[Text, Field(max_length=80)] = ""


class ComplaintsWanted(Schema):
    state: State | None = None
    nature: Nature | None = None
    topic: Topic | None = None
    party_id: Number | None = None


class SaidOut(Schema):
    said: str
    reasoning: str


class ComplaintNoteIn(Schema):
    note: Reason


class ComplaintReasonIn(Schema):
    reason: Reason


class DecisionIn(Schema):
    """``reasoning`` is what the person is told."""

    finding: Finding
    cause: Cause
    reasoning: Annotated[LongText, Field(min_length=1)]
    remedies: Annotated[list[RemedyKind], Field(max_length=10)] = []


class AnswerIn(Schema):
    language: Language = Language.CHINESE


class ExtensionIn(Schema):
    reason: Reason
    is_special: bool = False


class Extended(Schema):
    """``approval_id`` where a second person has to agree."""

    due_on: date | None
    approval_id: int | None


@router.get(PATH, response=Page[ComplaintOut], auth=SEES)
def list_complaints(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    wanted: Annotated[ComplaintsWanted, Query()],
) -> dict[str, Any]:
    """List complaints and disputes in sight, the newest first."""
    sight = sight_of(request, book_name=book_name, permission="complaint.view")
    given = {name: value for name, value in wanted.model_dump().items() if value is not None}
    rows = queries.in_sight(sight=sight).filter(**given).select_related("handler")
    return page_of(
        rows.prefetch_related("loans"), paging=paging, shown=_complaint, newest_first=True
    )


@router.post(PATH, response={201: ComplaintOut}, auth=RECORDS)
def record_complaint(request: HttpRequest, book_name: BookName, body: ComplaintIn) -> Status[Any]:
    """Record a complaint or dispute; what it is about is held from now on."""
    sight = sight_of(request, book_name=book_name, permission="complaint.record")
    known = Permit.objects.filter(pk__in=body.permit_ids, book=sight.book)
    permits = list(known.select_related("acting_user"))
    if len(permits) < len(set(body.permit_ids)):
        raise DaihouError("api.permit_unknown")
    people = list(User.objects.filter(username__in=body.people))
    if len(people) < len(set(body.people)):
        raise DaihouError("api.person_unknown")
    told = operations.Told(
        nature=body.nature.value,
        intake=body.intake.value,
        topic=body.topic.value,
        said=body.said,
        received_at=body.received_at or timezone.now(),
        party=party_of(sight, body.party_id) if body.party_id is not None else None,
        loans=[loan_of(sight, ref) for ref in dict.fromkeys(body.loan_refs)],
        permits=permits,
        people=people,
        regulator_ref=body.regulator_ref,
        request_key=body.request_key,
    )
    made = operations.record(book=sight.book, told=told, acting_user=user_of(request))
    return Status(201, _complaint(made))


@router.get(OF_COMPLAINT, response=ComplaintOut, auth=SEES)
def get_complaint(request: HttpRequest, book_name: BookName, complaint_id: RowId) -> dict[str, Any]:
    """Show a complaint and where it stands."""
    return _complaint(_find(request, book_name, complaint_id, "complaint.view"))


@router.get(OF_COMPLAINT + "/said", response=SaidOut, auth=SEES)
def read_complaint(
    request: HttpRequest, response: HttpResponse, book_name: BookName, complaint_id: RowId
) -> dict[str, Any]:
    """Give in plain what somebody said, and what she was told."""
    response["Cache-Control"] = NO_STORE
    found = _find(request, book_name, complaint_id, "complaint.view")
    return {"said": queries.said(complaint=found), "reasoning": queries.reasoning(complaint=found)}


@router.post(OF_COMPLAINT + "/take", response=ComplaintOut, auth=DECIDES)
def take_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId
) -> dict[str, Any]:
    """Take a complaint on; from now on it is the caller's to decide."""
    found = _find(request, book_name, complaint_id, "complaint.decide")
    return _complaint(operations.take(complaint=found, acting_user=user_of(request)))


@router.post(OF_COMPLAINT + "/notes", response=ComplaintOut, auth=RECORDS)
def note_on_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId, body: ComplaintNoteIn
) -> dict[str, Any]:
    """Note what was found out on the way."""
    found = _find(request, book_name, complaint_id, "complaint.record")
    operations.add_note(complaint=found, note=body.note, acting_user=user_of(request))
    return _complaint(found)


@router.post(OF_COMPLAINT + "/extension", response=Extended, auth=DECIDES)
def extend_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId, body: ExtensionIn
) -> dict[str, Any]:
    """Let its clock run longer: a complex case at once, a special one by approval."""
    found = _find(request, book_name, complaint_id, "complaint.decide")
    approval = operations.extend(
        complaint=found,
        is_special=body.is_special,
        reason=body.reason,
        acting_user=user_of(request),
    )
    found.refresh_from_db(fields=["due_on"])
    return {"due_on": found.due_on, "approval_id": approval.pk if approval else None}


@router.post(OF_COMPLAINT + "/decision", response=ComplaintOut, auth=DECIDES)
def decide_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId, body: DecisionIn
) -> dict[str, Any]:
    """Decide a complaint that the caller took on."""
    decided = deciding.decide(
        complaint=_find(request, book_name, complaint_id, "complaint.decide"),
        decision=deciding.Decision(
            finding=body.finding.value,
            cause=body.cause.value,
            reasoning=body.reasoning,
            remedies=[each.value for each in body.remedies],
        ),
        acting_user=user_of(request),
    )
    return _complaint(decided)


@router.post(OF_COMPLAINT + "/answer", response=ComplaintOut, auth=DECIDES)
def answer_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId, body: AnswerIn
) -> dict[str, Any]:
    """Write the answer as a document; what was held is let go."""
    answered = deciding.answer(
        complaint=_find(request, book_name, complaint_id, "complaint.decide"),
        language=body.language,
        made_on=timezone.localdate(),
        acting_user=user_of(request),
    )
    return _complaint(answered)


@router.post(OF_COMPLAINT + "/close", response=ComplaintOut, auth=DECIDES)
def close_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId
) -> dict[str, Any]:
    """Close a complaint that was answered."""
    found = _find(request, book_name, complaint_id, "complaint.decide")
    return _complaint(deciding.close(complaint=found, acting_user=user_of(request)))


@router.post(OF_COMPLAINT + "/withdrawal", response=ComplaintOut, auth=DECIDES)
def withdraw_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId, body: ComplaintReasonIn
) -> dict[str, Any]:
    """Note that the person took it back; what it held is free again."""
    found = _find(request, book_name, complaint_id, "complaint.decide")
    ended = operations.withdraw(complaint=found, reason=body.reason, acting_user=user_of(request))
    return _complaint(ended)


@router.post(OF_COMPLAINT + "/reopening", response=ComplaintOut, auth=RECORDS)
def reopen_complaint(
    request: HttpRequest, book_name: BookName, complaint_id: RowId, body: ComplaintReasonIn
) -> dict[str, Any]:
    """Open it again: a new clock, holds again, decided by somebody else."""
    found = _find(request, book_name, complaint_id, "complaint.record")
    opened = operations.reopen(complaint=found, reason=body.reason, acting_user=user_of(request))
    return _complaint(opened)


def _find(request: HttpRequest, book_name: str, complaint_id: int, permission: str) -> Complaint:
    sight = sight_of(request, book_name=book_name, permission=permission)
    return queries.find(sight=sight, complaint_id=complaint_id)


def _complaint(row: Complaint) -> dict[str, Any]:
    told = {"loan_refs", "rule_id", "handler", "answer_file_id"}
    simple = ComplaintOut.model_fields.keys() - told
    return {name: getattr(row, name) for name in simple} | {
        "loan_refs": sorted(loan.loan_ref for loan in row.loans.all()),
        "rule_id": row.clock.get("rule_id"),
        "handler": row.handler.username if row.handler else None,
        "answer_file_id": row.answer_id,
    }
