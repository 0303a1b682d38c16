"""Books and loans: what they are, and where a loan stands on any day, as known at any instant."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, JsonValue

from daihou.core import codec
from daihou.core.events import Event
from daihou.core.position import InstalmentPosition, Position, position
from daihou.errors import DaihouError
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import (
    BookName,
    ByComponent,
    Day,
    LoanRef,
    loan_of,
    sight_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.board.sight import visible_books
from daihou.web.ledger import queries
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan

router = Router(tags=["loans"])
SEES = needs("loan.view")


class BookOut(Schema):
    name: str
    currency: str
    minor_digits: int
    time_zone: str
    business_date: date | None


class LoanOut(Schema):
    loan_ref: str
    principal_minor: int
    start_on: date
    product: str | None
    party_id: int | None
    source_tag: str


class InstalmentOut(Schema):
    instalment_no: int
    start_on: date
    due_on: date
    due_minor: ByComponent
    paid_minor: ByComponent
    waived_minor: ByComponent
    outstanding_minor: int
    paid_on: date | None


class PositionOut(Schema):
    loan_ref: str
    currency: str
    as_of: date
    status: str
    bucket: str
    days_past_due: int
    oldest_unpaid_due_on: date | None
    next_due_on: date | None
    next_due_minor: int
    overdue_minor: ByComponent
    principal_outstanding_minor: int
    accrued_interest_minor: int
    unapplied_minor: int
    payoff_minor: int
    disbursed_minor: int
    disbursed_on: date | None
    closed_on: date | None
    written_off_on: date | None
    owner: str
    claim_minor: int
    restructured_on: date | None
    restructure_count: int
    paused_through_on: date | None
    is_stale: bool
    instalments: list[InstalmentOut]


class EventOut(Schema):
    sequence: int
    kind: str
    key: str
    effective_on: date
    recorded_at: datetime
    amount_minor: int
    component: str | None
    instalment_no: int | None
    due_on: date | None
    target_key: str | None
    channel: str
    source_ref: str
    change: dict[str, JsonValue] | None  # What was agreed, of a change of the plan.


class Moment(Schema):
    """A day, and an instant of knowledge; left out: the business date, as known now."""

    as_of: Day | None = None
    known_at: AwareDatetime | None = None


@router.get("/books", response=Page[BookOut], auth=SEES)
def list_books(request: HttpRequest, paging: PagingQuery) -> dict[str, Any]:
    """List the books the caller sees a part of."""
    return page_of(visible_books(user_of(request)), paging=paging, shown=_book)


@router.get("/books/{book_name}/loans", response=Page[LoanOut], auth=SEES)
def list_loans(request: HttpRequest, book_name: BookName, paging: PagingQuery) -> dict[str, Any]:
    """List the loans of a book, oldest entry first."""
    sight = sight_of(request, book_name=book_name, permission="loan.view")
    return page_of(sight.loans().select_related("product"), paging=paging, shown=_loan)


@router.get("/books/{book_name}/loans/{loan_ref}", response=LoanOut, auth=SEES)
def get_loan(request: HttpRequest, book_name: BookName, loan_ref: LoanRef) -> dict[str, Any]:
    """Say what a loan is."""
    sight = sight_of(request, book_name=book_name, permission="loan.view")
    return _loan(loan_of(sight, loan_ref))


@router.get("/books/{book_name}/loans/{loan_ref}/position", response=PositionOut, auth=SEES)
def get_position(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    moment: Annotated[Moment, Query()],
) -> dict[str, Any]:
    """Say where a loan stood at the end of a day, as known at an instant."""
    sight = sight_of(request, book_name=book_name, permission="loan.view")
    loan = loan_of(sight, loan_ref)
    contract, events = queries.load_loan(book=sight.book, loan_ref=loan.loan_ref)
    as_of = moment.as_of or sight.book.business_date
    if as_of is None:
        raise DaihouError("api.no_business_date", book=sight.book.name)
    found = position(contract=contract, events=events, as_of=as_of, known_at=moment.known_at)
    return _position(found)


@router.get("/books/{book_name}/loans/{loan_ref}/events", response=Page[EventOut], auth=SEES)
def list_events(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List what happened to a loan, in the order the ledger took it."""
    sight = sight_of(request, book_name=book_name, permission="loan.view")
    loan = loan_of(sight, loan_ref)
    return page_of(
        loan.events.all(),
        paging=paging,
        shown=lambda row: _event(queries.event_of(row)),
        by="sequence",
    )


def _book(book: Book) -> dict[str, Any]:
    return {name: getattr(book, name) for name in BookOut.model_fields}


def _loan(loan: Loan) -> dict[str, Any]:
    return {
        "loan_ref": loan.loan_ref,
        "principal_minor": loan.principal_minor,
        "start_on": loan.start_on,
        "product": loan.product.code if loan.product else None,
        "party_id": loan.person_id,
        "source_tag": loan.source_tag,
    }


def _event(event: Event) -> dict[str, Any]:
    shown = {name: getattr(event, name) for name in EventOut.model_fields}
    return shown | {
        "recorded_at": event.recorded_at.astimezone(UTC),
        "change": None if event.change is None else codec.encode(event.change),
    }


def _position(found: Position) -> dict[str, Any]:
    simple = PositionOut.model_fields.keys() - {"overdue_minor", "instalments"}
    return {name: getattr(found, name) for name in simple} | {
        "overdue_minor": found.overdue_minor,
        "instalments": [_instalment(each) for each in found.instalments],
    }


def _instalment(each: InstalmentPosition) -> dict[str, Any]:
    shown: dict[str, Any] = {
        name: {component: getattr(owed, name) for component, owed in each.components.items()}
        for name in ("due_minor", "paid_minor", "waived_minor")
    }
    return shown | {
        name: getattr(each, name)
        for name in ("instalment_no", "start_on", "due_on", "outstanding_minor", "paid_on")
    }
