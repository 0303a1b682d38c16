"""Encrypt personal data for one place, and find it again without reading it.

AES-256-GCM with a fresh 96-bit nonce; the associated data is the place (table, column, row), so a
ciphertext moved elsewhere does not open. Keys have ids: the last one writes, all of them read.
The blind index is HMAC-SHA256 under a key of its own for each field, derived from the index key.
Errors  ``personal_data.key_missing``, ``personal_data.unreadable``, ``secrets.missing``.
"""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daihou.errors import DaihouError
from daihou.web import home

NONCE_BYTES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    key_id: str
    ciphertext: bytes  # Nonce, then AES-GCM output with its tag.


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    data: dict[str, AESGCM]
    index: bytes

    @property
    def writing(self) -> str:
        return next(reversed(self.data))


def seal(*, plain: str, place: str) -> Sealed:
    """Encrypt a text for one place."""
    keys = _current()
    nonce = os.urandom(NONCE_BYTES)
    secret = keys.data[keys.writing].encrypt(nonce, plain.encode(), place.encode())
    return Sealed(key_id=keys.writing, ciphertext=nonce + secret)


def unseal(*, sealed: Sealed, place: str) -> str:
    """Decrypt a text of this place."""
    key = _current().data.get(sealed.key_id)
    if key is None:
        raise DaihouError("personal_data.key_missing", key_id=sealed.key_id)
    nonce, secret = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
    try:
        return key.decrypt(nonce, secret, place.encode()).decode()
    except (InvalidTag, ValueError) as exception:
        raise DaihouError("personal_data.unreadable", place=place) from exception


def seal_text(*, plain: str, place: str) -> str:
    """Encrypt into printable text, for a column that holds text."""
    sealed = seal(plain=plain, place=place)
    return f"{sealed.key_id}:{base64.b64encode(sealed.ciphertext).decode()}"


def open_text(*, sealed: str, place: str) -> str:
    """Decrypt what ``seal_text`` made."""
    key_id, _, body = sealed.partition(":")
    return unseal(sealed=Sealed(key_id=key_id, ciphertext=base64.b64decode(body)), place=place)


def blind_index(*, field: str, plain: str) -> bytes:
    """Return the digest under which a value of a field is found."""
    return hmac.digest(_index_key(field), normal_form(field=field, plain=plain).encode(), "sha256")


def normal_form(*, field: str, plain: str) -> str:
    """Write a value in the one way it is compared.

    >>> normal_form(field="phone", plain="+86 138-0013 8000")
    '13800138000'
    >>> normal_form(field="id_number", plain="11010519491231002x")
    '11010519491231002X'
    """
    text = "".join(unicodedata.normalize("NFKC", plain).split()).upper()
    if field != "phone":
        return text
    digits = re.sub(r"\D", "", text)
    return re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)


def add_data_key(*, at: datetime | None = None) -> str:
    """Make a new data key, which writes from now on, note since when, and return its id."""
    secrets = home.create()
    key_id = str(max(int(name) for name in secrets.data_keys) + 1)
    data_keys = {**secrets.data_keys, key_id: os.urandom(32).hex()}
    since = at.isoformat() if at else ""
    home.replace_secrets(changed=replace(secrets, data_keys=data_keys, data_key_since=since))
    forget_keys()
    return key_id


def remove_data_keys(names: Collection[str]) -> None:
    """Destroy data keys; what is under them can never be read again. Not the one that writes."""
    secrets = home.create()
    assert writing_key_id() not in names
    left = {name: key for name, key in secrets.data_keys.items() if name not in names}
    home.replace_secrets(changed=replace(secrets, data_keys=left))
    forget_keys()


def data_key_ids() -> tuple[str, ...]:
    """Return the ids of the data keys, oldest first."""
    return tuple(_current().data)


def writing_key_since() -> datetime | None:
    """Return since when the newest key writes; None where that was not noted."""
    since = home.create().data_key_since
    return datetime.fromisoformat(since) if since else None


def writing_key_id() -> str:
    """Return the id of the key that encrypts now."""
    return _current().writing


def forget_keys() -> None:
    """Read the keys again when they are next needed."""
    _keys.cache_clear()
    _index_key.cache_clear()


def _current() -> Keys:
    """Return the keys as their file has them now: another process may have added one."""
    return _keys(home.secrets_stamp())


@lru_cache(maxsize=1)
def _keys(_stamp: tuple[int, int]) -> Keys:
    secrets = home.find_secrets()
    if secrets is None:
        raise DaihouError("secrets.missing", path=home.secrets_folder())
    data = {name: AESGCM(bytes.fromhex(key)) for name, key in secrets.data_keys.items()}
    return Keys(data=data, index=bytes.fromhex(secrets.index_key))


@lru_cache(maxsize=16)
def _index_key(field: str) -> bytes:
    return hmac.digest(_current().index, f"blind index|{field}".encode(), hashlib.sha256)
