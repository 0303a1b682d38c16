"""A day's visits in the order of their route, and one visit with what is to be done at it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from daihou.web.board.page import Days, book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.cases.telling import Refused
from daihou.web.parties import reach
from daihou.web.parties.sighting import names
from daihou.web.visits import queries
from daihou.web.visits.models import SPOKE, Entry, Outcome, State, Visit

BODY = "visit-body"
DAYS_AHEAD = 60


@require_safe
@book_page("visit.view")
def visits(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """List a day's visits: a collector's own, everybody's for those who plan or review them."""
    today = timezone.localdate()
    days = Days(request.GET.dict())
    on = days.read("on", default=today, latest=today + timedelta(days=DAYS_AHEAD))
    user = user_of(request)
    is_all = request.GET.get("whose") == "all" or not may(request, sight, "visit.make")
    found = in_sight(sight, queries.of_day(book=sight.book, on=on))
    if not is_all:
        found = queries.hers(found=found, user=user)
    shown = list(found)
    turns = queries.route(visits=shown)
    context = {
        "turns": turns,
        "names": names(each.party for each in shown),
        "next": next((turn.visit for turn in turns if turn.visit.state in OPEN), None),
        "on": on,
        "today": today,
        "before": on - timedelta(days=1),
        "after": on + timedelta(days=1),
        "is_all": is_all,
        "may_make": may(request, sight, "visit.make"),
        "remarks": days.remarks,
        "done_count": sum(each.state == State.REPORTED for each in shown),
        "open_count": sum(each.state in OPEN for each in shown),
    }
    return show(request, "desk/visits/visits.html", context, sight=sight, page="visits")


OPEN = (State.PLANNED, State.UNDER_WAY)


@require_safe
@book_page("visit.view")
def visit(request: HttpRequest, *, sight: Sight, visit_id: int) -> HttpResponse:
    return answer(request, sight=sight, found=visit_of(sight, visit_id))


def answer(
    request: HttpRequest,
    *,
    sight: Sight,
    found: Visit,
    refused: Refused | None = None,
    address: str = "",
    kept: dict[str, str] | None = None,
) -> HttpResponse:
    """Show one visit, whole or as the part that was asked for, with what was refused."""
    now = timezone.now()
    is_hers = user_of(request).pk in {found.lead_id, found.companion_id}
    point = reach.known_point(point=found.contact_point, on=timezone.localdate())
    context: dict[str, Any] = {
        "visit": found,
        "name": names([found.party])[found.party_id],
        "masked_address": point.masked,
        "address": address,
        "address_fault": point.fault,
        "is_hers": is_hers,
        "is_open": found.begins_at <= now <= found.ends_at,
        "is_early": now < found.begins_at,
        "may_make": is_hers and may(request, sight, "visit.make"),
        "may_plan": may(request, sight, "visit.plan"),
        "photos": found.photos.select_related("file", "added_by").order_by("pk"),
        "note": queries.note_of(found.report) if hasattr(found, "report") else "",
        "arrived": queries.arrived_at(found) if hasattr(found, "check_in") else None,
        "outcomes": Outcome.choices,
        "spoke": ",".join(SPOKE),
        "entries": Entry.choices,
        "client_key": uuid4(),
        "photo_key": uuid4(),
        "refused": refused,
        "kept": kept or {},
    }
    if request.headers.get("HX-Target") == BODY:
        return render(request, "desk/visits/body.html", context | {"book": sight.book})
    status = 409 if refused else 200
    return show(
        request, "desk/visits/visit.html", context, sight=sight, page="visits", status=status
    )


def visit_of(sight: Sight, visit_id: int) -> Visit:
    found = (
        in_sight(sight, Visit.objects.filter(book=sight.book))
        .select_related(*queries.SHOWN_WITH)
        .filter(pk=visit_id)
        .first()
    )
    if found is None:
        raise Http404
    return found


def in_sight(sight: Sight, found: QuerySet[Visit]) -> QuerySet[Visit]:
    """Narrow visits to those of cases with a loan in sight."""
    if sight.funder_ids is None:
        return found
    return found.filter(case__case_loans__loan__in=sight.loans()).distinct()
