"""Users and rights, of the whole installation: whoever works here has the right on every book.

A password is shown on the answer that makes it and never again.
"""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.errors import DaihouError
from daihou.web.access import granting, operations, queries as access
from daihou.web.access.models import SYSTEM_USERNAME, Role, RoleGrant, User
from daihou.web.approvals.models import Approval, State
from daihou.web.audit.models import AuditRow
from daihou.web.board.page import page_no, page_of_all_books, paging, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.answering import attempt, line_of
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party

TRAIL_LONGEST = 40
REASON_LONGEST = 512


@require_safe
@page_of_all_books("user.view")
def users(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    return _list(request, sight)


@require_POST
@page_of_all_books("user.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Add a user without a role; her roles are given on her own page."""
    try:
        made, password = operations.add_user(
            username=_text(request, "username")[:64],
            display_name=_text(request, "display_name")[:64],
            roles=[],
            acting_user=user_of(request),
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:users", sight.book.name)
    return _one(request, sight, made, password=password)


@require_safe
@page_of_all_books("user.view")
def rights(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    """Show which role carries which right."""
    rows = [
        {
            "name": name,
            "cells": [role in carried for role in Role],
            "is_sensitive": name in access.SENSITIVE,
        }
        for name, carried in access.PERMISSIONS.items()
    ]
    context = {"rows": rows, "roles": list(Role), "separate": access.SEPARATE}
    return show(request, "desk/access/rights.html", context, sight=sight, page="access")


@require_safe
@page_of_all_books("user.view")
def user(request: HttpRequest, *, sight: Sight, user_id: int) -> HttpResponse:
    return _one(request, sight, _found(user_id))


@require_POST
@page_of_all_books("user.change")
def grant(request: HttpRequest, *, sight: Sight, user_id: int) -> HttpResponse:
    found = _found(user_id)
    asked: list[Approval | None] = []
    try:
        asked.append(
            granting.ask_for_role(
                user=found,
                role=_text(request, "role"),
                book_name=_book_name(request),
                funder=_funder(request),
                reason=_text(request, "reason")[:REASON_LONGEST],
                acting_user=user_of(request),
            )
        )
    except DaihouError as refused:
        messages.error(request, line_of(refused))
    else:
        done = _("Given.") if asked[0] is None else _("A second person has to agree to this role.")
        messages.success(request, done)
    return redirect("desk:user", sight.book.name, found.pk)


@require_POST
@page_of_all_books("user.change")
def act(request: HttpRequest, *, sight: Sight, user_id: int) -> HttpResponse:
    found = _found(user_id)
    deed = request.POST.get("deed", "")
    if deed == "password":
        return _new_password(request, sight, found)
    known = _DEEDS.get(deed)
    if known is None:
        raise Http404
    attempt(request, lambda: known(request, found), done=_("Done."))
    return redirect("desk:user", sight.book.name, found.pk)


def _new_password(request: HttpRequest, sight: Sight, found: User) -> HttpResponse:
    try:
        password = granting.new_password(user=found, acting_user=user_of(request))
    except DaihouError as refused:
        messages.error(request, line_of(refused))
        return redirect("desk:user", sight.book.name, found.pk)
    return _one(request, sight, found, password=password)


def _withdraw(request: HttpRequest, found: User) -> None:
    number = request.POST.get("grant", "")
    held = found.grants.filter(pk=int(number)).first() if number.isdecimal() else None
    if held is not None:
        operations.withdraw_role(grant=held, acting_user=user_of(request))


def _end_session(request: HttpRequest, found: User) -> None:
    operations.end_sessions(user=found, acting_user=user_of(request))


def _remove_factors(request: HttpRequest, found: User) -> None:
    granting.ask_to_remove_factors(
        user=found,
        reason=_text(request, "reason")[:REASON_LONGEST],
        acting_user=user_of(request),
    )


def _switch(*, is_active: bool) -> Callable[[HttpRequest, User], None]:
    def switch(request: HttpRequest, found: User) -> None:
        operations.set_active(user=found, is_active=is_active, acting_user=user_of(request))

    return switch


_DEEDS: dict[str, Callable[[HttpRequest, User], None]] = {
    "withdraw": _withdraw,
    "end_sessions": _end_session,
    "remove_factors": _remove_factors,
    "deactivate": _switch(is_active=False),
    "activate": _switch(is_active=True),
}


def _list(request: HttpRequest, sight: Sight) -> HttpResponse:
    text = request.GET.get("q", "").strip()[:64]
    found = User.objects.exclude(username=SYSTEM_USERNAME)
    if text:
        found = found.filter(Q(username__icontains=text) | Q(display_name__icontains=text))
    pages = paging(number=page_no(request), found=found.count())
    shown = found.order_by("-is_active", "username").prefetch_related("grants")
    people = list(shown.annotate(session_count=Count("usersession"))[pages.cut])
    factors = set(
        Authenticator.objects.filter(
            user_id__in=[each.pk for each in people], type__in=access.FACTORS
        ).values_list("user_id", flat=True)
    )
    context = {
        "people": [
            {
                "user": each,
                "roles": [Role(held.role).label for held in each.grants.all()],
                "has_factor": each.pk in factors,
                "lacks_factor": each.pk not in factors and access.needs_second_factor(each),
            }
            for each in people
        ],
        "text": text,
        **pages.context,
        "is_exempt": settings.SECOND_FACTOR != "required",
        "may_change": access.may_everywhere(user=user_of(request), permission="user.change"),
    }
    return show(request, "desk/access/users.html", context, sight=sight, page="access")


def _one(request: HttpRequest, sight: Sight, found: User, *, password: str = "") -> HttpResponse:
    here = user_of(request)
    waiting = Approval.objects.filter(
        target_type="user", target_id=str(found.pk), state=State.PENDING
    )
    trail = AuditRow.objects.filter(target_type="user", target_id=str(found.pk))
    held = found.grants.select_related("funder").order_by("pk")
    context = {
        "shown_user": found,
        "grants": [
            {"grant": each, "role": Role(each.role).label, "is_sensitive": _is_sensitive(each)}
            for each in held
        ],
        "conflicts": access.conflicts({each.role for each in held}),
        "waiting": waiting.select_related("made_by").order_by("pk"),
        "trail": trail.select_related("acting_user").order_by("-pk")[:TRAIL_LONGEST],
        "sessions": UserSession.objects.filter(user_id=found.pk).order_by("-created_at"),
        "factors": Authenticator.objects.filter(user_id=found.pk, type__in=access.FACTORS),
        "needs_factor": access.needs_second_factor(found),
        "roles": [(role.value, role.label, role in access.SENSITIVE_ROLES) for role in Role],
        "book_names": Book.objects.order_by("name").values_list("name", flat=True),
        "funders": Party.objects.filter(
            pk__in=Loan.objects.filter(funder__isnull=False).values("funder_id").distinct()
        ).order_by("reference")[:200],
        "is_oneself": found.pk == here.pk,
        "may_change": access.may_everywhere(user=here, permission="user.change"),
        "shown_once": password,
    }
    response = show(request, "desk/access/user.html", context, sight=sight, page="access")
    response["Cache-Control"] = "no-store"
    return response


def _is_sensitive(held: RoleGrant) -> bool:
    return held.role in access.SENSITIVE_ROLES


def _found(user_id: int) -> User:
    found = User.objects.exclude(username=SYSTEM_USERNAME).filter(pk=user_id).first()
    if found is None:
        raise Http404
    return found


def _book_name(request: HttpRequest) -> str:
    """Read the book of a grant; empty for every book.

    :raises DaihouError: ``book.unknown``.
    """
    name = _text(request, "book")
    if name and not Book.objects.filter(name=name).exists():
        raise DaihouError("book.unknown", book=name[:64])
    return name


def _funder(request: HttpRequest) -> Party | None:
    number = _text(request, "funder")
    if not number:
        return None
    found = Party.objects.filter(pk=int(number)).first() if number.isdecimal() else None
    if found is None:
        raise DaihouError("party.unknown", party_id=number[:20])
    return found


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()
