"""The plan of the day: how many persons may be reached, by which channel, when, or why not."""

from functools import cache
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.collect.packs import JURISDICTIONS, rules_of
from daihou.web.board.page import book_page, number_of, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases import day_plans
from daihou.web.cases.models import Case, CaseState, DayPlan, Team
from daihou.web.desk.cases.words import CHANNEL_ICONS, CHANNELS
from daihou.web.supervision import plan_exports

AT_ONCE_MOST = 500  # Open cases; more are planned by the worker.
RULES_SHOWN = 12


@require_safe
@book_page("supervision.view")
def plan(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    team_id = number_of(request.GET.get("team", ""))
    found = day_plans.newest(book=sight.book, on=timezone.localdate())
    context = {
        "plan": found,
        "ways": _ways(found, team_id) if found else [],
        "teams": Team.objects.order_by("name"),
        "team_id": team_id,
        "may_plan": may(request, sight, "case.assign"),
        "open_count": Case.objects.filter(book=sight.book, state=CaseState.OPEN).count(),
    }
    return show(request, "desk/supervision/plan.html", context, sight=sight, page="supervision")


def _ways(found: DayPlan, team_id: int | None) -> list[dict[str, Any]]:
    return [
        {
            "word": CHANNELS[channel.value],
            "icon": CHANNEL_ICONS[channel.value],
            "counts": counts,
            "total": counts.now + counts.all_later + counts.not_today + counts.nowhere,
            "later": sorted(counts.later.items()),
            "rules": [
                (rule_id, _sources().get(rule_id, ""), count)
                for rule_id, count in counts.by_rule.most_common(RULES_SHOWN)
            ],
        }
        for channel, counts in day_plans.counts_of(plan=found, team_id=team_id).items()
    ]


@cache
def _sources() -> dict[str, str]:
    """Give what each rule is by, in English, by its id."""
    packs = (rules_of(jurisdiction=name) for name in JURISDICTIONS)
    return {rule.rule_id: rule.source for pack in packs if pack for rule in pack.rules}


@require_POST
@book_page("case.assign")
def make(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Plan what is left of today: at once where that is quick, else by the worker."""
    book = sight.book
    if Case.objects.filter(book=book, state=CaseState.OPEN).count() <= AT_ONCE_MOST:
        day_plans.plan(book=book, at=timezone.now(), acting_user=user_of(request))
        messages.success(request, _("The day is planned."))
    elif day_plans.plan_later(book=book):
        messages.success(request, _("The worker plans the day; look again in some minutes."))
    else:
        messages.info(request, _("The worker is about to plan the day already."))
    return redirect("desk:supervision_plan", book.name)


@require_safe
@book_page("supervision.view")
def export(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Give the newest plan of today as CSV: each team, channel and count."""
    found = day_plans.newest(book=sight.book, on=timezone.localdate())
    if found is None:
        return redirect("desk:supervision_plan", sight.book.name)
    content = plan_exports.export(plan=found, acting_user=user_of(request))
    answer = HttpResponse(content, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="plan-{found.on}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
