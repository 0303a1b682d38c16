"""Clients of the API: made, known again by their key or token, taken back.

A key is ``dh_<client id>_<secret>``; by OAuth 2 the same id and secret buy a token for an hour.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.access.queries import PERMISSIONS
from daihou.web.api.models import AccessToken, Client
from daihou.web.audit import operations as audit

TOKEN_LIFE = timedelta(hours=1)
KEY_PREFIX = "dh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who calls, and which permissions this key or token carries."""

    client: Client
    scopes: frozenset[str]


@transaction.atomic
def add_client(
    *,
    name: str,
    user: User,
    scopes: Sequence[str],
    acting_user: User,
    expires_at: datetime | None = None,
) -> tuple[Client, str]:
    """Add a client that acts as a user; return it with its key, which is stored nowhere.

    :raises DaihouError: ``api.name_missing``, ``api.scope_unknown``, ``api.scope_missing``.
    """
    if not name.strip():
        raise DaihouError("api.name_missing")
    if not scopes:
        raise DaihouError("api.scope_missing", scope="*")
    for scope in scopes:
        if scope not in PERMISSIONS:
            raise DaihouError("api.scope_unknown", scope=scope)
    secret = secrets.token_urlsafe(32)
    client = Client.objects.create(
        client_id=secrets.token_hex(8),
        name=name.strip(),
        user=user,
        scopes=sorted(set(scopes)),
        secret_digest=_digest(secret),
        expires_at=expires_at,
    )
    audit.record(
        acting_user=acting_user,
        action="api_client.add",
        target_type="api_client",
        target_id=client.client_id,
        details={"user": user.pk, "scopes": client.scopes},
    )
    return client, f"{KEY_PREFIX}_{client.client_id}_{secret}"


@transaction.atomic
def revoke_client(*, client_id: str, acting_user: User) -> None:
    """Take a client's key and tokens back, at once and for good.

    :raises DaihouError: ``api.client_unknown``.
    """
    client = Client.objects.select_for_update().filter(client_id=client_id).first()
    if client is None:
        raise DaihouError("api.client_unknown", client=client_id)
    client.revoked_at = client.revoked_at or timezone.now()
    client.save(update_fields=["revoked_at"])
    client.tokens.all().delete()
    audit.record(
        acting_user=acting_user,
        action="api_client.revoke",
        target_type="api_client",
        target_id=client_id,
    )


def issue_token(*, client: Client, scopes: Sequence[str]) -> str:
    """Make a token for a client; old ones of all clients that ran out are swept."""
    now = timezone.now()
    AccessToken.objects.filter(expires_at__lt=now).delete()
    token = f"{KEY_PREFIX}t_{secrets.token_urlsafe(32)}"
    AccessToken.objects.create(
        digest=_digest(token), client=client, scopes=sorted(scopes), expires_at=now + TOKEN_LIFE
    )
    return token


def find_client(*, client_id: str, secret: str) -> Client | None:
    """Find the client in force whose id and secret these are."""
    client = Client.objects.select_related("user").filter(client_id=client_id[:32]).first()
    is_right = hmac.compare_digest(
        bytes(client.secret_digest) if client else bytes(32), _digest(secret)
    )
    return client if client is not None and is_right and _is_in_force(client) else None


def find_caller(*, credential: str) -> Caller | None:
    """Find who calls by the key or token she presents."""
    if credential.startswith(f"{KEY_PREFIX}t_"):
        token = (
            AccessToken.objects.select_related("client__user")
            .filter(digest=_digest(credential), expires_at__gt=timezone.now())
            .first()
        )
        if token is None or not _is_in_force(token.client):
            return None
        scopes = frozenset(token.scopes) & frozenset(token.client.scopes)
        return Caller(client=token.client, scopes=scopes)
    prefix, _, rest = credential.partition("_")
    client_id, _, secret = rest.partition("_")
    if prefix != KEY_PREFIX:
        return None
    client = find_client(client_id=client_id, secret=secret)
    return Caller(client=client, scopes=frozenset(client.scopes)) if client else None


def _is_in_force(client: Client) -> bool:
    is_expired = client.expires_at is not None and client.expires_at <= timezone.now()
    return client.user.is_active and client.revoked_at is None and not is_expired


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="replace")).digest()
