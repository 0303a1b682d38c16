"""A complaint or dispute: who says what, until when it must be answered, what was found."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Nature(models.TextChoices):
    COMPLAINT = "complaint", _("投诉")
    DISPUTE = "dispute", _("债务争议")


class Intake(models.TextChoices):
    DESK = "desk", _("坐席")
    PHONE = "phone", _("来电")
    SMS = "sms", _("短信回复")
    EMAIL = "email", _("电子邮件")
    LETTER = "letter", _("来信")
    WECHAT = "wechat", _("微信")
    APP = "app", _("应用")
    API = "api", _("接口")
    VISIT = "visit", _("来访")
    REGULATOR = "regulator", _("监管转办")
    ASSOCIATION = "association", _("行业协会")
    PLATFORM = "platform", _("投诉平台")
    COURT = "court", _("司法机关")


class Topic(models.TextChoices):
    """What is complained of."""

    FREQUENCY = "frequency", _("催收频次")
    HOURS = "hours", _("催收时段")
    CONDUCT = "conduct", _("言行不当")
    THIRD_PARTY = "third_party", _("联系或泄露给他人")
    WRONG_PERSON = "wrong_person", _("并非本人")
    PRIVACY = "privacy", _("个人信息")
    AMOUNT = "amount", _("金额有误")
    FEES = "fees", _("息费过高")
    PAYMENT = "payment", _("还款未入账")
    IDENTITY = "identity", _("非本人借款")
    CREDIT_REPORT = "credit_report", _("征信异议")
    PLAN = "plan", _("协商还款")
    CONTRACT = "contract", _("合同与告知")
    SERVICE = "service", _("服务态度")
    OTHER = "other", _("其他")


class Cause(models.TextChoices):
    """Why it came to that, as found."""

    CONDUCT = "conduct", _("人员言行")
    SKILL = "skill", _("人员不熟悉规定")
    AGENCY = "agency", _("委外机构")
    POLICY = "policy", _("制度或策略")
    SYSTEM = "system", _("系统差错")
    DATA = "data", _("数据差错")
    POSTING = "posting", _("入账延误")
    PRODUCT = "product", _("产品或合同")
    DISCLOSURE = "disclosure", _("告知不清")
    OUTSIDE = "outside", _("外部原因")
    NOT_GENUINE = "not_genuine", _("非真实诉求")
    NONE = "none", _("未发现问题")


class Finding(models.TextChoices):
    UPHELD = "upheld", _("属实")
    PARTLY = "partly", _("部分属实")
    NOT_UPHELD = "not_upheld", _("不属实")


class State(models.TextChoices):
    RECORDED = "recorded", _("已登记")
    IN_PROGRESS = "in_progress", _("处理中")
    DECIDED = "decided", _("已决定")
    ANSWERED = "answered", _("已答复")
    CLOSED = "closed", _("已办结")
    WITHDRAWN = "withdrawn", _("已撤诉")


OPEN_STATES = (State.RECORDED, State.IN_PROGRESS, State.DECIDED)


class Complaint(models.Model):
    """``said`` and ``reasoning`` are encrypted for this row: people name themselves in them.

    ``due_on`` is the day by which the decision is due, none where no rule is known; ``clock``
    keeps the rule as it was applied.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="complaints")
    nature = models.CharField(_("性质"), max_length=12, choices=Nature)
    intake = models.CharField(_("来源渠道"), max_length=12, choices=Intake)
    topic = models.CharField(_("事项"), max_length=16, choices=Topic)
    party = models.ForeignKey(
        "parties.Party",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="complaints",
        verbose_name=_("投诉人"),
    )
    loans = models.ManyToManyField("loans.Loan", related_name="complaints", blank=True)
    said = models.TextField(_("诉求"))
    regulator_ref = models.CharField(_("转办编号"), max_length=80, blank=True)
    request_key = models.CharField(max_length=80, blank=True)
    received_at = models.DateTimeField(_("收到时间"))
    due_on = models.DateField(_("办理期限"), null=True, blank=True)
    clock = models.JSONField(_("期限依据"), default=dict)
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.RECORDED)
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("经办人"),
    )
    finding = models.CharField(_("认定"), max_length=12, choices=Finding, blank=True)
    cause = models.CharField(_("根因"), max_length=12, choices=Cause, blank=True)
    reasoning = models.TextField(_("处理决定"), blank=True)
    decided_at = models.DateTimeField(_("决定时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    answer = models.ForeignKey(
        "archive.File", null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    reopened = models.PositiveSmallIntegerField(_("重开次数"), default=0)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("投诉")
        verbose_name_plural = _("投诉")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(nature__in=Nature.values)
                & Q(intake__in=Intake.values)
                & Q(topic__in=Topic.values)
                & Q(state__in=State.values)
                & (Q(finding="") | Q(finding__in=Finding.values))
                & (Q(cause="") | Q(cause__in=Cause.values)),
                name="complaints_complaint_words_known",
            ),
            models.CheckConstraint(condition=~Q(said=""), name="complaints_complaint_said"),
            models.CheckConstraint(
                condition=Q(state__in=["recorded", "in_progress", "withdrawn"])
                | (
                    ~Q(finding="")
                    & ~Q(cause="")
                    & ~Q(reasoning="")
                    & Q(decided_at__isnull=False, decided_by__isnull=False)
                ),
                name="complaints_complaint_decided_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["answered", "closed"]) | Q(answered_at__isnull=False),
                name="complaints_complaint_answered",
            ),
            models.UniqueConstraint(
                fields=["book", "request_key"],
                condition=~Q(request_key=""),
                name="complaints_complaint_request_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["book", "due_on"],
                condition=Q(state__in=["recorded", "in_progress", "decided"]),
                name="complaints_open_by_day",
            ),
            models.Index(fields=["book", "received_at"], name="complaints_by_receipt"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The number that the person is told.

        >>> Complaint(pk=12).reference
        'C00000012'
        """
        return f"C{self.pk:08d}"

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES
