"""The REST API: one ``NinjaAPI``, a gate before every address, a router per area.

The gate knows the caller, runs writes once per ``Idempotency-Key``, and answers whatever goes
wrong with a problem. What an operation needs it says itself: ``auth=needs("loan.view")``.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.security.base import AuthBase

from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.api import masks, problems
from daihou.web.api.credentials import Caller, find_caller
from daihou.web.api.described import complete
from daihou.web.api.idempotency import WRITES, once
from daihou.web.api.oauth import token

View = Callable[..., HttpResponse]


class Needs(AuthBase):
    """The caller's key must carry this permission, and her user must have it somewhere.

    ``everywhere``: on every book, for what concerns the whole installation.
    """

    openapi_type = "http"
    openapi_scheme = "bearer"

    def __init__(self, permission: str, *, everywhere: bool) -> None:
        super().__init__()
        assert permission in access.PERMISSIONS, permission
        self.permission = permission
        self._may = access.may_everywhere if everywhere else access.may

    def __call__(self, request: HttpRequest) -> Caller:
        caller = caller_of(request)
        user = caller.client.user
        is_carried = self.permission in caller.scopes
        if not (is_carried and self._may(user=user, permission=self.permission)):
            raise DaihouError("api.scope_missing", scope=self.permission)
        return caller


def needs(permission: str, *, everywhere: bool = False) -> Needs:
    return Needs(permission, everywhere=everywhere)


def caller_of(request: HttpRequest) -> Caller:
    return cast("Caller", request.caller)  # type: ignore[attr-defined]


def user_of(request: HttpRequest) -> User:
    return caller_of(request).client.user


class Api(NinjaAPI):
    def create_response(
        self,
        request: HttpRequest,
        data: Any,
        *,
        status: int | None = None,
        temporal_response: HttpResponse | None = None,
    ) -> HttpResponse:
        mask = masks.read(request.GET.get("fields", ""))
        if mask and (status or 200) < 300:
            data = masks.apply(mask, data)
        response = super().create_response(
            request, data, status=status, temporal_response=temporal_response
        )
        if mask and response.status_code < 300:
            response["Content-Type"] = masks.MASKED
        return response

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: Any = None
    ) -> OpenAPISchema:
        return complete(
            super().get_openapi_schema(path_prefix=path_prefix, path_params=path_params)
        )

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__


api = Api(
    title="daihou 贷后",
    version="1",
    description="Amounts are integers of minor units; days are ISO 8601 dates.",
    urls_namespace="api",
    docs_url=None,
)
problems.install(api)


def addresses() -> list[URLPattern]:
    """List the addresses of the API, each behind the gate."""
    routes, *_ = api.urls
    return [
        path("oauth/token", token, name="oauth_token"),
        *(_behind_gate(cast("URLPattern", route)) for route in routes),
        re_path("", gate(_nowhere)),
    ]


def gate(view: View) -> View:
    """Let only known callers through, and writes once."""

    @csrf_exempt
    @login_not_required
    @wraps(view)
    def answer(request: HttpRequest, **rest: Any) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return problems.problem(DaihouError("api.text_invalid"))
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        caller = find_caller(credential=credential) if scheme.lower() == "bearer" else None
        if caller is None:
            return problems.problem(DaihouError("api.not_authenticated"))
        request.user = caller.client.user
        request.caller = caller  # type: ignore[attr-defined]
        if request.method not in WRITES:
            return _checked(view(request, **rest))
        return once(request, caller.client, lambda: _checked(view(request, **rest)))

    return answer


def _behind_gate(route: URLPattern) -> URLPattern:
    route.callback = gate(cast("View", route.callback))
    return route


def _nowhere(_request: HttpRequest, **_rest: Any) -> HttpResponse:
    return problems.problem(DaihouError("api.not_found"))


def _checked(response: HttpResponse) -> HttpResponse:
    """Say in our own words what the framework refuses by itself."""
    if response.status_code == 405:
        refused = problems.problem(DaihouError("api.method_not_allowed"))
        refused["Allow"] = response.headers.get("Allow", "")
        return refused
    return response
