"""Take a stream in: to the disk, hashed on the way, refused as soon as it is too long."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO, cast

from daihou.web.archive.errors import ArchiveRefused

CHUNK_BYTES = 1 << 20
MOST_BYTES = 100 << 20
IN_MEMORY_BYTES = 2 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    file: BinaryIO
    digest: str
    size_bytes: int


@contextmanager
def spooled(content: BinaryIO, *, most_bytes: int = MOST_BYTES) -> Iterator[Taken]:
    """Give what came as a seekable file with its digest.

    :raises ArchiveRefused: ``archive.too_large``.
    """
    digest, size_bytes = sha256(), 0
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as kept:
        while chunk := content.read(CHUNK_BYTES):
            size_bytes += len(chunk)
            if size_bytes > most_bytes:
                raise ArchiveRefused("archive.too_large", most_mb=most_bytes >> 20)
            digest.update(chunk)
            kept.write(chunk)
        kept.seek(0)
        yield Taken(file=cast("BinaryIO", kept), digest=digest.hexdigest(), size_bytes=size_bytes)
