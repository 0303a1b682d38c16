"""Open loans and pay them out: within ranges, limits of law, and lines, all under one lock.

The book's row lock is held from the first figure read to the last row written, so two draws never
count on the same room. Locks: book, line, loan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from django.db import transaction
from django.utils import timezone

from daihou.core import limits as rules
from daihou.core.events import Event, Kind
from daihou.core.life_cost import LifeFlow, Source
from daihou.core.limits import Around
from daihou.core.money import round_amount
from daihou.core.schedule import build_schedule
from daihou.core.terms import PeriodUnit, Terms
from daihou.web.access.models import User
from daihou.web.credit import queries
from daihou.web.credit.errors import CreditRefused
from daihou.web.credit.models import CreditLine, Draw
from daihou.web.credit.operations import lock_line
from daihou.web.ledger.models import Book, Event as EventRow
from daihou.web.ledger.queries import load_loan
from daihou.web.ledger.recording import Recorded, record_event
from daihou.web.loans import queries as products
from daihou.web.loans.costs import Charged, CostItem, cost_table
from daihou.web.loans.models import Loan, Origin, ProductVersion
from daihou.web.loans.origination import Wanted, open_contract
from daihou.web.parameters.limits import limits_on
from daihou.web.parties.models import Party

KEY_LONGEST = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money to pay out. ``key`` makes a repetition harmless."""

    amount_minor: int
    on: date
    key: str
    channel: str = ""


@transaction.atomic
def originate(
    *,
    version: ProductVersion,
    borrower: Party,
    principal_minor: int,
    start_on: date,
    loan_ref: str,
    acting_user: User,
    wanted: Wanted | None = None,
    line: CreditLine | None = None,
) -> Loan:
    """Open a loan on an approved version, on a credit line where one is named.

    Its whole principal is reserved on the line until it is paid out or the rest is cancelled.

    :raises ProductRefused: as ``loans.origination.open_contract``.
    :raises CreditRefused: as ``check_room``; ``line.of_other_party``, and the codes of
        ``core.limits`` with the rule's id.
    """
    Book.objects.select_for_update().get(pk=version.product.book_id)
    if line is not None:
        line = lock_line(line)
        _check_line(line, borrower=borrower, version=version, on=start_on)
        check_room(line=line, amount_minor=principal_minor, on=start_on)
    loan = open_contract(
        version=version,
        borrower=borrower,
        principal_minor=principal_minor,
        start_on=start_on,
        loan_ref=loan_ref,
        acting_user=acting_user,
        wanted=wanted,
    )
    _check_limits(loan, Payout(amount_minor=principal_minor, on=start_on, key="limits"))
    if line is not None:
        Draw.objects.create(loan=loan, line=line)
    return loan


@transaction.atomic
def disburse(*, loan: Loan, payout: Payout, acting_user: User) -> Recorded:
    """Pay a loan out, or a part of it.

    :raises CreditRefused: ``loan.staged``: its tranches are paid out one by one; and as
        ``pay_out``.
    """
    Book.objects.select_for_update().get(pk=loan.book_id)
    if queries.is_staged(loan=loan):
        raise CreditRefused("loan.staged", loan_ref=loan.loan_ref)
    return pay_out(loan=loan, payout=payout, acting_user=acting_user)


@transaction.atomic
def pay_out(*, loan: Loan, payout: Payout, acting_user: User) -> Recorded:
    """Record a disbursement within what was agreed, the line and the limits of law.

    :raises CreditRefused: ``disbursement.amount_wrong``, ``disbursement.above_agreed``,
        ``disbursement.before_start``, ``disbursement.in_future``, ``disbursement.key_wrong``,
        ``line.frozen``, ``line.closed``, ``line.expired``, ``line.exceeded``, and the codes of
        ``core.limits`` with the rule's id.
    :raises LedgerRefused, EventRefused, ScheduleRefused: as ``ledger.recording.record_event``.
    """
    book = Book.objects.select_for_update().get(pk=loan.book_id)
    event = _event(payout)
    if not payout.key or len(payout.key) > KEY_LONGEST or "\0" in payout.key:
        raise CreditRefused("disbursement.key_wrong")
    if EventRow.objects.filter(book=book, key=payout.key).exists():
        return record_event(book=book, loan_ref=loan.loan_ref, event=event, acting_user=acting_user)
    _check_payout(loan, payout, book=book)
    draw = Draw.objects.filter(loan=loan).first()
    if draw is not None:
        _check_drawn(draw, payout)
    _check_limits(loan, payout)
    return record_event(book=book, loan_ref=loan.loan_ref, event=event, acting_user=acting_user)


def check_room(*, line: CreditLine, amount_minor: int, on: date) -> None:
    """Refuse more than a line has left; the caller holds its lock.

    :raises CreditRefused: ``line.closed``, ``line.frozen``, ``line.not_begun``, ``line.expired``,
        ``line.exceeded``.
    """
    _check_open(line, on=on)
    as_of = _latest(line.book, on)
    free_minor = queries.usage(line=line, as_of=as_of).free_minor
    if amount_minor > free_minor:
        raise CreditRefused(
            "line.exceeded", line=line.line_ref, free_minor=max(0, free_minor),
            wanted_minor=amount_minor,
        )  # fmt: skip


def _check_open(line: CreditLine, *, on: date) -> None:
    if line.is_closed:
        raise CreditRefused("line.closed", line=line.line_ref)
    if line.is_frozen:
        raise CreditRefused("line.frozen", line=line.line_ref)
    if on < line.opened_on:
        raise CreditRefused("line.not_begun", line=line.line_ref, on=line.opened_on)
    if on > line.expires_on:
        raise CreditRefused("line.expired", line=line.line_ref, on=line.expires_on)


def _check_line(line: CreditLine, *, borrower: Party, version: ProductVersion, on: date) -> None:
    if line.party_id != borrower.pk or line.book_id != version.product.book_id:
        raise CreditRefused("line.of_other_party", line=line.line_ref)
    scope = set(line.products.values_list("pk", flat=True))
    if scope and version.product_id not in scope:
        raise CreditRefused("line.other_product", line=line.line_ref, product=version.product.code)
    _check_open(line, on=on)


def _check_payout(loan: Loan, payout: Payout, *, book: Book) -> None:
    if payout.amount_minor <= 0:
        raise CreditRefused("disbursement.amount_wrong")
    if payout.on < loan.start_on:
        raise CreditRefused("disbursement.before_start", on=loan.start_on)
    if book.business_date is not None and payout.on > _latest(book, loan.start_on):
        raise CreditRefused("disbursement.in_future", on=book.business_date)
    _, events = load_loan(book=book, loan_ref=loan.loan_ref)
    paid_minor = sum(event.amount_minor for event in events if event.kind is Kind.DISBURSED)
    if paid_minor + payout.amount_minor > loan.principal_minor:
        raise CreditRefused(
            "disbursement.above_agreed", left_minor=loan.principal_minor - paid_minor
        )


def _check_drawn(draw: Draw, payout: Payout) -> None:
    """Refuse a payout that its line would not bear: it may have been cut since it was reserved."""
    line = lock_line(draw.line)
    _check_open(line, on=payout.on)
    if draw.released_at is not None:
        raise CreditRefused("line.released", line=line.line_ref)
    found = queries.usage(line=line, as_of=_latest(line.book, payout.on))
    own = next(use for use in found.uses if use.loan.pk == draw.loan_id)
    is_reserved = payout.amount_minor <= own.reserved_minor and found.free_minor >= 0
    room_minor = line.limit_minor - found.outstanding_minor
    if not is_reserved and payout.amount_minor > room_minor:
        raise CreditRefused(
            "line.exceeded",
            line=line.line_ref,
            free_minor=max(0, room_minor),
            wanted_minor=payout.amount_minor,
        )


def _check_limits(loan: Loan, payout: Payout) -> None:
    """Hold a payout to the dated limits of law: annual cost, what one borrower may owe, terms."""
    contract, events = load_loan(book=loan.book, loan_ref=loan.loan_ref)
    version = loan.product_version
    is_own = version is not None and version.origin == Origin.OWN
    costs = products.content_of(version=version).costs if is_own and version else ()
    terms = contract.terms
    is_monthly = terms.unit is PeriodUnit.MONTH
    found = rules.check(
        contract=contract,
        events=events,
        proposed=[_event(payout)],
        as_of=payout.on,
        limits=limits_on(
            book=loan.book,
            on=payout.on,
            contracted_on=loan.start_on,
            product=loan.product,
            term_months=terms.instalment_count * terms.every if is_monthly else None,
        ),
        around=Around(
            cost_table=cost_table(costs) if is_own else None,
            outside=outside_flows(
                costs=costs,
                terms=terms,
                principal_minor=loan.principal_minor,
                start_on=loan.start_on,
            ),
            other_balance_minor=queries.owed_by(
                party=loan.person,
                book=loan.book,
                as_of=_latest(loan.book, payout.on),
                without=loan,
            )
            if loan.person is not None
            else 0,
        ),
    )
    if found:
        first = found[0]
        raise CreditRefused(first.code, rule_id=first.rule_id, **first.params)


def outside_flows(
    *, costs: Sequence[CostItem], terms: Terms, principal_minor: int, start_on: date
) -> tuple[LifeFlow, ...]:
    """Lay out what the borrower pays beside the schedule: it counts in the annual cost."""
    plan = build_schedule(terms=terms, principal_minor=principal_minor, start_on=start_on)
    dues = [row.due_on for row in plan if row.due_on > row.start_on]
    days = {Charged.AT_START: [start_on], Charged.EACH_INSTALMENT: dues}
    return tuple(
        LifeFlow(on=on, amount_minor=amount_minor, source=Source.OUTSIDE)
        for item in costs
        if not item.is_contingent
        for on in days.get(item.method, ())
        if (amount_minor := _amount(item, terms, principal_minor))
    )


def _amount(item: CostItem, terms: Terms, principal_minor: int) -> int:
    if item.share is None:
        return item.amount_minor
    return round_amount(amount=principal_minor * Fraction(item.share), rounding=terms.rounding)


def _latest(book: Book, on: date) -> date:
    return max(on, book.business_date or on)


def _event(payout: Payout) -> Event:
    now: datetime = timezone.now()
    return Event(
        kind=Kind.DISBURSED,
        effective_on=payout.on,
        recorded_at=now,
        sequence=0,
        key=payout.key,
        amount_minor=payout.amount_minor,
        channel=payout.channel,
    )
