"""The general ledger: balances of any day as known on any day, journals, periods, the proof."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import AwareDatetime

from daihou.errors import DaihouError
from daihou.web.accounting import closing, queries
from daihou.web.accounting.models import AccountingPeriod, JournalEntry
from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import BookName, Day, whole_book_of
from daihou.web.api.site import needs, user_of
from daihou.web.ledger.models import Book

router = Router(tags=["accounting"])
PATH = "/books/{book_name}/accounting"
SEES = needs("accounting.view")
ViewName = Literal["lender", "platform", "guarantor"]
DayPath = Annotated[Day, Path()]


class Asked(Schema):
    view: ViewName = "lender"
    as_of: Day | None = None
    since: Day | None = None
    known_at: AwareDatetime | None = None


class BalanceOut(Schema):
    code: str
    name_zh: str
    name_en: str
    opening_minor: int
    debit_minor: int
    credit_minor: int
    balance_minor: int


class TrialBalanceOut(Schema):
    view: str
    as_of: date
    lines: list[BalanceOut]


class EntryOut(Schema):
    id: int
    on: date
    value_on: date
    account: str
    product: str | None
    currency: str
    cause: str
    debit_minor: int
    credit_minor: int
    corrects: int | None


class PeriodOut(Schema):
    start_on: date
    end_on: date
    state: str
    closed_at: datetime | None


class FigureOut(Schema):
    product: str
    measure: str
    sub_ledger_minor: int
    general_ledger_minor: int


class ProofOut(Schema):
    as_of: date
    agrees: bool
    figures: list[FigureOut]


@router.get(PATH + "/trial-balance", response=TrialBalanceOut, auth=SEES)
def get_trial_balance(
    request: HttpRequest, book_name: BookName, asked: Annotated[Asked, Query()]
) -> dict[str, Any]:
    """Add up every account through the end of a day."""
    book = whole_book_of(request, book_name=book_name, permission="accounting.view")
    as_of = _day(book, asked.as_of)
    lines = queries.trial_balance(
        book=book, view=asked.view, as_of=as_of, since=asked.since, known_at=asked.known_at
    )
    names = BalanceOut.model_fields.keys() - {"code", "name_zh", "name_en"}
    return {
        "view": asked.view,
        "as_of": as_of,
        "lines": [
            {name: getattr(line.account, name) for name in ("code", "name_zh", "name_en")}
            | {name: getattr(line, name) for name in names}
            for line in lines
        ],
    }


@router.get(PATH + "/journal/{on}", response=Page[EntryOut], auth=SEES)
def get_journal(
    request: HttpRequest,
    book_name: BookName,
    on: DayPath,
    paging: PagingQuery,
    view: ViewName = "lender",
) -> dict[str, Any]:
    """List the entries of a day in the books."""
    book = whole_book_of(request, book_name=book_name, permission="accounting.view")
    return page_of(queries.journal(book=book, view=view, on=on), paging=paging, shown=_entry)


@router.get(PATH + "/periods", response=Page[PeriodOut], auth=SEES)
def list_periods(request: HttpRequest, book_name: BookName, paging: PagingQuery) -> dict[str, Any]:
    """List the months of a book."""
    book = whole_book_of(request, book_name=book_name, permission="accounting.view")
    rows = AccountingPeriod.objects.filter(book=book)
    return page_of(rows, paging=paging, shown=_period)


@router.post(PATH + "/periods/{on}/closing", response=PeriodOut, auth=needs("accounting.close"))
def close_period(request: HttpRequest, book_name: BookName, on: DayPath) -> dict[str, Any]:
    """Close the month that a day lies in; it never opens again."""
    book = whole_book_of(request, book_name=book_name, permission="accounting.close")
    period = closing.find(book=book, month=on)
    return _period(closing.close(period=period, acting_user=user_of(request)))


@router.get(PATH + "/proof", response=ProofOut, auth=SEES)
def get_proof(request: HttpRequest, book_name: BookName, as_of: Day | None = None) -> Any:
    """Compare positions and balances of a day, as known now."""
    book = whole_book_of(request, book_name=book_name, permission="accounting.view")
    day = _day(book, as_of)
    figures = queries.prove_anew(book=book, as_of=day)
    return {
        "as_of": day,
        "agrees": all(each.sub_ledger_minor == each.general_ledger_minor for each in figures),
        "figures": [
            {name: getattr(each, name) for name in FigureOut.model_fields} for each in figures
        ],
    }


def _day(book: Book, asked: date | None) -> date:
    day = asked or book.business_date
    if day is None:
        raise DaihouError("api.no_business_date", book=book.name)
    return day


def _entry(row: JournalEntry) -> dict[str, Any]:
    simple = EntryOut.model_fields.keys() - {"account", "product", "corrects"}
    return {name: getattr(row, name) for name in simple} | {
        "account": row.account.code,
        "product": row.product.code if row.product else None,
        "corrects": row.corrects_id,
    }


def _period(row: AccountingPeriod) -> dict[str, Any]:
    return {name: getattr(row, name) for name in PeriodOut.model_fields}
