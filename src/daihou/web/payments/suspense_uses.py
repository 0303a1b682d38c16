"""Write down where suspended money went. The caller is in a transaction and holds the item."""

from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.approvals.models import Approval
from daihou.web.loans.models import Loan
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import SuspenseItem, SuspenseState, SuspenseUse, UseKind


def take_back(
    *,
    item: SuspenseItem,
    amount_minor: int,
    reason: str,
    acting_user: User,
    event_key: str = "",
    approval: Approval | None = None,
) -> SuspenseUse:
    """Note that money went back to its payer.

    :raises PaymentRefused: ``suspense.too_much``.
    """
    _take(item, amount_minor)
    return SuspenseUse.objects.create(
        item=item,
        kind=UseKind.RETURNED,
        amount_minor=amount_minor,
        event_key=event_key,
        reason=reason,
        used_at=timezone.now(),
        acting_user=acting_user,
        approval=approval,
    )


def apply_to(
    *,
    item: SuspenseItem,
    loan: Loan,
    amount_minor: int,
    event_key: str,
    reason: str,
    acting_user: User,
    approval: Approval | None,
) -> SuspenseUse:
    """Note that money went onto a loan, with the event that says so.

    :raises PaymentRefused: ``suspense.too_much``.
    """
    _take(item, amount_minor)
    return SuspenseUse.objects.create(
        item=item,
        kind=UseKind.APPLIED,
        amount_minor=amount_minor,
        loan=loan,
        event_key=event_key,
        reason=reason,
        used_at=timezone.now(),
        acting_user=acting_user,
        approval=approval,
    )


def _take(item: SuspenseItem, amount_minor: int) -> None:
    if not 0 < amount_minor <= item.left_minor:
        raise PaymentRefused("suspense.too_much", left=item.left_minor, wanted=amount_minor)
    item.left_minor -= amount_minor
    if item.left_minor == 0:
        item.state = SuspenseState.SETTLED
        item.settled_at = timezone.now()
    item.save(update_fields=["left_minor", "state", "settled_at"])
