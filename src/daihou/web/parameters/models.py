"""Dated parameters: figures that laws and policies set, each with its source and confidence.

And the profile of a book or a product: whose law it is under and what kind of lender lends; and
what a funder, a product or the house tightens in the rules of contact.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Confidence(models.TextChoices):
    FULL = "full", _("已读原文")
    SECONDARY = "secondary", _("二手来源")
    MEMORY = "memory", _("凭记忆，待核实")
    OWN = "own", _("本机构自定")


class LenderType(models.TextChoices):
    BANK = "bank", _("银行")
    CONSUMER_FINANCE = "consumer_finance", _("消费金融公司")
    MICRO_LENDER = "micro_lender", _("小额贷款公司")
    LICENSED = "licensed", _("其他持牌机构")
    PRIVATE = "private", _("民间借贷")


class ProductClass(models.TextChoices):
    UNKNOWN = "", _("未分类")
    ONLINE_CONSUMER = "online_consumer", _("线上消费")
    ONLINE_BUSINESS = "online_business", _("线上经营")
    CONSUMER = "consumer", _("线下消费")
    BUSINESS = "business", _("线下经营")
    CARD = "card", _("信用卡")
    MICROFINANCE = "microfinance", _("小额信贷（印度）")


class Parameter(models.Model):
    """In force from ``valid_from`` until the next row of its name and jurisdiction begins.

    Or through ``valid_through``, where it has one: then nothing is in force until that next row.
    Rows are never changed: of two that begin on one day the one added later counts.
    """

    name = models.CharField(_("名称"), max_length=64)
    jurisdiction = models.CharField(_("法域"), max_length=16)
    valid_from = models.DateField(_("生效日"))
    valid_through = models.DateField(_("有效期至"), null=True, blank=True)
    value = models.JSONField(_("值"))
    rule_id = models.CharField(_("规则编号"), max_length=32, blank=True)
    source = models.CharField(_("来源"), max_length=256)
    confidence = models.CharField(_("可信度"), max_length=16, choices=Confidence)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("参数")
        verbose_name_plural = _("参数")
        constraints = [
            models.CheckConstraint(
                condition=Q(confidence__in=Confidence.values) & ~Q(source=""),
                name="parameters_parameter_sourced",
            ),
            models.CheckConstraint(
                condition=Q(valid_through__isnull=True) | Q(valid_through__gte=F("valid_from")),
                name="parameters_parameter_span",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["jurisdiction", "name", "valid_from"], name="parameter_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.jurisdiction}) from {self.valid_from}"


class LendingProfile(models.Model):
    """Under which law and as what kind of lender a book lends; a product may have its own.

    In force from ``valid_from`` on; the newest row counts. ``lpr_cap_from`` is the day from which
    this lender's plan brings the product down to the multiple of the LPR, before the law does.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="profiles")
    product = models.ForeignKey(
        "loans.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="profiles"
    )
    valid_from = models.DateField(_("生效日"))
    jurisdiction = models.CharField(_("法域"), max_length=16)
    lender_type = models.CharField(_("放贷主体"), max_length=32, choices=LenderType)
    product_class = models.CharField(
        _("产品类别"), max_length=32, choices=ProductClass, default=ProductClass.UNKNOWN, blank=True
    )
    lpr_cap_from = models.DateField(_("四倍 LPR 执行日"), null=True, blank=True)
    added_at = models.DateTimeField(db_default=Now())
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("放贷档案")
        verbose_name_plural = _("放贷档案")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(lender_type__in=LenderType.values)
                & Q(product_class__in=ProductClass.values)
                & ~Q(jurisdiction=""),
                name="parameters_profile_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction}/{self.lender_type} from {self.valid_from}"


class Tightening(models.Model):
    """A rule of contact made stricter for a book, or one funder's or product's loans in it.

    Only what is given is tightened. In force until the day of its end, if it has one.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    funder = models.ForeignKey(
        "parties.Party", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    product = models.ForeignKey(
        "loans.Product", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    rule_id = models.CharField(_("规则"), max_length=40, blank=True)
    valid_from = models.DateField(_("生效日"))
    most = models.PositiveSmallIntegerField(_("上限"), null=True)
    least = models.PositiveSmallIntegerField(_("下限"), null=True)
    days = models.PositiveSmallIntegerField(_("天数"), null=True)
    opens = models.PositiveSmallIntegerField(_("开始分钟"), null=True)
    closes = models.PositiveSmallIntegerField(_("结束分钟"), null=True)
    forbids = ArrayField(models.CharField(max_length=12), default=list, verbose_name=_("禁用渠道"))
    ends_agreements = models.BooleanField(_("不因约定放宽"), default=False)
    source = models.CharField(_("来源"), max_length=256)
    added_at = models.DateTimeField(db_default=Now())
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("规则收紧")
        verbose_name_plural = _("规则收紧")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(source="")
                & (Q(funder=None) | Q(product=None))
                & (
                    (Q(rule_id="") & ~Q(forbids=[]))
                    | (
                        ~Q(rule_id="")
                        & Q(forbids=[])
                        & (
                            Q(most__isnull=False)
                            | Q(least__isnull=False)
                            | Q(days__isnull=False)
                            | Q(opens__isnull=False)
                            | Q(closes__isnull=False)
                            | Q(ends_agreements=True)
                        )
                    )
                ),
                name="parameters_tightening_says_something",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["book"], name="tightening_by_book")]

    def __str__(self) -> str:
        return f"{self.rule_id or self.forbids} from {self.valid_from}"


class TighteningEnd(models.Model):
    """The last day of a tightening; the law itself stays."""

    tightening = models.OneToOneField(Tightening, on_delete=models.PROTECT, related_name="end")
    last_on = models.DateField(_("最后一日"))
    added_at = models.DateTimeField(db_default=Now())
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("收紧终止")
        verbose_name_plural = _("收紧终止")

    def __str__(self) -> str:
        return f"{self.tightening_id} until {self.last_on}"
