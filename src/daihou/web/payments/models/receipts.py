"""Receipts: money that a channel or a voucher says has moved, each reference once."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daihou.web.payments.models.channels import Channel, ChannelNotice


class ReceiptKind(models.TextChoices):
    PAYMENT = "payment", _("收款")
    REFUND = "refund", _("退款")  # Of the payment ``target_reference``; money out.


class ReceiptState(models.TextChoices):
    RECEIVED = "received", _("待入账")
    WAITING = "waiting", _("等待原交易")  # A refund that came before its payment was posted.
    POSTED = "posted", _("已入账")
    SUSPENDED = "suspended", _("暂收")
    OFFSET = "offset", _("已冲抵")  # A refund of money that was in suspense.


class Receipt(models.Model):
    """What it says never changes (a trigger holds that); only where its money went does.

    A trigger holds book, channel and loan together, once for each statement and not for each row.
    ``order_ref`` is our own number that the channel gives back: a debit's, or the loan's.
    """

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(
        "ledger.Book",
        on_delete=models.PROTECT,
        related_name="receipts",
        db_index=False,
        db_constraint=False,
    )
    channel = models.ForeignKey(
        Channel,
        on_delete=models.PROTECT,
        related_name="receipts",
        db_index=False,
        db_constraint=False,
    )
    kind = models.CharField(_("类型"), max_length=8, choices=ReceiptKind)
    reference = models.CharField(_("渠道流水号"), max_length=128, db_collation="C")
    target_reference = models.CharField(max_length=128, blank=True, db_collation="C")
    amount_minor = models.BigIntegerField(_("金额"))
    currency = models.CharField(_("币种"), max_length=3)
    paid_on = models.DateField(_("付款日"))
    received_at = models.DateTimeField(_("收到时间"))
    order_ref = models.CharField(_("订单号"), max_length=128, blank=True, db_collation="C")
    remark = models.CharField(_("附言"), max_length=256, blank=True)
    payer_index = models.BinaryField(max_length=32, null=True)
    payer_masked = models.CharField(_("付款账号"), max_length=64, blank=True)
    notice = models.ForeignKey(
        ChannelNotice,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    voucher_digest = models.CharField(_("凭证摘要"), max_length=64, blank=True)
    entered_by = models.ForeignKey(
        "access.User", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(
        _("状态"), max_length=16, choices=ReceiptState, default=ReceiptState.RECEIVED
    )
    code = models.CharField(_("原因"), max_length=64, blank=True)
    loan = models.ForeignKey(
        "loans.Loan",
        null=True,
        on_delete=models.PROTECT,
        related_name="receipts",
        db_constraint=False,
    )
    event_key = models.CharField(max_length=192, blank=True, db_collation="C")
    posted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("收款")
        verbose_name_plural = _("收款")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "reference"], name="payments_receipt_reference_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0), name="payments_receipt_amount_positive"
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="payments_receipt_currency_iso"
            ),
            models.CheckConstraint(
                condition=~Q(reference="") & Q(kind__in=ReceiptKind.values),
                name="payments_receipt_named",
            ),
            models.CheckConstraint(
                condition=Q(kind=ReceiptKind.PAYMENT, target_reference="")
                | (Q(kind=ReceiptKind.REFUND) & ~Q(target_reference="")),
                name="payments_receipt_refund_has_target",
            ),
            models.CheckConstraint(
                condition=~Q(target_reference=F("reference")),
                name="payments_receipt_not_its_own_target",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=ReceiptState.POSTED, loan__isnull=False, posted_at__isnull=False)
                    & ~Q(event_key="")
                )
                | Q(state__in=[ReceiptState.RECEIVED, ReceiptState.WAITING], event_key="")
                | (Q(state=ReceiptState.SUSPENDED, event_key="") & ~Q(code=""))
                | Q(state=ReceiptState.OFFSET, event_key="", kind=ReceiptKind.REFUND),
                name="payments_receipt_state_holds",
            ),
            models.UniqueConstraint(
                fields=["book", "event_key"],
                condition=~Q(event_key=""),
                name="payments_receipt_event_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["book", "id"],
                condition=Q(state__in=["received", "waiting"]),
                name="payments_receipt_open",
            ),
            models.Index(fields=["channel", "paid_on"], name="payments_receipt_by_day"),
        ]

    def __str__(self) -> str:
        return self.reference
