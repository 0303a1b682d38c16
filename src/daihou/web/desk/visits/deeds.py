"""What is done at a visit: see the address, check in, add photos, report; plan it, call it off."""

from collections.abc import Callable
from datetime import datetime
from typing import BinaryIO, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from daihou.collect.route import MICRO, Place
from daihou.errors import DaihouError
from daihou.web.access.models import Role, User
from daihou.web.access.queries import may as user_may
from daihou.web.board.page import book_page, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.cases.models import Case
from daihou.web.desk.cases.telling import refused_by
from daihou.web.desk.reading import Sent, sent_by
from daihou.web.desk.visits.views import BODY, answer, visit_of
from daihou.web.parties import reach
from daihou.web.parties.models import PointKind
from daihou.web.parties.sighting import names
from daihou.web.visits import operations
from daihou.web.visits.errors import VisitRefused
from daihou.web.visits.models import Entry, Outcome, Visit

ACCURACY_MOST = 100_000


@require_POST
@book_page("visit.make")
def address(request: HttpRequest, *, sight: Sight, visit_id: int) -> HttpResponse:
    """Show the address to those who go there; that they looked is noted."""
    found = visit_of(sight, visit_id)
    user = user_of(request)
    if user.pk not in {found.lead_id, found.companion_id}:
        return _refuse(request, sight, found, VisitRefused("visit.not_hers"))
    try:
        plain = reach.reveal_point(
            point=found.contact_point, reason=f"visit {found.pk}", acting_user=user
        )
    except DaihouError as refused:
        return _refuse(request, sight, found, refused)
    return answer(request, sight=sight, found=found, address=plain)


@require_POST
@book_page("visit.make")
def check_in(request: HttpRequest, *, sight: Sight, visit_id: int) -> HttpResponse:
    found = visit_of(sight, visit_id)

    def act() -> None:
        sent = sent_by(request, sight)
        if not sent.text("together"):
            raise VisitRefused("visit.two_collectors")
        place = _place(sent)
        arrival = operations.Arrival(
            client_key=_key(sent),
            at=_instant(sent),
            place=place,
            accuracy_m=_accuracy(sent) if place else None,
        )
        operations.check_in(
            visit=found, arrival=arrival, now=timezone.now(), acting_user=user_of(request)
        )

    return _do(request, sight, found, act, done=_("You are checked in: you may knock."))


@require_POST
@book_page("visit.make")
def add_photo(request: HttpRequest, *, sight: Sight, visit_id: int) -> HttpResponse:
    found = visit_of(sight, visit_id)

    def act() -> None:
        upload = request.FILES.get("photo")
        if upload is None or upload.file is None:
            raise VisitRefused("visit.not_a_picture")
        operations.add_photo(
            visit=found,
            client_key=_key(sent_by(request, sight)),
            name=upload.name or "photo.jpg",
            content=cast("BinaryIO", upload.file),
            arrived_on=timezone.localdate(),
            acting_user=user_of(request),
        )

    return _do(request, sight, found, act, done=_("The photo has arrived."))


@require_POST
@book_page("visit.make")
def report(request: HttpRequest, *, sight: Sight, visit_id: int) -> HttpResponse:
    found = visit_of(sight, visit_id)

    def act() -> None:
        sent = sent_by(request, sight)
        told = operations.Told(
            client_key=_key(sent),
            at=_instant(sent),
            outcome=sent.choice("outcome", Outcome),
            entry=sent.choice("entry", Entry),
            identity_shown=bool(sent.text("identity_shown")),
            recording_reference=sent.text("recording_reference"),
            note=sent.text("note"),
        )
        operations.report(visit=found, told=told, acting_user=user_of(request))

    return _do(request, sight, found, act, done=_("The visit is reported."))


@require_POST
@book_page("visit.plan")
def call_off(request: HttpRequest, *, sight: Sight, visit_id: int) -> HttpResponse:
    found = visit_of(sight, visit_id)

    def act() -> None:
        reason = sent_by(request, sight).text("reason")
        operations.call_off(visit=found, reason=reason, acting_user=user_of(request))

    return _do(request, sight, found, act, done=_("The visit is called off."))


@require_http_methods(["GET", "HEAD", "POST"])
@book_page("visit.plan")
def plan(request: HttpRequest, *, sight: Sight, case_id: int) -> HttpResponse:
    """Plan a visit to an address of the case's person."""
    case = Case.objects.filter(book=sight.book, pk=case_id).select_related("party", "book").first()
    if case is None or (
        sight.funder_ids is not None and not case.case_loans.filter(loan__in=sight.loans()).exists()
    ):
        raise Http404
    points = [
        known
        for known in reach.points(party=case.party, on=timezone.localdate())
        if known.point.kind == PointKind.ADDRESS
    ]
    context = {
        "case": case,
        "name": names([case.party])[case.party_id],
        "points": points,
        "collectors": collectors(sight),
        "sent": request.POST,
        "today": timezone.localdate(),
        "may_plan": may(request, sight, "visit.plan"),
    }
    if request.method == "POST":
        try:
            visit = _plan(request, sight, case)
        except DaihouError as refused:
            context["refused"] = refused_by(refused)
            return show(
                request, "desk/visits/plan.html", context, sight=sight, page="visits", status=409
            )
        messages.success(request, _("The visit is planned."))
        return redirect("desk:visit", sight.book.name, visit.pk)
    return show(request, "desk/visits/plan.html", context, sight=sight, page="visits")


def collectors(sight: Sight) -> QuerySet[User]:
    """Query who may make visits in a book."""
    found = User.objects.filter(is_active=True, grants__role=Role.FIELD_COLLECTOR).distinct()
    wanted = [
        user.pk for user in found if user_may(user=user, permission="visit.make", target=sight.book)
    ]
    return User.objects.filter(pk__in=wanted).order_by("username")


def _plan(request: HttpRequest, sight: Sight, case: Case) -> Visit:
    sent = sent_by(request, sight)
    user = user_of(request)
    point = next(
        (
            known.point
            for known in reach.points(party=case.party, on=timezone.localdate())
            if str(known.point.pk) == sent.text("point")
        ),
        None,
    )
    if point is None:
        raise VisitRefused("visit.not_an_address")
    there = {str(each.pk): each for each in collectors(sight)}
    lead, companion = there.get(sent.text("lead")), there.get(sent.text("companion"))
    if lead is None or companion is None:
        raise VisitRefused("visit.two_collectors")
    planned = operations.Planned(
        begins_at=_clock(sent, "begins"),
        ends_at=_clock(sent, "ends"),
        lead=lead,
        companion=companion,
        goal=sent.text("goal"),
        district=sent.text("district"),
        place=_place(sent),
        is_appointment=bool(sent.text("is_appointment")),
    )
    return operations.plan(case=case, contact_point=point, planned=planned, acting_user=user)


def _do(
    request: HttpRequest, sight: Sight, found: Visit, act: Callable[[], object], *, done: str
) -> HttpResponse:
    """Do it; answer the visit as it is then, or with what was refused and what had been sent."""
    try:
        act()
    except DaihouError as refused:
        return _refuse(request, sight, found, refused)
    messages.success(request, done)
    if request.headers.get("HX-Target") == BODY:
        return answer(request, sight=sight, found=visit_of(sight, found.pk))
    return redirect("desk:visit", sight.book.name, found.pk)


def _refuse(request: HttpRequest, sight: Sight, found: Visit, refused: DaihouError) -> HttpResponse:
    return answer(
        request,
        sight=sight,
        found=visit_of(sight, found.pk),
        refused=refused_by(refused),
        kept=request.POST.dict(),
    )


def _key(sent: Sent) -> UUID:
    try:
        return UUID(sent.text("client_key"))
    except ValueError as exception:
        raise DaihouError("form.choice_wrong", field="client_key") from exception


def _instant(sent: Sent) -> datetime:
    """Read when it happened by the phone; without a script: now."""
    return sent.instant_or_none("at") or timezone.now()


def _clock(sent: Sent, name: str) -> datetime:
    try:
        hour, _colon, minute = sent.text(name).partition(":")
        naive = datetime.combine(sent.day("on"), datetime.min.time()).replace(
            hour=int(hour), minute=int(minute)
        )
    except ValueError as exception:
        raise DaihouError("form.day_wrong", field=name) from exception
    return timezone.make_aware(naive)


def _place(sent: Sent) -> Place | None:
    """Read a position in degrees; none where none was given."""
    if not sent.text("latitude") or not sent.text("longitude"):
        return None
    try:
        return Place(
            latitude=round(float(sent.text("latitude")) * MICRO),
            longitude=round(float(sent.text("longitude")) * MICRO),
        )
    except (ValueError, OverflowError) as exception:
        raise DaihouError("form.number_wrong", field="latitude") from exception


def _accuracy(sent: Sent) -> int | None:
    text = sent.text("accuracy").partition(".")[0]
    return min(int(text), ACCURACY_MOST) if text.isdecimal() and len(text) <= 9 else None
