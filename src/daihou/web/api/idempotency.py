"""Every write carries an ``Idempotency-Key``: the same request again is answered, not done, again.

The answer commits together with what was done. Refusals are kept too; a failure of ours is not,
so that it can be tried again with the same key; nor is what may be stored nowhere (``no-store``:
personal data in plain), which is given anew each time. What was refused has changed nothing, but
for a refusal that is itself a record (``problems.recorded``): of a contact that was asked for.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse

from daihou.errors import DaihouError
from daihou.web.api.models import Answer, Client
from daihou.web.api.problems import is_recorded, problem

HEADER = "Idempotency-Key"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
NO_STORE = "no-store"
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def once(
    request: HttpRequest, client: Client, carry_out: Callable[[], HttpResponse]
) -> HttpResponse:
    """Carry out a write once per key, or answer as it was answered."""
    key = request.headers.get(HEADER, "")
    if not key:
        return problem(DaihouError("api.idempotency_key_missing"))
    if not _KEY.fullmatch(key):
        return problem(DaihouError("api.idempotency_key_invalid"))
    digest = _digest(request)
    with transaction.atomic():
        if not _take_turn(client, key):
            return problem(DaihouError("api.idempotency_in_progress"))
        known = Answer.objects.filter(client=client, key=key).first()
        if known is not None:
            return _again(known, digest)
        response = _attempt(carry_out)
        if response.status_code < 500 and response.headers.get("Cache-Control") != NO_STORE:
            Answer.objects.create(
                client=client,
                key=key,
                request_digest=digest,
                status=response.status_code,
                content_type=response.headers["Content-Type"],
                body=response.content,
            )
    return response


def _attempt(carry_out: Callable[[], HttpResponse]) -> HttpResponse:
    """Do it inside a savepoint: what was refused has changed nothing but its record."""
    with transaction.atomic():
        response = carry_out()
        if response.status_code >= 400 and not is_recorded(response):
            transaction.set_rollback(True)
    return response


def _again(known: Answer, digest: bytes) -> HttpResponse:
    if bytes(known.request_digest) != digest:
        return problem(DaihouError("api.idempotency_key_reused"))
    return HttpResponse(
        bytes(known.body),
        status=known.status,
        content_type=known.content_type,
        headers={"Idempotency-Replayed": "true"},
    )


def _take_turn(client: Client, key: str) -> bool:
    place = hashlib.sha256(f"{client.pk}:{key}".encode()).digest()[:8]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)",
            [int.from_bytes(place, "big", signed=True)],
        )
        row: Any = cursor.fetchone()
    return bool(row[0])


def _digest(request: HttpRequest) -> bytes:
    """Name what is asked for; of an upload its fields and contents, since boundaries differ."""
    parts = (request.method or "", request.get_full_path(), request.content_type or "")
    told = hashlib.sha256("\n".join(parts).encode())
    if request.content_type != "multipart/form-data":
        told.update(request.body)
        return told.digest()
    told.update(json.dumps(sorted(request.POST.lists())).encode())
    for name, file in sorted(request.FILES.items()):
        assert isinstance(file, UploadedFile)
        told.update(json.dumps([name, str(file.name), file.size]).encode())
        for piece in file.chunks():
            told.update(piece)
        file.seek(0)
    return told.digest()
