"""Where providers call us: ``/reach/<account>/``. Each proves itself; no session, no page.

``calls_first`` stands near the front of the middleware, as that of payments does.
"""

import logging
from collections.abc import Callable
from hmac import compare_digest

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from daihou.web.channels import hearing, secrets
from daihou.web.channels.adapters import push, wechat
from daihou.web.channels.adapters.registry import adapter_of
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Account, Provider

PREFIX = "/reach/"
BODY_MOST = 1 << 20
NOT_PROVEN = frozenset({"hook.header_missing", "hook.signature_wrong", "hook.too_old"})

Respond = Callable[[HttpRequest], HttpResponseBase]
logger = logging.getLogger("daihou.channels")


def calls_first(get_response: Respond) -> Respond:
    """Answer the calls of providers before anything that is there for people."""

    def respond(request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.startswith(PREFIX):
            return get_response(request)
        return call(request, path.removeprefix(PREFIX).removesuffix("/"))

    return respond


def call(request: HttpRequest, code: str) -> HttpResponse:
    """Take one call; acknowledge it only once what it tells is durable."""
    account = _account(code)
    if account is None:
        return HttpResponse(status=404)
    if request.method == "GET":
        return _greeting(request, account)
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    length = request.headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit()) or int(length) > BODY_MOST:
        return HttpResponse(status=413)
    try:
        hearing.take(
            account=account,
            headers={name.lower(): value for name, value in request.headers.items()},
            query={name: str(value) for name, value in request.GET.items()},
            body=request.body,
            now=timezone.now(),
        )
    except ChannelRefused as refused:
        logger.warning("reach %s refused: %s", code, refused.code)
        status = 403 if refused.code in NOT_PROVEN else 400
        return HttpResponse(status=status, content=refused.code, content_type="text/plain")
    answer = adapter_of(provider=account.provider).taken()
    return HttpResponse(status=answer.status, content=answer.body, content_type=answer.content_type)


def _account(code: str) -> Account | None:
    if not (code.isascii() and code.isprintable() and code):
        return None
    found = Account.objects.filter(code=code).exclude(secret_ref="").select_related("book")
    return found.first()


def _greeting(request: HttpRequest, account: Account) -> HttpResponse:
    """Answer a provider that first asks whether this address is ours: with the word it gave."""
    try:
        loaded = secrets.load(secret_ref=account.secret_ref)
    except ChannelRefused:  # Its key file is not there: nothing can be proven.
        return HttpResponse(status=403)
    if account.provider == Provider.WHATSAPP:
        given, word = request.GET.get("hub.verify_token", ""), request.GET.get("hub.challenge", "")
        wanted = loaded.extra.get("verify_token", "")
        is_ours = bool(wanted) and compare_digest(given.encode(), wanted.encode())
    elif account.provider == Provider.WECHAT:
        word = request.GET.get("echostr", "")
        is_ours = _is_wechat(request, loaded.hook_secret)
    elif account.provider == Provider.JPUSH:
        word = request.GET.get("echostr", "")
        is_ours = _is_jpush(request, loaded)
    else:
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if not is_ours or not (word.isascii() and word.isalnum()):
        return HttpResponse(status=403)
    return HttpResponse(word, content_type="text/plain")


def _is_jpush(request: HttpRequest, loaded: secrets.AccountSecrets) -> bool:
    try:
        given = {"authorization": request.headers.get("Authorization", "")}
        push.check_caller(headers=given, secrets=loaded)
    except ChannelRefused:
        return False
    return True


def _is_wechat(request: HttpRequest, secret: str) -> bool:
    try:
        wechat.check_signature(query=request.GET.dict(), secret=secret)
    except ChannelRefused:
        return False
    return True
