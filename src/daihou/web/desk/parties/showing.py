"""What the page of a party shows: everything of hers, with her loans across roles."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest

from daihou.core.limitation import GuaranteeClock
from daihou.core.position import Position, Status, position
from daihou.errors import DaihouError
from daihou.web.board.sight import user_of
from daihou.web.ledger.queries import load_loans
from daihou.web.limitation import queries as limitation
from daihou.web.loans.models import Loan
from daihou.web.parties import queries, sighting
from daihou.web.parties.models import LoanRole, Party

LOANS_MOST = 200  # Each is folded.


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanLine:
    """One part of a party in one loan."""

    loan: Loan
    role: LoanRole | None  # None: she is the borrower.
    of_duplicate: str  # The reference of the duplicate or company it is of; empty: her own.
    position: Position  # As of the business date of its own book.
    clock: GuaranteeClock | None

    @property
    def state(self) -> str:
        is_active = self.position.status is Status.ACTIVE
        return self.position.bucket.value if is_active else self.position.status.value

    @property
    def overdue_minor(self) -> int:
        return sum(self.position.overdue_minor.values())


def loan_lines(
    request: HttpRequest,
    *,
    party: Party,
    as_of: date,
    today: date,
    others: dict[int, str] | None = None,
) -> list[LoanLine]:
    """List the loans of a party and of ``others`` (id to name) by role; clocks are today's."""
    named = others or {}
    ids = [*queries.family_ids(party=party), *named]
    loans = sighting.loans_seen(user_of(request), ids).select_related("book", "product", "person")
    found = list(loans.order_by("book_id", "loan_ref")[:LOANS_MOST])
    positions = _positions(found, as_of=as_of)
    roles = LoanRole.objects.filter(loan__in=found, party_id__in=ids, ended_on__isnull=True)
    roles = roles.select_related("loan__book")
    by_loan: dict[int, list[LoanRole]] = {}
    for role in roles.order_by("pk"):
        by_loan.setdefault(role.loan_id, []).append(role)
    lines = []
    for loan in found:
        is_borrower = loan.person_id in ids
        held: list[LoanRole | None] = [None] if is_borrower else []
        held += by_loan.get(loan.pk, [])
        for part in held:
            who = loan.person_id if part is None else part.party_id
            lines.append(
                LoanLine(
                    loan=loan,
                    role=part,
                    of_duplicate=named.get(who or 0, ""),
                    position=positions[loan.pk],
                    clock=_clock_of(part, as_of=today),
                )
            )
    return lines


def _positions(loans: list[Loan], *, as_of: date) -> dict[int, Position]:
    """Fold loans, each on the business date of its book: what is published lacks quiet ones."""
    by_book: dict[int, list[Loan]] = {}
    for loan in loans:
        by_book.setdefault(loan.book_id, []).append(loan)
    found = {}
    for of_book in by_book.values():
        book = of_book[0].book
        day = book.business_date or as_of
        loaded = load_loans(book=book, loan_ids=[loan.pk for loan in of_book])
        for loan_id, (contract, events) in loaded.items():
            found[loan_id] = position(contract=contract, events=events, as_of=day, with_rows=False)
    return found


def _clock_of(role: LoanRole | None, *, as_of: date) -> GuaranteeClock | None:
    """Tell a guarantee's period; none for other roles, or where no law is known."""
    if role is None:
        return None
    try:
        return limitation.guarantee_of(role=role, as_of=as_of)
    except DaihouError:
        return None


def company_side(
    request: HttpRequest, *, party: Party, as_of: date, today: date
) -> tuple[list[dict[str, object]], list[LoanLine]]:
    """Give who stands behind a company, or a person's companies; and the loans of these."""
    links = list(queries.linked(party=party, on=as_of))
    others = {
        other.pk: other for link in links for other in (link.person, link.company) if other != party
    }
    named = sighting.names(others.values())
    shown: list[dict[str, object]] = [
        {
            "link": link,
            "other": link.company if link.person_id == party.pk else link.person,
            "name": named[link.company_id if link.person_id == party.pk else link.person_id],
        }
        for link in links
    ]
    lines = (
        loan_lines(request, party=party, as_of=as_of, today=today, others=named) if links else []
    )
    own = set(queries.family_ids(party=party))
    is_others = [
        line
        for line in lines
        if (line.role.party_id if line.role else line.loan.person_id) not in own
    ]
    return shown, is_others
