"""The ends of day: what ran, how far it is, what it found, and what stopped it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from daihou.errors import message
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight
from daihou.web.ledger.models import EndOfDayRun, RunState, StepState

RUNS_SHOWN = 40
PHASES = ("extract", "compute", "publish")


@require_safe
@book_page("end_of_day.view")
def runs(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    found = list(_runs(sight)[:RUNS_SHOWN])
    latest = found[0] if found else None
    context: dict[str, Any] = {
        "runs": [_line(run) for run in found],
        "detail": _detail(latest) if latest else None,
    }
    if request.headers.get("HX-Target") == "run-detail":
        return _part(request, context, sight=sight)
    return show(request, "board/runs.html", context, sight=sight, page="runs")


@require_safe
@book_page("end_of_day.view")
def run(request: HttpRequest, *, sight: Sight, run_id: int) -> HttpResponse:
    found = _runs(sight).filter(pk=run_id).first()
    if found is None:
        raise Http404
    context = {"detail": _detail(found), "is_single": True}
    if request.headers.get("HX-Target") == "run-detail":
        return _part(request, context, sight=sight)
    return show(request, "board/run.html", context, sight=sight, page="runs")


def _part(request: HttpRequest, context: dict[str, Any], *, sight: Sight) -> HttpResponse:
    """Render the run alone; once it runs no more, have the whole page fetched again."""
    detail = context["detail"]
    response = render(request, "board/parts/run_detail.html", context | {"book": sight.book})
    if detail is None or not detail["is_live"]:
        response.headers["HX-Refresh"] = "true"
    return response


def _runs(sight: Sight) -> Any:
    return EndOfDayRun.objects.filter(book=sight.book).select_related("acting_user").order_by("-pk")


def _line(run: EndOfDayRun) -> dict[str, Any]:
    return {"run": run, "alarm_count": len(run.alarms), "days": _days(run)}


def _days(run: EndOfDayRun) -> int | None:
    return (run.through_on - run.from_on).days if run.from_on else None


def _detail(run: EndOfDayRun) -> dict[str, Any]:
    steps = list(run.steps.order_by("shard"))
    done = [step for step in steps if step.state == StepState.DONE]
    return {
        "run": run,
        "is_live": run.state == RunState.RUNNING,
        "days": _days(run),
        "steps": steps,
        "done_count": len(done),
        "computed_count": sum(step.state != StepState.PENDING for step in steps),
        "progress": sum(step.state != StepState.PENDING for step in steps) + len(done),
        "step_count": len(steps),
        "phases": [
            {"name": name, "seconds": sum(float(step.seconds.get(name, 0)) for step in done)}
            for name in sorted({key for step in done for key in step.seconds}, key=_phase_order)
        ],
        "halt": _said(run.halt_code, run.halt_detail) if run.halt_code else None,
        "alarms": [_said(str(alarm.get("code", "")), alarm) for alarm in run.alarms],
        "overrides": run.overrides,
        "version": getattr(run, "version", None),
    }


def _phase_order(name: str) -> tuple[int, str]:
    return (PHASES.index(name) if name in PHASES else len(PHASES), name)


def _said(code: str, params: Any) -> dict[str, Any]:
    """Say an alarm or a halt in the reader's language; its numbers stand beside it."""
    values = dict(params) if isinstance(params, dict) else {}
    nested = values.get("params")
    values = dict(nested) if isinstance(nested, dict) else values
    values.pop("code", None)
    lines = message(code=code, params=values)
    chinese = (get_language() or "").startswith("zh")
    text = (lines[0] if chinese else lines[1]) if lines else code
    return {"code": code, "text": text, "params": values}
