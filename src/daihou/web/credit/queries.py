"""How much of a line is used, and what a borrower owes: folded anew whenever it is asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q, QuerySet

from daihou.core.position import Position, Status, position
from daihou.web.credit.models import Condition, CreditLine, Draw, Tranche, TrancheState
from daihou.web.ledger import queries as ledger
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties import queries as parties
from daihou.web.parties.models import Party

ENDED = frozenset({Status.CLOSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What one loan takes of a line: principal still owed, and what is agreed but not paid out."""

    loan: Loan
    position: Position
    outstanding_minor: int
    reserved_minor: int

    @property
    def total_minor(self) -> int:
        return self.outstanding_minor + self.reserved_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A line on a day. ``free_minor`` is below zero where a reversal took it over its limit."""

    line: CreditLine
    as_of: date
    uses: tuple[Use, ...]

    @property
    def outstanding_minor(self) -> int:
        return sum(use.outstanding_minor for use in self.uses)

    @property
    def reserved_minor(self) -> int:
        return sum(use.reserved_minor for use in self.uses)

    @property
    def used_minor(self) -> int:
        return self.outstanding_minor + self.reserved_minor

    @property
    def free_minor(self) -> int:
        return self.line.limit_minor - self.used_minor

    @property
    def state(self) -> str:
        if self.line.is_closed:
            return "closed"
        if self.line.is_frozen:
            return "frozen"
        if self.as_of > self.line.expires_on:
            return "expired"
        return "over" if self.free_minor < 0 else "open"


def lines(*, book: Book) -> QuerySet[CreditLine]:
    """Query a book's lines, newest first."""
    found = CreditLine.objects.filter(book=book).select_related("party", "book")
    return found.prefetch_related("products").order_by("-pk")


def find_line(*, book: Book, line_ref: str) -> CreditLine | None:
    return None if "\0" in line_ref else lines(book=book).filter(line_ref=line_ref).first()


def lines_of(*, party: Party, books: Iterable[Book]) -> QuerySet[CreditLine]:
    """Query the lines of a party and of her duplicates in some books."""
    ids = parties.family_ids(party=party)
    found = CreditLine.objects.filter(party_id__in=ids, book__in=list(books))
    return found.select_related("book", "party").order_by("book_id", "pk")


def usage(*, line: CreditLine, as_of: date) -> Usage:
    """Fold every loan that draws on a line."""
    draws = {draw.loan_id: draw for draw in Draw.objects.filter(line=line)}
    uses = uses_of(book=line.book, loan_ids=draws, as_of=as_of, draws=draws)
    return Usage(line=line, as_of=as_of, uses=uses)


def uses_of(
    *,
    book: Book,
    loan_ids: Iterable[int],
    as_of: date,
    draws: dict[int, Draw] | None = None,
) -> tuple[Use, ...]:
    """Fold loans to what each still takes; the rest of a loan whose draw was released is free.

    A repayment that is dated later than ``as_of`` frees nothing yet.
    """
    ids = sorted(loan_ids)
    rows = Loan.objects.in_bulk(ids)
    loaded = ledger.load_loans(book=book, loan_ids=ids)
    released = {loan_id for loan_id, draw in (draws or {}).items() if draw.released_at is not None}
    return tuple(
        _use(
            rows[loan_id],
            position(contract=contract, events=events, as_of=as_of, with_rows=False),
            is_released=loan_id in released,
        )
        for loan_id, (contract, events) in sorted(loaded.items())
    )


def _use(loan: Loan, found: Position, *, is_released: bool) -> Use:
    is_over = found.status in ENDED and found.disbursed_minor > 0
    rest_minor = max(0, loan.principal_minor - found.disbursed_minor)
    return Use(
        loan=loan,
        position=found,
        outstanding_minor=0 if is_over else found.principal_outstanding_minor,
        reserved_minor=0 if is_released or is_over else rest_minor,
    )


def owed_by(*, party: Party, book: Book, as_of: date, without: Loan | None = None) -> int:
    """Sum what a borrower owes and may still draw on her loans in a book, duplicates included."""
    ids = parties.family_ids(party=party)
    mine = Q(person_id__in=ids) | Q(
        roles__party_id__in=ids, roles__role="co_borrower", roles__ended_on__isnull=True
    )
    loans = Loan.objects.filter(mine, book=book).distinct()
    if without is not None:
        loans = loans.exclude(pk=without.pk)
    loan_ids = list(loans.values_list("pk", flat=True))
    draws = {draw.loan_id: draw for draw in Draw.objects.filter(loan_id__in=loan_ids)}
    uses = uses_of(book=book, loan_ids=loan_ids, as_of=as_of, draws=draws)
    return sum(use.total_minor for use in uses)


def tranches(*, loan: Loan) -> QuerySet[Tranche]:
    """Query a loan's tranches with their conditions, in order."""
    conditions = Condition.objects.select_related("filed_by", "signed_by")
    found = Tranche.objects.filter(loan=loan).order_by("tranche_no")
    return found.prefetch_related(Prefetch("conditions", conditions.order_by("condition_no")))


def open_conditions(*, tranche: Tranche) -> QuerySet[Condition]:
    return Condition.objects.filter(tranche=tranche, signed_by__isnull=True)


def is_staged(*, loan: Loan) -> bool:
    """Tell whether a loan is paid out by its plan of tranches only."""
    return Tranche.objects.filter(loan=loan).exists()


def planned_minor(*, loan: Loan) -> int:
    """Sum the tranches that are paid out or still to be."""
    kept = Tranche.objects.filter(loan=loan).exclude(state=TrancheState.CANCELLED)
    return sum(kept.values_list("amount_minor", flat=True))
