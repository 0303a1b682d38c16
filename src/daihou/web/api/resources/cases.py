"""Cases of collections: the queue, one with its loans, its timeline, notes, tags and promises.

What turned (opened, moved, closed) and how promises were decided are lists that only grow: a
program told by a webhook (``case.open_and_close``, ``case.look_again``, ``case.decide_promises``)
reads on from where its cursor stands.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from daihou.web.api.paging import Page, Paging, PagingQuery, page_of
from daihou.web.api.problems import decision_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    LongText,
    Minor,
    Reason,
    RowId,
    Text,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.board.sight import Sight
from daihou.web.cases import noting, promises, queries, timeline, working
from daihou.web.cases.models import (
    Case,
    CaseState,
    Promise,
    PromiseDecision,
    PromiseKind,
    Stage,
    Tag,
    TagKind,
    Turn,
)
from daihou.web.cases.sighting import case_of, cases_in, loans_of
from daihou.web.loans.models import Loan
from daihou.web.parties.sighting import names

router = Router(tags=["cases"])
PATH = "/books/{book_name}/cases"
OF_CASE = PATH + "/{case_id}"
SEES, WORKS = needs("case.view"), needs("case.work")
ENTRIES_MOST = 100
PARTS_MOST = 24
CASE_FIELDS = (
    "id",
    "party_id",
    "state",
    "stage",
    "opened_on",
    "reopened_on",
    "closed_on",
    "close_reason",
    "overdue_minor",
    "principal_minor",
    "oldest_due_on",
    "figures_on",
    "priority",
    "next_action_at",
    "next_action",
    "promised_on",
    "promised_minor",
    "tags",
    "last_worked_at",
)


class CaseOut(Schema):
    """``name`` is masked; ``overdue_minor`` is of all loans, as published on ``figures_on``."""

    id: int
    party_id: int
    name: str
    state: CaseState
    stage: Stage
    opened_on: date
    reopened_on: date | None
    closed_on: date | None
    close_reason: str
    overdue_minor: int
    principal_minor: int
    oldest_due_on: date | None
    figures_on: date
    owner: str | None
    team: str | None
    priority: int
    next_action_at: datetime | None
    next_action: str
    promised_on: date | None
    promised_minor: int
    tags: list[str]
    last_worked_at: datetime | None


class CaseLoanOut(Schema):
    loan_ref: str
    overdue_minor: int | None  # As published; None where nothing is published yet.
    oldest_unpaid_due_on: date | None


class CasePage(CaseOut):
    """``loans`` are those in sight; ``locked_by`` works the case until ``locked_until``."""

    loans: list[CaseLoanOut]
    locked_by: str | None
    locked_until: datetime | None


class CasesWanted(Schema):
    """What has to hold of a case, all of it; ``owner`` and ``team`` are ids, 0 for none."""

    state: CaseState | Literal[""] = CaseState.OPEN
    owner: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    team: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    stage: Annotated[list[Stage], Field(max_length=20)] = []
    tag: Annotated[list[TagKind], Field(max_length=20)] = []
    promise: Literal["", "none", "any", "today", "soon", "later"] = ""
    least_minor: Minor | None = None
    most_minor: Minor | None = None
    is_due: bool = False
    sort: Literal["turn", "amount", "age", "promise"] = "turn"


class Target(Schema):
    type: str
    id: int


class TimelineEntryOut(Schema):
    source: str
    kind: str
    at: datetime
    label: str
    text: str
    by: str | None
    amount_minor: int | None
    target: Target | None
    refused_by: list[str]  # Rule ids, of a contact that was not permitted.


class EntryPaging(Schema):
    limit: Annotated[int, Field(ge=1, le=ENTRIES_MOST)] = timeline.PAGE_ENTRIES
    cursor: Annotated[str, Field(max_length=4096)] = ""


class CaseNoteIn(Schema):
    text: Annotated[LongText, Field(min_length=1)]


class NoteOut(Schema):
    id: int
    made_by: str
    made_at: datetime


class TagIn(Schema):
    kind: TagKind
    reason: Reason


class CaseReasonIn(Schema):
    reason: Reason


class TagOut(Schema):
    kind: TagKind
    reason: str
    from_at: datetime
    until_at: datetime | None


class PromisePartIn(Schema):
    due_on: Day
    amount_minor: Minor


class PromiseIn(Schema):
    """Only a promise in instalments has more than one part."""

    kind: PromiseKind
    parts: Annotated[list[PromisePartIn], Field(min_length=1, max_length=PARTS_MOST)]


class PartOut(Schema):
    due_on: date
    amount_minor: int


class PromiseOut(Schema):
    """Kept or broken is decided by payments alone."""

    id: int
    case_id: int
    kind: PromiseKind
    amount_minor: int
    promised_on: date
    made_on: date
    made_by: str
    grace_days: int
    threshold_percent: int
    state: str
    decided_on: date | None
    paid_minor: int
    parts: list[PartOut]


class NextIn(Schema):
    next_at: AwareDatetime | None
    action: Annotated[Text, Field(max_length=80)] = ""


class CaseTurnOut(Schema):
    id: int
    case_id: int
    kind: str
    happened_on: date
    at: datetime
    stage_from: str
    stage_to: str
    overdue_minor: int
    reason: str


class PromiseDecisionOut(Schema):
    id: int
    promise_id: int
    case_id: int
    state_from: str
    state_to: str
    decided_on: date
    at: datetime
    paid_minor: int


@router.get(PATH, response=Page[CaseOut], auth=SEES)
def list_cases(
    request: HttpRequest,
    book_name: BookName,
    paging: Annotated[Paging, Query()],
    wanted: Annotated[CasesWanted, Query()],
) -> dict[str, Any]:
    """List cases as the queue has them, the one to be worked next first."""
    sight = sight_of(request, book_name=book_name, permission="case.view")
    found = queries.queue(
        book=sight.book,
        filters=queries.Filters(
            state=str(wanted.state),
            owner=wanted.owner,
            team=wanted.team,
            stages=tuple(each.value for each in wanted.stage),
            tags=tuple(each.value for each in wanted.tag),
            promise=wanted.promise,
            least_minor=wanted.least_minor,
            most_minor=wanted.most_minor,
            is_due=wanted.is_due,
        ),
        at=timezone.now(),
        sort=wanted.sort,
        cursor=paging.cursor,
        rows=paging.limit,
        funder_ids=sight.funder_ids,
    )
    return {"items": _shown(found.cases), "next_cursor": found.cursor or None}


@router.get(OF_CASE, response=CasePage, auth=SEES)
def get_case(request: HttpRequest, book_name: BookName, case_id: RowId) -> dict[str, Any]:
    """Show a case with its loans in sight."""
    sight = sight_of(request, book_name=book_name, permission="case.view")
    case = case_of(sight, case_id)
    (shown,) = _shown([case])
    hers = {loan.pk for loan in loans_of(sight, case)}
    return shown | {
        "locked_by": case.locked_by.username if case.locked_by else None,
        "locked_until": case.locked_until,
        "loans": [_loan(loan) for loan in queries.loans_of(case=case) if loan.pk in hers],
    }


@router.get("/books/{book_name}/loans/{loan_ref}/cases", response=Page[CaseOut], auth=SEES)
def list_cases_of_loan(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List the cases that a loan is or was in, the newest first."""
    sight = sight_of(request, book_name=book_name, permission="case.view")
    rows = cases_in(sight).filter(case_loans__loan=loan_of(sight, loan_ref))
    rows = rows.select_related("party", "owner", "team")
    return page_of(rows, paging=paging, shown=lambda row: _shown([row])[0], newest_first=True)


@router.get(OF_CASE + "/timeline", response=Page[TimelineEntryOut], auth=SEES)
def list_timeline(
    request: HttpRequest,
    book_name: BookName,
    case_id: RowId,
    paging: Annotated[EntryPaging, Query()],
) -> dict[str, Any]:
    """List everything that happened around a case, newest first."""
    sight = sight_of(request, book_name=book_name, permission="case.view")
    case = case_of(sight, case_id)
    found = timeline.timeline(
        case=case,
        cursor=paging.cursor,
        limit=paging.limit,
        loan_ids=[loan.pk for loan in loans_of(sight, case)],
    )
    return {
        "items": [_entry(entry) for entry in found.entries],
        "next_cursor": found.cursor or None,
    }


@router.post(OF_CASE + "/notes", response={201: NoteOut}, auth=WORKS)
def add_note(
    request: HttpRequest, book_name: BookName, case_id: RowId, body: CaseNoteIn
) -> Status[Any]:
    """Note something; it is kept encrypted and never changes."""
    made = noting.note(
        case=_find(request, book_name, case_id, "case.work"),
        text=body.text,
        at=timezone.now(),
        acting_user=user_of(request),
    )
    shown = {"id": made.pk, "made_by": made.made_by.username, "made_at": made.made_at}
    return Status(201, shown)


@router.post(OF_CASE + "/tags", response={201: TagOut}, auth=WORKS)
def set_tag(request: HttpRequest, book_name: BookName, case_id: RowId, body: TagIn) -> Status[Any]:
    """Tag a case from now on; set again it stays as it is."""
    made = noting.tag(
        case=_find(request, book_name, case_id, "case.work"),
        kind=body.kind.value,
        reason=body.reason,
        at=timezone.now(),
        acting_user=user_of(request),
    )
    return Status(201, _tag(made))


@router.post(OF_CASE + "/tags/{kind}/clear", response=TagOut, auth=WORKS)
def clear_tag(
    request: HttpRequest, book_name: BookName, case_id: RowId, kind: TagKind, body: CaseReasonIn
) -> dict[str, Any]:
    """Clear a tag from now on; that it was held stays to be seen."""
    cleared = noting.untag(
        case=_find(request, book_name, case_id, "case.work"),
        kind=kind.value,
        reason=body.reason,
        at=timezone.now(),
        acting_user=user_of(request),
    )
    return _tag(cleared)


@router.post(OF_CASE + "/next-action", response=CaseOut, auth=WORKS)
def plan_next_action(
    request: HttpRequest, book_name: BookName, case_id: RowId, body: NextIn
) -> dict[str, Any]:
    """Put a case away until an instant, with a word on what is to be done then."""
    case = _find(request, book_name, case_id, "case.work")
    working.plan_next(
        case=case,
        next_at=body.next_at,
        action=body.action,
        at=timezone.now(),
        acting_user=user_of(request),
    )
    return _shown([_find(request, book_name, case_id, "case.work")])[0]


@router.get(OF_CASE + "/promises", response=Page[PromiseOut], auth=SEES)
def list_promises(
    request: HttpRequest, book_name: BookName, case_id: RowId, paging: PagingQuery
) -> dict[str, Any]:
    """List the promises of a case, the newest first."""
    case = _find(request, book_name, case_id, "case.view")
    rows = case.promises.select_related("made_by").prefetch_related("parts")
    return page_of(rows, paging=paging, shown=_promise, newest_first=True)


@router.post(OF_CASE + "/promises", response={201: PromiseOut}, auth=WORKS)
def make_promise(
    request: HttpRequest, book_name: BookName, case_id: RowId, body: PromiseIn
) -> Status[Any]:
    """Note what she said she would pay; it supersedes a promise that is open."""
    made = promises.promise(
        case=_find(request, book_name, case_id, "case.work"),
        kind=body.kind.value,
        parts=[(part.due_on, part.amount_minor) for part in body.parts],
        at=timezone.now(),
        acting_user=user_of(request),
    )
    return Status(201, _promise(made))


@router.post(OF_CASE + "/promises/{promise_id}/withdrawal", response=PromiseOut, auth=WORKS)
def withdraw_promise(
    request: HttpRequest, book_name: BookName, case_id: RowId, promise_id: RowId, body: CaseReasonIn
) -> dict[str, Any]:
    """Take an open promise back, as she asked or because it was noted wrongly."""
    case = _find(request, book_name, case_id, "case.work")
    found = case.promises.filter(pk=promise_id).first()
    if found is None:
        raise Http404
    ended = promises.withdraw(
        promise=found, reason=body.reason, at=timezone.now(), acting_user=user_of(request)
    )
    return _promise(ended)


@router.get("/books/{book_name}/case-turns", response=Page[CaseTurnOut], auth=SEES)
def list_case_turns(
    request: HttpRequest, book_name: BookName, paging: PagingQuery
) -> dict[str, Any]:
    """List what opened, moved and closed, in the order it happened."""
    sight = sight_of(request, book_name=book_name, permission="case.view")
    rows = Turn.objects.filter(case__in=cases_in(sight))
    return page_of(rows, paging=paging, shown=_turn)


@router.get("/books/{book_name}/promise-decisions", response=Page[PromiseDecisionOut], auth=SEES)
def list_promise_decisions(
    request: HttpRequest, book_name: BookName, paging: PagingQuery
) -> dict[str, Any]:
    """List how promises were decided, and decided again, in that order."""
    sight = sight_of(request, book_name=book_name, permission="case.view")
    rows = PromiseDecision.objects.filter(promise__case__in=cases_in(sight))
    return page_of(rows.select_related("promise"), paging=paging, shown=_decision)


def _find(request: HttpRequest, book_name: str, case_id: int, permission: str) -> Case:
    sight: Sight = sight_of(request, book_name=book_name, permission=permission)
    return case_of(sight, case_id)


def _loan(loan: Loan) -> dict[str, Any]:
    published = getattr(loan, "published", None)
    return {
        "loan_ref": loan.loan_ref,
        "overdue_minor": getattr(published, "overdue_minor", None),
        "oldest_unpaid_due_on": getattr(published, "oldest_unpaid_due_on", None),
    }


def _shown(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Show cases; the names of all are read at once."""
    called = names(case.party for case in cases)
    return [
        {name: getattr(case, name) for name in CASE_FIELDS}
        | {
            "name": called.get(case.party_id, ""),
            "owner": case.owner.username if case.owner else None,
            "team": case.team.name if case.team else None,
        }
        for case in cases
    ]


def _entry(entry: timeline.Entry) -> dict[str, Any]:
    decision = entry.facts.get("decision")
    refused_by = decision_out(decision)["refused_by"] if decision is not None else []
    return {
        "source": entry.source,
        "kind": entry.kind,
        "at": entry.at,
        "label": str(entry.label),
        "text": entry.text,
        "by": entry.actor.username if entry.actor else None,
        "amount_minor": entry.amount_minor,
        "target": {"type": entry.target[0], "id": entry.target[1]} if entry.target else None,
        "refused_by": [each["rule_id"] for each in refused_by],
    }


def _tag(row: Tag) -> dict[str, Any]:
    return {name: getattr(row, name) for name in TagOut.model_fields}


def _promise(row: Promise) -> dict[str, Any]:
    simple = PromiseOut.model_fields.keys() - {"made_by", "parts"}
    parts = sorted(row.parts.all(), key=lambda part: part.part_no)
    return {name: getattr(row, name) for name in simple} | {
        "made_by": row.made_by.username,
        "parts": [{"due_on": part.due_on, "amount_minor": part.amount_minor} for part in parts],
    }


def _turn(row: Turn) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CaseTurnOut.model_fields}


def _decision(row: PromiseDecision) -> dict[str, Any]:
    simple = PromiseDecisionOut.model_fields.keys() - {"case_id"}
    return {name: getattr(row, name) for name in simple} | {"case_id": row.promise.case_id}
