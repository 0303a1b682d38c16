"""The gate before a bureau report: which overdue loans may be reported, and why others not."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from daihou.collect.guard import Ruling
from daihou.errors import DaihouError
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may
from daihou.web.contacts import reporting as gate
from daihou.web.contacts.reporting import Line
from daihou.web.desk.answering import line_of

HELD, OPEN = "held", "open"


@require_safe
@book_page("contact.view")
def reporting(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    on = _day(request.GET.get("on", "")) or sight.book.business_date or timezone.localdate()
    view = HELD if request.GET.get("show") == HELD else OPEN
    allowed = gate.reportable(book=sight.book, loans=sight.loans(), on=on)
    overdue = gate.overdue(loans=sight.loans())
    others = overdue.exclude(pk__in=[line.loan.pk for line in allowed])
    counted = others.count()
    pages = paging(number=page_no(request), found=counted if view == HELD else len(allowed))
    lines = allowed[pages.cut]
    if view == HELD:
        lines = gate.lines(book=sight.book, loans=others[pages.cut], on=on)
    context = {
        "on": on,
        "view": view,
        "rows": [_row(line) for line in lines],
        "open_count": len(allowed),
        "held_count": counted,
        "may_see_parties": may(request, sight, "party.view"),
        **pages.context,
    }
    return show(request, "desk/reporting/reporting.html", context, sight=sight, page="reporting")


def _row(line: Line) -> dict[str, Any]:
    return {"line": line, "reasons": [(each, _said(each)) for each in line.refusals]}


def _said(ruling: Ruling) -> str:
    return line_of(DaihouError(ruling.code, **ruling.params))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
