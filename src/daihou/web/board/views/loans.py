"""The loans behind a figure: filtered, sorted, paged, as CSV; and search."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, Final

import polars as pl
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from daihou.risk.buckets import BUCKETS
from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.web.board import borrowers, source as frames, words
from daihou.web.board.loan_list import FLAGS, SORTS, Asked, ask, in_order, select
from daihou.web.board.page import PAGE_SIZE, book_page, paging, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.ledger.handing_out import hand_out_loans
from daihou.web.loans.models import Product

STATUSES = ("active", "closed", "written_off")
KEPT = (
    "q", "bucket", "from", "to", "since", "first_payment", "over_days", *FLAGS, "sort",
)  # fmt: skip
EXPORTED = (
    "loan_ref", "currency", "as_of", "status", "bucket", "days_past_due", "overdue_minor",
    "principal_outstanding_minor", "unapplied_minor", "next_due_on", "next_due_minor",
    "disbursed_on", "disbursed_minor", "class_floor",
)  # fmt: skip
UNNOTED = ("text", "sort", "is_turned", "page", "not_understood", "remarks")
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@book_page("loan.view")
def loans(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    if text and set(request.GET) == {"q"}:
        exact = sight.loans().filter(loan_ref=text).values_list("loan_ref", flat=True).first()
        if exact is not None:
            return redirect("board:loan", sight.book.name, exact)
    try:
        source = frames.newest(sight)
    except frames.NoVersion:
        return show(request, "board/no_version.html", {}, sight=sight, page="loans")
    asked = ask(request.GET.dict(), business_date=source.business_date)
    frame = _selected(request, source=source, asked=asked)
    if text and set(request.GET) == {"q"} and frame.height == 1:
        return redirect("board:loan", sight.book.name, frame["loan_ref"][0])
    context = _context(request, source=source, asked=asked, frame=frame)
    return show(request, "board/loans.html", context, sight=sight, page="loans")


@require_GET
@book_page("loan.view")
def loans_csv(request: HttpRequest, *, sight: Sight) -> HttpResponseBase:
    if not may(request, sight, "book.export"):
        raise PermissionDenied
    try:
        source = frames.newest(sight)
    except frames.NoVersion as absent:
        raise Http404 from absent
    asked = ask(request.GET.dict(), business_date=source.business_date)
    frame = _selected(request, source=source, asked=asked)
    hand_out_loans(
        book=sight.book,
        row_count=frame.height,
        asked=_noted(asked),
        acting_user=user_of(request),
    )
    name = f"loans-{asked.as_of}.csv"
    response = StreamingHttpResponse(
        _csv_lines(in_order(frame, asked=asked).collect()), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _noted(asked: Asked) -> dict[str, object]:
    """Say which loans were asked for; a text that was searched for may name a person."""
    given = {
        each.name: str(getattr(asked, each.name))
        for each in fields(asked)
        if each.name not in UNNOTED and getattr(asked, each.name) != each.default
    }
    return given | {"has_text": bool(asked.text)}


class _Echo:
    def write(self, text: str) -> str:
        return text


def _csv_lines(frame: pl.DataFrame) -> Iterator[str]:
    """Write lines that a spreadsheet opens as UTF-8 and never as formulas."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(EXPORTED)
    is_dated = pl.col("next_due_on") < UNSCHEDULED_ON
    dated = frame.with_columns(next_due_on=pl.when(is_dated).then("next_due_on"))
    for row in dated.select(EXPORTED).iter_rows():
        yield writer.writerow(
            [f"'{cell}" if str(cell).startswith(FORMULA_STARTS) and isinstance(cell, str) else cell
             for cell in row]
        )  # fmt: skip


def _selected(request: HttpRequest, *, source: frames.Source, asked: Asked) -> pl.DataFrame:
    person_ids: frozenset[int] = frozenset()
    if asked.text:
        person_ids = borrowers.find(user=user_of(request), book=source.sight.book, text=asked.text)
    return select(source, asked=asked, person_ids=person_ids)


def _context(
    request: HttpRequest, *, source: frames.Source, asked: Asked, frame: pl.DataFrame
) -> dict[str, Any]:
    pages = paging(number=asked.page, found=frame.height)
    shown = in_order(frame, asked=asked).slice(pages.cut.start, PAGE_SIZE).collect()
    sight = source.sight
    return {
        "asked": asked,
        "rows": _rows(shown.to_dicts(), sight=sight),
        "search_text": asked.text,
        "principal_minor": int(frame["principal_outstanding_minor"].sum() or 0),
        "overdue_minor": int(frame["overdue_minor"].sum() or 0),
        **pages.context,
        "buckets": BUCKETS,
        "statuses": STATUSES,
        "levels": list(words.LEVELS),
        "kept": {name: request.GET[name] for name in KEPT if request.GET.get(name)},
        "products": _with_id(Product.objects.filter(book=sight.book).order_by("code")),
        "funders": borrowers.funders(attributes=source.seen_attributes()),
        "chips": _chips(request, asked=asked),
        "latest": source.business_date,
        "may_export": may(request, sight, "book.export"),
        "sorting": _sorting(asked),
    }


def _with_id(products: Any) -> list[tuple[int, str]]:
    return [(product.pk, product.name or product.code) for product in products]


def _rows(rows: Sequence[dict[str, Any]], *, sight: Sight) -> list[dict[str, Any]]:
    found = {
        loan.pk: loan
        for loan in sight.loans()
        .filter(pk__in=[row["loan_id"] for row in rows])
        .select_related("product")
    }
    names = borrowers.names(person_ids={row["person_id"] for row in rows})
    return [
        row
        | {
            "loan": found.get(row["loan_id"]),
            "borrower": names.get(row["person_id"], ""),
            "state": row["bucket"] if row["status"] == "active" else row["status"],
        }
        for row in rows
    ]


def _sorting(asked: Asked) -> dict[str, dict[str, str]]:
    """Give each column its next sort and the way it is sorted now."""
    columns = {}
    for name in ("loan", "days", "overdue", "principal", "next", "disbursed"):
        is_current = asked.sort == name
        columns[name] = {
            "next": f"-{name}" if is_current and not asked.is_turned else name,
            "icon": ("chevron-up" if asked.is_turned else "chevron-down") if is_current else "",
            "aria": "descending" if SORTS[name][1] != asked.is_turned else "ascending",
        }
    return columns


def _chips(request: HttpRequest, *, asked: Asked) -> list[dict[str, str]]:
    """Name each condition that has no field of its own, with the address without it."""
    said: list[tuple[str, tuple[str, ...]]] = []
    if asked.start:
        start, end = words.state_word(asked.start), words.state_word(asked.end) or "…"
        text = _("%(start)s → %(end)s since %(day)s") % {
            "start": start, "end": end, "day": asked.since,
        }  # fmt: skip
        said.append((text, ("from", "to", "since")))
    if asked.month:
        said.append((_("Lent in %(month)s") % {"month": asked.month}, ("month",)))
    if asked.over_days is not None:
        text = _("More than %(days)s days past due") % {"days": asked.over_days}
        said.append((text, ("over_days",)))
    if asked.first_payment:
        late = asked.first_payment == "late"
        text = _("First payment late") if late else _("First payment matured")
        said.append((text, ("first_payment",)))
    if asked.late:
        said.append((_("Past due"), ("late",)))
    if asked.missed:
        said.append((_("Instalment missed on its day, last 30 days"), ("missed",)))
    if asked.stale:
        said.append((_("Stale: not stated up to the day"), ("stale",)))
    if asked.text:
        said.append((f"“{asked.text}”", ("q",)))
    return [{"text": text, "without": _address_without(request, names)} for text, names in said]


def _address_without(request: HttpRequest, names: Sequence[str]) -> str:
    params = request.GET.copy()
    for name in (*names, "page"):
        params.pop(name, None)
    return f"?{params.urlencode()}"
