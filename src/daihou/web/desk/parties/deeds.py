"""What is done to parties from their pages; each calls one operation and says how it ended."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from daihou.errors import DaihouError
from daihou.web.board.page import book_page, number_of, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.desk.answering import attempt, line_of
from daihou.web.desk.parties import views
from daihou.web.parties import editing, merging, queries, relations, sighting
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import CompanyLink, Consent, LoanRole, Merge, Party
from daihou.web.parties.relations import Guarantee
from daihou.web.privacy import deleting

Deed = Callable[[HttpRequest, Sight, Party], object]
NUMBER_LONGEST: Final = 20


@require_POST
@book_page("party.view_personal_data")
def reveal(request: HttpRequest, *, sight: Sight, party_id: int) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    try:
        shown = editing.reveal(
            party=found, reason=request.POST.get("reason", ""), acting_user=user_of(request)
        )
    except DaihouError as refused:
        context = views.context_of(request, sight, found) | {"refused": line_of(refused)}
    else:
        context = views.context_of(request, sight, found, shown=shown)
    answer = show(request, "desk/parties/party.html", context, sight=sight, page="parties")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
@book_page("party.delete_personal_data")
def delete(request: HttpRequest, *, sight: Sight, party_id: int) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    erase = partial(
        deleting.delete,
        party=found,
        reason=request.POST.get("reason", "")[:500],
        acting_user=user_of(request),
    )
    attempt(request, erase, done=_("The personal data are deleted for good."))
    return redirect("desk:party", sight.book.name, found.pk)


@require_POST
@book_page("party.change")
def act(request: HttpRequest, *, sight: Sight, party_id: int) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    deed = _DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        raise Http404
    attempt(request, lambda: deed(request, sight, found), done=_("Noted."))
    return redirect("desk:party", sight.book.name, found.pk)


@require_POST
@book_page("party.change")
def decide_duplicate(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    kept, other = (
        sighting.party_of(sight, _number(request.POST, name) or 0) for name in ("kept", "other")
    )
    user = user_of(request)
    if request.POST.get("deed") == "apart":
        apart = partial(merging.note_not_duplicate, one=kept, other=other, acting_user=user)
        attempt(request, apart, done=_("They are two; they are suggested no more."))
        return redirect("desk:party_duplicates", sight.book.name)
    join = partial(
        merging.merge,
        kept=kept,
        absorbed=other,
        reason=request.POST.get("reason", ""),
        acting_user=user,
    )
    if attempt(request, join, done=_("They are one party now; this can be undone.")):
        return redirect("desk:party", sight.book.name, kept.pk)
    return redirect("desk:party_duplicates", sight.book.name)


@require_POST
@book_page("party.change")
def undo_merge(request: HttpRequest, *, sight: Sight, merge_id: int) -> HttpResponse:
    found = Merge.objects.select_related("kept", "absorbed").filter(pk=merge_id).first()
    if found is None:
        raise Http404
    kept = sighting.party_of(sight, found.kept_id)
    part = partial(
        merging.undo,
        merge=found,
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )
    attempt(request, part, done=_("They are two parties again, each with what it had."))
    return redirect("desk:party", sight.book.name, kept.pk)


def _put_datum(request: HttpRequest, sight: Sight, party: Party) -> object:  # noqa: ARG001
    given = request.POST
    return editing.put_datum(
        party=party, field=given.get("field", ""), value=given.get("value", ""),
        acting_user=user_of(request),
    )  # fmt: skip


def _check(request: HttpRequest, sight: Sight, party: Party) -> object:  # noqa: ARG001
    name = request.POST.get("provider", "")
    return editing.check_identity(party=party, provider=name, acting_user=user_of(request))


def _add_role(request: HttpRequest, sight: Sight, party: Party) -> object:
    given = request.POST
    loan = sight.loans().filter(loan_ref=given.get("loan", "")).first()
    if loan is None:
        raise PartyRefused("party.loan_unknown")
    most = _decimal(given, "guarantee_most")
    return relations.add_role(
        loan=loan,
        party=party,
        role=given.get("role", ""),
        started_on=_day(given, "started_on"),
        relation=given.get("relation", ""),
        guarantee=Guarantee(
            type=given.get("guarantee_type", ""),
            months=_number(given, "guarantee_months"),
            most_minor=None if most is None else int(most.scaleb(sight.book.minor_digits)),
        ),
        acting_user=user_of(request),
    )


def _end_role(request: HttpRequest, sight: Sight, party: Party) -> object:
    return relations.end_role(
        role=_role(request, sight, party),
        ended_on=_day(request.POST, "on"),
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _note_claim(request: HttpRequest, sight: Sight, party: Party) -> object:
    return relations.note_claim(
        role=_role(request, sight, party),
        claimed_on=_day(request.POST, "on"),
        evidence=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


def _link(request: HttpRequest, sight: Sight, party: Party) -> object:
    given = request.POST
    other = sighting.find_party(user_of(request), sight, given.get("other", ""))
    is_person = party.kind == "person"
    share = _decimal(given, "share")
    return relations.link_company(
        person=party if is_person else other,
        company=other if is_person else party,
        kind=given.get("kind", ""),
        started_on=_day(given, "started_on"),
        share=None if share is None else share / 100,
        acting_user=user_of(request),
    )


def _end_link(request: HttpRequest, sight: Sight, party: Party) -> object:  # noqa: ARG001
    number = _number(request.POST, "link") or 0
    link = CompanyLink.objects.filter(pk=number).first()
    if link is None or party.pk not in {link.person_id, link.company_id}:
        raise Http404
    return relations.end_link(
        link=link, ended_on=_day(request.POST, "on"), acting_user=user_of(request)
    )


def _consent(request: HttpRequest, sight: Sight, party: Party) -> object:  # noqa: ARG001
    given = request.POST
    return relations.give_consent(
        party=party,
        purpose=given.get("purpose", ""),
        given_at=_instant(given, "given_at"),
        evidence=given.get("evidence", ""),
        acting_user=user_of(request),
    )


def _withdraw(request: HttpRequest, sight: Sight, party: Party) -> object:  # noqa: ARG001
    ids = queries.family_ids(party=party)
    number = _number(request.POST, "consent") or 0
    consent = Consent.objects.filter(pk=number, party_id__in=ids).first()
    if consent is None:
        raise Http404
    return relations.withdraw_consent(
        consent=consent,
        withdrawn_at=timezone.now(),
        reason=request.POST.get("reason", ""),
        acting_user=user_of(request),
    )


_DEEDS: Final[dict[str, Deed]] = {
    "datum": _put_datum,
    "check": _check,
    "role": _add_role,
    "end_role": _end_role,
    "claim": _note_claim,
    "link": _link,
    "end_link": _end_link,
    "consent": _consent,
    "withdraw": _withdraw,
}


def _role(request: HttpRequest, sight: Sight, party: Party) -> LoanRole:
    number = _number(request.POST, "role") or 0
    found = LoanRole.objects.filter(pk=number, party=party, loan__in=sight.loans()).first()
    if found is None:
        raise Http404
    return found


def _number(given: QueryDict, name: str) -> int | None:
    return number_of(given.get(name, "").strip())


def _decimal(given: QueryDict, name: str) -> Decimal | None:
    text = given.get(name, "").strip().replace(",", "")
    if not text:
        return None
    try:
        found = Decimal(text[:NUMBER_LONGEST])
    except InvalidOperation as exception:
        raise PartyRefused("party.number_wrong") from exception
    if not found.is_finite() or found.adjusted() > 15:
        raise PartyRefused("party.number_wrong")
    return found


def _day(given: QueryDict, name: str) -> date:
    try:
        return date.fromisoformat(given.get(name, ""))
    except ValueError as exception:
        raise PartyRefused("party.day_wrong") from exception


def _instant(given: QueryDict, name: str) -> datetime:
    try:
        found: Any = datetime.fromisoformat(given.get(name, ""))
    except ValueError as exception:
        raise PartyRefused("party.day_wrong") from exception
    made: datetime = found if found.tzinfo else timezone.make_aware(found)
    return made
