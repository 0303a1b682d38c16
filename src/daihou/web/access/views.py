"""One's own sessions: whether this one lasts, where else there are some, and how to end one."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from daihou.web.access import operations
from daihou.web.access.models import User


@require_safe
@never_cache
def session(request: HttpRequest) -> HttpResponse:
    """Tell a page that was left open who is logged in, and a token its forms are taken with."""
    return JsonResponse({"user": request.user.pk, "token": get_token(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def own_sessions(request: HttpRequest) -> HttpResponse:
    """List where the user is logged in; end one of these sessions, or all others."""
    user = request.user
    assert isinstance(user, User)
    if request.method == "POST":
        return _end(request, user)
    context = {
        "sessions": sorted(
            UserSession.objects.purge_and_list(user), key=lambda each: each.created_at, reverse=True
        ),
        "own_key": request.session.session_key,
    }
    return render(request, "account/sessions.html", context)


def _end(request: HttpRequest, user: User) -> HttpResponse:
    number = request.POST.get("session", "")
    operations.end_sessions(
        user=user,
        acting_user=user,
        session_id=int(number) if number.isdecimal() and len(number) < 10 else None,
        but_key=request.session.session_key,
    )
    messages.success(request, _("Ended: whoever used it has to log in again."))
    return redirect("account_sessions")
