"""The general ledger: from the trial balance down to one loan's entries; periods and proofs."""

from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.accounting import closing, exports, queries
from daihou.web.accounting.models import Account, AccountingPeriod, Journal, Proof, View
from daihou.web.board.page import FIRST_DAY, Days, book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of, whole_book
from daihou.web.desk.accounting.showing import Shown, shown_entries, shown_lines, shown_posted
from daihou.web.desk.answering import attempt, line_of
from daihou.web.ledger.queries import cut_off_at
from daihou.web.loans.models import Loan

PAGE_SIZE = 100
RECENT = 12
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def _ask(request: HttpRequest, sight: Sight) -> Shown:
    """Read what the address asks for: view, days, and as known when.

    Sums of the whole book are for those who see the whole book.
    """
    whole_book(sight)
    days = Days(request.GET)
    newest = Journal.objects.filter(book=sight.book).order_by("-pk").first()
    last = newest.through_on if newest is not None else date.max
    view = request.GET.get("view", View.LENDER)
    as_of = days.read("as_of", default=last, latest=last)
    known_on = days.read("known_on", default=last, latest=last)
    since = days.read("since", default=as_of.replace(day=1), latest=as_of)
    return Shown(
        view=view if view in View.values else View.LENDER.value,
        as_of=as_of,
        since=since,
        known_on=known_on,
        known_at=None if known_on == last else cut_off_at(book=sight.book, business_date=known_on),
        newest=newest,
        remarks=tuple(days.remarks),
    )


@require_safe
@book_page("accounting.view")
def trial_balance(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    asked = _ask(request, sight)
    if asked.newest is None:
        return show(request, "desk/accounting/none.html", {}, sight=sight, page="accounting")
    lines = queries.trial_balance(
        book=sight.book,
        view=asked.view,
        as_of=asked.as_of,
        since=asked.since,
        known_at=asked.known_at,
    )
    groups = [
        (is_memo, list(found))
        for is_memo, found in groupby(shown_lines(lines), key=lambda line: line.is_memo)
    ]
    context = {
        "asked": asked,
        "views": View,
        "groups": groups,
        "debit_minor": sum(line.debit_minor for line in lines),
        "credit_minor": sum(line.credit_minor for line in lines),
        "proofs": _proofs(sight)[:RECENT],
        "periods": _periods(sight)[:RECENT],
    }
    return show(request, "desk/accounting/balance.html", context, sight=sight, page="accounting")


@require_safe
@book_page("accounting.view")
def journal(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    asked = _ask(request, sight)
    if asked.newest is None:
        return show(request, "desk/accounting/none.html", {}, sight=sight, page="accounting")
    found = queries.journal(
        book=sight.book, view=asked.view, on=asked.as_of, known_at=asked.known_at
    )
    shown = shown_entries(found)
    context = {
        "asked": asked,
        "views": View,
        "causes": [(cause, list(of)) for cause, of in groupby(shown, key=lambda line: line.cause)],
        "debit_minor": sum(line.debit_minor for line in shown),
        "credit_minor": sum(line.credit_minor for line in shown),
        "before_on": asked.as_of - timedelta(days=1),
        "after_on": min(asked.as_of + timedelta(days=1), asked.newest.through_on),
    }
    return show(request, "desk/accounting/journal.html", context, sight=sight, page="accounting")


@require_safe
@book_page("accounting.view")
def account(request: HttpRequest, *, sight: Sight, account_id: int) -> HttpResponse:
    asked, found = _ask(request, sight), _account(account_id)
    days = queries.days_of(book=sight.book, account=found, through=asked.as_of)
    context = {"asked": asked, "account": found, "days": days}
    return show(request, "desk/accounting/account.html", context, sight=sight, page="accounting")


@require_safe
@book_page("accounting.view")
def loans(request: HttpRequest, *, sight: Sight, account_id: int, on: str) -> HttpResponse:
    asked, found = _ask(request, sight), _account(account_id)
    day, cause = _day(on), request.GET.get("cause", "")
    if asked.newest is None or not FIRST_DAY <= day <= asked.newest.through_on:
        raise Http404
    behind = queries.loans_behind(book=sight.book, account=found, on=day, cause=cause)
    pages = paging(number=page_no(request), found=behind.height, size=PAGE_SIZE)
    shown = list(behind[pages.cut].iter_rows(named=True))
    refs = Loan.objects.filter(book=sight.book, pk__in=[row["loan_id"] for row in shown])
    by_id = dict(refs.values_list("pk", "loan_ref"))
    context = {
        "asked": asked,
        "account": found,
        "on": day,
        "cause": cause,
        "rows": [row | {"loan_ref": by_id.get(row["loan_id"], "")} for row in shown],
        "total_minor": int(behind["amount_minor"].sum()),
        **pages.context,
    }
    return show(request, "desk/accounting/loans.html", context, sight=sight, page="accounting")


@require_safe
@book_page("accounting.view")
def loan(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    asked = _ask(request, sight)
    found = sight.loans().filter(loan_ref=loan_ref).first()
    if found is None or asked.newest is None:
        raise Http404
    posted = queries.entries_of_loan(
        book=sight.book,
        loan=found,
        view=asked.view,
        as_of=asked.as_of,
        since=asked.since,
        known_at=asked.known_at,
    )
    context = {
        "asked": asked,
        "views": View,
        "loan": found,
        "entries": shown_posted(posted, view=asked.view),
    }
    return show(request, "desk/accounting/loan.html", context, sight=sight, page="accounting")


@require_safe
@book_page("accounting.view")
def periods(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    asked = _ask(request, sight)
    may_close = may(request, sight, "accounting.close")
    shown = []
    for period in _periods(sight):
        hindrance = closing.why_not_closed(book=sight.book, period=period)
        is_closed = hindrance is not None and hindrance.code == "period.closed_already"
        shown.append(
            {
                "period": period,
                "hindrance": line_of(hindrance) if hindrance and not is_closed else "",
                "is_ready": hindrance is None,
            }
        )
    context = {
        "asked": asked,
        "periods": shown,
        "proofs": _proofs(sight)[:RECENT],
        "may_close": may_close,
    }
    return show(request, "desk/accounting/periods.html", context, sight=sight, page="accounting")


@require_POST
@book_page("accounting.close")
def close(request: HttpRequest, *, sight: Sight, period_id: int) -> HttpResponse:
    whole_book(sight)
    period = AccountingPeriod.objects.filter(book=sight.book, pk=period_id).first()
    if period is None:
        raise Http404
    attempt(
        request,
        lambda: closing.close(period=period, acting_user=user_of(request)),
        done=_("The period is closed."),
    )
    return redirect("desk:accounting_periods", sight.book.name)


@require_safe
@book_page("accounting.view")
def proof(request: HttpRequest, *, sight: Sight, proof_id: int) -> HttpResponse:
    asked = _ask(request, sight)
    found = Proof.objects.filter(book=sight.book, pk=proof_id).select_related("journal").first()
    if found is None:
        raise Http404
    lines = found.lines.select_related("product").order_by("product__code", "pk")
    context = {"asked": asked, "proof": found, "lines": lines}
    return show(request, "desk/accounting/proof.html", context, sight=sight, page="accounting")


@require_safe
@book_page("accounting.view")
def export(request: HttpRequest, *, sight: Sight, what: str, suffix: str) -> HttpResponse:
    asked = _ask(request, sight)
    if suffix not in CONTENT_TYPES or what not in {"journal", "trial-balance"}:
        raise Http404
    if what == "journal":
        found = queries.journal_of_days(
            book=sight.book,
            view=asked.view,
            since=asked.since,
            through=asked.as_of,
            known_at=asked.known_at,
        )
        frame = exports.journal_frame(found, book=sight.book.name)
    else:
        lines = queries.trial_balance(
            book=sight.book,
            view=asked.view,
            as_of=asked.as_of,
            since=asked.since,
            known_at=asked.known_at,
        )
        frame = exports.balance_frame(lines)
    frame = exports.in_units(frame, minor_digits=sight.book.minor_digits)
    content = exports.as_csv(frame) if suffix == "csv" else exports.as_xlsx(frame, sheet=what)
    name = f"{sight.book.name}-{asked.view}-{what}-{asked.as_of}.{suffix}"
    return HttpResponse(
        content,
        content_type=CONTENT_TYPES[suffix],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _account(account_id: int) -> Account:
    found = Account.objects.filter(pk=account_id).first()
    if found is None:
        raise Http404
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise Http404 from fault


def _proofs(sight: Sight) -> Any:
    return Proof.objects.filter(book=sight.book).order_by("-pk")


def _periods(sight: Sight) -> Any:
    return AccountingPeriod.objects.filter(book=sight.book).order_by("-start_on")
