"""Parties of a book: searched, added, shown with all their loans; duplicates side by side."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from daihou.web.access import queries as access
from daihou.web.audit.models import AuditRow
from daihou.web.board.page import book_page, page_no, paging, show
from daihou.web.board.sight import Sight, user_of
from daihou.web.credit.queries import lines_of
from daihou.web.desk.answering import attempt
from daihou.web.desk.parties import showing
from daihou.web.ledger.models import Book
from daihou.web.parties import editing, providers, queries, sighting
from daihou.web.parties.models import (
    Field,
    GuaranteeType,
    LinkKind,
    Party,
    PartyKind,
    Purpose,
    Role,
)

LOOKS_SHOWN = 20
ADDED = (Field.NAME, Field.ID_NUMBER, Field.PHONE, Field.BANK_ACCOUNT, Field.EMAIL, Field.ADDRESS)


@require_safe
@book_page("party.view")
def parties(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    found = sighting.in_sight(sight).filter(merged_into__isnull=True)
    if text:
        ids = sighting.matching(user_of(request), sight, text)
        roots = {
            queries.root_of(party=party).pk
            for party in Party.objects.filter(pk__in=ids).select_related("merged_into")
        }
        found = found.filter(pk__in=roots)
    pages = paging(number=page_no(request), found=found.count())
    shown = list(found.order_by("-pk")[pages.cut])
    if text and pages.context["found"] == 1:
        return redirect("desk:party", sight.book.name, shown[0].pk)
    context = {
        "parties": shown,
        "names": sighting.names(shown),
        "text": text,
        **pages.context,
        "kinds": PartyKind.choices,
        "fields": [field.value for field in ADDED],
    } | rights(request, sight)
    return show(request, "desk/parties/parties.html", context, sight=sight, page="parties")


@require_POST
@book_page("party.change")
def add(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    data = {field.value: [value] for field in ADDED if (value := request.POST.get(field.value, ""))}
    made: list[Party] = []

    def make() -> None:
        made.append(
            editing.add_party(
                source=sight.book.name,
                kind=request.POST.get("kind", ""),
                data=data,
                acting_user=user_of(request),
            )
        )

    if attempt(request, make, done=_("The party is added.")):
        return redirect("desk:party", sight.book.name, made[0].pk)
    return redirect("desk:parties", sight.book.name)


@require_safe
@book_page("party.view")
def party(request: HttpRequest, *, sight: Sight, party_id: int) -> HttpResponse:
    found = sighting.party_of(sight, party_id)
    if found.merged_into_id is not None:
        root = queries.root_of(party=found)
        return redirect("desk:party", sight.book.name, root.pk)
    return show(
        request, "desk/parties/party.html", context_of(request, sight, found), sight=sight,
        page="parties",
    )  # fmt: skip


def context_of(
    request: HttpRequest, sight: Sight, found: Party, *, shown: Any = None
) -> dict[str, Any]:
    """Gather everything of a party; ``shown`` is her data in plain, revealed for this answer."""
    as_of = sight.book.business_date or timezone.localdate()
    today = max(timezone.localdate(), as_of)  # The law's periods run on whatever nights are run.
    lines = showing.loan_lines(request, party=found, as_of=as_of, today=today)
    links, linked_lines = showing.company_side(request, party=found, as_of=as_of, today=today)
    looks = AuditRow.objects.filter(
        target_type="party", target_id=str(found.pk), action="party.reveal"
    )
    books = Book.objects.filter(pk__in={line.loan.book_id for line in lines} | {sight.book.pk})
    return {
        "party": found,
        "name": sighting.names([found])[found.pk],
        "data": shown or queries.masked_data(party=found),
        "is_revealed": shown is not None,
        "faults": queries.faults(party=found),
        "lines": lines,
        "linked_lines": linked_lines,
        "links": links,
        "consents": list(queries.consents(party=found)),
        "merges": list(queries.merges(party=found)),
        "checks": found.checks.select_related("checked_by").order_by("-pk")[:LOOKS_SHOWN],
        "credit_lines": list(lines_of(party=found, books=books)),
        "looks": looks.select_related("acting_user").order_by("-pk")[:LOOKS_SHOWN],
        "today": as_of,
        "fields": [field.value for field in ADDED],
        "purposes": Purpose.choices,
        "roles": Role.choices,
        "guarantee_types": GuaranteeType.choices,
        "link_kinds": LinkKind.choices,
        "providers": sorted(providers.providers()),
    } | rights(request, sight)


@require_safe
@book_page("party.change")
def duplicates(request: HttpRequest, *, sight: Sight) -> HttpResponse:
    found = queries.duplicates(sources=[sight.book.name, ""]) if sight.funder_ids is None else []
    pairs = [party for each in found for party in (each.first, each.second)]
    shown = [
        {
            "pair": each,
            "sides": [
                {
                    "party": side,
                    "data": queries.masked_data(party=side),
                    "loan_count": side.loans.count(),
                }
                for side in (each.first, each.second)
            ],
        }
        for each in found
    ]
    context = {"duplicates": shown, "names": sighting.names(pairs)}
    return show(request, "desk/parties/duplicates.html", context, sight=sight, page="parties")


def rights(request: HttpRequest, sight: Sight) -> dict[str, bool]:
    """Say what the user may do to parties of this book."""
    user = user_of(request)
    return {
        name: access.may(user=user, permission=permission, target=sight.book)
        for name, permission in (
            ("may_change", "party.change"),
            ("may_reveal", "party.view_personal_data"),
            ("may_delete", "party.delete_personal_data"),
            ("may_see_lines", "credit.view"),
        )
    }
