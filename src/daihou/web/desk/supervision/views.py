"""Who works now, how evenly the cases are given out, and cases handed to somebody else."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases import assigning
from daihou.web.cases.models import Collector
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by
from daihou.web.desk.supervision.sharing import shared
from daihou.web.supervision import figures as counting, live as living, moving
from daihou.web.supervision.figures import IDLE_AFTER


@require_safe
@book_page("supervision.view")
def live(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    context = {
        **_seated(sight),
        "may_assign": may(request, sight, "case.assign"),
        "collectors": Collector.objects.filter(is_active=True).select_related("user", "team"),
        "run": shared(sight),
    }
    return show(request, "desk/supervision/live.html", context, sight=sight, page="supervision")


@require_safe
@book_page("supervision.view")
def seats(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Give the table alone, for the page to put in its place every few seconds."""
    context = {"book": sight.book, **_seated(sight)}
    return show(request, "desk/supervision/parts/seats.html", context)


def _seated(sight: Sight) -> dict[str, Any]:
    now, today = timezone.now(), timezone.localdate()
    found = living.seats(book=sight.book, today=today, now=now)
    began_at = living.began_at(book=sight.book, today=today)
    days = counting.days(book=sight.book, from_on=today, through_on=today)
    by_user = {each.user_id: each for each in days}
    rows = [_row(seat, by_user.get(seat.user.pk), now=now, began_at=began_at) for seat in found]
    return {
        "now": now,
        "rows": rows,
        "calling": sum(seat.is_calling for seat in found),
        "idle": sum(row["is_idle"] for row in rows),
        "open_cases": sum(seat.open_cases for seat in found),
    }


def _row(
    seat: living.Seat, day: counting.Day | None, *, now: datetime, began_at: datetime | None
) -> dict[str, Any]:
    idle = seat.idle(now=now, began_at=began_at)
    return {
        "seat": seat,
        "is_idle": idle is not None and idle >= IDLE_AFTER,
        "minutes": None if idle is None else idle // timedelta(minutes=1),
        "talk_today": day.spoken_seconds // 60 if day else 0,
        "idle_today": day.idle_seconds // 60 if day else 0,
        "is_over": seat.open_cases > seat.capacity,
    }


@require_POST
@book_page("case.assign")
def assign(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Give every open case of the book to a collector, as the nightly run does."""

    def run() -> None:
        assigning.assign(book=sight.book, at=timezone.now(), acting_user=user_of(request))

    attempt(request, run, done=_("The cases are given out; below is how evenly."))
    return redirect("desk:supervision", sight.book.name)


@require_POST
@book_page("case.assign")
def hand_over(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    sent = sent_by(request, sight)

    def put() -> None:
        given = Collector.objects.filter(user_id=sent.number("from")).first()
        taken = Collector.objects.filter(user_id=sent.number("to")).first()
        if given is None or taken is None:
            raise DaihouError("form.choice_wrong", field="collector")
        moving.hand_over_many(
            book=sight.book,
            from_user=given.user,
            to_user=taken.user,
            most=sent.number("count"),
            reason=sent.text("note"),
            at=timezone.now(),
            acting_user=user_of(request),
        )

    attempt(request, put, done=_("The cases are handed over."))
    return redirect("desk:supervision", sight.book.name)
