"""Interfaces: keys for programs, and the places that are told of what happens.

A key, and the secret of a place, are shown on the answer that makes them and never again.
"""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.api import credentials, webhooks
from daihou.web.api.models import Client, Endpoint, MessageState
from daihou.web.board.page import page_of_all_books, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.answering import attempt, line_of

REPLAYED = timedelta(days=1)
TEXT_LONGEST = 512


@require_safe
@page_of_all_books("webhook.change")
def interfaces(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    return _page(request, sight)


@require_POST
@page_of_all_books("api_key.change")
def add_key(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    try:
        _client, key = credentials.add_client(
            name=_text(request, "name"),
            user=_user(_text(request, "user")),
            scopes=request.POST.getlist("scope"),
            acting_user=user_of(request),
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:interfaces", sight.book.name)
    return _page(request, sight, {"shown_once": key, "shown_for": _text(request, "name")})


@require_POST
@page_of_all_books("api_key.change")
def revoke_key(request: HttpRequest, *, sight: Sight, client_id: str) -> HttpResponse:
    attempt(
        request,
        lambda: credentials.revoke_client(client_id=client_id, acting_user=user_of(request)),
        done=_("The key is taken back."),
    )
    return redirect("desk:interfaces", sight.book.name)


@require_POST
@page_of_all_books("webhook.change")
def add_webhook(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    try:
        made = webhooks.add_endpoint(
            name=_text(request, "name"),
            url=_text(request, "url"),
            topics=_text(request, "topics").split(),
            acting_user=user_of(request),
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:interfaces", sight.book.name)
    return _secret_page(request, sight, made)


@require_POST
@page_of_all_books("webhook.change")
def change_webhook(request: HttpRequest, *, sight: Sight, endpoint_id: int) -> HttpResponse:
    deed = request.POST.get("deed", "")
    try:
        changed = webhooks.change_endpoint(
            endpoint_id=endpoint_id,
            is_active={"on": True, "off": False}.get(deed),
            new_secret=deed == "secret",
            acting_user=user_of(request),
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:interfaces", sight.book.name)
    if deed == "secret":
        return _secret_page(request, sight, changed)
    messages.success(request, _("The place is changed."))
    return redirect("desk:interfaces", sight.book.name)


@require_POST
@page_of_all_books("webhook.change")
def replay_webhook(request: HttpRequest, *, sight: Sight, endpoint_id: int) -> HttpResponse:
    now = timezone.now()
    attempt(
        request,
        lambda: webhooks.replay(
            endpoint_id=endpoint_id,
            since=now - REPLAYED,
            until=now,
            acting_user=user_of(request),
        ),
        done=_("What was told in the last 24 hours is sent again."),
    )
    return redirect("desk:interfaces", sight.book.name)


def _secret_page(request: HttpRequest, sight: Sight, endpoint: Endpoint) -> HttpResponse:
    shown = {"shown_once": webhooks.secret_of(endpoint), "shown_for": endpoint.name}
    return _page(request, sight, shown)


def _page(request: HttpRequest, sight: Sight, shown: dict[str, Any] | None = None) -> HttpResponse:
    counts = {
        state: Count("messages", filter=Q(messages__state=state)) for state in MessageState.values
    }
    context = {
        "clients": Client.objects.select_related("user").order_by("revoked_at", "-pk")[:200],
        "endpoints": Endpoint.objects.annotate(**counts).order_by("-is_active", "pk")[:200],
        "scopes": sorted(access.PERMISSIONS),
        "users": User.objects.filter(is_active=True).exclude(username="system"),
        "may_keys": access.may_everywhere(user=user_of(request), permission="api_key.change"),
    } | (shown or {})
    response = show(
        request, "desk/interfaces/interfaces.html", context, sight=sight, page="interfaces"
    )
    response["Cache-Control"] = "no-store"
    return response


def _user(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise DaihouError("user.unknown", username=username)
    return user


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()[:TEXT_LONGEST]
