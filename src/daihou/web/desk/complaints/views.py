"""Complaints of a book: the clock that ends first is first; one of them with all that belongs."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from daihou.core.terms import Component
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.complaints import claims, queries
from daihou.web.complaints.models import (
    Cause,
    Finding,
    Intake,
    Nature,
    RemedyKind,
    State,
    Topic,
)
from daihou.web.contacts.models import StopLift
from daihou.web.documents.kinds import Language
from daihou.web.parties import sighting

RATE_DAYS = 90
CLAIMS_SHOWN = 50
FILTERS = ("nature", "topic", "intake")
MONEY_REMEDIES = (RemedyKind.WAIVER, RemedyKind.REFUND)


@require_safe
@book_page("complaint.view")
def complaints(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    is_open = request.GET.get("show") != "ended"
    words = {name: request.GET.get(name, "") for name in FILTERS}
    found = queries.listed(sight=sight, words=words, is_open=is_open)
    pages = paging(number=page_no(request), found=found.count())
    rows = list(found[pages.cut])
    today = timezone.localdate()
    open_claims = list(queries.claims_open(sight=sight)[:CLAIMS_SHOWN])
    people = [row.party for row in rows] + [row.party for row in open_claims]
    context = {
        "rows": rows,
        "names": sighting.names(people),
        "is_open": is_open,
        "words": words,
        "today": today,
        **pages.context,
        "overdue": queries.overdue(sight=sight, on=today),
        "claims": [(row, claims.candidates(claim=row)) for row in open_claims],
        "rate": queries.rate(
            book=sight.book, first_on=today - timedelta(days=RATE_DAYS - 1), last_on=today
        )
        if sight.funder_ids is None
        else None,
        "rate_days": RATE_DAYS,
        "export_from": today - timedelta(days=RATE_DAYS - 1),
        "filters": [
            ("nature", Nature.choices),
            ("topic", Topic.choices),
            ("intake", Intake.choices),
        ],
    } | rights(request, sight)
    return show(request, "desk/complaints/complaints.html", context, sight=sight, page="complaints")


@require_safe
@book_page("complaint.record")
def new(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    context = {
        "given": request.GET,
        "natures": Nature.choices,
        "topics": Topic.choices,
        "intakes": Intake.choices,
        "now": timezone.localtime(),
    }
    return show(request, "desk/complaints/new.html", context, sight=sight, page="complaints")


@require_safe
@book_page("complaint.view")
def complaint(request: HttpRequest, *, sight: Sight, complaint_id: int) -> HttpResponse:
    found = queries.find(sight=sight, complaint_id=complaint_id)
    user = user_of(request)
    holds = list(found.holds.select_related("order", "order__party").order_by("pk"))
    lifted = StopLift.objects.filter(order_id__in=[each.order_id for each in holds])
    may = rights(request, sight)
    context: dict[str, Any] = {
        "complaint": found,
        "said": queries.said(complaint=found),
        "reasoning": queries.reasoning(complaint=found),
        "name": sighting.names([found.party]).get(found.party_id or 0, ""),
        "past": queries.past_of(party=found.party, at=timezone.now()) if found.party else None,
        "loans": list(found.loans.select_related("product").order_by("loan_ref")),
        "contacts": list(found.contacts.select_related("permit__acting_user").order_by("pk")),
        "people": list(found.people.select_related("user").order_by("pk")),
        "steps": queries.steps(complaint=found),
        "remedies": list(found.remedies.select_related("approval", "acting_user").order_by("pk")),
        "extensions": list(found.extensions.order_by("pk")),
        "holds": holds,
        "lifted": set(lifted.values_list("order_id", flat=True)),
        "is_of_me": found.people.filter(user=user).exists(),
        "is_mine": found.handler_id == user.pk,
        "today": timezone.localdate(),
        "findings": Finding.choices,
        "causes": Cause.choices,
        "remedy_kinds": [each for each in RemedyKind.choices if each[0] not in MONEY_REMEDIES],
        "components": [(each.value, each.value) for each in Component],
        "languages": Language.choices,
        "colleagues": User.objects.filter(is_active=True, grants__isnull=False)
        .distinct()
        .order_by("username"),
        "is_undecided": found.state in {State.RECORDED, State.IN_PROGRESS},
    } | may
    return show(request, "desk/complaints/complaint.html", context, sight=sight, page="complaints")


def rights(request: HttpRequest, sight: Sight) -> dict[str, bool]:
    """Say what the user may do to complaints of this book."""
    user = user_of(request)
    return {
        name: access.may(user=user, permission=permission, target=sight.book)
        for name, permission in (
            ("may_record", "complaint.record"),
            ("may_decide", "complaint.decide"),
            ("may_ask_money", "servicing.request"),
            ("may_open_files", "file.open"),
            ("may_see_parties", "party.view"),
        )
    }
