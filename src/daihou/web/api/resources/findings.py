"""What was established of debts, on which rules of contact depend: asked for, and taken back.

A fact that lets somebody be contacted or reported counts once a second person approved it; a
transfer, which forbids, counts at once.
"""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.approvals import ApprovalOut, approval_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    Reference,
    RowId,
    Text,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.approvals.models import Approval
from daihou.web.contacts import findings
from daihou.web.contacts.models import Finding, FindingKind
from daihou.web.parties.sighting import party_of

router = Router(tags=["findings"])
BOOK = "/books/{book_name}"
NOTES = needs("person.state")


class FindingIn(Schema):
    """``party_id``: who was told, the spouse, the heir; none for ``transferred``, ``exhausted``.

    ``named``: to whom it was transferred, or the agency she was told of. ``amount_minor``: what is
    left of the estate of an ``inheritance``.
    """

    kind: FindingKind
    loan_refs: Annotated[list[Reference], Field(min_length=1, max_length=50)]
    party_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    from_on: Day
    named: Annotated[Text, Field(max_length=80)] = ""
    amount_minor: Annotated[int, Field(ge=0, le=2**53, strict=True)] | None = None
    evidence: Annotated[Text, Field(min_length=1)]


class FindingEndIn(Schema):
    reason: Annotated[Text, Field(min_length=1)]


class FindingAskedOut(Schema):
    """``approval`` is what a second person decides; none where it counts at once."""

    approval: ApprovalOut | None


class FindingOut(Schema):
    """``approval_id`` or ``permit_id``: who approved it, or the delivered notice that shows it."""

    id: int
    kind: str
    loan_ref: str
    party_id: int | None
    from_on: date
    named: str
    amount_minor: int | None
    evidence: str
    by: str
    made_at: datetime
    approval_id: int | None
    permit_id: int | None
    ended_at: datetime | None
    end_reason: str


@router.get(
    BOOK + "/loans/{loan_ref}/findings", response=Page[FindingOut], auth=needs("contact.view")
)
def list_findings(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List what was established of a loan, and what was taken back, the newest first."""
    sight = sight_of(request, book_name=book_name, permission="contact.view")
    rows = Finding.objects.filter(loan=loan_of(sight, loan_ref))
    rows = rows.select_related("loan", "acting_user", "ended")
    return page_of(rows, paging=paging, shown=_shown, newest_first=True)


@router.post(BOOK + "/findings", response={201: FindingAskedOut}, auth=NOTES)
def note_finding(request: HttpRequest, book_name: BookName, body: FindingIn) -> Status[Any]:
    """Ask that a fact be noted of loans; a transfer is noted at once."""
    sight = sight_of(request, book_name=book_name, permission="person.state")
    fact = findings.Established(
        kind=body.kind,
        loans=tuple(loan_of(sight, ref) for ref in dict.fromkeys(body.loan_refs)),
        party=None if body.party_id is None else party_of(sight, body.party_id),
        from_on=body.from_on,
        named=body.named,
        amount_minor=body.amount_minor,
        evidence=body.evidence,
    )
    asked = findings.note(book=sight.book, fact=fact, acting_user=user_of(request))
    return Status(201, _asked(asked))


@router.post(BOOK + "/findings/{finding_id}/end", response=FindingAskedOut, auth=NOTES)
def end_finding(
    request: HttpRequest, book_name: BookName, finding_id: RowId, body: FindingEndIn
) -> dict[str, Any]:
    """Note that a fact holds no longer; of a transfer, ask for it."""
    sight = sight_of(request, book_name=book_name, permission="person.state")
    found = Finding.objects.filter(loan__in=sight.loans(), pk=finding_id).first()
    if found is None:
        raise Http404
    asked = findings.take_back(
        finding=found, reason=body.reason, at=timezone.now(), acting_user=user_of(request)
    )
    return _asked(asked)


def _asked(approval: Approval | None) -> dict[str, Any]:
    return {"approval": None if approval is None else approval_out(approval)}


def _shown(row: Finding) -> dict[str, Any]:
    ended = getattr(row, "ended", None)
    own = FindingOut.model_fields.keys() - {"loan_ref", "by", "ended_at", "end_reason"}
    return {name: getattr(row, name) for name in own} | {
        "loan_ref": row.loan.loan_ref,
        "by": row.acting_user.username,
        "ended_at": ended.at if ended else None,
        "end_reason": ended.reason if ended else "",
    }
