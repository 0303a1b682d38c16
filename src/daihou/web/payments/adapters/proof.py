"""Checks that several providers share: RSA signatures, and how old a message may be."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.secrets import ChannelSecrets, private_key, public_key

OLDEST = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(minutes=5)


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header that must be there.

    :raises PaymentRefused: ``notice.header_missing``.
    """
    value = headers.get(name, "")
    if not value:
        raise PaymentRefused("notice.header_missing", header=name)
    return value


def check_signature(
    *, secrets: ChannelSecrets, serial: str, signature: str, message: bytes
) -> None:
    """Hold a message to a key of the provider: RSA, PKCS #1 v1.5, SHA-256, in base64.

    :raises PaymentRefused: ``notice.key_unknown``, ``notice.signature_wrong``.
    """
    pem = secrets.platform_keys.get(serial)
    if pem is None:
        raise PaymentRefused("notice.key_unknown", serial=serial[:64])
    try:
        given = base64.b64decode(signature, validate=True)
        public_key(pem).verify(given, message, PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError) as exception:
        raise PaymentRefused("notice.signature_wrong") from exception


def sign(*, secrets: ChannelSecrets, message: bytes) -> str:
    """Sign what we send as the provider checks it: RSA, PKCS #1 v1.5, SHA-256, in base64.

    :raises PaymentRefused: ``channel.key_unusable``.
    """
    key = private_key(secrets.private_key)
    return base64.b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def check_age(*, sent_at: datetime, now: datetime) -> None:
    """Refuse what was signed long ago, or not yet.

    :raises PaymentRefused: ``notice.too_old``, ``notice.in_future``.
    """
    if sent_at < now - OLDEST:
        raise PaymentRefused("notice.too_old", sent_at=sent_at.isoformat())
    if sent_at > now + CLOCKS_DIFFER:
        raise PaymentRefused("notice.in_future", sent_at=sent_at.isoformat())
