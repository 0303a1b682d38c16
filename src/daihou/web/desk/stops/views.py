"""Stop orders of a book's people: those in force first, one of them with its lifting."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.collect.facts import StopKind
from daihou.web.audit import withholding
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, may, user_of
from daihou.web.contacts import stops as orders
from daihou.web.contacts.models import StopLift, StopOrder
from daihou.web.desk.answering import attempt
from daihou.web.desk.cases import words
from daihou.web.desk.reading import sent_by
from daihou.web.parties import sighting
from daihou.web.parties.models import LoanRole

OPEN, ENDED = "open", "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An order as people read it. ``origin`` names what ends it, where nobody lifts it."""

    row: StopOrder
    name: str
    word: str
    scope: str
    origin: str
    origin_id: int
    lift: StopLift | None
    is_over: bool


@require_safe
@book_page("contact.view")
def stops(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    now = timezone.now()
    view = ENDED if request.GET.get("show") == ENDED else OPEN
    kind = request.GET.get("kind", "")
    found = _in_sight(sight)
    ended = Q(lifted__isnull=False) | Q(ends_at__lte=now)
    found = found.filter(ended) if view == ENDED else found.exclude(ended)
    if kind in set(StopKind):
        found = found.filter(kind=kind)
    pages = paging(number=page_no(request), found=found.count())
    rows = list(found[pages.cut])
    names = sighting.names([row.party for row in rows])
    context = {
        "rows": [_shown(row, names, at=now) for row in rows],
        "view": view,
        "kind": kind,
        "kinds": [(each.value, words.STOPS[each.value]) for each in StopKind],
        **pages.context,
    }
    return show(request, "desk/stops/stops.html", context, sight=sight, page="stops")


@require_safe
@book_page("contact.view")
def stop(request: HttpRequest, *, sight: Sight, stop_id: int) -> HttpResponse:
    row = _find(sight, stop_id)
    shown = _shown(row, sighting.names([row.party]), at=timezone.now())
    is_live = shown.lift is None and not shown.is_over
    is_of_itself = not shown.origin and row.kind != StopKind.CONTACT_REFUSED
    is_own = row.acting_user_id == user_of(request).pk
    is_hers = row.kind in orders.HER_OWN
    context = {
        "stop": shown,
        "said": withholding.text_of(digest=row.note_digest),
        "why_lifted": withholding.text_of(digest=shown.lift.note_digest) if shown.lift else "",
        "may_see_parties": may(request, sight, "party.view"),
        "may_see_complaints": may(request, sight, "complaint.view"),
        "may_lift": is_live and is_of_itself and may(request, sight, "contact.lift"),
        "is_live": is_live,
        "is_own": is_own,
        "is_hers": is_hers,
        "is_for_others": is_own and not is_hers,
    }
    return show(request, "desk/stops/stop.html", context, sight=sight, page="stops")


@require_POST
@book_page("contact.lift")
def lift(request: HttpRequest, *, sight: Sight, stop_id: int) -> HttpResponse:
    sent = sent_by(request, sight)
    release = partial(
        orders.release,
        stop=_find(sight, stop_id),
        at=timezone.now(),
        reason=sent.text("reason")[:2000],
        her_word=sent.text("her_word")[:200],
        acting_user=user_of(request),
    )
    attempt(request, release, done=_("The stop is lifted."))
    return redirect("desk:stop", sight.book.name, stop_id)


def _in_sight(sight: Sight) -> QuerySet[StopOrder]:
    """Query the orders about people who have a part in loans in sight, the newest first.

    An order binds every book: one given in another is shown here, too.
    """
    loans = sight.loans()
    roles = LoanRole.objects.filter(party=OuterRef("party"), loan__in=loans)
    found = Q(Exists(loans.filter(person=OuterRef("party")))) | Q(Exists(roles))
    if sight.funder_ids is None:
        found |= Q(book=sight.book)
    rows = StopOrder.objects.filter(found).select_related(
        "party", "book", "acting_user", "lifted__acting_user"
    )
    return rows.order_by("-started_at", "-pk")


def _find(sight: Sight, stop_id: int) -> StopOrder:
    found = _in_sight(sight).filter(pk=stop_id).first()
    if found is None:
        raise Http404
    return found


def _shown(row: StopOrder, names: dict[int, str], *, at: datetime) -> Shown:
    return Shown(
        row=row,
        name=names.get(row.party_id, row.party.reference),
        word=str(words.STOPS[row.kind]),
        scope=_scope(row),
        origin=row.origin,
        origin_id=row.origin_number or 0,
        lift=getattr(row, "lifted", None),
        is_over=row.ends_at is not None and row.ends_at <= at,
    )


def _scope(row: StopOrder) -> str:
    """Say what an order is about; empty: everything of the person."""
    parts = [str(words.CHANNELS[each]) for each in row.channels]
    if row.debt_keys:
        parts.append(_("loans: %(count)s") % {"count": len(row.debt_keys)})
    if row.address_key:
        parts.append(_("one number or address"))
    if row.recipient_key:
        parts.append(_("this person only, not others about the debt"))
    return " · ".join(parts)
