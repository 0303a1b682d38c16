"""The audit: every write with who did it and where it is sealed; the log's head and its export."""

from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access.queries import may_everywhere
from daihou.web.audit import exporting, queries
from daihou.web.board.page import PAGE_SIZE, Days, number_of, page_of_all_books, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.answering import line_of

DAYS_SHOWN = 7
TEXT_MOST = 128
FILTERS = ("username", "action", "target_type", "target_id")


@require_safe
@page_of_all_books("audit.view")
def rows(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    days, today = Days(request.GET), timezone.localdate()
    through = days.read("through", default=today, latest=today)
    since = days.read("since", default=through - timedelta(days=DAYS_SHOWN - 1), latest=through)
    words = {name: request.GET.get(name, "").strip()[:TEXT_MOST] for name in FILTERS}
    from_at, until_at = sight.book.span(first_on=since, last_on=through)
    asked = queries.Asked(
        from_at=from_at, until_at=until_at, before=number_of(request.GET.get("before", "")), **words
    )
    found = list(queries.rows(asked=asked)[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    places = queries.places(row_ids=[row.pk for row in shown])
    context = {
        "rows": [(row, places.get(row.pk)) for row in shown],
        "older": shown[-1].pk if len(found) > PAGE_SIZE else None,
        "words": words,
        "since": since,
        "through": through,
        "today": today,
        "remarks": days.remarks,
        "log": queries.log_state(),
        "may_export": may_everywhere(user=user_of(request), permission="audit.export"),
    }
    return show(request, "desk/audit/audit.html", context, sight=sight, page="audit")


@require_safe
@page_of_all_books("audit.view")
def head(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Hand over the newest head, as ``daihou audit verify`` reads it."""
    try:
        found = exporting.newest_head()
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:audit", sight.book.name)
    named = f'attachment; filename="head-{found.size}.json"'
    return JsonResponse(asdict(found), headers={"Content-Disposition": named})


@require_POST
@page_of_all_books("audit.export")
def export(request: HttpRequest, *, sight: Sight) -> HttpResponseBase:
    """Hand over the log with the rows of this book, to be verified without our database."""
    file = NamedTemporaryFile(suffix=".jsonl")  # noqa: SIM115  The answer closes it.
    try:
        found = exporting.export(
            path=Path(file.name), book=sight.book, acting_user=user_of(request)
        )
    except DaihouError as refused:
        file.close()
        messages.error(request, line_of(refused))
        return redirect("desk:audit", sight.book.name)
    name = f"log-{sight.book.name}-{found.size}.jsonl"
    return FileResponse(file, as_attachment=True, filename=name)
