"""Keep a file that a form sent: its digest, and its place in the archive."""

import hashlib
from typing import Any, BinaryIO, cast

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils import timezone

from daihou.web.archive import operations as archive
from daihou.web.archive.models import File, Kind, Target
from daihou.web.board.sight import Sight, user_of


def digest_of(upload: "UploadedFile[Any]") -> str:
    """Return the SHA-256 of a file that was sent, as hex; it can be read again."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


def keep(
    request: HttpRequest,
    sight: Sight,
    *,
    upload: "UploadedFile[Any]",
    kind: Kind,
    target: Target,
    target_id: int,
) -> File:
    """Store a file that was sent, as one of the book's, belonging to what it is about."""
    return archive.store_file(
        book=sight.book,
        name=upload.name or "",
        content=cast("BinaryIO", upload.file),
        kind=kind,
        links=[archive.Owner(target_type=target, target_id=target_id)],
        arrived_on=timezone.localdate(),
        acting_user=user_of(request),
    )
