"""The keys of channels: one JSON file for each, beside the other secrets, outside the database.

``merchant_id`` names us to the provider, ``platform_keys`` holds the provider's public keys (PEM)
by serial number, ``api_key`` opens what it encrypts, ``private_key`` (PEM) signs what we send;
``serial`` is the number of that key and ``app_id`` names the application, where a provider wants
them; ``gateway`` stands in for the provider's own address.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from daihou.web import home
from daihou.web.payments.errors import PaymentRefused

FOLDER = "channels"
RSA_BITS_LEAST = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSecrets:
    merchant_id: str
    platform_keys: Mapping[str, str]
    api_key: str = field(default="", repr=False)
    private_key: str = field(default="", repr=False)
    serial: str = ""
    app_id: str = ""
    gateway: str = ""


def path_of(*, secret_ref: str) -> Path:
    return home.secrets_folder() / FOLDER / f"{secret_ref}.json"


def load(*, secret_ref: str) -> ChannelSecrets:
    """Return a channel's secrets; they are read again when their file has changed.

    :raises PaymentRefused: ``channel.secrets_missing``, ``channel.secrets_unreadable``.
    """
    path = path_of(secret_ref=secret_ref)
    try:
        changed_ns = path.stat().st_mtime_ns
    except OSError as exception:
        raise PaymentRefused("channel.secrets_missing", path=path) from exception
    return _read(path, changed_ns)


def save(*, secret_ref: str, secrets: ChannelSecrets) -> Path:
    """Write a channel's secrets for their owner's eyes only."""
    path = path_of(secret_ref=secret_ref)
    home.make_private_folder(path.parent)
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(asdict(secrets), indent=2))
    temporary.replace(path)
    return path


@lru_cache(maxsize=64)
def _read(path: Path, changed_ns: int) -> ChannelSecrets:  # noqa: ARG001  Part of the cache's key.
    try:
        return ChannelSecrets(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as exception:
        raise PaymentRefused("channel.secrets_unreadable", path=path) from exception


@lru_cache(maxsize=64)
def private_key(pem: str) -> RSAPrivateKey:
    """Read our own key: RSA of 2048 bits or more.

    :raises PaymentRefused: ``channel.key_unusable``.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exception:
        raise PaymentRefused("channel.key_unusable") from exception
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS_LEAST:
        raise PaymentRefused("channel.key_unusable")
    return key


@lru_cache(maxsize=64)
def public_key(pem: str) -> RSAPublicKey:
    """Read a provider's key: RSA of 2048 bits or more.

    :raises PaymentRefused: ``channel.key_unusable``.
    """
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm) as exception:
        raise PaymentRefused("channel.key_unusable") from exception
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_LEAST:
        raise PaymentRefused("channel.key_unusable")
    return key
