"""Data quality: rows to work off, stale tapes, loans without a schedule, drift between imports."""

from typing import Any

from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from daihou.errors import message
from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.web.board import source as frames
from daihou.web.board.figures import stale
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight
from daihou.web.ledger.models import ImportBatch, ImportErrorCount, LoanDrift

BATCHES_SHOWN = 30
ROWS_SHOWN = 50


@require_safe
@book_page("data_quality.view")
def quality(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    batches = list(
        ImportBatch.objects.filter(book=sight.book)
        .select_related("acting_user")
        .prefetch_related("error_counts")
        .order_by("-imported_at")[:BATCHES_SHOWN]
    )
    drifts = LoanDrift.objects.filter(batch__book=sight.book)
    without = _without_schedule(sight)
    codes = _codes(sight)
    context = {
        "refused_count": sum(each["rows"] for each in codes),
        "batches": [_batch(batch) for batch in batches],
        "codes": codes,
        "drifts": list(drifts.select_related("loan", "batch").order_by("-pk")[:ROWS_SHOWN]),
        "drift_count": drifts.count(),
        "without_schedule": without["shown"],
        "without_schedule_count": without["count"],
    } | _stale(sight)
    return show(request, "board/quality.html", context, sight=sight, page="quality")


def _batch(batch: ImportBatch) -> dict[str, Any]:
    counts = sorted(batch.error_counts.all(), key=lambda count: -count.row_count)
    return {
        "batch": batch,
        "errors": [{"row_count": each.row_count, "text": _text(each.code)} for each in counts],
        "reconciliation": batch.summary.get("reconciliation") or {},
    }


def _codes(sight: Sight) -> list[dict[str, Any]]:
    """Sum the refused rows by reason over every import."""
    rows = (
        ImportErrorCount.objects.filter(batch__book=sight.book)
        .values("code")
        .annotate(rows=Sum("row_count"))
        .order_by("-rows")
    )
    return [{"code": row["code"], "text": _text(row["code"]), "rows": row["rows"]} for row in rows]


def _text(code: str) -> str:
    lines = message(code=code, params={"column": "…"})
    chinese = (get_language() or "").startswith("zh")
    return code if lines is None else lines[0] if chinese else lines[1]


def _without_schedule(sight: Sight) -> dict[str, Any]:
    is_without = Q(schedule__isnull=True) | Q(schedule__due_on=[UNSCHEDULED_ON])
    loans = sight.loans().filter(is_without, terms__terms__method="free")
    return {
        "count": loans.count(),
        "shown": list(loans.order_by("loan_ref").values_list("loan_ref", flat=True)[:ROWS_SHOWN]),
    }


def _stale(sight: Sight) -> dict[str, Any]:
    """Count the overlay loans whose last stated day is before the book's."""
    try:
        source = frames.newest(sight)
    except frames.NoVersion:
        return {"stale_count": 0, "stale_since": None}
    late = stale(source.positions(source.business_date), as_of=source.business_date)
    since = late["stated_on"].min() if late.height else None
    return {"stale_count": late.height, "stale_since": since}
