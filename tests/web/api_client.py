"""A program that calls the API in tests."""

import json
from itertools import count

from django.test import Client as Browser

from daihou.web.access import queries as access
from daihou.web.api import credentials

KEYS = count(1)


class Program:
    """Calls under ``/api/v1`` with a key; each write has an ``Idempotency-Key`` of its own."""

    def __init__(self, key):
        self.key = key
        self.browser = Browser(raise_request_exception=False)

    def get(self, path, **params):
        return self.browser.get(f"/api/v1{path}", params, headers=self._headers())

    def post(self, path, body, *, key=None, method="post"):
        return getattr(self.browser, method)(
            f"/api/v1{path}",
            data=body if isinstance(body, str) else json.dumps(body),
            content_type="application/json",
            headers=self._headers()
            | {"Idempotency-Key": f"key-{next(KEYS)}" if key is None else key},
        )

    def _headers(self):
        return {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}


def program(user, *scopes):
    """Make a client for a user; without scopes it carries every permission."""
    _, key = credentials.add_client(
        name="test",
        user=user,
        scopes=scopes or sorted(access.PERMISSIONS),
        acting_user=access.system_user(),
    )
    return Program(key)
