"""Open a contract on an approved version of a product. ``credit.lending`` adds limits and lines."""

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import IntegrityError, connection, transaction

from daihou.core.calendar import CalendarRefused
from daihou.core.schedule import ScheduleRefused, build_schedule
from daihou.core.terms import Method, Rate, Terms, TermsRefused, check_terms
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.loans import queries
from daihou.web.loans.agreed import widest_amounts
from daihou.web.loans.errors import ProductRefused
from daihou.web.loans.models import Loan, Origin, ProductVersion, VersionState
from daihou.web.loans.operations import store_terms
from daihou.web.loans.ranges import outside
from daihou.web.parties.models import Party

LOAN_REF = re.compile(r"[\w][\w.\-/]{0,63}")
DAYS_AHEAD = 366  # A start further ahead of the book is a slip.


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a loan may have of its own; what is left out is the version's, or the book's."""

    instalment_count: int | None = None
    method: Method | None = None
    rate: Rate | None = None
    first_due_on: date | None = None
    creditor: Party | None = None
    funder: Party | None = None


@transaction.atomic
def open_contract(
    *,
    version: ProductVersion,
    borrower: Party,
    principal_minor: int,
    start_on: date,
    loan_ref: str,
    acting_user: User,
    wanted: Wanted | None = None,
) -> Loan:
    """Add a loan that is not paid out yet. The caller has checked caps and lines under lock.

    :raises ProductRefused: ``loan.ref_wrong``, ``loan.exists``, ``loan.start_wrong``,
        ``product.not_in_force``, ``loan.outside_range``, ``loan.borrower_merged``, and codes of
        ``core.terms`` and ``core.schedule``.
    """
    book = Book.objects.select_for_update().get(pk=version.product.book_id)
    held = ProductVersion.objects.select_related("product__book", "terms").get(pk=version.pk)
    _check_in_force(held, start_on=start_on, book=book)
    own = wanted or Wanted()
    terms = terms_for(version=held, wanted=own, principal_minor=principal_minor)
    _check_schedule(terms, principal_minor=principal_minor, start_on=start_on)
    if not LOAN_REF.fullmatch(loan_ref):
        raise ProductRefused("loan.ref_wrong", loan_ref=loan_ref[:64])
    if borrower.merged_into_id is not None:
        raise ProductRefused("loan.borrower_merged", party=borrower.reference)
    loan_id = _next_id()
    loan = Loan(
        pk=loan_id,
        book=book,
        loan_ref=loan_ref,
        shard=loan_id % book.shard_count,
        person=borrower,
        product=held.product,
        product_version=held,
        creditor=own.creditor or book.creditor,
        funder=own.funder or book.funder,
        terms=store_terms(terms),
        principal_minor=principal_minor,
        start_on=start_on,
    )
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError as exception:
        raise ProductRefused("loan.exists", loan_ref=loan_ref) from exception
    audit.record(
        acting_user=acting_user,
        action="loan.open",
        target_type="loan",
        target_id=loan.pk,
        details={
            "product": held.product.code,
            "version": held.version_no,
            "principal_minor": principal_minor,
        },
    )
    return loan


def terms_for(*, version: ProductVersion, wanted: Wanted, principal_minor: int) -> Terms:
    """Return the version's terms with what a loan wants of its own.

    :raises ProductRefused: ``loan.outside_range``.
    """
    content = queries.content_of(version=version)
    own = {
        name: value
        for name in ("instalment_count", "method", "rate", "first_due_on")
        if (value := getattr(wanted, name)) is not None
    }
    terms = replace(content.terms, **own)
    limits = content.ranges
    field = outside(ranges=limits, own=content.terms, wanted=terms)
    if not limits.principal_least_minor <= principal_minor <= limits.principal_most_minor:
        field = "principal_minor"
    if field is not None:
        raise ProductRefused("loan.outside_range", field=field)
    return terms


def _check_in_force(version: ProductVersion, *, start_on: date, book: Book) -> None:
    last_on = version.effective_until or date.max
    if (
        version.origin != Origin.OWN
        or version.state != VersionState.APPROVED
        or not version.effective_on <= start_on <= last_on
    ):
        raise ProductRefused(
            "product.not_in_force",
            product=version.product.code,
            version=version.version_no,
            on=start_on,
        )
    today = book.business_date
    if today is not None and not today <= start_on <= today + timedelta(days=DAYS_AHEAD):
        raise ProductRefused("loan.start_wrong", on=start_on, business_date=today)


def _check_schedule(terms: Terms, *, principal_minor: int, start_on: date) -> None:
    try:
        check_terms(terms=terms, principal_minor=principal_minor, start_on=start_on)
        build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)
    except (TermsRefused, ScheduleRefused, CalendarRefused) as refused:
        raise ProductRefused(refused.code) from refused
    if principal_minor > min(widest_amounts(terms)):
        raise ProductRefused("accrual.too_wide")


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('loans_loan', 'id'))")
        return int(cursor.fetchone()[0])
