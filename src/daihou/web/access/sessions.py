"""How long a session lasts, and who must prove herself by a second factor to go on.

A session ends after ``SESSION_IDLE_SECONDS`` without a request, and after ``SESSION_COOKIE_AGE``
whatever is done in it. Who administers, moves money, or sees personal data over every book needs a
second factor where ``SECOND_FACTOR`` is "required": everywhere but on this machine alone.
"""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _

from daihou.web.access import queries
from daihou.web.access.models import User

Answer = Callable[[HttpRequest], HttpResponseBase]
BEGAN, SEEN = "began_at", "seen_at"  # Of the session, in seconds of the epoch.
NOTE_EVERY_SECONDS = 60  # Not every request writes the session.
OPEN_WITHOUT = ("/account/", "/language/")


def bounded_sessions(get_response: Answer) -> Answer:
    """End sessions that were idle, or are old; say at the log-in why."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return get_response(request)
        now = int(time.time())
        began = request.session.setdefault(BEGAN, now)
        seen = request.session.setdefault(SEEN, now)
        is_old = now - began >= settings.SESSION_COOKIE_AGE
        if is_old or now - seen >= settings.SESSION_IDLE_SECONDS:
            logout(request)
            ended = urlencode(
                {"next": request.get_full_path() if request.method == "GET" else "/"}
                | {"ended": "old" if is_old else "idle"}
            )
            return redirect(f"{resolve_url(settings.LOGIN_URL)}?{ended}")
        if now - seen >= NOTE_EVERY_SECONDS:
            request.session[SEEN] = now
        return get_response(request)

    return answer


def second_factor_first(get_response: Answer) -> Answer:
    """Send who needs a second factor and has none to the page that sets it up."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if (
            settings.SECOND_FACTOR != "required"
            or not isinstance(user, User)
            or request.path.startswith(OPEN_WITHOUT)
            or not queries.needs_second_factor(user)
            or queries.has_second_factor(user)
        ):
            return get_response(request)
        messages.warning(
            request, _("Your roles need a second factor: set one up, then everything opens.")
        )
        return redirect("mfa_index")

    return answer
