"""The key that signs heads: Ed25519, kept with the other secrets, made when first needed.

Errors  ``secrets.unreadable``.
Source  RFC 8032.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.audit.documents import SignedHead

KEY_FILE = "log_key"
ID_HEX = 16


def sign(*, size: int, root: bytes, at: str) -> SignedHead:
    """Sign the head of a log."""
    key = _key(home.secrets_folder() / KEY_FILE)
    public = key.public_key().public_bytes_raw()
    head = SignedHead(
        size=size,
        root=root.hex(),
        at=at,
        key_id=key_id_of(public_key=public),
        public_key=public.hex(),
        signature="",
    )
    return SignedHead(
        size=size,
        root=head.root,
        at=at,
        key_id=head.key_id,
        public_key=head.public_key,
        signature=key.sign(head.signed_bytes).hex(),
    )


def is_signed(*, head: SignedHead) -> bool:
    """Check a head's signature by the public key that stands in it."""
    try:
        public = bytes.fromhex(head.public_key)
        Ed25519PublicKey.from_public_bytes(public).verify(
            bytes.fromhex(head.signature), head.signed_bytes
        )
    except (InvalidSignature, ValueError):
        return False
    return key_id_of(public_key=public) == head.key_id


def key_id_of(*, public_key: bytes) -> str:
    """Name a key by the beginning of its SHA-256."""
    return hashlib.sha256(public_key).hexdigest()[:ID_HEX]


@lru_cache(maxsize=4)
def _key(path: Path) -> Ed25519PrivateKey:
    made = Ed25519PrivateKey.generate().private_bytes_raw().hex()
    home.create_secret_file(path=path, text=made)
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text().strip()))
    except (OSError, ValueError) as exception:
        raise DaihouError("secrets.unreadable", path=path, text=exception) from exception
