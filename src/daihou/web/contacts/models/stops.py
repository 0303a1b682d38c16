"""Orders to stop and their lifting; what a person agreed to and its end. All grow, all sealed."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class StopKind(models.TextChoices):
    CONTACT_REFUSED = "contact_refused", _("联系人拒绝")
    OPT_OUT = "opt_out", _("退订渠道")
    CEASE = "cease", _("本人要求停止")
    DISPUTE = "dispute", _("债务争议")
    COMPLAINT = "complaint", _("投诉处理中")
    ATTORNEY = "attorney", _("委托律师")
    BREATHING_SPACE = "breathing_space", _("法定宽限")
    DEATH = "death", _("死亡")
    INCAPACITY = "incapacity", _("丧失行为能力")
    BANKRUPTCY = "bankruptcy", _("破产")
    IDENTITY_THEFT = "identity_theft", _("身份被冒用")
    WORKPLACE = "workplace", _("工作单位不允许")
    ALREADY_PAID = "already_paid", _("称已还款")
    HARDSHIP = "hardship", _("困难关怀")
    VULNERABLE = "vulnerable", _("弱势")
    HOLD = "hold", _("内部暂停")


class StopOrigin(models.TextChoices):
    """What ordered a stop and ends it; none: somebody ordered it by itself."""

    PERSON_STATE = "person_state", _("人员状态")
    COMPLAINT = "complaint", _("投诉")
    PAID_CLAIM = "paid_claim", _("称已还款")


class StopOrder(models.Model):
    """Nothing leaves to the subject while it holds, within its scope; statutory notices do.

    Empty ``channels``, ``debt_keys``, ``address_key`` or ``recipient_key`` mean all. It binds every
    book, funder and agency. What was said stands, salted, behind ``note_digest``.
    """

    subject = models.ForeignKey(
        "contacts.Subject", on_delete=models.PROTECT, related_name="stop_orders"
    )
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    book = models.ForeignKey(
        "ledger.Book", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(_("原因"), max_length=20, choices=StopKind)
    channels = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    debt_keys = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    address_key = models.CharField(max_length=64, blank=True, db_default="")
    recipient_key = models.CharField(max_length=64, blank=True, db_default="")
    started_at = models.DateTimeField(_("起"))
    ends_at = models.DateTimeField(_("止"), null=True)
    evidence = models.CharField(_("证据"), max_length=200, blank=True, db_default="")
    origin = models.CharField(
        _("来源事项"), max_length=12, choices=StopOrigin, blank=True, db_default=""
    )
    origin_number = models.BigIntegerField(null=True)  # Of the state or complaint, or the loan.
    note_digest = models.CharField(_("说明摘要"), max_length=64, blank=True, db_default="")
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("停止触达令")
        verbose_name_plural = _("停止触达令")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=StopKind.values), name="contacts_stop_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("started_at")),
                name="contacts_stop_in_order",
            ),
            models.CheckConstraint(
                condition=Q(origin="", origin_number__isnull=True)
                | Q(origin__in=StopOrigin.values, origin_number__isnull=False),
                name="contacts_stop_origin_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of subject {self.subject_id}"


class StopLift(models.Model):
    order = models.OneToOneField(
        StopOrder, primary_key=True, on_delete=models.PROTECT, related_name="lifted"
    )
    at = models.DateTimeField(_("解除时间"))
    note_digest = models.CharField(_("理由摘要"), max_length=64)
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("解除停止令")
        verbose_name_plural = _("解除停止令")

    def __str__(self) -> str:
        return f"lifting of stop order {self.order_id}"


class AgreementKind(models.TextChoices):
    HOURS = "hours", _("约定时间外触达")
    DIALS = "dials", _("约定拨打次数")


class Agreement(models.Model):
    """What a person agreed to that a rule forbids by default, with its proof."""

    subject = models.ForeignKey(
        "contacts.Subject", on_delete=models.PROTECT, related_name="agreements"
    )
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("事项"), max_length=8, choices=AgreementKind)
    channels = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    started_at = models.DateTimeField(_("起"))
    ends_at = models.DateTimeField(_("止"), null=True)
    evidence = models.CharField(_("证据"), max_length=200)
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("触达约定")
        verbose_name_plural = _("触达约定")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=AgreementKind.values) & ~Q(evidence=""),
                name="contacts_agreement_proved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} agreed by subject {self.subject_id}"


class AgreementEnd(models.Model):
    agreement = models.OneToOneField(
        Agreement, primary_key=True, on_delete=models.PROTECT, related_name="ended"
    )
    at = models.DateTimeField(_("终止时间"))
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("终止约定")
        verbose_name_plural = _("终止约定")

    def __str__(self) -> str:
        return f"end of agreement {self.agreement_id}"
