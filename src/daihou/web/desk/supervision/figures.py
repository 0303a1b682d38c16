"""The figures of a period: what each counts and against what, by team, by collector, by day."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_safe

from daihou.web.board.page import Days, book_page, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.supervision import exports, figures as counting

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
    "talk": gettext_lazy("Minutes of talk per day at work"),
    "idle": gettext_lazy("Idle minutes per day at work"),
}
PER = frozenset({"intensity", "promise", "talk", "idle"})  # So much per one, not a share.


@require_safe
@book_page("supervision.view")
def figures(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    days = Days(request.GET)
    from_on, through = _span(days)
    counts = counting.by_collector(book=sight.book, from_on=from_on, through_on=through)
    columns = [(_name(each), each) for each in counting.columns(counts)]
    first = counting.first_attempt(book=sight.book, from_on=from_on, through_on=through)
    total = counting.together(counts.values())
    context = {
        "from_on": from_on,
        "through": through,
        "remarks": days.remarks,
        "columns": [name for name, _column in columns],
        "figures": _rows([(_("All"), total), *((name, each.counts) for name, each in columns)]),
        "people": [
            {"person": person, "team": name, "figures": _pairs(mine)}
            for name, column in columns
            for person, mine in column.people
        ],
        "first": first,
        "first_minutes": None if first.seconds is None else first.seconds // 60,
        "talk_minutes": total["talk_seconds"] // 60,
        "days": _by_day(sight, from_on=from_on, through=through),
    }
    return show(request, "desk/supervision/figures.html", context, sight=sight, page="supervision")


def _span(days: Days) -> tuple[date, date]:
    today = timezone.localdate()
    through = days.read("through", default=today, latest=today)
    return days.read("from", default=through - timedelta(days=FIGURE_DAYS), latest=through), through


def _name(column: counting.Column) -> str:
    if column.is_system:
        return _("System")
    return column.team or _("No team")


def _by_day(sight: Sight, *, from_on: date, through: date) -> list[dict[str, Any]]:
    """Add up each day, the newest first: who was at work, minutes of talk and of long pauses."""
    found: dict[date, list[counting.Day]] = {}
    for each in counting.days(book=sight.book, from_on=from_on, through_on=through):
        found.setdefault(each.on, []).append(each)
    return [
        {
            "on": on,
            "people": len(rows),
            "talk": sum(each.spoken_seconds for each in rows) // 60,
            "idle": sum(each.idle_seconds for each in rows) // 60,
        }
        for on, rows in sorted(found.items(), reverse=True)
    ]


@require_safe
@book_page("supervision.view")
def export(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Give the figures of each collector as CSV, with both numbers of each."""
    from_on, through = _span(Days(request.GET))
    content = exports.export(
        book=sight.book,
        from_on=from_on,
        through_on=through,
        labels={code: str(label) for code, label in LABELS.items()},
        acting_user=user_of(request),
    )
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    name = f"figures-{from_on}-{through}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


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
    is_rate = figure.code not in PER
    shown = "–"
    if per_mille is not None:
        shown = (
            f"{per_mille // 10}.{per_mille % 10} %"
            if is_rate
            else f"{per_mille // 1000}.{per_mille % 1000 // 10:02d}"
        )
    return {"over": over, "under": under, "shown": shown}
