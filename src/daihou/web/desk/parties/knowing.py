"""What is known of a person: where she is reached and why, when she answers, what holds of her."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.collect.requests import Channel
from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.audit.models import AuditRow
from daihou.web.board.page import book_page, number_of, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.complaints import queries as complaints
from daihou.web.complaints.models import Complaint
from daihou.web.contacts import stops
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.parties import agreed, established, hours
from daihou.web.desk.parties.words import ZONE_SOURCES
from daihou.web.desk.reading import sent_by
from daihou.web.parties import interest, queries, reach, sighting, states
from daihou.web.parties.models import (
    ContactPoint,
    Party,
    PersonState,
    PointBasis,
    PointKind,
    PointSource,
    StateKind,
)
from daihou.web.servicing.actions import Action

LOOKS_SHOWN = 20
ZONES_OFFERED: Final = (
    "Asia/Shanghai",
    "Asia/Urumqi",
    "Asia/Hong_Kong",
    "Asia/Macau",
    "Asia/Taipei",
    "Asia/Kolkata",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Europe/London",
)
Deed = Callable[[HttpRequest, Sight, Party], object]


@require_safe
@book_page("party.view")
def person(request: HttpRequest, *, sight: Sight, party_id: int) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    if found.merged_into_id is not None:
        return redirect("desk:person", sight.book.name, queries.root_of(party=found).pk)
    context = context_of(request, sight, found)
    return show(request, "desk/parties/person.html", context, sight=sight, page="parties")


@require_POST
@book_page("party.view_personal_data")
def reveal_point(
    request: HttpRequest, *, sight: Sight, party_id: int, point_id: int
) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    point = _point(found, point_id)
    revealed: dict[int, str] = {}
    refused = ""
    try:
        reason = request.POST.get("reason", "")
        revealed[point.pk] = reach.reveal_point(
            point=point, reason=reason, acting_user=user_of(request)
        )
    except DaihouError as fault:
        refused = line_of(fault)
    context = context_of(request, sight, found) | {"revealed": revealed, "refused": refused}
    answer = show(request, "desk/parties/person.html", context, sight=sight, page="parties")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
@book_page("party.view")
def know(request: HttpRequest, *, sight: Sight, party_id: int) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    permission, deed = _DEEDS.get(request.POST.get("deed", ""), ("", None))
    if deed is None:
        raise Http404
    if not may(request, sight, permission):
        raise PermissionDenied
    attempt(request, partial(deed, request, sight, found), done=_("Noted."))
    return redirect("desk:person", sight.book.name, found.pk)


def context_of(request: HttpRequest, sight: Sight, found: Party) -> dict[str, Any]:
    """Gather what is known of a person, numbers masked."""
    on = timezone.localdate()
    zones = reach.time_zones(party=found, on=on)
    held = states.states_of(party=found)
    own = sight.loans().filter(person_id__in=queries.family_ids(party=found))
    loans = list(own.select_related("book").order_by("loan_ref"))
    looks = AuditRow.objects.filter(
        target_type="party",
        target_id=str(found.pk),
        action__in=["contact_point.reveal", "party.reveal"],
    )
    user = user_of(request)
    may = {
        name: access.may(user=user, permission=permission, target=sight.book)
        for name, permission in (
            ("may_state", "person.state"),
            ("may_reveal", "party.view_personal_data"),
            ("may_ask", "servicing.request"),
            ("may_see_complaints", "complaint.view"),
            ("may_see_stops", "contact.view"),
            ("may_lift", "contact.lift"),
        )
    }
    return {
        "party": found,
        "name": sighting.names([found])[found.pk],
        "points": reach.points(party=found, on=on),
        "zones": zones,
        "zone_source": ZONE_SOURCES.get(zones.source, ""),
        "best_times": reach.best_times(party=found),
        "bad_times": hours.shown(party=found, at=timezone.now()),
        "bad_days": [(name, word) for name, (word, _) in hours.DAYS.items()],
        "agreements": agreed.shown(party=found, at=timezone.now()),
        "agreement_kinds": [(kind.value, word) for kind, word in agreed.WORDS.items()],
        "channels": list(Channel),
        "states": [(state, _interest(state, sight, loans)) for state in held],
        "stops": list(stops.in_force(party=found, at=timezone.now())),
        "past": complaints.past_of(party=found, at=timezone.now()),
        "complaints": list(
            Complaint.objects.filter(
                book=sight.book, party_id__in=queries.family_ids(party=found)
            ).order_by("-pk")[:LOOKS_SHOWN]
        ),
        "looks": looks.select_related("acting_user").order_by("-pk")[:LOOKS_SHOWN],
        "today": on,
        "me": user,
        "point_kinds": PointKind.choices,
        "sources": PointSource.choices,
        "bases": PointBasis.choices,
        "state_kinds": StateKind.choices,
        "zones_offered": ZONES_OFFERED,
        "revealed": {},
        **established.context_of(sight=sight, party=found, loans=loans, at=timezone.now()),
    } | may


def _interest(state: PersonState, sight: Sight, loans: list[Any]) -> dict[str, Any] | None:
    """Say what the law of the book stops for a state, and on which loans it can be asked for."""
    found = interest.stop_of(state=state, book=sight.book, on=state.started_on)
    if found is None or state.ended_on is not None:
        return None
    return {"stop": found, "loans": loans if state.proved_at else []}


def _add_point(request: HttpRequest, sight: Sight, party: Party) -> object:
    sent = sent_by(request, sight)
    return reach.add_point(
        party=party,
        kind=sent.text("kind"),
        value=sent.text("value"),
        origin=reach.Origin(
            source=sent.text("source"),
            basis=sent.text("basis"),
            evidence=sent.text("evidence"),
            time_zone=sent.text("time_zone"),
        ),
        acting_user=user_of(request),
    )


def _wrong(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return _mark(request, party, at=timezone.now())


def _right(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return _mark(request, party, at=None)


def _mark(request: HttpRequest, party: Party, *, at: datetime | None) -> object:
    """Note whose a number is: somebody else's since ``at``, or hers after all."""
    return reach.mark_wrong_party(
        point=_asked_point(request, party),
        at=at,
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _end_point(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return reach.end_point(
        point=_asked_point(request, party),
        ended_on=timezone.localdate(),
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _set_basis(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return reach.set_basis(
        point=_asked_point(request, party),
        basis=request.POST.get("basis", ""),
        evidence=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _zone(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return reach.state_time_zone(
        point=_asked_point(request, party),
        time_zone=request.POST.get("time_zone", ""),
        acting_user=user_of(request),
    )


def _note_state(request: HttpRequest, sight: Sight, party: Party) -> object:
    sent = sent_by(request, sight)
    return states.note_state(
        party=party,
        kind=sent.text("kind"),
        started_on=sent.day("started_on"),
        note=sent.text("note"),
        evidence=sent.text("evidence"),
        acting_user=user_of(request),
    )


def _prove_state(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return states.prove_state(
        state=_state(request, party),
        evidence=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _end_state(request: HttpRequest, _sight: Sight, party: Party) -> object:
    return states.end_state(
        state=_state(request, party),
        ended_on=timezone.localdate(),
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _stop_interest(request: HttpRequest, sight: Sight, party: Party) -> object:
    sent = sent_by(request, sight)
    loan = sight.loans().select_related("book").filter(loan_ref=sent.text("loan")).first()
    if loan is None:
        raise Http404
    return interest.ask(
        state=_state(request, party),
        loan=loan,
        action=sent.choice("action", Action),
        acting_user=user_of(request),
    )


_DEEDS: Final[dict[str, tuple[str, Deed]]] = {
    "point": ("person.state", _add_point),
    "wrong": ("person.state", _wrong),
    "right": ("person.state", _right),
    "end_point": ("person.state", _end_point),
    "basis": ("person.state", _set_basis),
    "zone": ("person.state", _zone),
    "state": ("person.state", _note_state),
    "prove": ("person.state", _prove_state),
    "end_state": ("contact.lift", _end_state),
    "interest": ("servicing.request", _stop_interest),
    "bad_time": ("person.state", hours.note),
    "end_bad_time": ("person.state", hours.end),
    "agree": ("person.state", agreed.note),
    "end_agreement": ("person.state", agreed.end),
    "find": ("person.state", established.note),
    "end_finding": ("person.state", established.take_back),
}


def _asked_point(request: HttpRequest, party: Party) -> ContactPoint:
    return _point(party, _number(request, "point"))


def _point(party: Party, point_id: int) -> ContactPoint:
    rows = ContactPoint.objects.filter(party_id__in=queries.family_ids(party=party))
    found = rows.select_related("party").filter(pk=point_id).first()
    if found is None:
        raise Http404
    return found


def _state(request: HttpRequest, party: Party) -> PersonState:
    rows = PersonState.objects.filter(party_id__in=queries.family_ids(party=party))
    found = rows.select_related("party").filter(pk=_number(request, "state")).first()
    if found is None:
        raise Http404
    return found


def _number(request: HttpRequest, name: str) -> int:
    return number_of(request.POST.get(name, "")) or 0
