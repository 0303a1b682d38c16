"""What is sealed of a row, as text that is the same everywhere; what a leaf and a head say.

Pure: the writer and a verifier without our database share it. JSON with sorted keys and no spaces
(UTF-8), integers, texts, booleans, null, lists; instants in UTC to the microsecond, bytes in hex.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from daihou.web.audit import merkle

FORMAT = "daihou-log/1"
PROOF_FORMAT = "daihou-proof/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """The log of ``size`` leaves: its root, when, and the signature of the key's owner."""

    size: int
    root: str
    at: str
    key_id: str
    public_key: str
    signature: str

    @property
    def signed_bytes(self) -> bytes:
        """What the signature is over."""
        said = {"at": self.at, "format": FORMAT, "root": self.root, "size": self.size}
        return canonical(said | {"key_id": self.key_id})


def document(*, source: str, row_id: int, fields: Mapping[str, Any] | None) -> dict[str, Any]:
    """Describe a row; ``fields`` None: the row was gone before it was sealed."""
    plain = None if fields is None else {name: _plain(value) for name, value in fields.items()}
    return {"source": source, "id": row_id, "fields": plain}


def digest_of(document: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical(document)).digest()


def leaf_of(*, book_id: int | None, digest: bytes) -> bytes:
    """Return the hash of a leaf: whose book it is of, and the digest of its row."""
    return merkle.leaf_hash(canonical({"book": book_id, "digest": digest.hex()}))


def canonical(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    raise TypeError(type(value).__name__)
