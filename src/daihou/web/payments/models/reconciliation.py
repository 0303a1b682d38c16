"""Three-way reconciliation: the channel's bill, our receipts, the ledger; and where they differ."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daihou.web.payments.models.channels import Channel
from daihou.web.payments.models.receipts import ReceiptKind


class ChannelBill(models.Model):
    """A channel's own account of one span of days, taken in once. Append-only."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="bills")
    digest = models.CharField(max_length=64)
    from_on = models.DateField()
    through_on = models.DateField()
    line_count = models.PositiveIntegerField()
    taken_at = models.DateTimeField()
    acting_user = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("渠道账单")
        verbose_name_plural = _("渠道账单")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "digest"], name="payments_bill_once"),
            models.CheckConstraint(
                condition=Q(from_on__lte=F("through_on")), name="payments_bill_goes_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_on}–{self.through_on}"


class BillLine(models.Model):
    """One line of a bill, as the channel wrote it. Append-only."""

    id = models.BigAutoField(primary_key=True)
    bill = models.ForeignKey(
        ChannelBill, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    line_no = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=ReceiptKind)
    reference = models.CharField(max_length=128, db_collation="C")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    paid_on = models.DateField()
    fee_minor = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("账单明细")
        verbose_name_plural = _("账单明细")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bill", "line_no"], name="payments_billline_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_billline_amount_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class BreakKind(models.TextChoices):
    NOT_RECEIVED = "not_received", _("渠道有、我方无")
    NOT_IN_BILL = "not_in_bill", _("我方有、渠道无")
    AMOUNT_DIFFERS = "amount_differs", _("金额不符")
    DAY_DIFFERS = "day_differs", _("日期不符")
    TWICE_IN_BILL = "twice_in_bill", _("账单重复")
    NOT_POSTED = "not_posted", _("未入账")
    LEDGER_DIFFERS = "ledger_differs", _("与账务不符")
    NOT_IN_RECEIPTS = "not_in_receipts", _("账务有、收款无")
    CONFLICTING_NOTICE = "conflicting_notice", _("通知自相矛盾")


class BreakState(models.TextChoices):
    OPEN = "open", _("待处理")
    RESOLVED = "resolved", _("已解决")
    CLEARED = "cleared", _("已自行相符")  # A later run found the sides equal; it stays on record.


class ReconciliationRun(models.Model):
    """One comparison of a channel's days: how many lines agreed, how many breaks were seen."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="runs")
    from_on = models.DateField()
    through_on = models.DateField()
    ran_at = models.DateTimeField()
    acting_user = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    bill_lines = models.PositiveIntegerField()
    receipts = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    agreed = models.PositiveIntegerField()
    found = models.JSONField()  # Break kind and count.
    sums = models.JSONField()  # Minor units of bill, receipts and ledger.
    seconds = models.FloatField()

    class Meta:
        verbose_name = _("对账")
        verbose_name_plural = _("对账")

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.from_on}–{self.through_on}"


class ReconciliationBreak(models.Model):
    """One difference between the sides. It is never netted against another."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="breaks")
    kind = models.CharField(_("类型"), max_length=24, choices=BreakKind)
    reference = models.CharField(_("渠道流水号"), max_length=128, db_collation="C")
    day = models.DateField(_("业务日"))
    bill_minor = models.BigIntegerField(_("账单金额"), null=True)
    receipt_minor = models.BigIntegerField(_("收款金额"), null=True)
    ledger_minor = models.BigIntegerField(_("账务金额"), null=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    state = models.CharField(_("状态"), max_length=8, choices=BreakState, default=BreakState.OPEN)
    assigned_to = models.ForeignKey(
        "access.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("处理说明"), max_length=512, blank=True)
    resolved_by = models.ForeignKey(
        "access.User", null=True, on_delete=models.PROTECT, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("对账差异")
        verbose_name_plural = _("对账差异")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "kind", "reference"],
                condition=Q(state="open"),
                name="payments_break_open_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BreakKind.values), name="payments_break_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state=BreakState.OPEN, resolved_at__isnull=True)
                | Q(state=BreakState.CLEARED, resolved_at__isnull=False)
                | (
                    Q(
                        state=BreakState.RESOLVED,
                        resolved_at__isnull=False,
                        resolved_by__isnull=False,
                    )
                    & ~Q(reason="")
                ),
                name="payments_break_resolved_with_reason",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["channel", "day", "id"],
                condition=Q(state="open"),
                name="payments_break_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}"
