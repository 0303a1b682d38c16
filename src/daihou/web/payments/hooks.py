"""Where channels call us: ``/hooks/<channel>/``. Proven by signature; no session, no page.

``calls_first`` stands near the front of the middleware and answers these addresses itself: what
pages need (sessions, languages, forms) would cost each call more than taking it in does.
"""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from daihou.web.payments import intake, tasks
from daihou.web.payments.adapters.protocol import Answer
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import Channel

PREFIX = "/hooks/"
CHANNEL_KEPT_SECONDS = 5
POST_EVERY_SECONDS = 0.5
NOT_PROVEN = frozenset(
    {
        "notice.header_missing",
        "notice.key_unknown",
        "notice.not_for_us",
        "notice.replayed",
        "notice.signature_wrong",
        "notice.too_old",
    }
)
CONFLICTS = frozenset({"payment.reference_conflict"})

Respond = Callable[[HttpRequest], HttpResponseBase]
logger = logging.getLogger("daihou.payments")
_lines: dict[str, tuple[float, intake.Line]] = {}
_asked_at: dict[int, float] = {}


def calls_first(get_response: Respond) -> Respond:
    """Answer the calls of channels before anything that is there for people."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.startswith(PREFIX):
            return get_response(request)
        return call(request, path.removeprefix(PREFIX).removesuffix("/"))

    return respond


def call(request: HttpRequest, code: str) -> HttpResponse:
    """Take one notice; acknowledge it only once it is durable."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    line = _line(code)
    if line is None:
        return HttpResponse(status=404)
    adapter = adapter_of(kind=line.adapter)
    if _length(request) > intake.BODY_BYTES_MOST:
        return _as_response(adapter.refused(code="notice.too_large", status=413))
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        taken = intake.take_notice(
            line=line, headers=headers, body=request.body, now=timezone.now()
        )
    except PaymentRefused as refused:
        logger.warning("hook %s refused: %s", code, refused.code)
        return _as_response(adapter.refused(code=refused.code, status=_status(refused.code)))
    if taken.is_new:
        _ask_to_post(line.book_id)
    return _as_response(adapter.accepted())


def _line(code: str) -> intake.Line | None:
    """Find an active channel that takes messages, keeping it for a few seconds."""
    now = time.monotonic()
    kept = _lines.get(code)
    if kept is not None and now - kept[0] < CHANNEL_KEPT_SECONDS:
        return kept[1]
    found = (
        Channel.objects.filter(code=code, is_active=True)
        .exclude(secret_ref="")
        .select_related("book")
        .first()
        if code.isascii() and code.isprintable()
        else None
    )
    if found is None:
        _lines.pop(code, None)
        return None
    line = intake.line_of(found)
    _lines[code] = (now, line)
    return line


def _ask_to_post(book_id: int) -> None:
    """Queue the posting of what came in; one job takes everything there is.

    A process asks at most twice a second; what falls between is taken by the job of the clock.
    """
    now = time.monotonic()
    if now - _asked_at.get(book_id, 0.0) < POST_EVERY_SECONDS:
        return
    _asked_at[book_id] = now
    tasks.ask_to_post(book_id=book_id)


def _length(request: HttpRequest) -> int:
    given = request.headers.get("Content-Length") or "0"
    return int(given) if given.isascii() and given.isdigit() else intake.BODY_BYTES_MOST + 1


def _status(code: str) -> int:
    if code in NOT_PROVEN:
        return 401
    if code in CONFLICTS:
        return 409
    return 413 if code == "notice.too_large" else 422


def _as_response(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
