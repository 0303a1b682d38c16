"""Make a document of a loan; see which notices the next days bring."""

from collections.abc import Callable
from datetime import date, timedelta

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.approvals.models import Approval
from daihou.web.archive import queries as archive
from daihou.web.archive.models import File, Kind
from daihou.web.board import source as sources
from daihou.web.board.page import Days, book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.desk.answering import attempt
from daihou.web.desk.reading import sent_by
from daihou.web.documents import notices as planning, operations
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind, Language

SHOWN = 50
PAGE_SIZE = 100
DAYS = 7


@require_safe
@book_page("document.make")
def documents(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    loan_ref = request.GET.get("loan", "").strip()[:128]
    found = archive.files(book=sight.book).filter(kind=Kind.PRODUCED)
    if sight.funder_ids is not None:
        found = archive.of_funders(found=found, funder_ids=sight.funder_ids)
    made = list(found[:SHOWN])
    context = {
        "kinds": [DocumentKind(kind) for kind in operations.MAKERS],
        "languages": Language,
        "language": "zh" if (get_language() or "").startswith("zh") else "en",
        "loan_ref": loan_ref,
        "kind": request.GET.get("kind", ""),
        "as_of": sight.book.business_date or timezone.localdate(),
        "made": made,
        "owners": archive.owners(files=made),
        "may_see_files": may(request, sight, "file.view"),
    }
    return show(request, "desk/documents/documents.html", context, sight=sight, page="documents")


@require_POST
@book_page("document.make")
def make(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    sent = sent_by(request, sight)
    loan_ref = sent.text("loan")

    def write() -> File:
        loan = sight.loans().filter(loan_ref=loan_ref).first()
        if loan is None:
            raise DocumentRefused("document.loan_unknown", loan_ref=loan_ref[:80])
        return operations.make(
            book=sight.book,
            loan_ref=loan.loan_ref,
            kind=sent.choice("kind", DocumentKind),
            language=sent.choice("language", Language),
            as_of=sent.day("as_of"),
            made_on=timezone.localdate(),
            acting_user=user_of(request),
            note=sent.text("note"),
        )

    return _made(request, sight, write)


@require_POST
@book_page("document.make")
def make_agreement(request: HttpRequest, *, sight: Sight, approval_id: int) -> HttpResponse:
    approval = Approval.objects.filter(book=sight.book, pk=approval_id).first()
    loans = sight.loans().filter(loan_ref=approval.payload.get("loan_ref")) if approval else None
    if approval is None or loans is None or not loans.exists():
        raise Http404
    sent = sent_by(request, sight)

    def write() -> File:
        return operations.make_agreement(
            approval=approval,
            language=sent.choice("language", Language),
            made_on=timezone.localdate(),
            acting_user=user_of(request),
        )

    return _made(request, sight, write)


@require_safe
@book_page("document.make")
def notices(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    try:
        source = sources.newest(sight)
    except sources.NoVersion:
        return show(request, "board/no_version.html", {}, sight=sight, page="documents")
    days = Days(request.GET.dict())
    from_on = days.read("from", default=source.business_date, latest=source.business_date)
    whole = planning.plan_frame(book=sight.book, from_on=from_on, days=DAYS)
    if sight.funder_ids is not None:
        ours = source.seen_attributes().select("loan_id")
        whole = whole.join(ours, on="loan_id", how="semi", maintain_order="left")
    chosen = _chosen(request, whole)
    pages = paging(number=page_no(request), found=chosen.height, size=PAGE_SIZE)
    context = {
        "from_on": from_on,
        "latest": source.business_date,
        "remarks": days.remarks,
        "grid": _grid(whole, from_on),
        "dates": [from_on + timedelta(days=n) for n in range(DAYS)],
        "kinds": dict(planning.NoticeKind.choices),
        "day": request.GET.get("day", ""),
        "kind": request.GET.get("kind", ""),
        "rows": chosen[pages.cut]
        .with_columns((-pl.col("mark_days")).alias("days_late"))
        .to_dicts(),
        **pages.context,
    }
    return show(request, "desk/documents/notices.html", context, sight=sight, page="documents")


def _chosen(request: HttpRequest, whole: pl.DataFrame) -> pl.DataFrame:
    day, kind = request.GET.get("day", ""), request.GET.get("kind", "")
    if kind in planning.NoticeKind.values:
        whole = whole.filter(pl.col("kind") == kind)
    try:
        return whole.filter(pl.col("on") == date.fromisoformat(day)) if day else whole
    except ValueError:
        return whole


def _grid(whole: pl.DataFrame, from_on: date) -> list[tuple[str, list[int]]]:
    """Count the notices by kind and day, in the order of the days."""
    counts = {
        (row["kind"], row["on"]): row["len"]
        for row in whole.group_by("kind", "on").len().to_dicts()
    }
    days = [from_on + timedelta(days=n) for n in range(DAYS)]
    return [
        (kind, [counts.get((kind, day), 0) for day in days]) for kind in planning.NoticeKind.values
    ]


def _made(request: HttpRequest, sight: Sight, write: Callable[[], File]) -> HttpResponse:
    files: list[File] = []

    def act() -> None:
        try:
            files.append(write())
        except ValueError as refused:  # What core refuses has a code of its own.
            code = getattr(refused, "code", None)
            if code is None:
                raise
            raise DaihouError(code, detail=str(refused)) from refused

    if attempt(request, act, done=_("The document is made and kept.")):
        return redirect("desk:file", sight.book.name, files[0].pk)
    return redirect("desk:documents", sight.book.name)
