"""OAuth 2 for programs: the client credentials grant (RFC 6749, section 4.4), nothing else."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import unquote_plus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from oauthlib.oauth2 import BackendApplicationServer, RequestValidator

from daihou.web.api import credentials
from daihou.web.api.models import Client


class _Validator(RequestValidator):  # type: ignore[misc]
    def authenticate_client(self, request: Any, *_: Any, **__: Any) -> bool:
        client_id, secret = _presented(request)
        client = credentials.find_client(client_id=client_id, secret=secret)
        request.client = client
        return client is not None

    def validate_grant_type(self, _client_id: str, grant_type: str, *_: Any, **__: Any) -> bool:
        return grant_type == "client_credentials"

    def get_default_scopes(self, _client_id: str, request: Any, *_: Any, **__: Any) -> list[str]:
        return list(cast("Client", request.client).scopes)

    def validate_scopes(
        self, _client_id: str, scopes: Sequence[str], client: Client, *_: Any, **__: Any
    ) -> bool:
        return bool(scopes) and set(scopes) <= set(client.scopes)

    def save_bearer_token(self, token: dict[str, Any], request: Any, *_: Any, **__: Any) -> None:
        token["access_token"] = credentials.issue_token(
            client=request.client, scopes=request.scopes
        )


_SERVER = BackendApplicationServer(
    _Validator(), token_expires_in=int(credentials.TOKEN_LIFE.total_seconds())
)


@csrf_exempt
@login_not_required
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Give a client a token for its id and secret."""
    headers, body, status = _SERVER.create_token_response(
        request.build_absolute_uri(),
        http_method="POST",
        body=request.body.decode(errors="replace"),
        headers={
            "Authorization": request.headers.get("Authorization", ""),
            "Content-Type": request.headers.get("Content-Type", ""),
        },
    )
    return HttpResponse(body, status=status, headers=headers)


def _presented(request: Any) -> tuple[str, str]:
    """Read id and secret from Basic authentication, else from the form."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(given, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        client_id, _, secret = text.partition(":")
        return unquote_plus(client_id), unquote_plus(secret)
    return request.client_id or "", request.client_secret or ""
