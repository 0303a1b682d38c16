"""Documents of a loan, and the notices of the next days."""

from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from daihou.errors import DaihouError
from daihou.web.api.resources.files import FileOut, file_out
from daihou.web.api.resources.shared import (
    BookName,
    Day,
    LoanRef,
    LongText,
    loan_of,
    sight_of,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.documents import notices, operations
from daihou.web.documents.kinds import DocumentKind, Language

router = Router(tags=["documents"])


class DocumentIn(Schema):
    kind: DocumentKind
    language: Language
    as_of: Day | None = None
    note: LongText = ""


class NoticeOut(Schema):
    on: date
    kind: str
    loan_ref: str
    about_on: date
    amount_minor: int | None
    is_conditional: bool


class NoticesOut(Schema):
    items: list[NoticeOut]


@router.post(
    "/books/{book_name}/loans/{loan_ref}/documents",
    response={201: FileOut},
    auth=needs("document.make"),
)
def make_document(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, body: DocumentIn
) -> Status[Any]:
    """Make a document as PDF; it is kept in the archive and taken from there."""
    sight = sight_of(request, book_name=book_name, permission="document.make")
    as_of = body.as_of or sight.book.business_date
    if as_of is None:
        raise DaihouError("api.no_business_date", book=sight.book.name)
    made = operations.make(
        book=sight.book,
        loan_ref=loan_of(sight, loan_ref).loan_ref,
        kind=body.kind,
        language=body.language,
        as_of=as_of,
        made_on=timezone.localdate(),
        acting_user=user_of(request),
        note=body.note,
    )
    return Status(201, file_out(made))


@router.get("/books/{book_name}/notices", response=NoticesOut, auth=needs("document.make"))
def list_notices(
    request: HttpRequest,
    book_name: BookName,
    from_on: Day | None = None,
    days: Annotated[int, Field(ge=1, le=31)] = 7,
) -> dict[str, Any]:
    """Plan the notices of the next days; nothing is sent."""
    book = whole_book_of(request, book_name=book_name, permission="document.make")
    first = from_on or book.business_date
    if first is None:
        raise DaihouError("api.no_business_date", book=book.name)
    planned = notices.plan(book=book, from_on=first, days=days)
    return {
        "items": [
            {name: getattr(each, name) for name in NoticeOut.model_fields} for each in planned
        ]
    }
