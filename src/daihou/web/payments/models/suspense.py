"""Suspense 暂收: money that is ours to keep safe but not yet anybody's payment."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daihou.web.payments.models.receipts import Receipt


class SuspenseState(models.TextChoices):
    OPEN = "open", _("待处理")
    SETTLED = "settled", _("已处理")


class SuspenseItem(models.Model):
    """Money of one receipt that waits for a decision; ``left_minor`` is what no use has taken yet.

    With a loan the money lies on that loan in the ledger, unapplied (it was overpaid); without,
    it is in no loan at all.
    """

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(
        "ledger.Book", on_delete=models.PROTECT, related_name="suspense", db_index=False
    )
    receipt = models.OneToOneField(Receipt, on_delete=models.PROTECT, related_name="suspense")
    loan = models.ForeignKey("loans.Loan", null=True, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField(_("金额"))
    left_minor = models.BigIntegerField(_("余额"))
    code = models.CharField(_("原因"), max_length=64)
    opened_on = models.DateField(_("转入日"))
    state = models.CharField(
        _("状态"), max_length=8, choices=SuspenseState, default=SuspenseState.OPEN
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("暂收款")
        verbose_name_plural = _("暂收款")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, left_minor__gte=0)
                & Q(left_minor__lte=F("amount_minor")),
                name="payments_suspense_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state=SuspenseState.OPEN, left_minor__gt=0, settled_at__isnull=True)
                | Q(state=SuspenseState.SETTLED, left_minor=0, settled_at__isnull=False),
                name="payments_suspense_settled_when_empty",
            ),
            models.CheckConstraint(condition=~Q(code=""), name="payments_suspense_has_code"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["book", "opened_on", "id"],
                condition=Q(state="open"),
                name="payments_suspense_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id}: {self.left_minor} of {self.amount_minor}"


class UseKind(models.TextChoices):
    APPLIED = "applied", _("入账")
    RETURNED = "returned", _("退回")


class SuspenseUse(models.Model):
    """Where suspended money went: onto a loan, with its event, or back. Append-only."""

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(SuspenseItem, on_delete=models.PROTECT, related_name="uses")
    kind = models.CharField(max_length=8, choices=UseKind)
    amount_minor = models.BigIntegerField()
    loan = models.ForeignKey("loans.Loan", null=True, on_delete=models.PROTECT, related_name="+")
    event_key = models.CharField(max_length=192, blank=True, db_collation="C")
    reason = models.CharField(max_length=512)
    used_at = models.DateTimeField()
    acting_user = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    approval = models.ForeignKey(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("暂收款处理")
        verbose_name_plural = _("暂收款处理")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0) & ~Q(reason=""), name="payments_suspenseuse_named"
            ),
            models.CheckConstraint(
                condition=(Q(kind=UseKind.APPLIED, loan__isnull=False) & ~Q(event_key=""))
                | Q(kind=UseKind.RETURNED),
                name="payments_suspenseuse_applied_to_loan",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_minor}"
