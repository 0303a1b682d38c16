"""Read what a document needs beside a loan's figures: names, the issuer, the disclosed costs."""

from collections.abc import Collection, Iterable

from daihou.core import codec
from daihou.core.events import Event
from daihou.core.terms import Contract
from daihou.web.board.borrowers import company_names
from daihou.web.documents.kinds import Language
from daihou.web.documents.values import Subject
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loans
from daihou.web.loans.costs import CostItem
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as personal
from daihou.web.parties.masking import masked
from daihou.web.parties.models import Field, Party, PersonalDatum


def subjects(
    *, book: Book, loans: Collection[Loan], language: Language, note: str = ""
) -> Iterable[tuple[Loan, Subject]]:
    """Pair loans with what documents say of them; the name whole, the ID number masked."""
    facts = load_loans(book=book, loan_ids=[loan.pk for loan in loans])
    named = _personal({loan.person_id for loan in loans if loan.person_id})
    issuers = company_names([company for company in map(issuer_of, loans) if company])
    for loan in loans:
        contract, events = facts[loan.pk]
        yield (
            loan,
            _subject(loan, contract, events, named, issuers, language=language, note=note),
        )


def issuer_of(loan: Loan) -> Party | None:
    """Find who lends: the loan's creditor, else the book's."""
    return loan.creditor or loan.book.creditor


def with_names(*, book: Book, loan_ids: Collection[int]) -> list[Loan]:
    """Read loans with everything that ``subjects`` looks at, in the order of their numbers."""
    wanted = ("book__creditor", "creditor", "person", "product", "product_version")
    found = Loan.objects.filter(book=book, pk__in=loan_ids).select_related(*wanted)
    return list(found.order_by("loan_ref"))


def _subject(
    loan: Loan,
    contract: Contract,
    events: tuple[Event, ...],
    named: dict[tuple[int, str], str],
    issuers: dict[int, str],
    *,
    language: Language,
    note: str,
) -> Subject:
    person, issuer, version = loan.person_id or 0, issuer_of(loan), loan.product_version
    number = named.get((person, Field.ID_NUMBER.value), "")
    return Subject(
        contract=contract,
        events=events,
        language=language,
        borrower=named.get((person, Field.NAME.value)) or _reference(loan),
        id_number=masked(field="id_number", plain=number) if number else "",
        issuer=issuers.get(issuer.pk, "") if issuer else "",
        product=(loan.product.name or loan.product.code) if loan.product else "",
        note=note,
        cost_items=codec.decode(tuple[CostItem, ...], version.costs) if version else (),
    )


def names_of(*, parties: Collection[Party]) -> dict[int, str]:
    """Name parties as a letter does: whole, by their number where we have no name."""
    named = _personal({each.pk for each in parties})
    return {each.pk: named.get((each.pk, Field.NAME.value)) or each.reference for each in parties}


def _reference(loan: Loan) -> str:
    """Call a borrower whose name we do not have by her number."""
    return loan.person.reference if loan.person else ""


def _personal(person_ids: set[int]) -> dict[tuple[int, str], str]:
    data = PersonalDatum.objects.filter(
        party_id__in=person_ids, field__in=(Field.NAME, Field.ID_NUMBER), position=0
    )
    return {(datum.party_id, datum.field): personal.plain(datum=datum) for datum in data}
