"""Who works now, the figures of a period, and cases handed to somebody else."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.board.page import Days, book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases.models import Collector
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by
from daihou.web.supervision import figures as counting, moving
from daihou.web.supervision.live import IDLE_AFTER, Seat, seats as seats_of

FIGURE_DAYS = 30
LABELS = {
    "coverage": gettext_lazy("Coverage: cases attempted of those assigned"),
    "intensity": gettext_lazy("Intensity: attempts per case attempted"),
    "connect": gettext_lazy("Connected: calls answered of those dialled"),
    "right_party": gettext_lazy("Right party: attempts that reached the borrower"),
    "right_party_cases": gettext_lazy("Right party: cases reached of those assigned"),
    "reach": gettext_lazy("Reach: persons reached of those targeted"),
    "promise": gettext_lazy("Promises per conversation with the borrower"),
    "kept": gettext_lazy("Promises kept of those that ended"),
    "kept_amount": gettext_lazy("Promises kept, by amount"),
    "liquidation": gettext_lazy("Money in of what was assigned"),
    "cure": gettext_lazy("Cases cured of those assigned"),
    "refusal": gettext_lazy("Contacts refused of those asked for"),
}


@require_safe
@book_page("supervision.view")
def live(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    may_assign = may(request, sight, "case.assign")
    context = {
        **_seated(sight),
        "may_assign": may_assign,
        "collectors": Collector.objects.filter(is_active=True).select_related("user", "team"),
    }
    return show(request, "desk/supervision/live.html", context, sight=sight, page="supervision")


@require_safe
@book_page("supervision.view")
def seats(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Give the table alone, for the page to put in its place every few seconds."""
    context = {"book": sight.book, **_seated(sight)}
    return show(request, "desk/supervision/parts/seats.html", context)


def _seated(sight: Sight) -> dict[str, Any]:
    now = timezone.now()
    found = seats_of(book=sight.book, today=timezone.localdate(), now=now)
    rows = [{"seat": seat, **_how(seat, seat.idle(now=now))} for seat in found]
    return {
        "now": now,
        "rows": rows,
        "calling": sum(seat.is_calling for seat in found),
        "idle": sum(row["is_idle"] for row in rows),
        "open_cases": sum(seat.open_cases for seat in found),
    }


def _how(seat: Seat, idle: timedelta | None) -> dict[str, Any]:
    return {
        "is_idle": idle is not None and idle >= IDLE_AFTER,
        "minutes": None if idle is None else int(idle.total_seconds()) // 60,
        "is_over": seat.open_cases > seat.capacity,
    }


@require_safe
@book_page("supervision.view")
def figures(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    today, days = timezone.localdate(), Days(request.GET)
    through = days.read("through", default=today, latest=today)
    from_on = days.read("from", default=through - timedelta(days=FIGURE_DAYS), latest=through)
    counts = counting.by_collector(book=sight.book, from_on=from_on, through_on=through)
    collectors = Collector.objects.filter(user_id__in=counts).select_related("user", "team")
    teams: dict[str, list[Collector]] = {}
    for each in collectors.order_by("team__name", "user__username"):
        teams.setdefault(each.team.name, []).append(each)
    seconds, entered = counting.first_attempt(book=sight.book, from_on=from_on, through_on=through)
    columns = [
        (team, counting.together(counts[each.user_id] for each in people))
        for team, people in teams.items()
    ]
    context = {
        "from_on": from_on,
        "through": through,
        "remarks": days.remarks,
        "columns": [name for name, _counts in columns],
        "figures": _rows([(_("All"), counting.together(counts.values())), *columns]),
        "people": [
            {"person": each.user, "team": team, "figures": _pairs(counts[each.user_id])}
            for team, people in teams.items()
            for each in people
        ],
        "labels": [LABELS[figure.code] for figure in counting.FIGURES],
        "first_minutes": None if seconds is None else seconds // 60,
        "entered": entered,
        "talk_hours": counting.together(counts.values())["talk_seconds"] // 3600,
    }
    return show(request, "desk/supervision/figures.html", context, sight=sight, page="supervision")


def _rows(columns: list[tuple[str, counting.Counts]]) -> list[dict[str, Any]]:
    return [
        {
            "label": LABELS[figure.code],
            "is_money": figure.is_money,
            "pairs": [{"column": name, **_share(counts, figure)} for name, counts in columns],
        }
        for figure in counting.FIGURES
    ]


def _pairs(counts: counting.Counts) -> list[dict[str, Any]]:
    return [
        {**_share(counts, figure), "is_money": figure.is_money, "label": LABELS[figure.code]}
        for figure in counting.FIGURES
    ]


def _share(counts: counting.Counts, figure: counting.Figure) -> dict[str, Any]:
    over, under = counts.pair(figure)
    per_mille = None if not under else over * 1000 // under
    is_rate = figure.code not in {"intensity", "promise"}
    shown = "–"
    if per_mille is not None:
        shown = (
            f"{per_mille // 10}.{per_mille % 10} %"
            if is_rate
            else f"{per_mille // 1000}.{per_mille % 1000 // 10:02d}"
        )
    return {"over": over, "under": under, "shown": shown}


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
