"""The keys of channels: one JSON file for each, beside the other secrets, outside the database.

``merchant_id`` names us to the provider, ``platform_keys`` holds the provider's public keys (PEM)
by serial number, ``api_key`` opens what it encrypts, ``private_key`` (PEM) signs what we send;
``serial`` is the number of that key and ``app_id`` names the application, where a provider wants
them; ``gateway`` stands in for the provider's own address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from daihou.web.key_files import KeyFiles
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


_FILES = KeyFiles(
    folder=FOLDER,
    holds=ChannelSecrets,
    refused=PaymentRefused,
    missing="channel.secrets_missing",
    unreadable="channel.secrets_unreadable",
)
path_of, load, save = _FILES.path_of, _FILES.load, _FILES.save


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
