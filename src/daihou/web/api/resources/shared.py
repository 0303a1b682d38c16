"""Types that several areas share, and the way to a book and a loan in the caller's sight."""

from datetime import date
from typing import Annotated

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from ninja import Path, Schema
from pydantic import AfterValidator, Field

from daihou.core.terms import MOST_MINOR
from daihou.web.board.sight import Sight, open_book
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


def _clean(text: str) -> str:
    """Refuse what PostgreSQL cannot hold: NUL and lone surrogates."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("holds a character that is no text")
    return text


Text = Annotated[str, AfterValidator(_clean), Field(max_length=200)]
LongText = Annotated[str, AfterValidator(_clean), Field(max_length=2000)]
Reason = Annotated[str, AfterValidator(_clean), Field(min_length=1, max_length=1000)]
Name = Annotated[str, AfterValidator(_clean), Field(min_length=1, max_length=64)]
Reference = Annotated[str, AfterValidator(_clean), Field(min_length=1, max_length=128)]
Minor = Annotated[int, Field(gt=0, le=MOST_MINOR, strict=True)]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
BookName = Annotated[Name, Path(description="Name of the book.")]
LoanRef = Annotated[Reference, Path(description="Reference of the loan within its book.")]


class ByComponent(Schema):
    """Minor units by component."""

    principal: int
    interest: int
    fee: int
    penalty: int
    compound_interest: int


def sight_of(request: HttpRequest, *, book_name: str, permission: str) -> Sight:
    """Open a book as the caller sees it; what she may not see is not there.

    :raises Http404, PermissionDenied: see ``board.sight.open_book``.
    """
    return open_book(request, name=book_name, permission=permission)


def whole_book_of(request: HttpRequest, *, book_name: str, permission: str) -> Book:
    """Open a book for what concerns the whole of it.

    :raises Http404: as ``sight_of``.
    :raises PermissionDenied: also where the caller sees only some funders' loans.
    """
    sight = sight_of(request, book_name=book_name, permission=permission)
    if sight.funder_ids is not None:
        raise PermissionDenied
    return sight.book


def loan_of(sight: Sight, loan_ref: str) -> Loan:
    """Find a loan in sight.

    :raises Http404: there is none.
    """
    loan = sight.loans().filter(loan_ref=loan_ref).first()
    if loan is None:
        raise Http404
    return loan
