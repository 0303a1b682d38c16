"""The queue: whose cases, in which order, under which saved view; and the next one, taken."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.board.page import book_page, number_of, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases import queries, saving, working
from daihou.web.cases.models import Case, SavedView, Stage, TagKind, Team
from daihou.web.cases.queries import Filters
from daihou.web.cases.sighting import cases_in
from daihou.web.desk.answering import attempt, line_of
from daihou.web.parties.sighting import names

LISTS = ("stages", "tags")
OWN = ("mine", "due", "today")
TEXT_MOST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A view to choose: one of the house, or a saved one with its id."""

    key: str
    label: str | Promise
    query: str
    is_saved: bool = False
    may_be_deleted: bool = False


@require_safe
@book_page("case.view")
def queue(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """List cases by filters and order; a text finds single ones."""
    user, at = user_of(request), timezone.now()
    is_worker = may(request, sight, "case.work")
    filters, sort, chosen = _wanted(request, sight, is_worker=is_worker)
    text = request.GET.get("q", "").strip()[:TEXT_MOST]
    remarks: list[str] = []
    cursor = request.GET.get("cursor", "")
    try:
        page = queries.queue(
            book=sight.book,
            filters=filters,
            at=at,
            sort=sort,
            cursor=cursor,
            funder_ids=sight.funder_ids,
        )
    except DaihouError as refused:
        remarks, sort, cursor = [line_of(refused)], "turn", ""
        page = queries.queue(book=sight.book, filters=filters, at=at, funder_ids=sight.funder_ids)
    if not queries.do_nights_follow(book=sight.book, today=timezone.localdate(at)):
        remarks.append(
            _("The last day that ended is %(day)s: nobody is contacted before the next has.")
            % {"day": sight.book.business_date}
        )
    rows = _found(request, sight, text) if text else list(page.cases)
    context = {
        "rows": rows,
        "names": names(each.party for each in rows),
        "count": len(rows) if text else page.count,
        "is_more": page.is_more and not text,
        "next_url": "" if text or not page.cursor else _asked(request, cursor=page.cursor),
        "first_url": _asked(request, cursor="") if cursor else "",
        "views": _views(sight, user, is_worker=is_worker),
        "chosen": chosen,
        "filters": filters,
        "sort": sort,
        "sorts": tuple(queries.SORTS),
        "stages": Stage.values,
        "tags": TagKind.values,
        "promises": queries.PROMISES,
        "teams": Team.objects.filter(is_active=True).order_by("name"),
        "text": text,
        "at": at,
        "on": sight.book.business_date,
        "remarks": remarks,
        "may_work": is_worker,
        "has_rule": bool(rows) or queries.has_rule(book=sight.book),
        "filters_text": _query(filters, sort),
        "me": user.pk,
    }
    return show(request, "desk/cases/queue.html", context, sight=sight, page="cases")


@require_POST
@book_page("case.view")
def save_view(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Keep the filters of the page under a name, or delete a view of one's own."""
    user = user_of(request)
    if request.POST.get("delete"):
        number = number_of(request.POST["delete"]) or 0
        found = SavedView.objects.filter(book=sight.book, pk=number).first()

        def act() -> None:
            if found is not None:
                saving.delete_view(view=found, acting_user=user)

        attempt(request, act, done=_("The view is deleted."))
        return redirect("desk:cases", sight.book.name)

    def keep() -> None:
        plain: dict[str, Any] = {
            name: request.POST.getlist(name) if name in LISTS else request.POST.get(name, "")
            for name in request.POST
        }
        saving.save_view(
            book=sight.book,
            name=request.POST.get("name", ""),
            filters=queries.filters_of(plain),
            sort=request.POST.get("sort", "turn"),
            is_shared=bool(request.POST.get("is_shared")),
            acting_user=user,
        )

    attempt(request, keep, done=_("The view is saved."))
    return redirect("desk:cases", sight.book.name)


@require_POST
@book_page("case.work")
def next_case(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Take the next case of one's queue and open it; say so where there is none."""
    text = request.POST.get("after", "")
    after = cases_in(sight).filter(pk=int(text)).first() if text.isdecimal() else None
    return redirect(next_address(request, sight, after=after))


def next_address(request: HttpRequest, sight: Sight, *, after: Case | None = None) -> str:
    """Take the next case of one's queue, give ``after`` free, and say where to go."""
    filters = replace(Filters(), owner=user_of(request).pk, is_due=True)
    found = working.next_case(
        book=sight.book,
        filters=filters,
        at=timezone.now(),
        acting_user=user_of(request),
        funder_ids=sight.funder_ids,
        after=after,
    )
    if found is None:
        messages.info(request, _("Your queue is done: no case of yours is due now."))
        return reverse("desk:cases", args=[sight.book.name])
    return reverse("desk:case", args=[sight.book.name, found.pk])


def _wanted(request: HttpRequest, sight: Sight, *, is_worker: bool) -> tuple[Filters, str, str]:
    """Read filters, order and which view they are of, from a view's id or from the address."""
    user = user_of(request)
    text = request.GET.get("view", "")
    number = number_of(text)
    saved = queries.views(book=sight.book, user=user).filter(pk=number).first() if number else None
    if saved is not None:
        return queries.filters_of(saved.filters), saved.sort, str(saved.pk)
    if not text and not any(name in request.GET for name in _names()):
        text = "due" if is_worker else "all"
    if text in HOUSE:
        filters = HOUSE[text][1]
        own = replace(filters, owner=user.pk) if text in OWN else filters
        return own, request.GET.get("sort", "turn"), text
    plain: dict[str, Any] = {
        name: request.GET.getlist(name) if name in LISTS else request.GET.get(name, "")
        for name in request.GET
    }
    if plain.get("owner") == "me":
        plain["owner"] = str(user.pk)
    return queries.filters_of(plain), request.GET.get("sort", "turn"), ""


HOUSE: dict[str, tuple[Promise, Filters]] = {
    "due": (gettext_lazy("Mine, due now"), Filters(is_due=True)),
    "mine": (gettext_lazy("All of mine"), Filters()),
    "today": (gettext_lazy("My promises due"), Filters(promise="today")),
    "free": (gettext_lazy("Without owner"), Filters(owner=0)),
    "all": (gettext_lazy("All open"), Filters()),
}


def _names() -> set[str]:
    return {*queries.plain_of(Filters(owner=1)), *Filters.__dataclass_fields__, "q", "sort"}


def _views(sight: Sight, user: User, *, is_worker: bool) -> list[View]:
    house = [
        View(key=key, label=label, query=urlencode({"view": key}))
        for key, (label, _filters) in HOUSE.items()
        if is_worker or key not in OWN
    ]
    saved = [
        View(
            key=str(each.pk),
            label=each.name,
            query=urlencode({"view": each.pk}),
            is_saved=True,
            may_be_deleted=each.user_id == user.pk,
        )
        for each in queries.views(book=sight.book, user=user)
    ]
    return house + saved


def _found(request: HttpRequest, sight: Sight, text: str) -> list[Case]:
    """Find single cases in sight by number, loan, phone or identity number."""
    if not may(request, sight, "party.view_personal_data"):
        return []
    found = queries.find(book=sight.book, text=text)
    if sight.funder_ids is None:
        return found
    seen = set(
        cases_in(sight).filter(pk__in=[each.pk for each in found]).values_list("pk", flat=True)
    )
    return [each for each in found if each.pk in seen]


def _query(filters: Filters, sort: str) -> list[tuple[str, str]]:
    """Write filters as fields of a form."""
    pairs = [("sort", sort)]
    for name, value in queries.plain_of(filters).items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, "1" if each is True else str(each)) for each in values]
    return pairs


def _asked(request: HttpRequest, **changed: str) -> str:
    asked = request.GET.copy()
    for name, value in changed.items():
        asked.pop(name, None)
        if value:
            asked[name] = value
    return f"?{asked.urlencode()}"
