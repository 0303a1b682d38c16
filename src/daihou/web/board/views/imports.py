"""One import: its refused rows and their file, the exceptions of its reconciliation, its notes."""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_GET, require_safe

from daihou.web.board import imports
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, user_of, whole_book
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.handing_out import hand_out_errors
from daihou.web.ledger.models import ImportBatch


@require_safe
@book_page("data_quality.view")
def batch(request: HttpRequest, *, sight: Sight, batch_id: int) -> HttpResponse:
    found = _batch(sight, batch_id=batch_id)
    sees_all = sight.funder_ids is None
    rows = imports.refused_rows(found) if found.rows_rejected and sees_all else []
    context = {
        "batch": found,
        "errors": [
            {"code": each.code, "text": imports.text_of(each.code), "rows": each.row_count}
            for each in found.error_counts.order_by("-row_count", "code")
        ],
        "rows": rows,
        "file_is_gone": rows is None,
        "sees_all": sees_all,
        "notes": imports.notes(found.summary.get("notes")),
        "reconciliation": found.summary.get("reconciliation") or {},
    } | _differences(request, found=found, sight=sight)
    return show(request, "board/import.html", context, sight=sight, page="quality")


@require_GET
@book_page("data_quality.view")
def errors_file(request: HttpRequest, *, sight: Sight, batch_id: int) -> HttpResponseBase:
    whole_book(sight)  # The rows are of anybody's loans.
    found = _batch(sight, batch_id=batch_id)
    try:
        path = hand_out_errors(batch=found, acting_user=user_of(request))
    except LedgerRefused as refused:
        raise Http404 from refused
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=path.name,
        content_type="text/csv; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def _batch(sight: Sight, *, batch_id: int) -> ImportBatch:
    found = (
        ImportBatch.objects.filter(book=sight.book, pk=batch_id)
        .select_related("acting_user")
        .first()
    )
    if found is None:
        raise Http404
    return found


def _differences(request: HttpRequest, *, found: ImportBatch, sight: Sight) -> dict[str, Any]:
    every = imports.differences(found, sight=sight)
    causes = imports.causes(every)
    cause = request.GET.get("cause", "")
    cause = cause if cause in dict(causes) else ""
    chosen = [each for each in every if not cause or each.cause == cause]
    pages = paging(number=page_no(request), found=len(chosen))
    return {
        "differences": chosen[pages.cut],
        "kept_count": len(every),
        "causes": causes,
        "cause": cause,
        **pages.context,
    }
