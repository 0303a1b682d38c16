"""Where an amount comes from: the events and the rules that made it."""

from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from daihou.core.events import Event
from daihou.core.position import Position, position
from daihou.core.terms import Component, Contract
from daihou.errors import DaihouError
from daihou.web.board.page import Days, book_page, end_of, show
from daihou.web.board.sight import Sight
from daihou.web.desk.servicing.views import loan_of
from daihou.web.ledger.queries import load_loan
from daihou.web.servicing import explaining
from daihou.web.servicing.explaining import Explained, Line

LINES = {
    Line.PLANNED: _("Planned"),
    Line.CHANGED: _("Plan changed"),
    Line.CHARGED: _("Charge added"),
    Line.ACCRUED: _("Accrued"),
    Line.PAID: _("Paid"),
    Line.TAKEN_BACK: _("Paid and taken back"),
    Line.OWED_AGAIN: _("Owed again"),
    Line.GONE: _("Held and gone back"),
    Line.WAIVED: _("Given up"),
    Line.PRINCIPAL_LATER: _("Principal not yet due"),
    Line.INTEREST_SO_FAR: _("Interest earned so far"),
    Line.HELD: _("Money held"),
    Line.DUE: _("Due and unpaid"),
    Line.LEFT: _("Left to pay"),
}
RULES = {
    "schedule": _("How the plan was made: method, rate, day count and rounding of the contract."),
    "plan-changes": _("What a change of the plan does to the instalments to come."),
    "position": _("What each event does, and how every figure is defined."),
    "penalty": _("What an overdue instalment costs more, day by day."),
    "allocation": _("What money pays first, and what is left over."),
}
YEARS_MOST = 10
OWED, LEFT = "owed", "left"  # What is due on the day; what is left of the plan.


class _Given(TypedDict):
    contract: Contract
    events: tuple[Event, ...]
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A loan as of a day, as known at a time."""

    contract: Contract
    events: tuple[Event, ...]
    as_of: date

    def position(self) -> Position:
        return position(contract=self.contract, events=self.events, as_of=self.as_of)


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
    known_on = days.read("known_at", default=date.max, latest=date.max)
    if known_on != date.max:
        events = tuple(each for each in events if each.recorded_at <= end_of(known_on))
    known = _Known(contract=contract, events=events, as_of=as_of)
    number, part = request.GET.get("no", ""), request.GET.get("part", "")
    if part not in {"", *Component} or (number and not number.isdecimal()) or len(number) > 5:
        raise Http404
    key, whole = request.GET.get("key", ""), request.GET.get("of", "")
    component = Component(part) if part else None
    try:
        lines, total_minor = _lines(
            known, number=int(number) if number else None, component=component, key=key, whole=whole
        )
    except DaihouError as unknown:
        raise Http404 from unknown
    is_now = known_on == date.max
    times = {"as_of": f"{as_of}"} | ({} if is_now else {"known_at": f"{known_on}"})
    rules = sorted({line.rule for line in lines})
    context = {
        "row": row,
        "as_of": as_of,
        "known_at": None if is_now else known_on,
        "asked_times": urlencode(times),
        "remarks": days.remarks,
        "number": number,
        "part": part,
        "whole": whole,
        "key": key,
        "total_minor": total_minor,
        "lines": [{"line": line, "label": LINES[line.line]} for line in lines],
        "rules": [(rule, RULES[rule]) for rule in rules],
    }
    return show(request, "desk/servicing/explain.html", context, sight=sight, page="loans")


def _lines(
    known: _Known, *, number: int | None, component: Component | None, key: str, whole: str
) -> tuple[tuple[Explained, ...], int]:
    """Choose what is asked about: a payment, a cell, a sum of cells, or the pay-off figure."""
    given: _Given = {
        "contract": known.contract,
        "events": known.events,
        "as_of": known.as_of,
    }
    if key:
        lines = explaining.payment(then=known.position(), events=known.events, key=key)
    elif number is not None and component is not None:
        lines = explaining.cell(instalment_no=number, component=component, **given)
    elif whole == OWED:
        lines = explaining.owed(then=known.position(), component=component)
    elif number is not None or component is not None or whole == LEFT:
        lines = explaining.left(then=known.position(), instalment_no=number, component=component)
    else:
        return explaining.payoff(**given), known.position().payoff_minor
    return lines, sum(line.amount_minor for line in lines)
