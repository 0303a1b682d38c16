"""Tell other systems what happened: signed, tried again, replayable from the outbox.

Signatures follow the Standard Webhooks text: ``webhook-id``, ``webhook-timestamp`` and
``webhook-signature`` (HMAC-SHA256 over id, timestamp and body). A receiver that answers 2xx has it.
"""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.api.models import Endpoint, Message, MessageState
from daihou.web.audit import operations as audit

TIMEOUT_SECONDS = 10
ATTEMPTS_MOST = 12
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=12)
ANSWER_MOST = 200
URL_MOST = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    status: int | None  # None: no answer came.
    error: str


@transaction.atomic
def add_endpoint(*, name: str, url: str, topics: Sequence[str], acting_user: User) -> Endpoint:
    """Add a place to tell; ``topics`` are actions of the audit, or ``noun.*``, or ``*``.

    :raises DaihouError: ``api.name_missing``, ``webhook.url_refused``, ``webhook.topic_missing``.
    """
    if not name.strip():
        raise DaihouError("api.name_missing")
    if not [topic for topic in topics if topic.strip()]:
        raise DaihouError("webhook.topic_missing")
    _check_url(url)
    endpoint = Endpoint.objects.create(name=name.strip(), url=url, topics=sorted(set(topics)))
    _record("webhook.add", endpoint, acting_user)
    return endpoint


@transaction.atomic
def change_endpoint(
    *, endpoint_id: int, acting_user: User, is_active: bool | None = None, new_secret: bool = False
) -> Endpoint:
    """Switch an endpoint on or off, or give it a new secret.

    :raises DaihouError: ``webhook.unknown``.
    """
    endpoint = Endpoint.objects.select_for_update().filter(pk=endpoint_id).first()
    if endpoint is None:
        raise DaihouError("webhook.unknown", endpoint=endpoint_id)
    if is_active is not None:
        endpoint.is_active = is_active
    if new_secret:
        endpoint.secret_no += 1
    endpoint.save(update_fields=["is_active", "secret_no"])
    _record("webhook.change", endpoint, acting_user)
    return endpoint


@transaction.atomic
def replay(*, endpoint_id: int, since: datetime, until: datetime, acting_user: User) -> int:
    """Send again what an endpoint was told of a span of time; return how many messages."""
    endpoint = Endpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise DaihouError("webhook.unknown", endpoint=endpoint_id)
    count = endpoint.messages.filter(audit_row__at__gte=since, audit_row__at__lt=until).update(
        state=MessageState.WAITING, attempts=0, next_at=timezone.now(), delivered_at=None
    )
    _record("webhook.replay", endpoint, acting_user, messages=count)
    return count


def secret_of(endpoint: Endpoint) -> str:
    """Return what signs the messages of an endpoint, as its owner is told once."""
    place = f"webhook:{endpoint.pk}:{endpoint.secret_no}".encode()
    key = hmac.new(settings.SECRET_KEY.encode(), place, hashlib.sha256).digest()
    return f"whsec_{base64.b64encode(key).decode()}"


def deliver_waiting(*, most: int = 500) -> int:
    """Send what is due, each message under its own row lock; return how many were tried."""
    for tried in range(most):
        with transaction.atomic():
            message = (
                Message.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(
                    state=MessageState.WAITING,
                    next_at__lte=timezone.now(),
                    endpoint__is_active=True,
                )
                .select_related("endpoint", "audit_row")
                .order_by("next_at", "pk")
                .first()
            )
            if message is None:
                return tried
            _note(message, send(message))
    return most


def send(message: Message) -> Delivery:
    """Post one message; redirects are not followed."""
    row = message.audit_row
    body = json.dumps(
        {
            "id": str(row.pk),
            "topic": row.action,
            "at": row.at.isoformat(),
            "target_type": row.target_type,
            "target_id": row.target_id,
            "details": row.details,
        },
        ensure_ascii=False,
    ).encode()
    stamp = str(int(timezone.now().timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "daihou",
        "webhook-id": f"msg_{row.pk}",
        "webhook-timestamp": stamp,
        "webhook-signature": sign(
            secret=secret_of(message.endpoint), identity=f"msg_{row.pk}", stamp=stamp, body=body
        ),
    }
    try:
        status = _post(urlsplit(message.endpoint.url), body, headers)
    except (OSError, http.client.HTTPException, ValueError, DaihouError) as exception:
        return Delivery(status=None, error=f"{type(exception).__name__}: {exception}"[:ANSWER_MOST])
    return Delivery(status=status, error="" if 200 <= status < 300 else f"HTTP {status}")


def sign(*, secret: str, identity: str, stamp: str, body: bytes) -> str:
    """Sign a message as Standard Webhooks says, version 1."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{identity}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _note(message: Message, delivery: Delivery) -> None:
    message.attempts += 1
    message.last_status, message.last_error = delivery.status, delivery.error
    if not delivery.error:
        message.state, message.delivered_at = MessageState.DELIVERED, timezone.now()
    elif message.attempts >= ATTEMPTS_MOST:
        message.state = MessageState.DEAD
    else:
        wait = min(FIRST_WAIT * 4 ** (message.attempts - 1), LONGEST_WAIT)
        message.next_at = timezone.now() + wait
    message.save()


def _post(url: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """Post to an address that was looked up and checked once, so that it cannot change between."""
    host, is_tls = url.hostname or "", url.scheme == "https"
    address = _public_address(host, url.port or (443 if is_tls else 80))
    raw = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
    try:
        if is_tls:
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        connection = http.client.HTTPConnection(host, url.port, timeout=TIMEOUT_SECONDS)
        connection.sock = raw
        path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        connection.request("POST", path, body=body, headers=headers | {"Host": url.netloc})
        return connection.getresponse().status
    finally:
        raw.close()


def _check_url(url: str) -> None:
    schemes = {"https", "http"} if settings.WEBHOOKS_LOCAL else {"https"}
    try:
        found = urlsplit(url)
        is_fit = found.scheme in schemes and found.hostname and not found.username
        is_fit = is_fit and found.port != 0 and url.isascii() and len(url) <= URL_MOST
    except ValueError:  # A port that is none, a bracket that does not close.
        is_fit = False
    if not is_fit:
        raise DaihouError("webhook.url_refused", url=url[:80])


def _public_address(host: str, port: int) -> tuple[str, int]:
    """Look a name up and refuse what lies inside the own network."""
    family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    assert family in {socket.AF_INET, socket.AF_INET6}
    address = ipaddress.ip_address(str(place[0]).partition("%")[0])
    if not (address.is_global or (settings.WEBHOOKS_LOCAL and address.is_loopback)):
        raise DaihouError("webhook.url_refused", url=host)
    return str(address), port


def _record(action: str, endpoint: Endpoint, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="webhook",
        target_id=endpoint.pk,
        details={"name": endpoint.name, "topics": endpoint.topics, **details},
    )
