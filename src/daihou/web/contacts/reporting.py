"""Which overdue loans may be reported to a credit bureau, and what refuses the others.

The notice is a finding (``bureau_told``), of the borrower; the consent is one of hers to reporting.
No file of any bureau is written here: whoever writes one asks this gate first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from daihou.collect.facts import Debt, Limitation
from daihou.collect.guard import Ruling
from daihou.collect.packs import RuleSet
from daihou.collect.reporting import refusals_to_report
from daihou.web.contacts import findings
from daihou.web.contacts.models import FindingKind
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parameters import tightenings
from daihou.web.parameters.queries import profile_on
from daihou.web.parties.models import Consent, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One overdue loan. Nothing refuses: its late payment may be reported."""

    loan: Loan
    overdue_minor: int
    told_on: date | None
    has_consent: bool
    refusals: tuple[Ruling, ...]

    @property
    def may_be_reported(self) -> bool:
        return not self.refusals


def overdue(*, loans: QuerySet[Loan]) -> QuerySet[Loan]:
    """Query those that the last night found overdue; not whose money came since."""
    found = loans.filter(published__overdue_minor__gt=0, published__is_stale=False)
    return found.select_related("person", "published").order_by("loan_ref")


def reportable(*, book: Book, loans: QuerySet[Loan], on: date) -> list[Line]:
    """List the overdue loans that may be reported on a day; only of who was told, so not many."""
    told = findings.held(at=_end_of(book, on)).filter(book=book, kind=FindingKind.BUREAU_TOLD)
    found = lines(book=book, loans=overdue(loans=loans.filter(findings__in=told)).distinct(), on=on)
    return [line for line in found if line.may_be_reported]


def lines(*, book: Book, loans: Iterable[Loan], on: date) -> list[Line]:
    """Judge overdue loans by the rules and by what was established until the end of a day."""
    asked = list(loans)
    rules = _rules_by_loan(book, asked, on)
    told, consented = _told(book, asked, on), _consented(book, asked, on)
    return [
        _line(
            loan,
            told_on=told.get(loan.pk),
            has_consent=_root(loan) in consented,
            rules=rules[loan.funder_id, loan.product_id],
            on=on,
        )
        for loan in asked
    ]


def _line(
    loan: Loan, *, told_on: date | None, has_consent: bool, rules: RuleSet | None, on: date
) -> Line:
    debt = Debt(
        key=loan.loan_ref,
        due_minor=0,
        overdue_minor=loan.published.overdue_minor,
        days_past_due=0,
        limitation=Limitation.UNKNOWN,
        bureau_notice_on=told_on,
        bureau_consent=has_consent,
    )
    return Line(
        loan=loan,
        overdue_minor=debt.overdue_minor,
        told_on=told_on,
        has_consent=has_consent,
        refusals=refusals_to_report(debt=debt, on=on, rules=rules),
    )


def _rules_by_loan(
    book: Book, loans: Sequence[Loan], on: date
) -> dict[tuple[int | None, int | None], RuleSet | None]:
    """Read the rules once for each funder with product: either may have tightened them."""
    law = profile_on(book=book, on=on).jurisdiction
    each = {(loan.funder_id, loan.product_id): loan for loan in loans}
    return {
        key: tightenings.rules_for(book=book, loans=[loan], jurisdiction=law)
        for key, loan in each.items()
    }


def _told(book: Book, loans: Sequence[Loan], on: date) -> dict[int, date]:
    """Find the first day on which the borrower of each loan was told; others do not count."""
    rows = findings.held(at=_end_of(book, on)).filter(
        loan__in=loans, kind=FindingKind.BUREAU_TOLD, from_on__lte=on
    )
    roots = {loan.pk: _root(loan) for loan in loans}
    told = rows.annotate(root=Coalesce("party__merged_into", "party")).order_by("-from_on")
    return {
        loan_id: from_on
        for loan_id, root, from_on in told.values_list("loan_id", "root", "from_on")
        if root == roots[loan_id]
    }


def _consented(book: Book, loans: Sequence[Loan], on: date) -> frozenset[int]:
    """Name the borrowers who agreed to be reported and had not taken it back by the day."""
    ends = _end_of(book, on)
    given = Consent.objects.annotate(root=Coalesce("party__merged_into", "party")).filter(
        Q(withdrawal__isnull=True) | Q(withdrawal__withdrawn_at__gt=ends),
        root__in={_root(loan) for loan in loans},
        purpose=Purpose.CREDIT_REPORT,
        given_at__lte=ends,
    )
    return frozenset(given.values_list("root", flat=True))


def _root(loan: Loan) -> int | None:
    return None if loan.person is None else loan.person.merged_into_id or loan.person.pk


def _end_of(book: Book, on: date) -> datetime:
    """Return the last instant of a day of the book."""
    return datetime.combine(on, time.max, ZoneInfo(book.time_zone))
