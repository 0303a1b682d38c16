"""Which parties a user sees of a book: those it brought, and whoever has a part in its loans."""

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404

from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.board.sight import Sight
from daihou.web.loans.models import Loan
from daihou.web.parties import queries
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.masking import masked
from daihou.web.parties.models import Field, Party, PersonalDatum

SEARCHED = (Field.PHONE, Field.ID_NUMBER, Field.NAME, Field.BANK_ACCOUNT, Field.EMAIL)
TEXT_LONGEST = 80
Row = TypeVar("Row", bound=Model)


def in_sight(sight: Sight) -> QuerySet[Party]:
    """Query the parties of a book in sight; a funder's only where his loans are."""
    loans = sight.loans()
    has_part = Q(pk__in=loans.values("person_id")) | Q(pk__in=loans.values("roles__party_id"))
    if sight.funder_ids is not None:
        return Party.objects.filter(has_part)
    own = Q(source=sight.book.name) | Q(credit_lines__book=sight.book)
    return Party.objects.filter(own | has_part).distinct()


def party_of(sight: Sight, party_id: int) -> Party:
    found = in_sight(sight).select_related("merged_into").filter(pk=party_id).first()
    if found is None:
        raise Http404
    return found


def of_person(rows: QuerySet[Row], *, party: Party, number: str) -> Row:
    """Find a row about a person, or about who she was merged with, by its number in a form.

    :raises Http404: there is none.
    """
    ids = queries.family_ids(party=party)
    hers = rows.filter(party_id__in=ids).select_related("party")
    found = hers.filter(pk=int(number) if number.isdecimal() and len(number) < 18 else 0).first()
    if found is None:
        raise Http404
    return found


def matching(user: User, sight: Sight, text: str) -> list[int]:
    """Find parties by reference, or, for those who may see personal data, by value."""
    wanted = text.strip()[:TEXT_LONGEST]
    ids = set(in_sight(sight).filter(reference=wanted).values_list("pk", flat=True))
    if access.may(user=user, permission="party.view_personal_data", target=sight.book):
        found = {
            party.pk
            for field in SEARCHED
            for party in queries.find_parties(field=field.value, value=wanted)
        }
        ids |= set(in_sight(sight).filter(pk__in=found).values_list("pk", flat=True))
    return sorted(ids)


def find_party(user: User, sight: Sight, text: str) -> Party:
    """Find the one party that a text names; a duplicate gives the one it counts as.

    :raises PartyRefused: ``party.not_found``, ``party.several``.
    """
    ids = matching(user, sight, text)
    found = {
        party.pk: party
        for party in map(_root, Party.objects.filter(pk__in=ids).select_related("merged_into"))
    }
    if not found:
        raise PartyRefused("party.not_found")
    if len(found) > 1:
        raise PartyRefused("party.several", count=len(found))
    return next(iter(found.values()))


def _root(party: Party) -> Party:
    return queries.root_of(party=party)


def names(parties: Iterable[Party | None]) -> dict[int, str]:
    """Read the names of parties: of persons masked, of companies whole, else the reference."""
    known = {party.pk: party for party in parties if party is not None}
    found = {party_id: party.reference for party_id, party in known.items()}
    data = PersonalDatum.objects.filter(party_id__in=known, field=Field.NAME, position=0)
    for datum in data:
        plain = queries.plain(datum=datum)
        is_company = known[datum.party_id].kind == "company"
        found[datum.party_id] = plain if is_company else masked(field=datum.field, plain=plain)
    return found


def loans_seen(user: User, ids: list[int]) -> QuerySet[Loan]:
    """Query the loans of parties in every book that the user may see loans of."""
    scope = access.scope(user=user, permission="loan.view")
    loans = Loan.objects.filter(
        Q(person_id__in=ids) | Q(roles__party_id__in=ids, roles__ended_on__isnull=True)
    ).distinct()
    if scope.every_book:
        return loans
    seen = Q(book__name__in=scope.book_names) | Q(funder_id__in=scope.funder_ids)
    for book_name, funder_id in scope.funder_ids_by_book:
        seen |= Q(book__name=book_name, funder_id=funder_id)
    return loans.filter(seen)
