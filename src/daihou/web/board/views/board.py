"""The board: the whole book on one day, each figure a link to the loans behind it."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from daihou.risk.buckets import STATES
from daihou.risk.months import month_end_before
from daihou.web.board import figures, source as frames, words
from daihou.web.board.page import Days, book_page, show
from daihou.web.board.sight import Sight, pages_of, user_of


@require_safe
@book_page("board.view")
def board(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    try:
        source = frames.newest(sight)
    except frames.NoVersion:
        return show(request, "board/no_version.html", {}, sight=sight, page="board")
    days = Days(request.GET.dict())
    as_of = days.read("as_of", default=source.business_date, latest=source.business_date)
    compared_on = days.read(
        "compared_on",
        default=month_end_before(as_of),
        latest=as_of - timedelta(days=1),
    )
    document = frames.board(source, as_of=as_of, compared_on=compared_on)
    sees_loans = "loans" in pages_of(user_of(request), book=sight.book)
    loans = reverse("board:loans", args=[sight.book.name]) if sees_loans else ""
    context = _context(document, digits=sight.book.minor_digits, loans=loans) | {
        "as_of": as_of,
        "compared_on": compared_on,
        "version": source.version,
        "remarks": days.remarks,
    }
    return show(request, "board/board.html", context, sight=sight, page="board")


def _context(document: figures.Document, *, digits: int, loans: str) -> dict[str, Any]:
    return {
        "tiles": document["tiles"],
        "buckets": _with_totals(document["buckets"]),
        "matrix": _with_directions(document["matrix"]),
        "vintages": _triangle(document["vintages"]),
        "first_payment": document["first_payment"],
        "chart_data": _chart_data(document, digits=digits, loans=loans),
    }


def _with_totals(rows: list[dict[str, Any]]) -> dict[str, Any]:
    active = [row for row in rows if row["bucket"] != "written_off"]
    names = ("loans", "principal_outstanding_minor", "overdue_minor")
    total = {name: sum(row[name] for row in active) for name in names}
    base = total["principal_outstanding_minor"]
    for row in active:
        row["share"] = row["principal_outstanding_minor"] / base if base else None
        row["width"] = round(100 * (row["share"] or 0), 2)
    return {
        "rows": active,
        "total": total,
        "written_off": next(row for row in rows if row["bucket"] == "written_off"),
    }


def _with_directions(matrix: dict[str, Any]) -> dict[str, Any]:
    """Say of each cell whether the loans went to a worse state, a better one, or stayed."""
    order = [state for state in STATES if state != "closed"]
    for row in matrix["rows"]:
        for cell in row["cells"]:
            cell["direction"] = _direction(order, start=row["state"], end=cell["state"])
    return matrix


def _direction(order: list[str], *, start: str, end: str) -> str:
    if end == "closed":
        return "better"
    moved = order.index(end) - order.index(start)
    return "worse" if moved > 0 else "better" if moved < 0 else "same"


def _triangle(vintages: dict[str, Any]) -> dict[str, Any]:
    """Lay the cohorts out by months on book, with blanks for months still to come."""
    cohorts = vintages["cohorts"]
    longest = max((cohort["points"][-1]["months_on_book"] for cohort in cohorts), default=0)
    ages = list(range(longest + 1))[-13:]
    for cohort in cohorts:
        by_age = {point["months_on_book"]: point for point in cohort["points"]}
        cohort["cells"] = [by_age.get(age) for age in ages]
    return vintages | {"ages": ages}


def _chart_data(document: figures.Document, *, digits: int, loans: str) -> dict[str, Any]:
    """Give the charts their numbers, words and the address of the loans behind a point, if any."""
    return {
        "digits": digits,
        "days": document["days"],
        "first_payment": document["first_payment"],
        "vintages": [
            {
                "month": cohort["month"],
                "points": [
                    [point["months_on_book"], point["rate"], point["as_of"]]
                    for point in cohort["points"]
                ],
            }
            for cohort in document["vintages"]["cohorts"]
        ],
        "over_days": document["vintages"]["over_days"],
        "loans": loans,
        "as_of": document["as_of"],
        "words": {name: str(word) for name, word in words.CHARTS.items()},
    }
