"""What suspended money may be meant for: loans, each with why; and how the law would divide it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from django.db.models import Q

from daihou.core.designation import Debt, Division, divide
from daihou.core.position import InstalmentPosition, Position, position
from daihou.core.terms import Contract, RatePer
from daihou.web.ledger import queries as ledger
from daihou.web.ledger.models import Book, Position as Published
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Field, PersonalDatum
from daihou.web.payments.models import Mandate, Receipt, ReceiptState, SuspenseItem

WORD = re.compile(r"[\w\-]{3,64}")
MOST = 8
NOTHING_SECURED: Mapping[int, int] = MappingProxyType({})
PERIODS_A_YEAR = {RatePer.YEAR: 1, RatePer.MONTH: 12, RatePer.DAY: 360}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """``reasons``: "named", "account", "paid_before", "amount"; the more, the likelier."""

    loan: Loan
    reasons: tuple[str, ...]


def suggestions(*, item: SuspenseItem) -> tuple[Suggestion, ...]:
    """Return the loans that an item's money may be meant for, the likeliest first."""
    receipt = item.receipt
    found: dict[int, list[str]] = {}
    for reason, loan_ids in (
        ("named", _named(receipt)),
        ("account", _of_account(receipt)),
        ("paid_before", _paid_before(receipt)),
        ("amount", _with_amount(receipt, item.left_minor)),
    ):
        for loan_id in loan_ids:
            if loan_id != item.loan_id:
                found.setdefault(loan_id, []).append(reason)
    ranked = sorted(found, key=lambda loan_id: (-_weight(found[loan_id]), loan_id))[:MOST]
    loans = Loan.objects.select_related("person").in_bulk(ranked)
    return tuple(Suggestion(loan=loans[i], reasons=tuple(found[i])) for i in ranked if i in loans)


def _weight(reasons: Sequence[str]) -> int:
    return sum({"named": 8, "account": 4, "paid_before": 2, "amount": 1}[r] for r in reasons)


def _named(receipt: Receipt) -> list[int]:
    words = set(WORD.findall(f"{receipt.order_ref} {receipt.remark}"))
    rows = Loan.objects.filter(book_id=receipt.book_id, loan_ref__in=words)
    return list(rows.values_list("pk", flat=True)[:MOST])


def _of_account(receipt: Receipt) -> list[int]:
    if receipt.payer_index is None:
        return []
    index = bytes(receipt.payer_index)
    owners = PersonalDatum.objects.filter(field=Field.BANK_ACCOUNT, blind_index=index)
    signed = Mandate.objects.filter(account_index=index)
    rows = Loan.objects.filter(book_id=receipt.book_id).filter(
        Q(person_id__in=owners.values("party_id")) | Q(pk__in=signed.values("loan_id"))
    )
    return list(rows.order_by("pk").values_list("pk", flat=True)[:MOST])


def _paid_before(receipt: Receipt) -> list[int]:
    if receipt.payer_index is None:
        return []
    rows = Receipt.objects.filter(
        book_id=receipt.book_id,
        state=ReceiptState.POSTED,
        payer_index=bytes(receipt.payer_index),
    )
    return [
        loan_id for loan_id in rows.values_list("loan_id", flat=True).distinct()[:MOST] if loan_id
    ]


def _with_amount(receipt: Receipt, amount_minor: int) -> list[int]:
    rows = Published.objects.filter(book_id=receipt.book_id, status="active").filter(
        Q(next_due_minor=amount_minor) | Q(overdue_minor=amount_minor)
    )
    return list(rows.order_by("loan_id").values_list("loan_id", flat=True)[:MOST])


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """``parts`` gives each loan its share, in the order in which they are paid."""

    parts: tuple[tuple[Loan, int], ...]
    left_minor: int


def propose(
    *,
    book: Book,
    loans: Sequence[Loan],
    amount_minor: int,
    as_of: date,
    designated: Sequence[str] = (),
    secured_minor: Mapping[int, int] = NOTHING_SECURED,
) -> Proposal:
    """Divide money among loans: the payer's word first, then Civil Code 560.

    :raises DesignationRefused: as ``core.designation.divide``.
    """
    debts = debts_of(book=book, loans=loans, as_of=as_of, secured_minor=secured_minor)
    division: Division = divide(
        payment_minor=amount_minor, debts=debts, as_of=as_of, designated=designated
    )
    totals: dict[str, int] = {}
    for debt, part_minor in zip(debts, division.parts_minor, strict=True):
        totals[debt.loan_ref] = totals.get(debt.loan_ref, 0) + part_minor
    return Proposal(
        parts=tuple((loan, totals[loan.loan_ref]) for loan in loans if totals.get(loan.loan_ref)),
        left_minor=division.left_minor,
    )


def debts_of(
    *, book: Book, loans: Sequence[Loan], as_of: date, secured_minor: Mapping[int, int]
) -> list[Debt]:
    """List what is owed on each loan since or from each due day.

    ``secured_minor`` is what a loan's security counts for, by loan id.
    """
    ids = [loan.pk for loan in loans]
    debts: list[Debt] = []
    for loan_id, (contract, events) in ledger.load_loans(book=book, loan_ids=ids).items():
        found = position(contract=contract, events=events, as_of=as_of)
        debts += [
            Debt(
                loan_ref=contract.loan_ref,
                due_on=instalment.due_on,
                owed_minor=instalment.outstanding_minor,
                secured_minor=secured_minor.get(loan_id, 0),
                burden=burden_of(contract),
            )
            for instalment in _unpaid(found)
        ]
    return debts


def burden_of(contract: Contract) -> Decimal:
    """Return what a year of a loan costs, as its rate says.

    >>> from daihou.core.terms import Method, Rate, Terms
    >>> terms = Terms(method=Method.BULLET, rate=Rate(value=Decimal("0.01"), per=RatePer.MONTH))
    >>> burden_of(Contract(loan_ref="L", currency="CNY", minor_digits=2, principal_minor=1,
    ...                    start_on=date(2026, 1, 1), terms=terms))
    Decimal('0.12')
    """
    rate = contract.terms.rate
    return rate.value * PERIODS_A_YEAR[rate.per]


def _unpaid(found: Position) -> list[InstalmentPosition]:
    return [each for each in found.instalments if each.outstanding_minor > 0]
