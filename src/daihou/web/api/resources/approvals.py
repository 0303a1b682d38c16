"""Approvals: what was asked for, and the verdict of a second person."""

from datetime import datetime
from typing import Any, Literal

from django.http import Http404, HttpRequest
from ninja import Router, Schema
from pydantic import JsonValue

from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import BookName, Reason, RowId, whole_book_of
from daihou.web.api.site import needs, user_of
from daihou.web.approvals import operations, queries
from daihou.web.approvals.models import Approval

router = Router(tags=["approvals"])
PATH = "/books/{book_name}/approvals"


class DecisionOut(Schema):
    verdict: str
    role: str
    reason: str
    decided_by: str
    decided_at: datetime


class ApprovalOut(Schema):
    id: int
    kind: str
    target_type: str
    target_id: str
    amount_minor: int | None
    payload: JsonValue
    reason: str
    made_by: str
    made_at: datetime
    expires_at: datetime
    state: str
    roles: list[str]
    checkers: int
    decisions: list[DecisionOut]


class VerdictIn(Schema):
    verdict: Literal["approved", "refused"]
    reason: Reason


class RequestWithdrawalIn(Schema):
    reason: Reason


@router.get(PATH, response=Page[ApprovalOut], auth=needs("approval.view"))
def list_approvals(
    request: HttpRequest,
    book_name: BookName,
    paging: PagingQuery,
    state: Literal["pending", "carried_out", "refused", "withdrawn", "expired"] | None = None,
) -> dict[str, Any]:
    """List what was asked for in a book, newest first."""
    book = whole_book_of(request, book_name=book_name, permission="approval.view")
    rows = queries.of_book(book=book).prefetch_related("decisions__decided_by")
    if state is not None:
        rows = rows.filter(state=state)
    return page_of(rows, paging=paging, shown=approval_out, newest_first=True)


@router.get(PATH + "/{approval_id}", response=ApprovalOut, auth=needs("approval.view"))
def get_approval(request: HttpRequest, book_name: BookName, approval_id: RowId) -> dict[str, Any]:
    """Say what was asked for and how it was decided."""
    return approval_out(_find(request, book_name, approval_id, "approval.view"))


@router.post(PATH + "/{approval_id}/decision", response=ApprovalOut, auth=needs("approval.decide"))
def decide_approval(
    request: HttpRequest, book_name: BookName, approval_id: RowId, body: VerdictIn
) -> dict[str, Any]:
    """Approve or refuse; the last approval needed carries the request out."""
    decided = operations.decide(
        approval=_find(request, book_name, approval_id, "approval.decide"),
        verdict=body.verdict,
        reason=body.reason,
        acting_user=user_of(request),
    )
    return approval_out(decided)


@router.post(PATH + "/{approval_id}/withdrawal", response=ApprovalOut, auth=needs("approval.view"))
def withdraw_approval(
    request: HttpRequest, book_name: BookName, approval_id: RowId, body: RequestWithdrawalIn
) -> dict[str, Any]:
    """Take an own request back."""
    withdrawn = operations.withdraw(
        approval=_find(request, book_name, approval_id, "approval.view"),
        reason=body.reason,
        acting_user=user_of(request),
    )
    return approval_out(withdrawn)


def approval_out(approval: Approval) -> dict[str, Any]:
    """Show an approval as the API does."""
    simple = ApprovalOut.model_fields.keys() - {"made_by", "decisions"}
    return {name: getattr(approval, name) for name in simple} | {
        "made_by": approval.made_by.username,
        "decisions": [
            {
                "verdict": each.verdict,
                "role": each.role,
                "reason": each.reason,
                "decided_by": each.decided_by.username,
                "decided_at": each.decided_at,
            }
            for each in approval.decisions.all()
        ],
    }


def _find(request: HttpRequest, book_name: str, approval_id: int, permission: str) -> Approval:
    book = whole_book_of(request, book_name=book_name, permission=permission)
    approval = queries.find(book=book, approval_id=approval_id)
    if approval is None:
        raise Http404
    return approval
