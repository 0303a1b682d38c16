"""Data quality: rows to work off, stale tapes, loans without a schedule, drift between imports."""

from typing import Any

import polars as pl
from django.db.models import F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.web.board import source as frames
from daihou.web.board.figures import stale
from daihou.web.board.imports import notes, text_of
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight
from daihou.web.ledger.models import ImportBatch, ImportErrorCount, LoanDrift

BATCHES_SHOWN = 30
ROWS_SHOWN = 50


@require_safe
@book_page("data_quality.view")
def quality(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    batches = _batches(sight)
    drifts = LoanDrift.objects.filter(batch__book=sight.book, loan__in=sight.loans())
    without = _without_schedule(sight)
    codes = _codes(sight)
    context = {
        "refused_count": sum(each["rows"] for each in codes),
        "batches": batches,
        "codes": codes,
        "drifts": list(drifts.select_related("loan", "batch").order_by("-pk")[:ROWS_SHOWN]),
        "drift_count": drifts.count(),
        "without_schedule": without["shown"],
        "without_schedule_count": without["count"],
    } | _stale(sight)
    return show(request, "board/quality.html", context, sight=sight, page="quality")


def _batches(sight: Sight) -> list[dict[str, Any]]:
    """Read the newest imports without the exceptions they keep, which may be thousands."""
    found = (
        ImportBatch.objects.filter(book=sight.book)
        .defer("summary", "sources")
        .annotate(
            total=F("summary__reconciliation__total"),
            agree=F("summary__reconciliation__agree"),
            notes=F("summary__notes"),
        )
        .select_related("acting_user")
        .order_by("-imported_at", "-pk")[:BATCHES_SHOWN]
    )
    return [{"batch": batch, "notes": notes(batch.notes)} for batch in found]


def _codes(sight: Sight) -> list[dict[str, Any]]:
    """Sum the refused rows by reason over every import."""
    rows = (
        ImportErrorCount.objects.filter(batch__book=sight.book)
        .values("code")
        .annotate(rows=Sum("row_count"))
        .order_by("-rows")
    )
    return [
        {"code": row["code"], "text": text_of(row["code"]), "rows": row["rows"]} for row in rows
    ]


def _without_schedule(sight: Sight) -> dict[str, Any]:
    is_without = Q(schedule__isnull=True) | Q(schedule__due_on=[UNSCHEDULED_ON])
    loans = sight.loans().filter(is_without, terms__terms__method="free")
    shown = list(loans.order_by("loan_ref").values_list("loan_ref", flat=True)[:ROWS_SHOWN])
    return {"count": loans.count() if len(shown) == ROWS_SHOWN else len(shown), "shown": shown}


def _stale(sight: Sight) -> dict[str, Any]:
    """Count the overlay loans whose last stated day is before the book's, by that day."""
    try:
        source = frames.newest(sight)
    except frames.NoVersion:
        return {"stale_count": 0, "stale_since": None, "stale_days": []}
    late = stale(source.positions(source.business_date), as_of=source.business_date)
    days = late.group_by("stated_on").agg(loans=pl.len()).sort("stated_on") if late.height else late
    return {
        "stale_count": late.height,
        "stale_since": days["stated_on"][0] if late.height else None,
        "stale_days": [
            row | {"days": (source.business_date - row["stated_on"]).days}
            for row in (days.head(ROWS_SHOWN).to_dicts() if late.height else [])
        ],
    }
