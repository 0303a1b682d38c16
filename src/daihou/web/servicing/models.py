"""What servicing promises a borrower: pay-off quotes, and settlements at a discount."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ReasonCode(models.TextChoices):
    REQUEST = "request", _("借款人申请")
    HARDSHIP = "hardship", _("还款困难")
    ILLNESS = "illness", _("疾病或身故")
    DISASTER = "disaster", _("灾害")
    UNEMPLOYMENT = "unemployment", _("失业")
    DISPUTE = "dispute", _("争议或投诉")
    OUR_ERROR = "our_error", _("我方差错")
    COURT = "court", _("法院裁判或调解")
    FRAUD = "fraud", _("欺诈")
    BREACH = "breach", _("违约")
    CONTRACT = "contract", _("合同约定")
    PORTFOLIO = "portfolio", _("资产处置")
    GUARANTEE = "guarantee", _("担保履行")
    OTHER = "other", _("其他")


class Quote(models.Model):
    """What pays a loan off, if it comes by ``valid_through`` and nothing else moves the loan.

    ``ledger_sequence`` is the loan's last event that it knew: a later one makes it stale.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="quotes")
    quoted_on = models.DateField(_("报价日"))
    valid_through = models.DateField(_("有效至"))
    debt_minor = models.BigIntegerField(_("结清金额"))
    fee_minor = models.BigIntegerField(_("提前还款费用"))
    lines = models.JSONField(_("明细"))  # Component and amount; the fee's rule and its base.
    ledger_sequence = models.BigIntegerField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("结清报价")
        verbose_name_plural = _("结清报价")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_through__gte=F("quoted_on")), name="servicing_quote_days"
            ),
            models.CheckConstraint(
                condition=Q(debt_minor__gt=0, fee_minor__gte=0), name="servicing_quote_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.amount_minor} through {self.valid_through}"

    @property
    def amount_minor(self) -> int:
        return self.debt_minor + self.fee_minor


class OfferState(models.TextChoices):
    OPEN = "open", _("待履行")
    FULFILLED = "fulfilled", _("已履行")
    BROKEN = "broken", _("已失效")
    WITHDRAWN = "withdrawn", _("已撤回")


class SettlementOffer(models.Model):
    """Pay so much by a day and the rest is given up; else nothing is, and what came stays.

    ``after_sequence`` is the ledger's place when it was made: money recorded later counts for it.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="offers")
    approval = models.OneToOneField(
        "approvals.Approval", on_delete=models.PROTECT, related_name="offer"
    )
    offered_on = models.DateField(_("提出日"))
    expires_on = models.DateField(_("截止日"))
    amount_minor = models.BigIntegerField(_("约定还款额"))
    owed_minor = models.BigIntegerField(_("约定时所欠"))
    discounts = models.JSONField(_("减免明细"))  # Component and amount.
    after_sequence = models.BigIntegerField()
    state = models.CharField(_("状态"), max_length=16, choices=OfferState, default=OfferState.OPEN)
    settled_on = models.DateField(_("办结日"), null=True)
    received_minor = models.BigIntegerField(_("已收"), default=0)

    class Meta:
        verbose_name = _("减免结清")
        verbose_name_plural = _("减免结清")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan"], condition=Q(state="open"), name="servicing_offer_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OfferState.values), name="servicing_offer_state_known"
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("offered_on")), name="servicing_offer_days"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, owed_minor__gt=F("amount_minor")),
                name="servicing_offer_discounted",
            ),
            models.CheckConstraint(
                condition=Q(state="open", settled_on__isnull=True)
                | (~Q(state="open") & Q(settled_on__isnull=False)),
                name="servicing_offer_settled",
            ),
            models.CheckConstraint(
                condition=~Q(state="fulfilled") | Q(received_minor__gte=F("amount_minor")),
                name="servicing_offer_paid",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.amount_minor} by {self.expires_on} ({self.state})"
