"""Refusals as problem details (RFC 9457): a stable code, one line in each language."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError

from daihou.collect.guard import Decision, Ruling
from daihou.errors import DaihouError, describe
from daihou.web.contacts.errors import ContactRefused

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
    "case.cursor_unreadable": 400,
    "case.locked": 409,
    "contact.cap_reached": 409,
    "contact.live_dial": 409,
    "contact.outcome_known": 409,
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
_RECORDED = "is_recorded"
_LOG = logging.getLogger("daihou.api")


class Fault(Schema):
    """One place of a request that cannot be read."""

    where: str
    message: str


class RefusedBy(Schema):
    """A rule of contact that refuses, and what it refused on.

    ``must_be_verified``: its text was not read at the source (请核对官方文本).
    """

    rule_id: str
    code: str
    version: str
    source: str
    confidence: str
    must_be_verified: bool
    inputs: dict[str, str]
    detail_zh: str
    detail_en: str


class GuardDecisionOut(Schema):
    """What the guard decides; ``next_permitted_at`` is None where only an act can change it."""

    is_allowed: bool
    refused_by: list[RefusedBy]
    passed: list[str]
    left: dict[str, int]  # By rule, the least over what it counts.
    next_permitted_at: datetime | None
    use_before: datetime | None


class Problem(Schema):
    """``decision`` and ``refusal_id`` stand where a contact was refused."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    detail_zh: str
    detail_en: str
    errors: list[Fault] = []
    decision: GuardDecisionOut | None = None
    refusal_id: int | None = None


def decision_out(decision: Decision) -> dict[str, Any]:
    """Show what the guard decided as the API does."""
    return {
        "is_allowed": decision.is_allowed,
        "refused_by": [_refused_by(each) for each in decision.refusals],
        "passed": list(decision.passed),
        "left": decision.left_by_rule,
        "next_permitted_at": decision.next_permitted_at,
        "use_before": decision.use_before,
    }


def _refused_by(ruling: Ruling) -> dict[str, Any]:
    said = describe(DaihouError(ruling.code, **ruling.params))
    return {
        "rule_id": ruling.rule_id,
        "code": ruling.code,
        "version": ruling.version,
        "source": ruling.source,
        "confidence": ruling.confidence.value,
        "must_be_verified": ruling.must_be_verified,
        "inputs": ruling.params,
        "detail_zh": said.message_zh,
        "detail_en": said.message_en,
    }


def problem(
    exception: BaseException,
    *,
    errors: Sequence[dict[str, str]] = (),
    status: int | None = None,
    more: Mapping[str, Any] = MappingProxyType({}),
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
        **more,
    }
    response = JsonResponse(body, status=number, content_type=PROBLEM)
    if number == 401:
        response["WWW-Authenticate"] = 'Bearer realm="daihou"'
    return response


def recorded(response: HttpResponse) -> HttpResponse:
    """Let what was written before a refusal stand: the operation wrote nothing but that record."""
    setattr(response, _RECORDED, True)
    return response


def is_recorded(response: HttpResponse) -> bool:
    return bool(getattr(response, _RECORDED, False))


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

    @api.exception_handler(ContactRefused)
    def not_permitted(_request: HttpRequest, exception: ContactRefused) -> HttpResponse:
        if exception.decision is None:
            return problem(exception)
        more = {
            "decision": decision_out(exception.decision),
            "refusal_id": exception.params.get("refusal"),
        }
        return recorded(problem(exception, more=more))

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
