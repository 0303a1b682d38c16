"""Accounts with providers, and how much of each has been used."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from daihou.web.parties.models import Field


class ChannelKind(models.TextChoices):
    VOICE = "voice", _("电话")
    ROBOT = "robot", _("语音机器人")
    SMS = "sms", _("短信")
    EMAIL = "email", _("电子邮件")
    LETTER = "letter", _("信函")
    PUSH = "push", _("App 推送")
    WECHAT = "wechat", _("微信模板消息")
    WHATSAPP = "whatsapp", _("WhatsApp")


class Provider(models.TextChoices):
    ALIYUN = "aliyun", _("阿里云短信")
    TENCENT = "tencent", _("腾讯云短信")
    SMTP = "smtp", _("SMTP 邮件")
    LETTERS = "letters", _("自有信函批次")
    JPUSH = "jpush", _("极光推送")
    WECHAT = "wechat", _("微信公众号")
    FREESWITCH = "freeswitch", _("FreeSWITCH 话务")
    ROBOT = "robot", _("语音机器人")
    WHATSAPP = "whatsapp", _("WhatsApp Cloud API")


SPEAKS = {
    Provider.ALIYUN: ChannelKind.SMS,
    Provider.TENCENT: ChannelKind.SMS,
    Provider.SMTP: ChannelKind.EMAIL,
    Provider.LETTERS: ChannelKind.LETTER,
    Provider.JPUSH: ChannelKind.PUSH,
    Provider.WECHAT: ChannelKind.WECHAT,
    Provider.FREESWITCH: ChannelKind.VOICE,
    Provider.ROBOT: ChannelKind.ROBOT,
    Provider.WHATSAPP: ChannelKind.WHATSAPP,
}

FIELD_OF = {  # What an address of a channel is, among personal data.
    ChannelKind.VOICE: Field.PHONE,
    ChannelKind.ROBOT: Field.PHONE,
    ChannelKind.SMS: Field.PHONE,
    ChannelKind.WHATSAPP: Field.PHONE,
    ChannelKind.EMAIL: Field.EMAIL,
    ChannelKind.LETTER: Field.ADDRESS,
    ChannelKind.PUSH: Field.PUSH,
    ChannelKind.WECHAT: Field.WECHAT,
}


class Account(models.Model):
    """One account with one provider, for one book.

    ``sender`` is what the person sees it comes from: a signature, an address, a number.
    ``secret_ref`` names the file of its keys beside the other secrets, outside the database.
    Of several active accounts of a channel the lowest ``rank`` sends.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="accounts")
    code = models.SlugField(_("编号"), max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=64)
    channel = models.CharField(_("渠道"), max_length=12, choices=ChannelKind)
    provider = models.CharField(_("服务商"), max_length=12, choices=Provider)
    sender = models.CharField(_("发送方"), max_length=128, blank=True)
    secret_ref = models.SlugField(_("密钥引用"), max_length=64, blank=True)
    per_second = models.PositiveIntegerField(_("每秒上限"))
    per_day = models.PositiveIntegerField(_("每日上限"))
    rank = models.PositiveSmallIntegerField(_("次序"), default=1)
    is_active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("触达账户")
        verbose_name_plural = _("触达账户")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel__in=ChannelKind.values) & Q(provider__in=Provider.values),
                name="channels_account_words_known",
            ),
            models.CheckConstraint(
                condition=~Q(code="") & Q(per_second__gt=0) & Q(per_day__gt=0),
                name="channels_account_sensible",
            ),
            models.CheckConstraint(
                condition=Q(provider=Provider.LETTERS, secret_ref="")
                | (~Q(provider=Provider.LETTERS) & ~Q(secret_ref="")),
                name="channels_account_secret_where_needed",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Extension(models.Model):
    """The telephone of a collector at the switch: it rings first when she calls."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="extension",
    )
    number = models.CharField(_("分机号"), max_length=32, unique=True)

    class Meta:
        verbose_name = _("分机")
        verbose_name_plural = _("分机")

    def __str__(self) -> str:
        return self.number


class AccountUse(models.Model):
    """How many were handed over in a second (``is_day`` false) or on a day."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="uses")
    is_day = models.BooleanField()
    starts_at = models.DateTimeField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "is_day", "starts_at"], name="channels_use_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.starts_at:%Y-%m-%d %H:%M:%S}: {self.count}"
