"""Texts about a person, kept apart from what is sealed: rows know them by a salted digest.

Deleting one, as the law may want, leaves the log valid: the digest says nothing without its salt.
"""

import hashlib
import os

from daihou.web.audit.models import Withheld
from daihou.web.parties import encryption

SALT_BYTES = 16


def keep(*, text: str, party_id: int) -> str:
    """Keep a text about a party, encrypted, and return its salted digest; no text gives none."""
    if not text.strip():
        return ""
    salt = os.urandom(SALT_BYTES)
    digest = digest_of(text=text, salt=salt)
    Withheld.objects.create(
        digest=digest,
        party_id=party_id,
        salt=salt,
        sealed=encryption.seal_text(plain=text, place=_place(digest)),
    )
    return digest


def text_of(*, digest: str) -> str:
    """Return a text that is still kept, proved by its digest; deleted or none: empty."""
    row = Withheld.objects.filter(digest=digest).first() if digest else None
    if row is None:
        return ""
    text = encryption.open_text(sealed=row.sealed, place=_place(digest))
    assert digest_of(text=text, salt=bytes(row.salt)) == digest
    return text


def forget(*, party_ids: list[int]) -> int:
    """Delete what is kept of parties, texts and salts; return how many."""
    count, _ = Withheld.objects.filter(party_id__in=party_ids).delete()
    return count


def digest_of(*, text: str, salt: bytes) -> str:
    """Digest a text under its salt: SHA-256 of both, the salt first."""
    return hashlib.sha256(salt + text.encode()).hexdigest()


def _place(digest: str) -> str:
    return f"audit_withheld|sealed|{digest}"
