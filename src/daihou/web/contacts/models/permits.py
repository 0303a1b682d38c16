"""What was asked, what was answered, what became of it. These rows only grow, and are sealed."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    VOICE = "voice", _("电话")
    ROBOT = "robot", _("智能语音")
    SMS = "sms", _("短信")
    EMAIL = "email", _("电子邮件")
    LETTER = "letter", _("信函")
    PUSH = "push", _("应用推送")
    WECHAT = "wechat", _("微信")
    WHATSAPP = "whatsapp", _("WhatsApp")
    VISIT = "visit", _("上门")


class Purpose(models.TextChoices):
    REMINDER = "reminder", _("还款提醒")
    COLLECTION = "collection", _("催收")
    STATUTORY_NOTICE = "statutory_notice", _("法定通知")
    SERVICE_ANSWER = "service_answer", _("服务答复")
    RECEIPT = "receipt", _("回执")


class Recipient(models.TextChoices):
    DEBTOR = "debtor", _("债务人")
    CO_BORROWER = "co_borrower", _("共同借款人")
    GUARANTOR = "guarantor", _("保证人")
    SPOUSE = "spouse", _("配偶")
    HEIR = "heir", _("继承人")
    CONTACT_PERSON = "contact_person", _("联系人")
    ATTORNEY = "attorney", _("律师")
    OTHER = "other", _("其他人")


class OutcomeKind(models.TextChoices):
    EFFECTIVE = "effective", _("有效接通")
    UNANSWERED = "unanswered", _("未接")
    BUSY = "busy", _("占线")
    WRONG_PERSON = "wrong_person", _("非本人")
    REFUSED = "refused", _("拒绝沟通")
    DELIVERED = "delivered", _("已送达")
    BOUNCED = "bounced", _("退回")
    FAILED = "failed", _("未能发出")
    UNKNOWN = "unknown", _("结果不明")
    WITHDRAWN = "withdrawn", _("已撤回")


class RuleSet(models.Model):
    """Rules as a permit was decided by, kept once by content."""

    digest = models.CharField(max_length=64, unique=True)
    rules = models.TextField()

    class Meta:
        verbose_name = _("规则集")
        verbose_name_plural = _("规则集")

    def __str__(self) -> str:
        return self.digest[:12]


class Asked(models.Model):
    """What permits and refusals share. ``party`` owes; ``recipient_party`` is who is contacted.

    ``kept`` is the text of ``collect.codec.Decided``: request, facts and decision, keyed digests in
    place of personal data. With the rule set it is decided again to the same.
    """

    book = models.ForeignKey(
        "ledger.Book", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    subject = models.ForeignKey(
        "contacts.Subject", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    recipient_subject = models.ForeignKey(
        "contacts.Subject", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    recipient_party = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    case_number = models.BigIntegerField(_("案件"), null=True)
    channel = models.CharField(_("渠道"), max_length=12, choices=Channel)
    purpose = models.CharField(_("目的"), max_length=20, choices=Purpose)
    recipient = models.CharField(_("接收人"), max_length=16, choices=Recipient)
    recipient_key = models.CharField(_("接收人摘要"), max_length=64)
    address_key = models.CharField(_("号码摘要"), max_length=64)
    debt_keys = ArrayField(models.CharField(max_length=64))
    jurisdiction = models.CharField(_("法域"), max_length=8)
    time_zone = models.CharField(_("时区"), max_length=40)
    at = models.DateTimeField(_("触达时间"))
    rule_set = models.ForeignKey(
        RuleSet,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # Found by its digest as the row is written; no rule set ever goes.
    )
    kept = models.TextField()
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True


class Permit(Asked):
    """One contact that may be made, once. Its slots are taken by a trigger as it is written."""

    class Meta:
        verbose_name = _("触达许可")
        verbose_name_plural = _("触达许可")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values)
                & Q(purpose__in=Purpose.values)
                & Q(recipient__in=Recipient.values),
                name="contacts_permit_words_known",
            ),
            models.CheckConstraint(
                condition=~Q(jurisdiction="")
                & ~Q(time_zone="")
                & ~Q(recipient_key="")
                & ~Q(address_key="")
                & Q(debt_keys__len__gt=0),
                name="contacts_permit_complete",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "at"], name="contacts_permit_of_book"),
            models.Index(fields=["subject", "at"], name="contacts_permit_of_subject"),
            models.Index(fields=["recipient_subject", "at"], name="contacts_permit_of_recipient"),
            models.Index(fields=["address_key", "at"], name="contacts_permit_of_address"),
            models.Index(fields=["case_number", "at"], name="contacts_permit_of_case"),
        ]

    def __str__(self) -> str:
        return f"permit {self.pk}: {self.channel} at {self.at}"


class Refusal(Asked):
    """One contact that was asked for and refused, with every reason."""

    class Meta:
        verbose_name = _("拒绝记录")
        verbose_name_plural = _("拒绝记录")
        indexes: ClassVar = [
            models.Index(fields=["book", "at"], name="contacts_refusal_of_book"),
            models.Index(fields=["subject", "at"], name="contacts_refusal_of_subject"),
        ]

    def __str__(self) -> str:
        return f"refusal {self.pk}: {self.channel} at {self.at}"


class Inbound(models.Model):
    """A contact that the person began: a call back, a reply. Some caps count it."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    subject = models.ForeignKey("contacts.Subject", on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    case_number = models.BigIntegerField(_("案件"), null=True)
    channel = models.CharField(_("渠道"), max_length=12, choices=Channel)
    purpose = models.CharField(_("目的"), max_length=20, choices=Purpose)
    recipient = models.CharField(_("来访人"), max_length=16, choices=Recipient)
    recipient_key = models.CharField(_("来访人摘要"), max_length=64)
    address_key = models.CharField(_("号码摘要"), max_length=64)
    debt_keys = ArrayField(models.CharField(max_length=64))
    jurisdiction = models.CharField(_("法域"), max_length=8)
    time_zone = models.CharField(_("时区"), max_length=40)
    at = models.DateTimeField(_("时间"))
    outcome = models.CharField(_("结果"), max_length=16, choices=OutcomeKind)
    reference = models.CharField(_("渠道流水号"), max_length=120, blank=True, db_default="")
    note_digest = models.CharField(_("说明摘要"), max_length=64, blank=True, db_default="")
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("来访触达")
        verbose_name_plural = _("来访触达")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(channel__in=Channel.values)
                & Q(outcome__in=OutcomeKind.values)
                & ~Q(time_zone=""),
                name="contacts_inbound_words_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject", "at"], name="contacts_inbound_of_subject"),
        ]

    def __str__(self) -> str:
        return f"inbound {self.pk}: {self.channel} at {self.at}"


class Outcome(models.Model):
    """What became of a permit. Only "unknown" may be followed by another, once it is known."""

    permit = models.ForeignKey(Permit, on_delete=models.PROTECT, related_name="outcomes")
    outcome = models.CharField(_("结果"), max_length=16, choices=OutcomeKind)
    at = models.DateTimeField(_("时间"))
    seconds = models.PositiveIntegerField(_("时长（秒）"), null=True)
    reference = models.CharField(_("渠道流水号"), max_length=120, blank=True, db_default="")
    recording_digest = models.CharField(_("录音摘要"), max_length=64, blank=True, db_default="")
    note_digest = models.CharField(_("说明摘要"), max_length=64, blank=True, db_default="")
    is_first = models.BooleanField()
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("触达结果")
        verbose_name_plural = _("触达结果")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=OutcomeKind.values), name="contacts_outcome_known"
            ),
            models.UniqueConstraint(fields=["permit", "is_first"], name="contacts_outcome_twice"),
            models.CheckConstraint(
                condition=Q(is_first=True) | ~Q(outcome="unknown"),
                name="contacts_outcome_refines",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} of permit {self.permit_id}"
