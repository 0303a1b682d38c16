"""Borrowers and funders as a page may show them: names and numbers masked, never plain.

Shape   The one place where the faces read ``web.parties``. Masked data go to whoever may see the
        loan; finding a loan by a person's data needs ``party.view_personal_data``.
"""

from collections.abc import Collection, Iterable

import polars as pl

from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as parties
from daihou.web.parties.masking import masked
from daihou.web.parties.models import Field, Party, PersonalDatum

SEARCHED = (Field.NAME, Field.PHONE, Field.ID_NUMBER)
SHOWN = (Field.NAME, Field.PHONE, Field.ID_NUMBER)


def find(*, user: User, book: Book, text: str) -> frozenset[int]:
    """Find the borrowers whose name, phone or ID number is exactly this text."""
    if not access.may(user=user, permission="party.view_personal_data", target=book):
        return frozenset()
    return frozenset(
        party.pk
        for field in SEARCHED
        for party in parties.find_parties(field=field.value, value=text)
    )


def names(*, person_ids: Iterable[int | None]) -> dict[int, str]:
    """Read the masked names of several borrowers at once."""
    wanted = [person_id for person_id in person_ids if person_id is not None]
    data = PersonalDatum.objects.filter(party_id__in=wanted, field=Field.NAME, position=0)
    return {
        datum.party_id: masked(field=datum.field, plain=parties.plain(datum=datum))
        for datum in data
    }


def card(*, loan: Loan) -> dict[str, str]:
    """Read the masked name, phone and ID number of a loan's borrower."""
    data = PersonalDatum.objects.filter(party__loans=loan, field__in=SHOWN, position=0)
    return {
        datum.field: masked(field=datum.field, plain=parties.plain(datum=datum)) for datum in data
    }


def company_name(party: Party | None) -> str:
    """Name a company: by its name where we have one, else by its reference."""
    return company_names([party])[party.pk] if party else ""


def company_names(companies: Collection[Party]) -> dict[int, str]:
    """Name companies; a company's name is no personal datum and is shown whole."""
    found = {company.pk: company.reference for company in companies}
    data = PersonalDatum.objects.filter(
        party_id__in=found, field=Field.NAME, position=0, party__kind="company"
    )
    return found | {datum.party_id: parties.plain(datum=datum) for datum in data}


def funders(*, attributes: pl.DataFrame) -> list[tuple[int, str]]:
    """List the funders of the loans in these attributes, by name."""
    ids = attributes["funder_id"].drop_nulls().unique().to_list()
    if not ids:
        return []
    names_by_id = company_names(Party.objects.filter(pk__in=ids))
    return sorted(names_by_id.items(), key=lambda item: item[1])
