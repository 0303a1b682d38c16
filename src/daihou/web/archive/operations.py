"""Store, link, hold and remove files. One change is one transaction and one audit row.

A content is put in the store under an advisory lock on its digest, which removals take too: a
content is never taken away while a file that has it is being stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import PurePath
from typing import BinaryIO

from django.db import connection, transaction

from daihou.web.access.models import User
from daihou.web.archive import queries, spooling
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import (
    RETENTION_OF,
    Content,
    File,
    FileLink,
    FileView,
    Hold,
    HoldLift,
    Kind,
    Removal,
    Target,
)
from daihou.web.archive.sniffing import media_type_of
from daihou.web.archive.storage import store
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book

NAME_MOST = 200
REASON_MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What a file belongs to: ``target_id`` is the primary key of the target's own row."""

    target_type: Target
    target_id: int


def store_file(
    *,
    book: Book,
    name: str,
    content: BinaryIO,
    kind: Kind,
    links: Sequence[Owner],
    arrived_on: date,
    acting_user: User,
    made_from: Mapping[str, object] | None = None,
) -> File:
    """Hash, check and store a file. The same content of the same kind is kept once in a book.

    :raises ArchiveRefused: ``archive.name_refused``, ``archive.too_large``, ``archive.no_owner``,
        ``link.unknown``, and what ``sniffing`` and ``storage`` refuse.
    """
    name = _checked_name(name)
    _check_links(book, links)
    with spooling.spooled(content) as taken:
        media_type = media_type_of(
            content=taken.file, extension=PurePath(name).suffix.lower().removeprefix(".")
        )
        with transaction.atomic():
            _lock(taken.digest)
            taken.file.seek(0)
            store().put(digest=taken.digest, content=taken.file)
            Content.objects.get_or_create(
                digest=taken.digest,
                defaults={"size_bytes": taken.size_bytes, "media_type": media_type},
            )
            file, is_new = _live_or_new(
                File(
                    book=book,
                    content_id=taken.digest,
                    name=name,
                    kind=kind,
                    retention=RETENTION_OF[kind],
                    arrived_on=arrived_on,
                    added_by=acting_user,
                    made_from=dict(made_from or {}),
                )
            )
            _add_links([(file, links)])
            audit.record(
                acting_user=acting_user,
                action="file.store",
                target_type="file",
                target_id=file.pk,
                details={"digest": taken.digest, "kind": kind.value, "is_new": is_new},
            )
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """A document made here; ``made_from`` says from what, so that it can be made again."""

    name: str
    content: bytes
    media_type: str
    made_from: Mapping[str, object]
    links: tuple[Owner, ...]


def store_produced(
    *, book: Book, produced: Sequence[Produced], arrived_on: date, acting_user: User
) -> list[File]:
    """Store documents made here, all of them or none; each content is kept once in a book.

    :raises ArchiveRefused: ``archive.name_refused``, ``archive.store_failed``.
    """
    place = store()
    digests = [sha256(each.content).hexdigest() for each in produced]
    with transaction.atomic():
        for digest in sorted(set(digests)):
            _lock(digest)
        for digest, each in zip(digests, produced, strict=True):
            place.put(digest=digest, content=BytesIO(each.content))
        Content.objects.bulk_create(
            [
                Content(digest=digest, size_bytes=len(each.content), media_type=each.media_type)
                for digest, each in zip(digests, produced, strict=True)
            ],
            ignore_conflicts=True,
        )
        by_digest = _produced_rows(
            book=book,
            produced=dict(zip(digests, produced, strict=True)),
            arrived_on=arrived_on,
            acting_user=acting_user,
        )
        files = [by_digest[digest] for digest in digests]
        _add_links([(file, each.links) for file, each in zip(files, produced, strict=True)])
        audit.record(
            acting_user=acting_user,
            action="file.produce",
            target_type="book",
            target_id=book.pk,
            details={"count": len(files), "first": files[0].pk if files else None},
        )
    return files


def _produced_rows(
    *, book: Book, produced: Mapping[str, Produced], arrived_on: date, acting_user: User
) -> dict[str, File]:
    """Find the files of these contents, making those that are not there yet."""
    live = File.objects.filter(
        book=book, content_id__in=produced, kind=Kind.PRODUCED, removal__isnull=True
    )
    found = {file.content_id: file for file in live}
    made = File.objects.bulk_create(
        File(
            book=book,
            content_id=digest,
            name=_checked_name(each.name),
            kind=Kind.PRODUCED,
            retention=RETENTION_OF[Kind.PRODUCED],
            arrived_on=arrived_on,
            added_by=acting_user,
            made_from=dict(each.made_from),
        )
        for digest, each in produced.items()
        if digest not in found
    )
    return found | {file.content_id: file for file in made}


def link(*, file: File, links: Sequence[Owner], acting_user: User) -> None:
    """Say of a stored file that it belongs to more.

    :raises ArchiveRefused: ``archive.no_owner``, ``link.unknown``, ``archive.removed``.
    """
    _check_links(file.book, links)
    with transaction.atomic():
        _check_live(file)
        _add_links([(file, links)])
        audit.record(
            acting_user=acting_user,
            action="file.link",
            target_type="file",
            target_id=file.pk,
            details={"links": [f"{each.target_type}:{each.target_id}" for each in links]},
        )


def open_file(*, file: File, acting_user: User) -> Iterator[bytes]:
    """Note who looks, then give the content piece by piece.

    :raises ArchiveRefused: ``archive.removed``, ``archive.content_missing``,
        ``archive.store_failed``.
    """
    with transaction.atomic():
        _check_live(file)
        pieces = store().read(digest=file.content_id)
        FileView.objects.create(file=file, user=acting_user)
        audit.record(
            acting_user=acting_user, action="file.look", target_type="file", target_id=file.pk
        )
    return pieces


def hold_file(*, file: File, reason: str, acting_user: User) -> Hold:
    """Keep a file whatever its retention says.

    :raises ArchiveRefused: ``hold.reason_missing``, ``archive.removed``.
    """
    reason = _checked_reason(reason)
    with transaction.atomic():
        _lock(file.content_id)
        _check_live(file)
        placed = Hold.objects.create(
            book=file.book, file=file, reason=reason, placed_by=acting_user
        )
        _audit_hold("file.hold", placed, acting_user)
    return placed


def hold_all(*, book: Book, owner: Owner, reason: str, acting_user: User) -> Hold:
    """Keep every file of a loan, a party or another target, those that come later too.

    :raises ArchiveRefused: ``hold.reason_missing``, ``link.unknown``.
    """
    reason = _checked_reason(reason)
    _check_links(book, [owner])
    with transaction.atomic():
        placed = Hold.objects.create(
            book=book,
            target_type=owner.target_type,
            target_id=owner.target_id,
            reason=reason,
            placed_by=acting_user,
        )
        _audit_hold("file.hold", placed, acting_user)
    return placed


def lift(*, hold: Hold, reason: str, acting_user: User) -> HoldLift:
    """End a hold.

    :raises ArchiveRefused: ``hold.reason_missing``, ``hold.lifted_already``.
    """
    reason = _checked_reason(reason)
    with transaction.atomic():
        lifted, is_new = HoldLift.objects.get_or_create(
            hold=hold, defaults={"reason": reason, "lifted_by": acting_user}
        )
        if not is_new:
            raise ArchiveRefused("hold.lifted_already")
        _audit_hold("file.lift", hold, acting_user)
    return lifted


def remove(*, file: File, reason: str, as_of: date, acting_user: User) -> None:
    """End a file whose retention is over and that nobody holds.

    :raises ArchiveRefused: ``hold.reason_missing``, ``archive.removed``, ``archive.on_hold``,
        ``archive.retained``.
    """
    reason = _checked_reason(reason)
    with transaction.atomic():
        _lock(file.content_id)
        _check_live(file)
        if queries.holds_of(file=file).exists():
            raise ArchiveRefused("archive.on_hold")
        until = queries.kept_until(files=[file], as_of=as_of)[file.pk]
        if until is None or until >= as_of:
            raise ArchiveRefused("archive.retained", until=until or "–")
        Removal.objects.create(file=file, reason=reason, removed_by=acting_user)
        audit.record(
            acting_user=acting_user,
            action="file.remove",
            target_type="file",
            target_id=file.pk,
            details={"digest": file.content_id, "kept_until": until.isoformat()},
        )
    _drop_content(file.content_id)


def purge_due(*, book: Book, as_of: date, reason: str, acting_user: User) -> list[File]:
    """Remove every file of a book whose retention is over; answer which."""
    due = queries.due_for_removal(book=book, as_of=as_of)
    for file in due:
        remove(file=file, reason=reason, as_of=as_of, acting_user=acting_user)
    return due


def _drop_content(digest: str) -> None:
    """Take a content away once no file has it; done again, it does nothing."""
    with transaction.atomic():
        _lock(digest)
        if not File.objects.filter(content_id=digest, removal__isnull=True).exists():
            store().remove(digest=digest)


def _live_or_new(file: File) -> tuple[File, bool]:
    known = File.objects.filter(
        book=file.book, content_id=file.content_id, kind=file.kind, removal__isnull=True
    ).first()
    if known is not None:
        return known, False
    file.save(force_insert=True)
    return file, True


def _add_links(wanted: Sequence[tuple[File, Sequence[Owner]]]) -> None:
    FileLink.objects.bulk_create(
        [
            FileLink(file=file, target_type=each.target_type, target_id=each.target_id)
            for file, links in wanted
            for each in links
        ],
        ignore_conflicts=True,
    )


def _checked_name(name: str) -> str:
    """Keep the last part of a path, without what cannot be printed."""
    last = name.replace("\\", "/").rpartition("/")[2].strip()
    if not last or len(last) > NAME_MOST or not last.isprintable() or last.startswith("."):
        raise ArchiveRefused("archive.name_refused", most=NAME_MOST)
    return last


def _checked_reason(reason: str) -> str:
    given = reason.strip()
    if not given or len(given) > REASON_MOST or "\0" in given:
        raise ArchiveRefused("hold.reason_missing", most=REASON_MOST)
    return given


def _check_links(book: Book, links: Sequence[Owner]) -> None:
    if not links:
        raise ArchiveRefused("archive.no_owner")
    for each in links:
        if not queries.is_known(book=book, target_type=each.target_type, target_id=each.target_id):
            raise ArchiveRefused("link.unknown", target=f"{each.target_type} {each.target_id}")


def _check_live(file: File) -> None:
    if Removal.objects.filter(file=file).exists():
        raise ArchiveRefused("archive.removed")


def _audit_hold(action: str, hold: Hold, acting_user: User) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="hold",
        target_id=hold.pk,
        details={
            "file": hold.file_id,
            "target": f"{hold.target_type}:{hold.target_id}" if hold.target_type else "",
        },
    )


def _lock(digest: str) -> None:
    """Let one at a time store or remove this content, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s)",
            [int.from_bytes(bytes.fromhex(digest)[:8], "big", signed=True)],
        )
