"""The page of a case, its forms one at a time, and what they do."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases import working
from daihou.web.cases.errors import CaseRefused
from daihou.web.cases.models import Case
from daihou.web.cases.sighting import case_of
from daihou.web.desk.cases import queue, reaching, showing
from daihou.web.desk.cases.actions import ACTIONS
from daihou.web.desk.cases.doing import Doing, Kind, Panel
from daihou.web.desk.cases.kinds import KINDS
from daihou.web.desk.cases.telling import Refused, refused_by


@require_safe
@book_page("case.view")
def case(request: HttpRequest, *, sight: Sight, case_id: int) -> HttpResponse:
    found = case_of(sight, case_id)
    return _page(request, sight=sight, case=found, panel=reaching.open_dial(request, found))


@require_POST
@book_page("case.work")
def take(request: HttpRequest, *, sight: Sight, case_id: int) -> HttpResponse:
    """Lock the case while its page is worked with, and tell what happened in it.

    Where somebody else was quicker the page is shown anew, and says so.
    """
    found = case_of(sight, case_id)
    try:
        working.take(case=found, at=timezone.now(), acting_user=user_of(request))
    except DaihouError:
        address = reverse("desk:case", args=[sight.book.name, found.pk])
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return _timeline(request, sight, found)


@require_safe
@book_page("case.view")
def timeline(request: HttpRequest, *, sight: Sight, case_id: int) -> HttpResponse:
    """Tell what happened in a case, a page at a time; whole where no script fetches it."""
    found = case_of(sight, case_id)
    if request.headers.get("HX-Request"):
        return _timeline(request, sight, found)
    context = {"case": found, "person": showing.person(found.party), **_told(request, sight, found)}
    return show(request, "desk/cases/timeline.html", context, sight=sight, page="cases")


def _timeline(request: HttpRequest, sight: Sight, case: Case) -> HttpResponse:
    context = {"case": case, "book": sight.book, **_told(request, sight, case)}
    return render(request, "desk/cases/parts/timeline.html", context)


def _told(request: HttpRequest, sight: Sight, case: Case) -> dict[str, Any]:
    try:
        return showing.told(sight=sight, case=case, cursor=request.GET.get("cursor", ""))
    except CaseRefused:
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
@book_page("case.view")
def do(request: HttpRequest, *, sight: Sight, case_id: int, action: str) -> HttpResponse:
    """Show the form of an action, or do it as it was filled in."""
    found = case_of(sight, case_id)
    kind = KINDS.get(action)
    if kind is None or not may(request, sight, ACTIONS[kind.right].permission):
        raise Http404
    doing = Doing(request=request, sight=sight, case=found, at=timezone.now())
    if request.method != "POST":
        return _panel(request, doing, kind)
    try:
        done = kind.act(doing)
    except DaihouError as refused:
        return _panel(request, doing, kind, refused=refused_by(refused))
    if isinstance(done, Panel):
        return _shown(request, doing, done)
    messages.success(request, done)
    if request.POST.get("then") == "next":
        return _go(request, queue.next_address(request, sight, after=found))
    return _go(request, reverse("desk:case", args=[sight.book.name, found.pk]))


def _panel(
    request: HttpRequest, doing: Doing, kind: Kind, *, refused: Refused | None = None
) -> HttpResponse:
    context = {**kind.form(doing), "refused": refused, "sent": request.POST}
    panel = Panel(template=kind.template, context=context)
    return _shown(request, doing, panel, status=409 if refused else 200)


def _shown(request: HttpRequest, doing: Doing, panel: Panel, *, status: int = 200) -> HttpResponse:
    """Answer the form alone, or, without a script, the page with the form on it."""
    if request.headers.get("HX-Request"):
        context = {**panel.context, "case": doing.case, "book": doing.sight.book}
        return render(request, panel.template, context)
    return _page(request, sight=doing.sight, case=doing.case, panel=panel, status=status)


def _page(
    request: HttpRequest,
    *,
    sight: Sight,
    case: Case,
    panel: Panel | None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = showing.page(request, sight=sight, case=case, at=timezone.now())
    if panel is not None:
        context |= {"panel": panel.template, **panel.context}
    return show(request, "desk/cases/case.html", context, sight=sight, page="cases", status=status)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)
