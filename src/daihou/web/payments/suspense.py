"""Bring suspended money onto loans, or send it back: asked for by one, approved by another.

Money that lies on a loan (it was overpaid) leaves that loan first, by a refund in its events.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import polars as pl
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from daihou.core.events import Event, Kind
from daihou.web.access.models import User
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Approval
from daihou.web.approvals.registry import Description
from daihou.web.ledger.models import Book
from daihou.web.ledger.payments_in import PAYMENTS, record_payments
from daihou.web.ledger.recording import record_event
from daihou.web.loans.models import Loan
from daihou.web.payments import suspense_uses
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import SuspenseItem, SuspenseState
from daihou.web.payments.reconciling import checked_reason
from daihou.web.servicing import offers

APPLY, RETURN = "suspense.apply", "suspense.return"


def request_apply(
    *, item: SuspenseItem, parts: Sequence[tuple[str, int]], reason: str, acting_user: User
) -> Approval:
    """Ask that an item's money go onto loans: ``parts`` gives loan references and amounts.

    :raises PaymentRefused: ``suspense.settled_already``, ``suspense.too_much``,
        ``suspense.loan_unknown``, ``suspense.loan_twice``, ``payment.currency_mismatch``,
        ``payment.before_disbursement``, ``reason.missing``.
    """
    reason = checked_reason(reason)
    _check_parts(item, parts)
    return approvals.request(
        kind=APPLY,
        book=item.book,
        target_type="suspense_item",
        target_id=item.pk,
        amount_minor=sum(amount for _, amount in parts),
        payload={"parts": [list(part) for part in parts], "left_minor": item.left_minor},
        reason=reason,
        acting_user=acting_user,
    )


def request_return(
    *, item: SuspenseItem, amount_minor: int, reason: str, acting_user: User
) -> Approval:
    """Ask that money go back to its payer.

    :raises PaymentRefused: ``suspense.settled_already``, ``suspense.too_much``,
        ``reason.missing``.
    """
    reason = checked_reason(reason)
    _check_open(item, amount_minor)
    return approvals.request(
        kind=RETURN,
        book=item.book,
        target_type="suspense_item",
        target_id=item.pk,
        amount_minor=amount_minor,
        payload={"amount_minor": amount_minor, "left_minor": item.left_minor},
        reason=reason,
        acting_user=acting_user,
    )


def _check_open(item: SuspenseItem, amount_minor: int) -> None:
    if item.state != SuspenseState.OPEN:
        raise PaymentRefused("suspense.settled_already")
    if not 0 < amount_minor <= item.left_minor:
        raise PaymentRefused("suspense.too_much", left=item.left_minor, wanted=amount_minor)


def _check_parts(item: SuspenseItem, parts: Sequence[tuple[str, int]]) -> None:
    if any(amount <= 0 for _, amount in parts):
        raise PaymentRefused("entry.amount_wrong")
    _check_open(item, sum(amount for _, amount in parts))
    receipt = item.receipt
    if receipt.currency != item.book.currency:
        raise PaymentRefused("payment.currency_mismatch")
    refs = [loan_ref for loan_ref, _ in parts]
    if len(set(refs)) != len(refs):
        raise PaymentRefused("suspense.loan_twice")
    starts = dict(
        Loan.objects.filter(book=item.book, loan_ref__in=refs).values_list("loan_ref", "start_on")
    )
    for loan_ref in refs:
        if loan_ref not in starts:
            raise PaymentRefused("suspense.loan_unknown", loan_ref=loan_ref[:64])
        if receipt.paid_on < starts[loan_ref]:
            raise PaymentRefused("payment.before_disbursement")


def carry_out_apply(approval: Approval, acting_user: User) -> None:
    """Take the money out of suspense and record it on the loans that were asked for.

    A settlement that it fulfils ends at once.
    """
    item = _locked(approval)
    parts = [(str(loan_ref), int(amount)) for loan_ref, amount in approval.payload["parts"]]
    total_minor = sum(amount for _, amount in parts)
    _take_from_loan(item, approval, amount_minor=total_minor, acting_user=acting_user)
    loans = {
        loan.loan_ref: loan
        for loan in Loan.objects.filter(book=item.book, loan_ref__in=[ref for ref, _ in parts])
    }
    rows = [
        {
            "row_no": number,
            "loan_id": loans[loan_ref].pk,
            "key": f"suspense:{item.pk}:{approval.pk}:{number}",
            "effective_on": item.receipt.paid_on,
            "recorded_at": timezone.now().astimezone(UTC),
            "amount_minor": amount_minor,
            "source_ref": item.receipt.reference,
            "channel": "",
        }
        for number, (loan_ref, amount_minor) in enumerate(parts, start=1)
    ]
    recorded = record_payments(
        book=item.book,
        payments=pl.DataFrame(rows, schema=dict(PAYMENTS)),
        acting_user=acting_user,
    )
    if recorded.refused.height:
        raise PaymentRefused(str(recorded.refused["code"][0]))
    for row, (loan_ref, amount_minor) in zip(rows, parts, strict=True):
        suspense_uses.apply_to(
            item=item,
            loan=loans[loan_ref],
            amount_minor=amount_minor,
            event_key=str(row["key"]),
            reason=approval.reason,
            acting_user=acting_user,
            approval=approval,
        )
        offers.follow(
            book=item.book,
            loan_ref=loan_ref,
            on=_today(item.book, timezone.now()),
            acting_user=acting_user,
        )


def carry_out_return(approval: Approval, acting_user: User) -> None:
    """Note the money as sent back; what lay on a loan leaves it."""
    item = _locked(approval)
    amount_minor = int(approval.payload["amount_minor"])
    key = _take_from_loan(item, approval, amount_minor=amount_minor, acting_user=acting_user)
    suspense_uses.take_back(
        item=item,
        amount_minor=amount_minor,
        reason=approval.reason,
        acting_user=acting_user,
        event_key=key,
        approval=approval,
    )


def _locked(approval: Approval) -> SuspenseItem:
    item = (
        SuspenseItem.objects.select_for_update(of=("self",))
        .select_related("book", "receipt", "loan")
        .get(pk=int(approval.target_id))
    )
    if item.left_minor != approval.payload["left_minor"]:
        raise ApprovalRefused("approval.stale")
    return item


def _take_from_loan(
    item: SuspenseItem, approval: Approval, *, amount_minor: int, acting_user: User
) -> str:
    """Refund what an overpaid loan holds; return the event's key, or "" where it holds nothing."""
    if item.loan is None:
        return ""
    now = timezone.now()
    key = f"suspense:{item.pk}:{approval.pk}:0"
    event = Event(
        kind=Kind.REFUNDED,
        effective_on=_today(item.book, now),
        recorded_at=now,
        sequence=0,
        key=key,
        source_ref=item.receipt.reference,
        amount_minor=amount_minor,
    )
    record_event(book=item.book, loan_ref=item.loan.loan_ref, event=event, acting_user=acting_user)
    return key


def _today(book: Book, at: datetime) -> date:
    return at.astimezone(ZoneInfo(book.time_zone)).date()


def describe(approval: Approval) -> Description:
    """Show what is asked for: whose money, from where, to which loans."""
    item = SuspenseItem.objects.select_related("receipt__channel", "book").get(
        pk=int(approval.target_id)
    )
    digits = item.book.minor_digits
    parts = approval.payload.get("parts", [])
    facts = [
        (_("Channel"), item.receipt.channel.name),
        (_("Channel reference"), item.receipt.reference),
        (_("Paid on"), item.receipt.paid_on.isoformat()),
        *((str(ref), f"{Decimal(minor).scaleb(-digits):,f}") for ref, minor in parts),
    ]
    is_return = approval.kind == RETURN
    return Description(
        title=_("Return suspended money") if is_return else _("Apply suspended money"),
        facts=tuple(facts),
        url=reverse("desk:suspense_item", args=[item.book.name, item.pk]),
        is_stale=item.left_minor != approval.payload["left_minor"],
    )
