"""The limitation clock of a debt, and the evidence that moves it."""

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import AwareDatetime

from daihou.errors import DaihouError
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    Reason,
    Reference,
    RowId,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.limitation import operations, queries
from daihou.web.limitation.models import Evidence, EvidenceGround

router = Router(tags=["limitation"])
PATH = "/books/{book_name}/loans/{loan_ref}/limitation"
SEES, RECORDS = needs("limitation.view"), needs("limitation.record")


class TurnOut(Schema):
    ground: str
    on: date
    reference: str
    counts: bool
    reason: str
    expires_on: date | None


class ClockOut(Schema):
    as_of: date
    state: str
    starts_on: date | None
    expires_on: date | None
    outer_expires_on: date | None
    days_left: int | None
    turns: list[TurnOut]


class LimitationEvidenceIn(Schema):
    ground: EvidenceGround
    on: Day
    through: Day | None = None
    arrived_at: AwareDatetime | None = None
    reference: Reference


class EvidenceOut(Schema):
    id: int
    ground: str
    on: date
    through: date | None
    arrived_at: datetime | None
    reference: str
    is_withdrawn: bool


class WithdrawalIn(Schema):
    reason: Reason


@router.get(PATH, response=ClockOut, auth=SEES)
def get_limitation(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, as_of: Day | None = None
) -> Any:
    """Tell until when a debt can be sued for, and what moved that day."""
    sight = sight_of(request, book_name=book_name, permission="limitation.view")
    loan = loan_of(sight, loan_ref)
    day = as_of or sight.book.business_date
    if day is None:
        raise DaihouError("api.no_business_date", book=sight.book.name)
    return queries.clock_of(loan=loan, as_of=day)


@router.get(PATH + "/evidence", response=Page[EvidenceOut], auth=SEES)
def list_evidence(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List what is on record for a debt, newest entry first."""
    sight = sight_of(request, book_name=book_name, permission="limitation.view")
    rows = queries.evidence_of(loan=loan_of(sight, loan_ref))
    return page_of(rows, paging=paging, shown=_evidence, newest_first=True)


@router.post(PATH + "/evidence", response={201: EvidenceOut}, auth=RECORDS)
def record_evidence(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: LimitationEvidenceIn
) -> Status[Any]:
    """Put evidence on record."""
    sight = sight_of(request, book_name=book_name, permission="limitation.record")
    row = operations.record_evidence(
        loan=loan_of(sight, loan_ref),
        ground=body.ground,
        on=body.on,
        through=body.through,
        arrived_at=body.arrived_at,
        reference=body.reference,
        acting_user=user_of(request),
    )
    return Status(201, _evidence(row))


@router.post(PATH + "/evidence/{evidence_id}/withdrawal", response=EvidenceOut, auth=RECORDS)
def withdraw_evidence(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    evidence_id: RowId,
    body: WithdrawalIn,
) -> dict[str, Any]:
    """Let a record that was wrong count no more."""
    sight = sight_of(request, book_name=book_name, permission="limitation.record")
    row = queries.evidence_of(loan=loan_of(sight, loan_ref)).filter(pk=evidence_id).first()
    if row is None:
        raise Http404
    operations.withdraw_evidence(evidence=row, reason=body.reason, acting_user=user_of(request))
    return _evidence(row) | {"is_withdrawn": True}


def _evidence(row: Evidence) -> dict[str, Any]:
    simple = EvidenceOut.model_fields.keys() - {"is_withdrawn"}
    return {name: getattr(row, name) for name in simple} | {
        "is_withdrawn": getattr(row, "withdrawn", None) is not None
    }
