"""Where contents lie: a folder of the home, or a bucket that speaks S3. Names are digests.

``DAIHOU_ARCHIVE`` names the place: nothing for ``DAIHOU_HOME/archive``, else
``s3://bucket/prefix`` with the usual ``AWS_…`` variables (region, keys, ``AWS_ENDPOINT_URL`` for a
server of one's own; one without TLS also needs ``AWS_ALLOW_HTTP=true``).
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from daihou.web import home
from daihou.web.archive.errors import ArchiveRefused

CHUNK_BYTES = 1 << 20
_HEX = frozenset("0123456789abcdef")


class Store(Protocol):
    """Keeps contents by digest. Putting one that is there changes nothing."""

    def put(self, *, digest: str, content: BinaryIO) -> None: ...

    def has(self, *, digest: str) -> bool: ...

    def read(self, *, digest: str) -> Iterator[bytes]:
        """Give the content piece by piece.

        :raises ArchiveRefused: ``archive.content_missing``, at the call and not later.
        """
        ...

    def remove(self, *, digest: str) -> None: ...

    def digests(self) -> Iterator[str]:
        """Name everything that is there."""
        ...


def store() -> Store:
    """Open the store of this installation.

    :raises ArchiveRefused: ``archive.place_unknown``.
    """
    place = os.environ.get("DAIHOU_ARCHIVE", "")
    if not place:
        return Folder(root=home.home() / "archive")
    if not place.startswith("s3://"):
        raise ArchiveRefused("archive.place_unknown", place=place)
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return Bucket(bucket=bucket, prefix=prefix.strip("/"))


class Folder:
    """A private folder; a content is on the disk before its name is."""

    def __init__(self, *, root: Path) -> None:
        self.root = root

    def put(self, *, digest: str, content: BinaryIO) -> None:
        path = self._path(digest)
        if path.exists():
            return
        home.make_private_folder(self.root)
        home.make_private_folder(path.parent)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as file:
                while chunk := content.read(CHUNK_BYTES):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)

    def has(self, *, digest: str) -> bool:
        return self._path(digest).is_file()

    def read(self, *, digest: str) -> Iterator[bytes]:
        try:
            file = self._path(digest).open("rb")
        except FileNotFoundError as exception:
            raise ArchiveRefused("archive.content_missing", digest=digest) from exception
        return _chunks(file)

    def remove(self, *, digest: str) -> None:
        self._path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        for path in sorted(self.root.glob("??/*")):
            if not path.name.startswith("."):
                yield path.name

    def _path(self, digest: str) -> Path:
        assert len(digest) == 64 and set(digest) <= _HEX, digest  # noqa: PT018
        return self.root / digest[:2] / digest


class Bucket:
    """A bucket; the server keeps its own sums of every part that is sent."""

    def __init__(self, *, bucket: str, prefix: str) -> None:
        is_plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            client_options={"allow_http": is_plain, "timeout": "60s"},
            virtual_hosted_style_request=not os.environ.get("AWS_ENDPOINT_URL"),
        )

    def put(self, *, digest: str, content: BinaryIO) -> None:
        if not self.has(digest=digest):
            with _server():
                obstore.put(self._store, _key(digest), content)

    def has(self, *, digest: str) -> bool:
        with _server():
            try:
                obstore.head(self._store, _key(digest))
            except (NotFoundError, FileNotFoundError):
                return False
        return True

    def read(self, *, digest: str) -> Iterator[bytes]:
        with _server():
            try:
                found = obstore.get(self._store, _key(digest))
            except (NotFoundError, FileNotFoundError) as exception:
                raise ArchiveRefused("archive.content_missing", digest=digest) from exception
        return (bytes(chunk) for chunk in found.stream(min_chunk_size=CHUNK_BYTES))

    def remove(self, *, digest: str) -> None:
        with _server():
            try:
                obstore.delete(self._store, _key(digest))
            except (NotFoundError, FileNotFoundError):
                return

    def digests(self) -> Iterator[str]:
        with _server():
            for page in obstore.list(self._store):
                yield from (each["path"].rpartition("/")[2] for each in page)


@contextmanager
def _server() -> Iterator[None]:
    """Turn a failure of the server into a refusal with a code."""
    try:
        yield
    except (BaseError, OSError) as exception:
        first_line = str(exception).partition("\n")[0][:300]
        raise ArchiveRefused("archive.store_failed", text=first_line) from exception


def _key(digest: str) -> str:
    return f"{digest[:2]}/{digest}"


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
