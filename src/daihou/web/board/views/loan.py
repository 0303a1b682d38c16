"""One loan: schedule, events, money flow, as of any day and as known at any time."""

from datetime import date, datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from daihou.core.position import position
from daihou.core.terms import Contract
from daihou.web.board import borrowers, loan_law, loan_links, loan_page
from daihou.web.board.page import Days, book_page, end_of, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.servicing import choosing
from daihou.web.ledger.queries import load_loan
from daihou.web.loans.models import Loan

YEARS_AHEAD = 10  # A penalty runs day by day: a far day would be slow to fold, and means nothing.


@require_safe
@book_page("loan.view")
def loan(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    row = (
        sight.loans()
        .filter(loan_ref=loan_ref)
        .select_related("book", "product", "funder", "creditor")
        .first()
    )
    if row is None:
        raise Http404
    context = _context(request, row=row, sight=sight)
    if request.headers.get("HX-Request") and request.headers.get("HX-Target") == "loan-body":
        return render(request, "board/parts/loan_body.html", context | {"book": sight.book})
    return show(request, "board/loan.html", context, sight=sight, page="loans")


def _context(request: HttpRequest, *, row: Loan, sight: Sight) -> dict[str, Any]:
    contract, events = load_loan(book=sight.book, loan_ref=row.loan_ref)
    business_date = sight.book.business_date or contract.start_on
    last_on = max([business_date, *(event.effective_on for event in events)])
    latest = last_on + timedelta(days=YEARS_AHEAD * 366)
    days = Days(request.GET.dict())
    as_of = days.read("as_of", default=business_date, latest=latest)
    known_on = days.read("known_at", default=date.max, latest=date.max)
    known_at = end_of(known_on) if known_on != date.max else None
    then = position(contract=contract, events=events, as_of=as_of, known_at=known_at)
    known = tuple(event for event in events if known_at is None or event.recorded_at <= known_at)
    page = loan_page.page(contract=contract, events=known, position=then)
    return {
        "servicing": choosing.on_loan_page(
            user=user_of(request), sight=sight, row=row, position=then
        ),
        "links": loan_links.links(user=user_of(request), sight=sight, row=row),
        "row": row,
        "contract": contract,
        "page_data": page,
        "position": then,
        "state": then.bucket.value if then.status.value == "active" else then.status.value,
        "as_of": as_of,
        "known_at": known_on if known_at else None,
        "business_date": business_date,
        "remarks": days.remarks,
        "later": _later(contract=contract, events=events, then=then, known_at=known_at),
        "event_count": len(events),
        "funder_name": borrowers.company_name(row.funder),
        "borrower": borrowers.card(loan=row),
        "rate": _rate(contract),
        "law": loan_law.law(loan=row, contract=contract, events=known, position=then),
        "why": _why(sight, row, as_of=as_of, known_on=known_on if known_at else None),
        "presets": _presets(page, business_date=business_date, as_of=as_of),
    }


def _why(sight: Sight, row: Loan, *, as_of: date, known_on: date | None) -> str:
    """Give the address that explains an amount of this page, of its day and as known then."""
    asked = {"as_of": f"{as_of}"} | ({"known_at": f"{known_on}"} if known_on else {})
    return f"{reverse('desk:explain', args=[sight.book.name, row.loan_ref])}?{urlencode(asked)}"


def _later(
    *, contract: Contract, events: Any, then: Any, known_at: datetime | None
) -> loan_page.Later | None:
    if known_at is None:
        return None
    now = position(contract=contract, events=events, as_of=then.as_of)
    return loan_page.later(then=then, now=now, events=events, known_at=known_at)


def _rate(contract: Contract) -> dict[str, str]:
    rate = contract.terms.rate
    percent = (rate.value * 100).normalize()
    return {"percent": f"{percent:f}%", "per": rate.per.value}


def _presets(
    page: loan_page.Page, *, business_date: date, as_of: date
) -> list[dict[str, date | str]]:
    """Offer the days a person asks for: the business date, the last due date, the day after it."""
    past = [row.due_on for row in page.instalments if row.due_on <= business_date]
    days: list[tuple[str, date]] = [("business_date", business_date)]
    if past:
        days += [("last_due", past[-1]), ("after_due", past[-1] + timedelta(days=1))]
    return [{"name": name, "day": day} for name, day in days if day != as_of]
