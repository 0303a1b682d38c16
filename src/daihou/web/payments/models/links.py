"""Pay links: one amount of one loan, asked of a provider under our own order number."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.payments.models.channels import Channel
from daihou.web.payments.models.receipts import Receipt


class LinkState(models.TextChoices):
    OPEN = "open", _("待付款")
    PAID = "paid", _("已付款")
    CANCELLED = "cancelled", _("已撤回")


class OrderKind(models.TextChoices):
    CODE = "code", _("扫码")  # ``target`` is what the code says.
    PAGE = "page", _("跳转")  # ``target`` is the provider's page.


class PayLink(models.Model):
    """Found by the digest of its token, which is in the address alone; ``token`` is encrypted.

    ``case_number`` and ``promise_number`` are the ids of the case and promise it was made for.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="pay_links")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="pay_links")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="pay_links")
    case_number = models.BigIntegerField(_("案件"), null=True)
    promise_number = models.BigIntegerField(_("承诺"), null=True)
    order_ref = models.CharField(_("订单号"), max_length=32, unique=True, db_collation="C")
    token_digest = models.BinaryField(max_length=32, unique=True)
    token = models.TextField()
    amount_minor = models.BigIntegerField(_("金额"))
    currency = models.CharField(_("币种"), max_length=3)
    kind = models.CharField(_("付款方式"), max_length=8, choices=OrderKind)
    target = models.TextField()
    expires_at = models.DateTimeField(_("有效至"))
    state = models.CharField(_("状态"), max_length=12, choices=LinkState, default=LinkState.OPEN)
    receipt = models.OneToOneField(
        Receipt, null=True, on_delete=models.PROTECT, related_name="pay_link"
    )
    made_by = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("付款链接")
        verbose_name_plural = _("付款链接")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, state__in=LinkState.values)
                & Q(kind__in=OrderKind.values)
                & ~Q(target=""),
                name="payments_paylink_sensible",
            ),
            models.CheckConstraint(
                condition=~Q(state="paid") | Q(receipt__isnull=False),
                name="payments_paylink_paid_by_receipt",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="payments_paylink_days"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["loan", "state"], name="payments_paylink_by_loan"),
        ]

    def __str__(self) -> str:
        return self.order_ref
