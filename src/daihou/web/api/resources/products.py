"""Products: their versions, what a sample loan costs, and loans opened on an approved version."""

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from ninja import Path, Router, Schema, Status
from pydantic import Field, JsonValue

from daihou.core import codec
from daihou.core.terms import MOST_INSTALMENTS, Method, Rate
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.servicing import RateIn
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    LongText,
    Minor,
    Name,
    Reason,
    Reference,
    loan_of,
    sight_of,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.credit import lending, queries as credit
from daihou.web.credit.lending import Payout
from daihou.web.ledger.models import Book
from daihou.web.ledger.recording import Recorded
from daihou.web.loans import operations, queries
from daihou.web.loans.costs import Sample
from daihou.web.loans.models import Product, ProductVersion
from daihou.web.loans.origination import Wanted
from daihou.web.loans.queries import Content
from daihou.web.parties.models import Party

router = Router(tags=["products"])
PATH = "/books/{book_name}/products"
VERSION = PATH + "/{code}/versions"
SEES, CHANGES = needs("product.view"), needs("product.change")
Code = Annotated[Name, Path()]
VersionNo = Annotated[int, Path(ge=1, le=2**31 - 1)]


class ProductOut(Schema):
    code: str
    name: str
    version_count: int
    loan_count: int


class ProductIn(Schema):
    code: Name
    name: Annotated[LongText, Field(max_length=200)] = ""


class ContentIn(Schema):
    """``content`` as the field reference says: terms, days, cost table, ranges, lender type."""

    content: dict[str, JsonValue]


class VersionOut(Schema):
    version_no: int
    state: str
    effective_on: date
    effective_until: date | None
    content: dict[str, JsonValue]


class ReasonIn(Schema):
    reason: Reason


class SampleInstalment(Schema):
    due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int


class CostLine(Schema):
    code: str
    standard: str
    payee: str
    is_contingent: bool
    amount_minor: int | None


class SampleOut(Schema):
    principal_minor: int
    received_minor: int
    cost_minor: int
    nominal_rate: str
    effective_rate: str
    cost_table: list[CostLine]
    instalments: list[SampleInstalment]


class LoanIn(Schema):
    loan_ref: Reference
    product: Name
    borrower_id: Annotated[int, Field(ge=1, le=2**63 - 1)]
    principal_minor: Minor
    start_on: Day
    line_ref: Reference | None = None
    instalment_count: Annotated[int, Field(ge=1, le=MOST_INSTALMENTS)] | None = None
    method: Method | None = None
    rate: RateIn | None = None
    first_due_on: Day | None = None


class LoanOpened(Schema):
    loan_ref: str
    product_version: int


class PayoutIn(Schema):
    amount_minor: Minor
    on: Day
    key: Reference
    channel: Annotated[str, Field(pattern="^[a-z0-9_-]{0,32}$")] = ""


class RecordedOut(Schema):
    key: str
    sequence: int
    is_new: bool


@router.get(PATH, response=Page[ProductOut], auth=SEES)
def list_products(request: HttpRequest, book_name: BookName, paging: PagingQuery) -> dict[str, Any]:
    """List the products of a book."""
    book = whole_book_of(request, book_name=book_name, permission="product.view")
    return page_of(queries.products(book=book), paging=paging, shown=_product, by="code")


@router.post(PATH, response={201: ProductOut}, auth=CHANGES)
def create_product(request: HttpRequest, book_name: BookName, body: ProductIn) -> Status[Any]:
    """Add a product without versions."""
    book = whole_book_of(request, book_name=book_name, permission="product.change")
    made = operations.create_product(
        book=book, code=body.code, name=body.name, acting_user=user_of(request)
    )
    return Status(201, _product(made))


@router.get(VERSION, response=Page[VersionOut], auth=SEES)
def list_versions(
    request: HttpRequest, book_name: BookName, code: Code, paging: PagingQuery
) -> dict[str, Any]:
    """List the versions of a product, newest first."""
    rows = queries.versions(product=_find(request, book_name, code, "product.view"))
    return page_of(rows, paging=paging, shown=_version, by="version_no", newest_first=True)


@router.post(VERSION, response={201: VersionOut}, auth=CHANGES)
def draft_version(
    request: HttpRequest, book_name: BookName, code: Code, body: ContentIn
) -> Status[Any]:
    """Add a draft with the next number."""
    made = operations.draft_version(
        product=_find(request, book_name, code, "product.change"),
        content=_content(body),
        acting_user=user_of(request),
    )
    return Status(201, _version(made))


@router.put(VERSION + "/{version_no}", response=VersionOut, auth=CHANGES)
def change_draft(
    request: HttpRequest, book_name: BookName, code: Code, version_no: VersionNo, body: ContentIn
) -> dict[str, Any]:
    """Replace what a draft says."""
    changed = operations.change_draft(
        version=_find_version(request, book_name, code, version_no, "product.change"),
        content=_content(body),
        acting_user=user_of(request),
    )
    return _version(changed)


@router.get(VERSION + "/{version_no}/sample", response=SampleOut, auth=SEES)
def sample_version(
    request: HttpRequest,
    book_name: BookName,
    code: Code,
    version_no: VersionNo,
    principal_minor: Minor | None = None,
    start_on: Day | None = None,
) -> dict[str, Any]:
    """Plan and cost a sample loan of a version."""
    version = _find_version(request, book_name, code, version_no, "product.view")
    return _sample(
        queries.sample_of(version=version, principal_minor=principal_minor, start_on=start_on)
    )


@router.post(VERSION + "/{version_no}/submission", response=VersionOut, auth=CHANGES)
def submit_version(
    request: HttpRequest, book_name: BookName, code: Code, version_no: VersionNo, body: ReasonIn
) -> dict[str, Any]:
    """Ask a second person to approve a draft."""
    submitted = operations.submit_version(
        version=_find_version(request, book_name, code, version_no, "product.change"),
        reason=body.reason,
        acting_user=user_of(request),
    )
    return _version(submitted)


@router.post(VERSION + "/{version_no}/retirement", response=VersionOut, auth=CHANGES)
def retire_version(
    request: HttpRequest, book_name: BookName, code: Code, version_no: VersionNo, body: ReasonIn
) -> dict[str, Any]:
    """Open no more loans on a version; those that run on it go on."""
    retired = operations.retire_version(
        version=_find_version(request, book_name, code, version_no, "product.change"),
        reason=body.reason,
        acting_user=user_of(request),
    )
    return _version(retired)


@router.post("/books/{book_name}/loans", response={201: LoanOpened}, auth=needs("loan.originate"))
def open_loan(request: HttpRequest, book_name: BookName, body: LoanIn) -> Status[Any]:
    """Open a loan on the product's version in force; nothing is paid out yet."""
    book = whole_book_of(request, book_name=book_name, permission="loan.originate")
    product = queries.find_product(book=book, code=body.product)
    borrower = Party.objects.filter(pk=body.borrower_id, source__in=["", book.name]).first()
    line = credit.find_line(book=book, line_ref=body.line_ref) if body.line_ref else None
    if product is None or borrower is None or (body.line_ref and line is None):
        raise Http404
    rate = Rate(value=body.rate.value, per=body.rate.per) if body.rate else None
    loan = lending.originate(
        version=queries.version_on(product=product, on=body.start_on),
        borrower=borrower,
        principal_minor=body.principal_minor,
        start_on=body.start_on,
        loan_ref=body.loan_ref,
        acting_user=user_of(request),
        wanted=Wanted(
            instalment_count=body.instalment_count,
            method=body.method,
            rate=rate,
            first_due_on=body.first_due_on,
        ),
        line=line,
    )
    assert loan.product_version is not None
    return Status(
        201, {"loan_ref": loan.loan_ref, "product_version": loan.product_version.version_no}
    )


@router.post(
    "/books/{book_name}/loans/{loan_ref}/disbursements",
    response={201: RecordedOut},
    auth=needs("loan.disburse"),
)
def disburse(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: PayoutIn
) -> Status[Any]:
    """Pay a loan out, or a part of it."""
    sight = sight_of(request, book_name=book_name, permission="loan.disburse")
    recorded = lending.disburse(
        loan=loan_of(sight, loan_ref),
        payout=Payout(
            amount_minor=body.amount_minor, on=body.on, key=body.key, channel=body.channel
        ),
        acting_user=user_of(request),
    )
    return Status(201, recorded_out(recorded))


def _content(body: ContentIn) -> Content:
    return codec.decode_text(Content, json.dumps(body.content))


def recorded_out(recorded: Recorded) -> dict[str, Any]:
    """Show an event as recorded."""
    return {
        "key": recorded.event.key,
        "sequence": recorded.event.sequence,
        "is_new": recorded.is_new,
    }


def _find(request: HttpRequest, book_name: str, code: str, permission: str) -> Product:
    book: Book = whole_book_of(request, book_name=book_name, permission=permission)
    product = queries.find_product(book=book, code=code)
    if product is None:
        raise Http404
    return product


def _find_version(
    request: HttpRequest, book_name: str, code: str, version_no: int, permission: str
) -> ProductVersion:
    product = _find(request, book_name, code, permission)
    version = queries.find_version(product=product, version_no=version_no)
    if version is None:
        raise Http404
    return version


def _product(product: Product) -> dict[str, Any]:
    return {
        "code": product.code,
        "name": product.name,
        "version_count": getattr(product, "version_count", 0),
        "loan_count": getattr(product, "loan_count", 0),
    }


def _version(version: ProductVersion) -> dict[str, Any]:
    return {
        "version_no": version.version_no,
        "state": version.state,
        "effective_on": version.effective_on,
        "effective_until": version.effective_until,
        "content": codec.encode(queries.content_of(version=version)),
    }


def _sample(found: Sample) -> dict[str, Any]:
    return {
        "principal_minor": found.principal_minor,
        "received_minor": found.received_minor,
        "cost_minor": found.cost_minor,
        "nominal_rate": _share(found.nominal_rate),
        "effective_rate": _share(found.effective_rate),
        "cost_table": [
            {
                "code": row.item.code,
                "standard": row.item.standard,
                "payee": row.item.payee,
                "is_contingent": row.item.is_contingent,
                "amount_minor": row.amount_minor,
            }
            for row in found.rows
        ],
        "instalments": [
            {name: getattr(each, name) for name in SampleInstalment.model_fields}
            for each in found.instalments
        ],
    }


def _share(rate: Decimal) -> str:
    return f"{rate:.6f}"
