"""One HTTP request, once: told apart are "it never left" and "it left, and no answer came".

Errors  ``NotSent`` (no connection was made), ``AnswerLost`` (it may have been carried out).
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from daihou.web.channels.adapters.protocol import Answer, Refused, Unknown
from daihou.web.channels.errors import ChannelRefused

BODY_MOST = 1 << 20
SKEW = timedelta(minutes=5)


class NotSent(Exception):
    """No connection was made: nobody has it."""


class AnswerLost(Exception):
    """The request may have been carried out; its answer never came or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read the answer; one that is none leaves open what happened.

        :raises AnswerLost: where it is no JSON object.
        """
        try:
            found = json.loads(self.body)
        except ValueError as exception:
            raise AnswerLost(f"HTTP {self.status}") from exception
        if not isinstance(found, dict):
            raise AnswerLost(f"HTTP {self.status}")
        return found


def post(*, url: str, path: str, body: bytes, headers: Mapping[str, str], timeout: float) -> Reply:
    """Post once; redirects are not followed.

    :raises NotSent, AnswerLost: see the module.
    :raises ChannelRefused: ``account.url_refused``.
    """
    return request(method="POST", url=url, path=path, body=body, headers=headers, timeout=timeout)


def request(
    *,
    method: str,
    url: str,
    path: str,
    headers: Mapping[str, str],
    timeout: float,
    body: bytes = b"",
) -> Reply:
    """Ask once, as ``post``."""
    connection = _connection(url, timeout)
    try:
        try:
            connection.connect()
        except (OSError, http.client.HTTPException) as exception:
            raise NotSent(type(exception).__name__) from exception
        try:
            connection.request(method, path, body=body, headers=dict(headers))
            response = connection.getresponse()
            return Reply(status=response.status, body=response.read(BODY_MOST))
        except (OSError, http.client.HTTPException, ValueError) as exception:
            raise AnswerLost(type(exception).__name__) from exception
    finally:
        connection.close()


def _connection(url: str, timeout: float) -> http.client.HTTPConnection:
    """Speak TLS with everybody but this machine itself."""
    found = urlsplit(url)
    host = found.hostname or ""
    if found.scheme == "https" and host:
        return http.client.HTTPSConnection(
            host, found.port or 443, timeout=timeout, context=ssl.create_default_context()
        )
    if found.scheme == "http" and is_loopback(host):
        return http.client.HTTPConnection(host, found.port or 80, timeout=timeout)
    raise ChannelRefused("account.url_refused", url=url[:80])


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its number.

    >>> is_loopback("127.0.0.1"), is_loopback("10.0.0.1"), is_loopback("example.com")
    (True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refused_or_unknown(*, status: int, code: str, detail: str, passing: bool) -> Answer:
    """Read a provider's no: a fault of its own (HTTP 5xx) leaves open what happened."""
    if status >= 500 and not passing:
        return Unknown(detail=f"HTTP {status} {code}".strip())
    return Refused(code=code or f"http.{status}", detail=detail[:200], is_passing=passing)


def check_token(*, given: str, secret: str) -> None:
    """Hold that a caller knows the word agreed on; where a provider signs nothing else.

    :raises ChannelRefused: ``hook.signature_wrong``.
    """
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise ChannelRefused("hook.signature_wrong")


def check_hmac(*, given: str, secret: str, message: bytes, algorithm: str = "sha256") -> None:
    """Hold that a message carries its HMAC in hexadecimal digits.

    :raises ChannelRefused: ``hook.signature_wrong``.
    """
    expected = hmac.new(secret.encode(), message, algorithm).hexdigest()
    if not secret or not hmac.compare_digest(given.lower().encode(), expected.encode()):
        raise ChannelRefused("hook.signature_wrong")


def check_age(*, sent_at: datetime, now: datetime) -> None:
    """Hold that a signed message is of these minutes.

    :raises ChannelRefused: ``hook.too_old``.
    """
    if abs(now - sent_at) > SKEW:
        raise ChannelRefused("hook.too_old")


def read_json(body: bytes) -> Any:
    """Read what a provider posts.

    :raises ChannelRefused: ``hook.malformed``.
    """
    try:
        return json.loads(body)
    except ValueError as exception:
        raise ChannelRefused("hook.malformed") from exception


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header that has to be there.

    :raises ChannelRefused: ``hook.header_missing``.
    """
    found = headers.get(name, "")
    if not found:
        raise ChannelRefused("hook.header_missing", header=name)
    return found


def basic(*, user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def digest_of(*parts: object) -> str:
    """Name a thing told by what it says, where the provider gives it no number of its own."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:40]
