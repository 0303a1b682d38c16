"""Enter a payment by hand, with the digest of its voucher; it takes the same way as all others."""

import re
from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from daihou.core.terms import MOST_MINOR
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.payments import intake
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import AdapterKind, Channel, Receipt, ReceiptKind
from daihou.web.payments.posting import post_open

DIGEST = re.compile(r"[0-9a-f]{64}")
REFERENCE = re.compile(r"[\w.\-:/]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What a voucher says. ``order_ref`` is the loan's reference; empty where unknown."""

    reference: str
    amount_minor: int
    currency: str
    paid_on: date
    voucher_digest: str
    order_ref: str = ""
    remark: str = ""
    payer_account: str = ""


def enter_payment(
    *, channel: Channel, entry: Entry, acting_user: User, as_of: date, at: datetime
) -> Receipt:
    """Keep a voucher's payment and post it. Entered again the same, it changes nothing.

    :raises PaymentRefused: ``entry.not_manual``, ``entry.amount_wrong``, ``entry.reference_wrong``,
        ``entry.voucher_missing``, ``payment.in_future``, ``payment.currency_mismatch``,
        ``payment.before_disbursement``, ``entry.loan_unknown``, ``payment.reference_conflict``.
    """
    _check(channel=channel, entry=entry, as_of=as_of)
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=channel.book_id)
        receipt, is_new = _put(channel=channel, entry=entry, acting_user=acting_user, at=at)
        if is_new:
            audit.record(
                acting_user=acting_user,
                action="payment.enter",
                target_type="receipt",
                target_id=receipt.pk,
                details={"channel": channel.code, "reference": entry.reference},
            )
        post_open(book=book, acting_user=acting_user)
        receipt.refresh_from_db()
    return receipt


def _check(*, channel: Channel, entry: Entry, as_of: date) -> None:
    if channel.adapter != AdapterKind.MANUAL or not channel.is_active:
        raise PaymentRefused("entry.not_manual", channel=channel.code)
    if not 0 < entry.amount_minor <= MOST_MINOR:
        raise PaymentRefused("entry.amount_wrong")
    if not REFERENCE.fullmatch(entry.reference):
        raise PaymentRefused("entry.reference_wrong")
    if not DIGEST.fullmatch(entry.voucher_digest):
        raise PaymentRefused("entry.voucher_missing")
    if entry.paid_on > as_of:
        raise PaymentRefused("payment.in_future", paid_at=entry.paid_on)
    if entry.currency != channel.book.currency:
        raise PaymentRefused("payment.currency_mismatch")
    if entry.order_ref:
        loan = Loan.objects.filter(book_id=channel.book_id, loan_ref=entry.order_ref).first()
        if loan is None:
            raise PaymentRefused("entry.loan_unknown", loan_ref=entry.order_ref[:64])
        if entry.paid_on < loan.start_on:
            raise PaymentRefused("payment.before_disbursement")


def _put(
    *, channel: Channel, entry: Entry, acting_user: User, at: datetime
) -> tuple[Receipt, bool]:
    content = {
        "kind": ReceiptKind.PAYMENT,
        "amount_minor": entry.amount_minor,
        "currency": entry.currency,
        "paid_on": entry.paid_on,
        "order_ref": entry.order_ref,
        "voucher_digest": entry.voucher_digest,
    }
    try:
        with transaction.atomic():
            made = Receipt.objects.create(
                book_id=channel.book_id,
                channel=channel,
                reference=entry.reference,
                received_at=at,
                remark=entry.remark[:256],
                payer_index=intake.payer_index(entry.payer_account),
                payer_masked=intake.payer_masked(entry.payer_account),
                entered_by=acting_user,
                **content,
            )
            return made, True
    except IntegrityError:
        held = Receipt.objects.get(channel=channel, reference=entry.reference)
        if any(getattr(held, name) != value for name, value in content.items()):
            raise PaymentRefused("payment.reference_conflict", reference=entry.reference) from None
        return held, False
