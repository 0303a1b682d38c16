"""What was handed to providers, and what they told since: each thing told counts once."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.channels.models.accounts import Account, ChannelKind
from daihou.web.channels.models.templates import TemplateVersion


class DeliveryState(models.TextChoices):
    HANDING = "handing", _("交付中")
    ACCEPTED = "accepted", _("服务商已接收")
    REFUSED = "refused", _("服务商拒绝")
    WAITING = "waiting", _("稍后再交付")
    UNKNOWN = "unknown", _("结果未知")


class Delivery(models.Model):
    """One permit handed to one provider.

    The row stands committed (``handing``) before a byte leaves. Who finds it so later knows only
    that something may have gone out: it becomes ``unknown`` and is not handed over again.
    ``address_key`` is the blind index of where it went, by which an answer finds it.
    """

    permit_ref = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(_("渠道"), max_length=12, choices=ChannelKind)
    version = models.ForeignKey(TemplateVersion, null=True, on_delete=models.PROTECT)
    address_key = models.BinaryField(max_length=32)
    state = models.CharField(_("状态"), max_length=8, choices=DeliveryState)
    tries = models.PositiveSmallIntegerField(_("次数"), default=1)
    provider_ref = models.CharField(_("服务商流水号"), max_length=128, blank=True)
    code = models.CharField(_("原因"), max_length=80, blank=True)
    told = models.CharField(_("回执"), max_length=16, blank=True)
    told_at = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField(_("通话秒数"), null=True)
    recording = models.ForeignKey("archive.File", null=True, on_delete=models.PROTECT)
    handed_at = models.DateTimeField(_("交付时间"))
    answered_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    resolution = models.CharField(_("处理说明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("交付")
        verbose_name_plural = _("交付")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=DeliveryState.values) & ~Q(permit_ref=""),
                name="channels_delivery_known",
            ),
            models.CheckConstraint(
                condition=~Q(state=DeliveryState.ACCEPTED) | ~Q(provider_ref=""),
                name="channels_delivery_accepted_by_ref",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "provider_ref"], name="channels_delivery_ref"),
            models.Index(
                fields=["account", "address_key", "handed_at"], name="channels_delivery_address"
            ),
            models.Index(
                fields=["told_at"],
                condition=Q(told="spoken", recording__isnull=True),
                name="channels_delivery_unrecorded",
            ),
            models.Index(
                fields=["account", "id"],
                condition=Q(state__in=("refused", "unknown"), resolved_at__isnull=True),
                name="channels_delivery_dead",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.permit_ref}: {self.state}"


class HeardKind(models.TextChoices):
    RECEIPT = "receipt", _("回执")
    REPLY = "reply", _("回复")
    CALL_BACK = "call_back", _("回电")
    OPT_OUT = "opt_out", _("退订")
    COMPLAINT = "complaint", _("投诉标记")
    HAND_OVER = "hand_over", _("转人工")


class HeardState(models.TextChoices):
    APPLIED = "applied", _("已处理")
    UNMATCHED = "unmatched", _("未匹配")
    CLOSED = "closed", _("人工处理")


class Heard(models.Model):
    """One thing a provider told. What it says never changes; only where it belongs is found.

    ``text`` is sealed like personal data; ``address_key`` is the keyed digest it is found by.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="heard")
    notice_ref = models.CharField(max_length=128)
    kind = models.CharField(_("种类"), max_length=12, choices=HeardKind)
    provider_ref = models.CharField(max_length=128, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    told = models.CharField(_("回执"), max_length=16, blank=True)
    code = models.CharField(_("原因"), max_length=80, blank=True)
    seconds = models.PositiveIntegerField(null=True)
    recording_ref = models.CharField(max_length=300, blank=True)
    address_key = models.BinaryField(max_length=32)
    text = models.TextField(blank=True)
    at = models.DateTimeField(_("时间"))
    received_at = models.DateTimeField(db_default=Now())
    state = models.CharField(
        _("状态"), max_length=10, choices=HeardState, default=HeardState.UNMATCHED
    )
    delivery = models.ForeignKey(
        Delivery, null=True, on_delete=models.PROTECT, related_name="heard"
    )
    party = models.ForeignKey("parties.Party", null=True, on_delete=models.PROTECT)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_reason = models.CharField(_("处理说明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("来讯")
        verbose_name_plural = _("来讯")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "notice_ref"], name="channels_heard_once"),
            models.CheckConstraint(
                condition=Q(kind__in=HeardKind.values) & Q(state__in=HeardState.values),
                name="channels_heard_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["account", "provider_ref"],
                condition=Q(state="unmatched"),
                name="channels_heard_unmatched",
            ),
            models.Index(fields=["party", "at"], name="channels_heard_of_party"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.notice_ref}"
