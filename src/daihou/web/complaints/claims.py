"""Claims that a debt was paid: contact about the loan waits until the money is found, or is not.

A claim is matched with a receipt of the same loan, or one in suspense that fits; matching is looked
for again whenever money is posted and by the clock, so that nobody has to remember it.
"""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.complaints import clocks, texts
from daihou.web.complaints.errors import ComplaintRefused
from daihou.web.complaints.models import ClaimState, PaidClaim
from daihou.web.contacts import stops
from daihou.web.contacts.models import StopLift, StopOrigin
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party
from daihou.web.payments.models import Receipt, ReceiptKind, ReceiptState

DAYS_AROUND = 3  # A bank's booking day lies that near the day on which somebody says she paid.
EVIDENCE_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What somebody says she paid, and where its proof lies, if she gave one."""

    amount_minor: int
    paid_on: date
    evidence: str = ""


@transaction.atomic
def claim(*, loan: Loan, party: Party, claimed: Claimed, acting_user: User) -> PaidClaim:
    """Note that somebody says she paid; contact about the loan waits from now on.

    :raises ComplaintRefused: ``claim.amount_wrong``, ``claim.in_future``, ``claim.open_already``,
        ``complaint.text_missing``.
    """
    now = timezone.now()
    today = now.astimezone(ZoneInfo(loan.book.time_zone)).date()
    if claimed.amount_minor <= 0:
        raise ComplaintRefused("claim.amount_wrong")
    if claimed.paid_on > today:
        raise ComplaintRefused("claim.in_future")
    if len(claimed.evidence) > EVIDENCE_MOST or "\0" in claimed.evidence:
        raise ComplaintRefused("complaint.text_missing", most=EVIDENCE_MOST)
    if PaidClaim.objects.filter(loan=loan, state=ClaimState.OPEN).exists():
        raise ComplaintRefused("claim.open_already")
    order = stops.order(
        party=party,
        kind=StopKind.ALREADY_PAID,
        at=now,
        scope=stops.Scope(loan_ids=frozenset({loan.pk})),
        evidence=stops.Origin(kind=StopOrigin.PAID_CLAIM, number=loan.pk),
        book=loan.book,
        acting_user=acting_user,
    )
    try:
        with transaction.atomic():
            made = PaidClaim.objects.create(
                loan=loan,
                party=party,
                amount_minor=claimed.amount_minor,
                paid_on=claimed.paid_on,
                evidence=claimed.evidence.strip(),
                order=order,
                review_on=clocks.review_on(book=loan.book, claimed_on=today),
                claimed_by=acting_user,
            )
    except IntegrityError as exception:
        raise ComplaintRefused("claim.open_already") from exception
    _audit("paid_claim.note", made, acting_user)
    return made


@transaction.atomic
def match(*, claim: PaidClaim, receipt: Receipt, acting_user: User) -> PaidClaim:
    """Note that the money was found; contact is free again, by the figures as they are then.

    :raises ComplaintRefused: ``claim.decided_already``, ``claim.receipt_of_other``.
    """
    locked = _lock(claim)
    fits = receipt.book_id == locked.loan.book_id and receipt.kind == ReceiptKind.PAYMENT
    is_elsewhere = receipt.loan_id not in {None, locked.loan_id}
    if not fits or is_elsewhere or hasattr(receipt, "paidclaim"):
        raise ComplaintRefused("claim.receipt_of_other", receipt=receipt.reference)
    if receipt.state != ReceiptState.POSTED:
        raise ComplaintRefused("claim.receipt_not_posted", receipt=receipt.reference)
    locked.state, locked.receipt = ClaimState.MATCHED, receipt
    return _settle(locked, "paid_claim.match", "money found", acting_user)


@transaction.atomic
def refuse(*, claim: PaidClaim, reason: str, acting_user: User) -> PaidClaim:
    """Note that no such money was found, and why; who noted the claim does not refuse it.

    :raises ComplaintRefused: ``claim.decided_already``, ``claim.by_noter``,
        ``complaint.text_missing``.
    """
    locked = _lock(claim)
    if locked.claimed_by_id == acting_user.pk:
        raise ComplaintRefused("claim.by_noter")
    locked.state, locked.reason = (
        ClaimState.REFUSED,
        texts.checked(reason, most=EVIDENCE_MOST),
    )
    return _settle(locked, "paid_claim.refuse", locked.reason, acting_user)


def candidates(*, claim: PaidClaim) -> list[Receipt]:
    """Suggest receipts: of the loan or still in suspense, of that amount, near that day."""
    near = Q(
        paid_on__range=(
            clocks.shifted(claim.paid_on, days=-DAYS_AROUND),
            clocks.shifted(claim.paid_on, days=DAYS_AROUND),
        )
    )
    taken = PaidClaim.objects.filter(receipt__isnull=False).values("receipt_id")
    found = Receipt.objects.filter(
        near,
        Q(loan=claim.loan) | Q(loan__isnull=True),
        book_id=claim.loan.book_id,
        kind=ReceiptKind.PAYMENT,
        amount_minor=claim.amount_minor,
    ).exclude(pk__in=taken)
    return list(found.order_by("-loan_id", "paid_on", "pk")[:10])


def match_all(*, book_id: int, acting_user: User) -> int:
    """Match the open claims of a book with money posted since; return how many were."""
    count = 0
    rows = PaidClaim.objects.filter(loan__book_id=book_id, state=ClaimState.OPEN)
    for each in rows.select_related("loan__book", "order").order_by("pk"):
        posted = [
            receipt
            for receipt in candidates(claim=each)
            if receipt.state == ReceiptState.POSTED and receipt.loan_id == each.loan_id
        ]
        if len(posted) == 1:  # Of several, a person says which.
            match(claim=each, receipt=posted[0], acting_user=acting_user)
            count += 1
    return count


def _lock(claim: PaidClaim) -> PaidClaim:
    locked = (
        PaidClaim.objects.select_for_update(of=("self",))
        .select_related("loan__book", "order")
        .get(pk=claim.pk)
    )
    if locked.state != ClaimState.OPEN:
        raise ComplaintRefused("claim.decided_already")
    return locked


def _settle(claim: PaidClaim, action: str, reason: str, acting_user: User) -> PaidClaim:
    claim.decided_at, claim.decided_by = timezone.now(), acting_user
    claim.save()
    if not StopLift.objects.filter(order=claim.order).exists():
        stops.lift(stop=claim.order, at=timezone.now(), note=reason, acting_user=acting_user)
    _audit(action, claim, acting_user)
    return claim


def _audit(action: str, claim: PaidClaim, acting_user: User) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="loan",
        target_id=claim.loan_id,
        details={"claim": claim.pk, "amount_minor": claim.amount_minor, "state": claim.state},
    )
