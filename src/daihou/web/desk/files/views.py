"""Files of a book: found, added, held, looked at. Whoever takes a content is noted first."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from daihou.web.access import queries as access
from daihou.web.archive import operations, queries
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import File, Hold, Kind, Target
from daihou.web.archive.spooling import MOST_BYTES
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, user_of, whole_book
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.filing import keep
from daihou.web.loans.models import Loan

SHOWN_VIEWS = 50
SAFE_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@require_safe
@book_page("file.view")
def files(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    loan_ref = request.GET.get("loan", "").strip()
    text = request.GET.get("q", "").strip()[:80]
    loan = sight.loans().filter(loan_ref=loan_ref).first() if loan_ref else None
    found = _seen(sight)
    if loan_ref:
        found = found.filter(
            links__target_type=Target.LOAN, links__target_id=loan.pk if loan else 0
        )
    if text:
        found = found.filter(name__icontains=text)
    pages = paging(number=page_no(request), found=found.count())
    shown = list(found[pages.cut])
    context = {
        "files": shown,
        "owners": queries.owners(files=shown),
        "loan": loan,
        "loan_ref": loan_ref,
        "text": text,
        **pages.context,
        "kinds": [each for each in Kind if each != Kind.PRODUCED],
        "most_mb": MOST_BYTES >> 20,
        "holds": queries.holds(book=sight.book) if sight.funder_ids is None else [],
    } | _rights(request, sight)
    return show(request, "desk/files/files.html", context, sight=sight, page="files")


@require_safe
@book_page("file.view")
def file(request: HttpRequest, *, sight: Sight, file_id: int) -> HttpResponse:
    found = _file(sight, file_id)
    today = timezone.localdate()
    until = queries.kept_until(files=[found], as_of=today)[found.pk]
    context = {
        "file": found,
        "owners": queries.owners(files=[found])[found.pk],
        "holds": list(queries.holds_of(file=found)),
        "views": found.views.select_related("user").order_by("-pk")[:SHOWN_VIEWS],
        "view_count": found.views.count(),
        "kept_until": until,
        "is_due": until is not None and until < today,
        "rule": queries.rules_on(on=today).get(found.retention),
    } | _rights(request, sight)
    return show(request, "desk/files/file.html", context, sight=sight, page="files")


@require_POST
@book_page("file.add")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    loan = _loan(request, sight)
    upload = request.FILES.get("file")
    kind = request.POST.get("kind", "")

    def store() -> None:
        if loan is None:
            raise ArchiveRefused("archive.no_owner")
        if upload is None or upload.file is None or kind not in Kind.values:
            raise ArchiveRefused("archive.none")
        keep(
            request,
            sight,
            upload=upload,
            kind=Kind(kind),
            target=Target.LOAN,
            target_id=loan.pk,
        )

    attempt(request, store, done=_("The file is stored."))
    return _to_files(sight, loan)


@require_GET
@book_page("file.open")
def content(request: HttpRequest, *, sight: Sight, file_id: int) -> HttpResponseBase:
    found = _file(sight, file_id)
    try:
        pieces = operations.open_file(file=found, acting_user=user_of(request))
    except ArchiveRefused as refused:
        return HttpResponse(line_of(refused), status=404, content_type="text/plain; charset=utf-8")
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    return StreamingHttpResponse(
        pieces,
        content_type=found.content.media_type,
        headers=SAFE_HEADERS
        | {
            "Content-Disposition": disposition or "attachment",
            "Content-Length": str(found.content.size_bytes),
        },
    )


@require_POST
@book_page("file.hold")
def hold(request: HttpRequest, *, sight: Sight, file_id: int) -> HttpResponse:
    found = _file(sight, file_id)
    place = partial(
        operations.hold_file,
        file=found,
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )
    attempt(request, place, done=_("The file is on hold."))
    return redirect("desk:file", sight.book.name, found.pk)


@require_POST
@book_page("file.hold")
def hold_loan(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    loan = _loan(request, sight)
    if loan is None:
        raise Http404
    place = partial(
        operations.hold_all,
        book=sight.book,
        owner=operations.Owner(target_type=Target.LOAN, target_id=loan.pk),
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )
    attempt(request, place, done=_("All files of the loan are on hold."))
    return _to_files(sight, loan)


@require_POST
@book_page("file.hold")
def lift(request: HttpRequest, *, sight: Sight, hold_id: int) -> HttpResponse:
    whole_book(sight)
    placed = Hold.objects.filter(book=sight.book, pk=hold_id).first()
    if placed is None:
        raise Http404
    end = partial(
        operations.lift,
        hold=placed,
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )
    attempt(request, end, done=_("The hold is lifted."))
    return _to_files(sight, None)


@require_POST
@book_page("file.hold")
def remove(request: HttpRequest, *, sight: Sight, file_id: int) -> HttpResponse:
    found = _file(sight, file_id)
    end = partial(
        operations.remove,
        file=found,
        reason=request.POST.get("reason", ""),
        as_of=timezone.localdate(),
        acting_user=user_of(request),
    )
    if attempt(request, end, done=_("The file is removed.")):
        return _to_files(sight, None)
    return redirect("desk:file", sight.book.name, found.pk)


def _seen(sight: Sight) -> QuerySet[File]:
    found = queries.files(book=sight.book)
    if sight.funder_ids is None:
        return found
    return queries.of_funders(found=found, funder_ids=sight.funder_ids)


def _file(sight: Sight, file_id: int) -> File:
    found = _seen(sight).filter(pk=file_id).first()
    if found is None:
        raise Http404
    return found


def _loan(request: HttpRequest, sight: Sight) -> Loan | None:
    loan_ref = request.POST.get("loan", "").strip()
    return sight.loans().filter(loan_ref=loan_ref).first()


def _to_files(sight: Sight, loan: Loan | None) -> HttpResponse:
    answer = redirect("desk:files", sight.book.name)
    if loan is not None:
        answer["Location"] += f"?loan={loan.loan_ref}"
    return answer


def _rights(request: HttpRequest, sight: Sight) -> dict[str, Any]:
    user = user_of(request)
    return {
        "may_open": access.may(user=user, permission="file.open", target=sight.book),
        "may_add": access.may(user=user, permission="file.add", target=sight.book),
        "may_hold": access.may(user=user, permission="file.hold", target=sight.book),
    }
