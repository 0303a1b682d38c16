"""Files: stored by content, found by what they belong to; whoever takes one is noted."""

from datetime import date, datetime
from typing import Annotated, Any, BinaryIO, cast

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from ninja import File as Upload, Form, Router, Schema, Status
from ninja.files import UploadedFile

from daihou.web.api.paging import Page, PagingQuery, page_of
from daihou.web.api.resources.shared import (
    BookName,
    LoanRef,
    Reason,
    RowId,
    loan_of,
    sight_of,
    whole_book_of,
)
from daihou.web.api.site import needs, user_of
from daihou.web.archive import operations, queries
from daihou.web.archive.models import File, Hold, Kind, Target
from daihou.web.board.sight import Sight

router = Router(tags=["files"])
PATH = "/books/{book_name}/files"
OF_LOAN = "/books/{book_name}/loans/{loan_ref}/files"


class FileOut(Schema):
    id: int
    digest: str
    name: str
    kind: str
    media_type: str
    size_bytes: int
    arrived_on: date
    kept_until: date | None


class FileIn(Schema):
    kind: Kind


class HoldIn(Schema):
    reason: Reason


class HoldOut(Schema):
    id: int
    reason: str
    placed_at: datetime


@router.get(OF_LOAN, response=Page[FileOut], auth=needs("file.view"))
def list_loan_files(
    request: HttpRequest, book_name: BookName, loan_ref: LoanRef, paging: PagingQuery
) -> dict[str, Any]:
    """List the files of a loan, newest first."""
    sight = sight_of(request, book_name=book_name, permission="file.view")
    loan = loan_of(sight, loan_ref)
    rows = queries.files(book=sight.book, target_type=Target.LOAN, target_id=loan.pk)
    return page_of(rows.select_related("content"), paging=paging, shown=file_out, newest_first=True)


@router.post(OF_LOAN, response={201: FileOut}, auth=needs("file.add"))
def add_loan_file(
    request: HttpRequest,
    book_name: BookName,
    loan_ref: LoanRef,
    body: Annotated[FileIn, Form()],
    content: Annotated[UploadedFile, Upload()],
) -> Status[Any]:
    """Store a file of a loan; its type is read from its bytes, not from its name."""
    sight = sight_of(request, book_name=book_name, permission="file.add")
    loan = loan_of(sight, loan_ref)
    stored = operations.store_file(
        book=sight.book,
        name=content.name or "",
        content=cast("BinaryIO", content.file),
        kind=body.kind,
        links=[operations.Owner(target_type=Target.LOAN, target_id=loan.pk)],
        arrived_on=timezone.localdate(),
        acting_user=user_of(request),
    )
    return Status(201, file_out(stored))


@router.get(PATH + "/{file_id}", response=FileOut, auth=needs("file.view"))
def get_file(request: HttpRequest, book_name: BookName, file_id: RowId) -> dict[str, Any]:
    """Say what a file is and how long it is kept."""
    return file_out(_find(request, book_name, file_id, "file.view"))


@router.get(PATH + "/{file_id}/content", auth=needs("file.open"), response={200: bytes})
def get_file_content(
    request: HttpRequest, book_name: BookName, file_id: RowId
) -> StreamingHttpResponse:
    """Hand a file out; who took it is noted."""
    found = _find(request, book_name, file_id, "file.open")
    pieces = operations.open_file(file=found, acting_user=user_of(request))
    disposition = content_disposition_header(as_attachment=True, filename=found.name)
    return StreamingHttpResponse(
        pieces,
        content_type=found.content.media_type,
        headers={
            "Content-Disposition": disposition or "attachment",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )


@router.post(PATH + "/{file_id}/holds", response={201: HoldOut}, auth=needs("file.hold"))
def hold_file(
    request: HttpRequest, book_name: BookName, file_id: RowId, body: HoldIn
) -> Status[Any]:
    """Keep a file whatever its retention says."""
    whole_book_of(request, book_name=book_name, permission="file.hold")
    found = _find(request, book_name, file_id, "file.hold")
    placed = operations.hold_file(file=found, reason=body.reason, acting_user=user_of(request))
    placed.refresh_from_db()
    return Status(201, _hold_out(placed))


@router.post("/books/{book_name}/holds/{hold_id}/lift", response=HoldOut, auth=needs("file.hold"))
def lift_hold(
    request: HttpRequest, book_name: BookName, hold_id: RowId, body: HoldIn
) -> dict[str, Any]:
    """End a hold."""
    book = whole_book_of(request, book_name=book_name, permission="file.hold")
    hold = Hold.objects.filter(book=book, pk=hold_id).first()
    if hold is None:
        raise Http404
    operations.lift(hold=hold, reason=body.reason, acting_user=user_of(request))
    return _hold_out(hold)


def _find(request: HttpRequest, book_name: str, file_id: int, permission: str) -> File:
    """Find a file in sight: of the whole book, or of a loan the caller sees.

    :raises Http404: there is none.
    """
    sight = sight_of(request, book_name=book_name, permission=permission)
    found = queries.files(book=sight.book).filter(pk=file_id).select_related("content").first()
    if found is None or not _is_seen(sight, found):
        raise Http404
    return found


def _is_seen(sight: Sight, file: File) -> bool:
    if sight.funder_ids is None:
        return True
    ids = file.links.filter(target_type=Target.LOAN).values("target_id")
    return sight.loans().filter(pk__in=ids).exists()


def file_out(file: File) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "id": file.pk,
        "digest": file.content_id,
        "name": file.name,
        "kind": file.kind,
        "media_type": file.content.media_type,
        "size_bytes": file.content.size_bytes,
        "arrived_on": file.arrived_on,
        "kept_until": queries.kept_until(files=[file], as_of=today)[file.pk],
    }


def _hold_out(hold: Hold) -> dict[str, Any]:
    return {"id": hold.pk, "reason": hold.reason, "placed_at": hold.placed_at}
