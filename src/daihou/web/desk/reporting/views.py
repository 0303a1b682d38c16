"""The gate before a bureau report: which overdue loans may be reported, and why others not."""

from datetime import date

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from daihou.web.board.page import Days, book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may
from daihou.web.contacts import reporting as gate
from daihou.web.desk.cases.telling import rule_line

HELD, OPEN = "held", "open"
LAST_DAY = date(2100, 1, 1)  # A notice may be waited for; nobody waits for longer.


@require_safe
@book_page("contact.view")
def reporting(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    days = Days(request.GET)
    on = days.read("on", default=sight.book.business_date or timezone.localdate(), latest=LAST_DAY)
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
        "remarks": days.remarks,
        "view": view,
        "rows": [(line, [rule_line(each) for each in line.refusals]) for line in lines],
        "open_count": len(allowed),
        "held_count": counted,
        "may_see_parties": may(request, sight, "party.view"),
        **pages.context,
    }
    return show(request, "desk/reporting/reporting.html", context, sight=sight, page="reporting")
