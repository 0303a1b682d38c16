"""Channels that bring money in, and every authentic message of theirs, as it came."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AdapterKind(models.TextChoices):
    BANK_DEBIT = "bank_debit", _("银行代扣")
    WECHAT_PAY = "wechat_pay", _("微信支付")
    ALIPAY = "alipay", _("支付宝")
    MANUAL = "manual", _("手工录入")


class Channel(models.Model):
    """One account with one provider, for one book.

    ``secret_ref`` names the file of its keys beside the other secrets, outside the database.
    ``event_channel`` is what its ledger events carry, where the terms of loans allocate by it.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="channels")
    code = models.SlugField(_("编号"), max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=64)
    adapter = models.CharField(_("接口"), max_length=16, choices=AdapterKind)
    account = models.CharField(_("商户号或账号"), max_length=64)
    secret_ref = models.SlugField(_("密钥引用"), max_length=64, blank=True)
    event_channel = models.CharField(max_length=32, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("支付渠道")
        verbose_name_plural = _("支付渠道")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(adapter__in=AdapterKind.values), name="payments_channel_adapter_known"
            ),
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(account=""), name="payments_channel_named"
            ),
            models.CheckConstraint(
                condition=Q(adapter=AdapterKind.MANUAL, secret_ref="")
                | (~Q(adapter=AdapterKind.MANUAL) & ~Q(secret_ref="")),
                name="payments_channel_secret_where_needed",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ChannelNotice(models.Model):
    """One authentic message, once for each time it was delivered. Append-only.

    ``body`` is sealed like personal data; ``digest`` is of the plain body. A nonce counts once.
    """

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="notices", db_index=False
    )
    notice_ref = models.CharField(max_length=128, db_collation="C")
    nonce = models.CharField(max_length=64, blank=True, db_collation="C")
    received_at = models.DateTimeField()
    digest = models.BinaryField(max_length=32)
    key_id = models.CharField(max_length=16)
    body = models.BinaryField()

    class Meta:
        verbose_name = _("渠道通知")
        verbose_name_plural = _("渠道通知")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "nonce"],
                condition=~Q(nonce=""),
                name="payments_notice_nonce_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["channel", "notice_ref"], name="payments_notice_by_ref"),
        ]

    def __str__(self) -> str:
        return self.notice_ref
