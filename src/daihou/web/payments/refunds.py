"""Refunds that a channel tells of: the payment is taken back, whole or in part.

A refund may come before the payment it belongs to; it waits until that one is settled.
"""

from django.db.models import Q, Sum
from django.utils import timezone

from daihou.core.events import Event, EventRefused, Kind
from daihou.web.access.models import User
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book
from daihou.web.ledger.recording import record_event
from daihou.web.payments import suspense_uses
from daihou.web.payments.models import Receipt, ReceiptKind, ReceiptState, SuspenseItem


def settle_refunds(*, book: Book, acting_user: User) -> tuple[int, int]:
    """Settle the refunds of a book; return how many were, and how many wait.

    The caller holds the book's lock.
    """
    open_refunds = Receipt.objects.filter(
        book=book,
        kind=ReceiptKind.REFUND,
        state__in=[ReceiptState.RECEIVED, ReceiptState.WAITING],
    ).select_related("channel")
    settled = waiting = 0
    for refund in open_refunds.order_by("pk"):
        target = (
            Receipt.objects.filter(
                channel=refund.channel,
                reference=refund.target_reference,
                kind=ReceiptKind.PAYMENT,
            )
            .select_related("loan")
            .first()
        )
        if target is None or target.state == ReceiptState.RECEIVED:
            waiting += 1
            _move(refund, ReceiptState.WAITING, code="refund.before_payment")
        else:
            settled += 1
            _settle(refund, target, book=book, acting_user=acting_user)
    return settled, waiting


def _settle(refund: Receipt, target: Receipt, *, book: Book, acting_user: User) -> None:
    before = _refunded_minor(target, but=refund)
    if refund.currency != target.currency:
        _move(refund, ReceiptState.SUSPENDED, code="payment.currency_mismatch")
    elif before + refund.amount_minor > target.amount_minor:
        _move(refund, ReceiptState.SUSPENDED, code="refund.above_payment")
    elif target.state == ReceiptState.POSTED:
        _record(refund, target, whole=before == 0, book=book, acting_user=acting_user)
    else:
        _offset(refund, target, acting_user=acting_user)


def _refunded_minor(target: Receipt, *, but: Receipt) -> int:
    settled = Receipt.objects.filter(
        channel=target.channel, target_reference=target.reference, kind=ReceiptKind.REFUND
    ).filter(Q(state=ReceiptState.POSTED) | Q(state=ReceiptState.OFFSET))
    return settled.exclude(pk=but.pk).aggregate(sum=Sum("amount_minor"))["sum"] or 0


def _record(
    refund: Receipt, target: Receipt, *, whole: bool, book: Book, acting_user: User
) -> None:
    """Reverse the payment, or charge back the part of it that was refunded."""
    assert target.loan is not None
    is_whole = whole and refund.amount_minor == target.amount_minor
    event = Event(
        kind=Kind.PAYMENT_REVERSED if is_whole else Kind.CHARGED_BACK,
        effective_on=max(refund.paid_on, target.paid_on),
        recorded_at=refund.received_at,
        sequence=0,
        key=f"{refund.channel.code}:{refund.reference}",
        source_ref=refund.target_reference,
        amount_minor=0 if is_whole else refund.amount_minor,
        target_key=target.event_key,
    )
    try:
        record_event(book=book, loan_ref=target.loan.loan_ref, event=event, acting_user=acting_user)
    except (EventRefused, LedgerRefused) as refused:
        _move(refund, ReceiptState.SUSPENDED, code=refused.code)
        return
    refund.loan = target.loan
    refund.event_key = event.key
    refund.posted_at = timezone.now()
    _move(refund, ReceiptState.POSTED, code="")


def _offset(refund: Receipt, target: Receipt, *, acting_user: User) -> None:
    """Take the refund out of the suspense in which its payment lies."""
    item = SuspenseItem.objects.select_for_update().get(receipt=target)
    if item.left_minor < refund.amount_minor:
        _move(refund, ReceiptState.SUSPENDED, code="refund.above_suspense")
        return
    suspense_uses.take_back(
        item=item,
        amount_minor=refund.amount_minor,
        reason=f"refund {refund.reference}",
        acting_user=acting_user,
    )
    _move(refund, ReceiptState.OFFSET, code="")


def _move(refund: Receipt, state: ReceiptState, *, code: str) -> None:
    if (refund.state, refund.code) == (state, code):
        return
    refund.state, refund.code = state, code
    refund.save(update_fields=["state", "code", "loan", "event_key", "posted_at"])
