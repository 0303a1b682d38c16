"""Credit lines and disbursement in parts."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field

from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.products import RecordedOut, recorded_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    Minor,
    Name,
    Reason,
    Reference,
    Text,
    loan_of,
    sight_of,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.credit import operations, queries, staging
from daihou.web.credit.models import Condition, CreditLine, Tranche
from daihou.web.loans.models import Product
from daihou.web.parties.models import Party

router = Router(tags=["credit"])
PATH = "/books/{book_name}/credit-lines"
OF_LOAN = "/books/{book_name}/loans/{loan_ref}/tranches"
LineRef = Annotated[Reference, Path()]
Number = Annotated[int, Path(ge=1, le=32767)]
SEES, CHANGES = needs("credit.view"), needs("credit.change")


class LineOut(Schema):
    line_ref: str
    party_id: int
    opened_on: date
    expires_on: date
    limit_minor: int
    is_frozen: bool
    is_closed: bool


class UsageOut(LineOut):
    as_of: date
    used_minor: int


class LineIn(Schema):
    line_ref: Reference
    party_id: Annotated[int, Field(ge=1, le=2**63 - 1)]
    limit_minor: Minor
    expires_on: Day
    opened_on: Day | None = None
    products: Annotated[list[Name], Field(max_length=50)] = []
    reason: Reason


class LimitIn(Schema):
    limit_minor: Minor
    reason: Reason


class DeedIn(Schema):
    deed: Literal["freeze", "restore", "close"]
    reason: Reason


class ConditionOut(Schema):
    condition_no: int
    text: str
    evidence: str
    is_signed_off: bool


class TrancheOut(Schema):
    tranche_no: int
    amount_minor: int
    planned_on: date
    state: str
    paid_out_on: date | None
    conditions: list[ConditionOut]


class TranchesOut(Schema):
    items: list[TrancheOut]


class StageIn(Schema):
    amount_minor: Minor
    planned_on: Day
    conditions: Annotated[list[Annotated[Text, Field(min_length=1)]], Field(max_length=20)] = []


class StagesIn(Schema):
    stages: Annotated[list[StageIn], Field(min_length=1, max_length=60)]


class EvidenceIn(Schema):
    evidence: Annotated[Text, Field(min_length=1)]


class CreditPayoutIn(Schema):
    on: Day


@router.get(PATH, response=Page[LineOut], auth=SEES)
def list_credit_lines(
    request: HttpRequest, book_name: BookName, paging: PagingQuery
) -> dict[str, Any]:
    """List a book's credit lines, newest first."""
    book = whole_book_of(request, book_name=book_name, permission="credit.view")
    return page_of(queries.lines(book=book), paging=paging, shown=_line, newest_first=True)


@router.post(PATH, response={201: LineOut}, auth=CHANGES)
def open_credit_line(request: HttpRequest, book_name: BookName, body: LineIn) -> Status[Any]:
    """Open a line and ask for its limit; until that is approved nothing can be drawn."""
    book = whole_book_of(request, book_name=book_name, permission="credit.change")
    party = Party.objects.filter(pk=body.party_id, source__in=["", book.name]).first()
    products = tuple(Product.objects.filter(book=book, code__in=body.products))
    if party is None or len(products) != len(set(body.products)):
        raise Http404
    line = operations.open_line(
        book=book,
        party=party,
        opening=operations.Opening(
            line_ref=body.line_ref,
            limit_minor=body.limit_minor,
            expires_on=body.expires_on,
            products=products,
            opened_on=body.opened_on,
        ),
        reason=body.reason,
        acting_user=user_of(request),
    )
    return Status(201, _line(line))


@router.get(PATH + "/{line_ref}", response=UsageOut, auth=SEES)
def get_credit_line(
    request: HttpRequest, book_name: BookName, line_ref: LineRef, as_of: Day | None = None
) -> dict[str, Any]:
    """Say what a line is and what is drawn on it on a day."""
    book = whole_book_of(request, book_name=book_name, permission="credit.view")
    line = _find(request, book_name, line_ref, "credit.view")
    day = as_of or book.business_date or line.opened_on
    used = queries.usage(line=line, as_of=day)
    return _line(line) | {"as_of": day, "used_minor": used.used_minor}


@router.post(PATH + "/{line_ref}/limit", response=LineOut, auth=CHANGES)
def change_limit(
    request: HttpRequest, book_name: BookName, line_ref: LineRef, body: LimitIn
) -> dict[str, Any]:
    """Cut a line at once, or ask to raise it."""
    line = _find(request, book_name, line_ref, "credit.change")
    operations.change_limit(
        line=line, limit_minor=body.limit_minor, reason=body.reason, acting_user=user_of(request)
    )
    line.refresh_from_db()
    return _line(line)


@router.post(PATH + "/{line_ref}/deeds", response=LineOut, auth=CHANGES)
def change_credit_line(
    request: HttpRequest, book_name: BookName, line_ref: LineRef, body: DeedIn
) -> dict[str, Any]:
    """Freeze a line, ask to restore it, or close it for good."""
    line = _find(request, book_name, line_ref, "credit.change")
    deeds = {
        "freeze": operations.freeze_line,
        "restore": operations.restore_line,
        "close": operations.close_line,
    }
    deeds[body.deed](line=line, reason=body.reason, acting_user=user_of(request))
    line.refresh_from_db()
    return _line(line)


@router.get(OF_LOAN, response=TranchesOut, auth=SEES)
def list_tranches(request: HttpRequest, book_name: BookName, loan_ref: LoanRef) -> dict[str, Any]:
    """List the tranches of a loan with their conditions."""
    sight = sight_of(request, book_name=book_name, permission="credit.view")
    rows = queries.tranches(loan=loan_of(sight, loan_ref))
    return {"items": [_tranche(row) for row in rows]}


@router.post(OF_LOAN, response={201: TranchesOut}, auth=CHANGES)
def plan_tranches(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: StagesIn
) -> Status[Any]:
    """Part a loan that is not yet paid out into tranches that add up to its principal."""
    sight = sight_of(request, book_name=book_name, permission="credit.change")
    rows = staging.plan_tranches(
        loan=loan_of(sight, loan_ref),
        stages=[
            staging.Stage(
                amount_minor=each.amount_minor,
                planned_on=each.planned_on,
                conditions=tuple(each.conditions),
            )
            for each in body.stages
        ],
        acting_user=user_of(request),
    )
    return Status(201, {"items": [_tranche(row) for row in rows]})


@router.post(
    OF_LOAN + "/{tranche_no}/conditions/{condition_no}/evidence",
    response=ConditionOut,
    auth=CHANGES,
)
def file_condition_evidence(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    tranche_no: Number,
    condition_no: Number,
    body: EvidenceIn,
) -> dict[str, Any]:
    """Say where the proof of a condition is."""
    found = _condition(request, book_name, loan_ref, (tranche_no, condition_no))
    filed = staging.file_evidence(
        condition=found, evidence=body.evidence, acting_user=user_of(request)
    )
    return _condition_out(filed)


@router.post(
    OF_LOAN + "/{tranche_no}/conditions/{condition_no}/sign-off",
    response=ConditionOut,
    auth=CHANGES,
)
def sign_off_condition(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    tranche_no: Number,
    condition_no: Number,
) -> dict[str, Any]:
    """Confirm as a second person that a condition is met."""
    found = _condition(request, book_name, loan_ref, (tranche_no, condition_no))
    return _condition_out(staging.sign_off(condition=found, acting_user=user_of(request)))


@router.post(
    OF_LOAN + "/{tranche_no}/payout", response={201: RecordedOut}, auth=needs("loan.disburse")
)
def pay_out_tranche(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    tranche_no: Number,
    body: CreditPayoutIn,
) -> Status[Any]:
    """Pay a tranche out once all its conditions are signed off."""
    sight = sight_of(request, book_name=book_name, permission="loan.disburse")
    tranche = _tranche_of(sight_loan=loan_of(sight, loan_ref).pk, tranche_no=tranche_no)
    recorded = staging.pay_out_tranche(tranche=tranche, on=body.on, acting_user=user_of(request))
    return Status(201, recorded_out(recorded))


def _find(request: HttpRequest, book_name: str, line_ref: str, permission: str) -> CreditLine:
    book = whole_book_of(request, book_name=book_name, permission=permission)
    line = queries.find_line(book=book, line_ref=line_ref)
    if line is None:
        raise Http404
    return line


def _tranche_of(*, sight_loan: int, tranche_no: int) -> Tranche:
    tranche = Tranche.objects.filter(loan_id=sight_loan, tranche_no=tranche_no).first()
    if tranche is None:
        raise Http404
    return tranche


def _condition(
    request: HttpRequest, book_name: str, loan_ref: str, numbers: tuple[int, int]
) -> Condition:
    sight = sight_of(request, book_name=book_name, permission="credit.change")
    tranche = _tranche_of(sight_loan=loan_of(sight, loan_ref).pk, tranche_no=numbers[0])
    found = tranche.conditions.filter(condition_no=numbers[1]).first()
    if found is None:
        raise Http404
    return found


def _line(line: CreditLine) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LineOut.model_fields}


def _tranche(row: Tranche) -> dict[str, Any]:
    simple = TrancheOut.model_fields.keys() - {"conditions"}
    return {name: getattr(row, name) for name in simple} | {
        "conditions": [_condition_out(each) for each in row.conditions.all()]
    }


def _condition_out(row: Condition) -> dict[str, Any]:
    return {
        "condition_no": row.condition_no,
        "text": row.text,
        "evidence": row.evidence,
        "is_signed_off": row.signed_at is not None,
    }
