"""Where an amount comes from: the events and the rules that made it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from daihou.core.position import position
from daihou.core.terms import Component
from daihou.errors import DaihouError
from daihou.web.board.page import Days, book_page, show
from daihou.web.board.sight import Sight
from daihou.web.desk.servicing.views import loan_of
from daihou.web.ledger.queries import load_loan
from daihou.web.servicing import explaining
from daihou.web.servicing.explaining import Line

LINES = {
    Line.PLANNED: _("Planned"),
    Line.CHANGED: _("Plan changed"),
    Line.CHARGED: _("Charge added"),
    Line.ACCRUED: _("Accrued"),
    Line.PAID: _("Paid"),
    Line.WAIVED: _("Given up"),
    Line.PRINCIPAL_LATER: _("Principal not yet due"),
    Line.INTEREST_SO_FAR: _("Interest earned so far"),
    Line.HELD: _("Money held"),
    Line.DUE: _("Due and unpaid"),
}
RULES = {
    "schedule": _("How the plan was made: method, rate, day count and rounding of the contract."),
    "plan-changes": _("What a change of the plan does to the instalments to come."),
    "position": _("What each event does, and how every figure is defined."),
    "penalty": _("What an overdue instalment costs more, day by day."),
    "allocation": _("What money pays first, and what is left over."),
}
YEARS_MOST = 10


@require_safe
@book_page("loan.view")
def explain(request: HttpRequest, *, sight: Sight, loan_ref: str) -> HttpResponse:
    row = loan_of(sight, loan_ref)
    contract, events = load_loan(book=sight.book, loan_ref=row.loan_ref)
    business_date = sight.book.business_date or contract.start_on
    latest = max([business_date, *(event.effective_on for event in events)])
    latest = latest.replace(year=latest.year + YEARS_MOST, day=1)
    days = Days(request.GET.dict())
    as_of = days.read("as_of", default=business_date, latest=latest)
    context: dict[str, Any] = {
        "row": row,
        "as_of": as_of,
        "remarks": days.remarks,
        "contract": contract,
    }
    number, part = request.GET.get("no", ""), request.GET.get("part", "")
    if not number and not part:
        lines = explaining.payoff(contract=contract, events=events, as_of=as_of)
        then = position(contract=contract, events=events, as_of=as_of)
        context |= {"total_minor": then.payoff_minor}
    else:
        if part not in set(Component) or not number.isdecimal() or len(number) > 5:
            raise Http404
        try:
            lines = explaining.cell(
                contract=contract,
                events=events,
                as_of=as_of,
                instalment_no=int(number),
                component=Component(part),
            )
        except DaihouError as unknown:
            raise Http404 from unknown
        context |= {
            "number": int(number),
            "part": part,
            "total_minor": sum(line.amount_minor for line in lines),
        }
    rules = sorted({line.rule for line in lines})
    context |= {
        "lines": [{"line": line, "label": LINES[line.line]} for line in lines],
        "rules": [(rule, RULES[rule]) for rule in rules],
    }
    return show(request, "desk/servicing/explain.html", context, sight=sight, page="loans")
