"""Refusals as problem details (RFC 9457): a stable code, one line in each language."""

import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from daihou.errors import DaihouError, describe

PROBLEM = "application/problem+json"
LOCKED_OUT = "55P03"  # lock_not_available, as PostgreSQL names it.
_STATUS_BY_CODE = {
    "api.not_authenticated": 401,
    "api.scope_missing": 403,
    "api.not_allowed": 403,
    "api.not_found": 404,
    "api.method_not_allowed": 405,
    "api.body_too_large": 413,
    "api.idempotency_key_missing": 400,
    "api.idempotency_key_invalid": 400,
    "api.cursor_invalid": 400,
    "api.field_unknown": 400,
    "api.text_invalid": 400,
    "api.request_invalid": 422,
    "api.idempotency_in_progress": 409,
    "api.busy": 503,
    "internal": 500,
}
_STATUS_BY_ENDING = {
    "unknown": 404,
    "not_found": 404,
    "stale": 409,
    "exists": 409,
    "key_conflict": 409,
    "decided_already": 409,
    "by_maker": 403,
    "no_authority": 403,
}
_LOG = logging.getLogger("daihou.api")


class Fault(Schema):
    """One place of a request that cannot be read."""

    where: str
    message: str


class Problem(Schema):
    type: str
    title: str
    status: int
    code: str
    detail: str
    detail_zh: str
    detail_en: str
    errors: list[Fault] = []


def problem(
    exception: BaseException, *, errors: Sequence[dict[str, str]] = (), status: int | None = None
) -> HttpResponse:
    """Answer with what an exception says, in the language asked for."""
    said = describe(exception)
    number = status or status_of(said.code)
    is_chinese = (get_language() or "").startswith("zh")
    body: dict[str, Any] = {
        "type": f"urn:daihou:problem:{said.code}",
        "title": said.code,
        "status": number,
        "code": said.code,
        "detail": said.message_zh if is_chinese else said.message_en,
        "detail_zh": said.message_zh,
        "detail_en": said.message_en,
        "errors": list(errors),
    }
    response = JsonResponse(body, status=number, content_type=PROBLEM)
    if number == 401:
        response["WWW-Authenticate"] = 'Bearer realm="daihou"'
    return response


def status_of(code: str) -> int:
    """Choose the HTTP status of a refusal: what the rules refuse is 422."""
    ending = code.rpartition(".")[2]
    return _STATUS_BY_CODE.get(code) or _STATUS_BY_ENDING.get(ending) or 422


def install(api: NinjaAPI) -> None:
    """Let an API answer every exception with a problem."""

    @api.exception_handler(ValidationError)
    def unreadable(_request: HttpRequest, exception: ValidationError) -> HttpResponse:
        errors = [
            {
                "where": ".".join(map(str, each.get("loc", ()))),
                "message": str(each.get("msg", ""))[:200],
            }
            for each in exception.errors
        ]
        return problem(DaihouError("api.request_invalid"), errors=errors)

    @api.exception_handler(HttpError)
    def refused(_request: HttpRequest, exception: HttpError) -> HttpResponse:
        code = "api.not_authenticated" if exception.status_code == 401 else "api.request_invalid"
        return problem(DaihouError(code), status=exception.status_code)

    @api.exception_handler(Http404)
    def missing(_request: HttpRequest, _exception: Http404) -> HttpResponse:
        return problem(DaihouError("api.not_found"))

    @api.exception_handler(PermissionDenied)
    def forbidden(_request: HttpRequest, _exception: PermissionDenied) -> HttpResponse:
        return problem(DaihouError("api.not_allowed"))

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, exception: Exception) -> HttpResponse:
        if isinstance(exception, UnicodeError | DataError):
            return problem(DaihouError("api.text_invalid"))
        if isinstance(exception, RequestDataTooBig):
            return problem(DaihouError("api.body_too_large"))
        if isinstance(exception, OperationalError) and _is_lock(exception):
            return problem(DaihouError("api.busy"))
        if isinstance(getattr(exception, "code", None), str):
            return problem(exception)
        _LOG.exception("%s %s failed", request.method, request.path)
        return problem(RuntimeError("see the server's log"), status=500)


def _is_lock(exception: OperationalError) -> bool:
    return getattr(exception.__cause__, "sqlstate", None) == LOCKED_OUT
