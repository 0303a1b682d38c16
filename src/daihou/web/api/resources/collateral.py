"""The register of collateral: items, values, pledges, papers in custody, releases."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from daihou.errors import DaihouError
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.approvals import ApprovalOut, approval_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    Minor,
    Name,
    Reason,
    Reference,
    RowId,
    Text,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.collateral import operations, queries
from daihou.web.collateral.models import (
    Item,
    ItemKind,
    MovementKind,
    Paper,
    PaperKind,
    Pledge,
    ReleaseTask,
    ValuedBy,
)
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party

router = Router(tags=["collateral"])
PATH = "/books/{book_name}/collateral"
OF_ITEM = PATH + "/{item_id}"
SEES, CHANGES = needs("collateral.view"), needs("collateral.change")


class ItemIn(Schema):
    item_no: Name
    kind: ItemKind
    description: Annotated[Text, Field(min_length=1)]
    identifier: Text = ""
    owner_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class ItemOut(Schema):
    id: int
    item_no: str
    kind: str
    description: str
    identifier: str
    owner_id: int | None


class SecuredOut(Schema):
    loan_ref: str
    exposure_minor: int
    covered_minor: int
    ratio: str | None
    is_short: bool


class PaperOut(Schema):
    id: int
    kind: str
    number: str
    state: str | None
    possible: list[str]


class ItemPage(ItemOut):
    as_of: date
    value_minor: int | None
    valued_on: date | None
    counted_minor: int
    insured_through_on: date | None
    secured: list[SecuredOut]
    papers: list[PaperOut]


class ValuationIn(Schema):
    valued_on: Day
    value_minor: Minor
    counted_share: Annotated[Decimal, Field(gt=0, le=1, max_digits=5, decimal_places=4)]
    valued_by: ValuedBy
    source: Annotated[Text, Field(min_length=1)]


class PledgeIn(Schema):
    loan_ref: Reference
    rank: Annotated[int, Field(ge=1, le=100)] = 1
    amount_minor: Minor | None = None
    pledged_on: Day
    registration: Text = ""


class PolicyIn(Schema):
    insurer: Annotated[Text, Field(min_length=1)]
    policy_no: Annotated[Text, Field(min_length=1)]
    starts_on: Day
    ends_on: Day
    sum_minor: Minor


class PaperIn(Schema):
    kind: PaperKind
    number: Annotated[Text, Field(min_length=1)]


class MovementIn(Schema):
    kind: MovementKind
    moved_on: Day
    place: Text = ""
    due_back_on: Day | None = None
    reason: Reason


class Made(Schema):
    id: int


class TaskOut(Schema):
    id: int
    loan_ref: str
    settled_on: date
    state: str


class ReleaseIn(Schema):
    reason: Reason


@router.get(PATH, response=Page[ItemOut], auth=SEES)
def list_items(
    request: HttpRequest, book_name: BookName, paging: PagingQuery, q: Text = ""
) -> dict[str, Any]:
    """List the items of a book; ``q`` finds number, identifier, description or loan."""
    book = whole_book_of(request, book_name=book_name, permission="collateral.view")
    return page_of(queries.items(book=book, text=q), paging=paging, shown=_item)


@router.post(PATH, response={201: ItemOut}, auth=CHANGES)
def add_item(request: HttpRequest, book_name: BookName, body: ItemIn) -> Status[Any]:
    """Enter an item in the register."""
    book = whole_book_of(request, book_name=book_name, permission="collateral.change")
    owner = None
    if body.owner_id is not None:
        owner = Party.objects.filter(pk=body.owner_id, source__in=["", book.name]).first()
        if owner is None:
            raise Http404
    made = operations.add_item(
        book=book,
        item_no=body.item_no,
        kind=body.kind,
        description=body.description,
        identifier=body.identifier,
        owner=owner,
        acting_user=user_of(request),
    )
    return Status(201, _item(made))


@router.get(OF_ITEM, response=ItemPage, auth=SEES)
def get_item(
    request: HttpRequest, book_name: BookName, item_id: RowId, as_of: Day | None = None
) -> dict[str, Any]:
    """Show an item: what it is worth, what it secures and how far, where its papers are."""
    item = _find(request, book_name, item_id, "collateral.view")
    day = as_of or item.book.business_date
    if day is None:
        raise DaihouError("api.no_business_date", book=item.book.name)
    row = queries.rows(book=item.book, items=[item], as_of=day)[0]
    return _item(item) | {
        "as_of": day,
        "value_minor": row.valuation.value_minor if row.valuation else None,
        "valued_on": row.valuation.valued_on if row.valuation else None,
        "counted_minor": row.counted_minor,
        "insured_through_on": row.insured_through_on,
        "secured": [_secured(each) for each in row.secured],
        "papers": [_paper(each) for each in queries.papers(item=item)],
    }


@router.post(OF_ITEM + "/valuations", response={201: Made}, auth=CHANGES)
def value_item(
    request: HttpRequest, book_name: BookName, item_id: RowId, body: ValuationIn
) -> Status[Any]:
    """Say what an item was worth on a day; earlier values stay."""
    item = _find(request, book_name, item_id, "collateral.change")
    made = operations.value_item(
        item=item,
        valued_on=body.valued_on,
        value_minor=body.value_minor,
        counted_share=body.counted_share,
        valued_by=body.valued_by,
        source=body.source,
        acting_user=user_of(request),
    )
    return Status(201, {"id": made.pk})


@router.post(OF_ITEM + "/pledges", response={201: Made}, auth=CHANGES)
def pledge_item(
    request: HttpRequest, book_name: BookName, item_id: RowId, body: PledgeIn
) -> Status[Any]:
    """Let an item secure a loan."""
    item = _find(request, book_name, item_id, "collateral.change")
    loan = Loan.objects.filter(book=item.book, loan_ref=body.loan_ref).first()
    if loan is None:
        raise Http404
    made: Pledge = operations.pledge(
        item=item,
        loan=loan,
        rank=body.rank,
        amount_minor=body.amount_minor,
        pledged_on=body.pledged_on,
        registration=body.registration,
        acting_user=user_of(request),
    )
    return Status(201, {"id": made.pk})


@router.post(OF_ITEM + "/policies", response={201: Made}, auth=CHANGES)
def insure_item(
    request: HttpRequest, book_name: BookName, item_id: RowId, body: PolicyIn
) -> Status[Any]:
    """Note a policy on an item."""
    made = operations.insure(
        item=_find(request, book_name, item_id, "collateral.change"),
        insurer=body.insurer,
        policy_no=body.policy_no,
        starts_on=body.starts_on,
        ends_on=body.ends_on,
        sum_minor=body.sum_minor,
        acting_user=user_of(request),
    )
    return Status(201, {"id": made.pk})


@router.post(OF_ITEM + "/papers", response={201: Made}, auth=CHANGES)
def add_paper(
    request: HttpRequest, book_name: BookName, item_id: RowId, body: PaperIn
) -> Status[Any]:
    """Name a title document of an item."""
    made = operations.add_paper(
        item=_find(request, book_name, item_id, "collateral.change"),
        kind=body.kind,
        number=body.number,
        acting_user=user_of(request),
    )
    return Status(201, {"id": made.pk})


@router.post(OF_ITEM + "/papers/{paper_id}/movements", response={202: ApprovalOut}, auth=CHANGES)
def move_paper(
    request: HttpRequest, book_name: BookName, item_id: RowId, paper_id: RowId, body: MovementIn
) -> Status[Any]:
    """Ask to move a paper; a second person agrees, and then it has moved."""
    item = _find(request, book_name, item_id, "collateral.change")
    paper = Paper.objects.filter(item=item, pk=paper_id).first()
    if paper is None:
        raise Http404
    approval = operations.request_movement(
        paper=paper,
        kind=body.kind,
        moved_on=body.moved_on,
        place=body.place,
        due_back_on=body.due_back_on,
        reason=body.reason,
        acting_user=user_of(request),
    )
    return Status(202, approval_out(approval))


@router.get("/books/{book_name}/release-tasks", response=Page[TaskOut], auth=SEES)
def list_release_tasks(
    request: HttpRequest, book_name: BookName, paging: PagingQuery
) -> dict[str, Any]:
    """List settled loans whose collateral is to be given back."""
    book = whole_book_of(request, book_name=book_name, permission="collateral.view")
    return page_of(queries.tasks(book=book), paging=paging, shown=_task)


@router.post(
    "/books/{book_name}/release-tasks/{task_id}/request",
    response={202: ApprovalOut},
    auth=CHANGES,
)
def request_release(
    request: HttpRequest, book_name: BookName, task_id: RowId, body: ReleaseIn
) -> Status[Any]:
    """Ask for the sign-off of two roles on giving collateral back."""
    book = whole_book_of(request, book_name=book_name, permission="collateral.change")
    task = queries.tasks(book=book).filter(pk=task_id).first()
    if task is None or book.business_date is None:
        raise Http404
    approval = operations.request_release(
        task=task, as_of=book.business_date, reason=body.reason, acting_user=user_of(request)
    )
    return Status(202, approval_out(approval))


def _find(request: HttpRequest, book_name: str, item_id: int, permission: str) -> Item:
    book = whole_book_of(request, book_name=book_name, permission=permission)
    item = Item.objects.filter(book=book, pk=item_id).select_related("book").first()
    if item is None:
        raise Http404
    return item


def _item(row: Item) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ItemOut.model_fields}


def _secured(each: queries.Secured) -> dict[str, Any]:
    return {
        "loan_ref": each.pledge.loan.loan_ref,
        "exposure_minor": each.cover.exposure_minor,
        "covered_minor": each.cover.covered_minor,
        "ratio": None if each.cover.ratio is None else str(each.cover.ratio),
        "is_short": each.is_short,
    }


def _paper(each: queries.PaperPlace) -> dict[str, Any]:
    return {
        "id": each.paper.pk,
        "kind": each.paper.kind,
        "number": each.paper.number,
        "state": each.last.kind if each.last else None,
        "possible": [kind.value for kind in each.possible],
    }


def _task(row: ReleaseTask) -> dict[str, Any]:
    return {
        "id": row.pk,
        "loan_ref": row.loan.loan_ref,
        "settled_on": row.settled_on,
        "state": row.state,
    }
