"""Credit lines, what draws on them, and disbursement in parts against conditions.

What a line has lent is never stored: it is folded from the loans that draw on it.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class CreditLine(models.Model):
    """Its limit, freeze and last day are those after its latest change; see ``LineChange``."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="credit_lines")
    line_ref = models.CharField(_("授信编号"), max_length=64)
    party = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, related_name="credit_lines"
    )
    products = models.ManyToManyField("loans.Product", blank=True, related_name="credit_lines")
    opened_on = models.DateField(_("起始日"))
    expires_on = models.DateField(_("到期日"))
    limit_minor = models.BigIntegerField(_("额度"))
    is_frozen = models.BooleanField(_("冻结"), default=False)
    is_closed = models.BooleanField(_("终止"), default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("授信")
        verbose_name_plural = _("授信")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "line_ref"], name="credit_line_ref_once"),
            models.CheckConstraint(
                condition=Q(limit_minor__gte=0)
                & Q(expires_on__gte=F("opened_on"))
                & ~Q(line_ref=""),
                name="credit_line_sensible",
            ),
        ]

    def __str__(self) -> str:
        return self.line_ref


class LineDeed(models.TextChoices):
    OPENED = "opened", _("授信")
    RAISED = "raised", _("调增")
    CUT = "cut", _("调减")
    FROZEN = "frozen", _("冻结")
    RESTORED = "restored", _("解冻")
    EXTENDED = "extended", _("延长")
    CLOSED = "closed", _("终止")


class LineChange(models.Model):
    """One change of a line, never changed itself; the figures are those after it."""

    line = models.ForeignKey(CreditLine, on_delete=models.PROTECT, related_name="changes")
    change_no = models.PositiveIntegerField()
    deed = models.CharField(_("变更"), max_length=12, choices=LineDeed)
    limit_minor = models.BigIntegerField(_("额度"))
    expires_on = models.DateField(_("到期日"))
    is_frozen = models.BooleanField(default=False)
    reason = models.CharField(_("理由"), max_length=512)
    approval = models.ForeignKey(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+"
    )
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    changed_at = models.DateTimeField(_("时间"), db_default=Now())

    class Meta:
        verbose_name = _("授信变更")
        verbose_name_plural = _("授信变更")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line", "change_no"], name="credit_change_in_order"),
            models.CheckConstraint(
                condition=Q(deed__in=LineDeed.values) & ~Q(reason="") & Q(limit_minor__gte=0),
                name="credit_change_reasoned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_id}/{self.change_no} {self.deed}"


class Draw(models.Model):
    """A loan that draws on a line. Its rest not yet paid out is reserved until released."""

    loan = models.OneToOneField(
        "loans.Loan", primary_key=True, on_delete=models.PROTECT, related_name="draw"
    )
    line = models.ForeignKey(CreditLine, on_delete=models.PROTECT, related_name="draws")
    drawn_at = models.DateTimeField(db_default=Now())
    released_at = models.DateTimeField(_("释放时间"), null=True)

    class Meta:
        verbose_name = _("用信")
        verbose_name_plural = _("用信")

    def __str__(self) -> str:
        return f"loan {self.loan_id} on line {self.line_id}"


class TrancheState(models.TextChoices):
    PLANNED = "planned", _("待放款")
    PAID_OUT = "paid_out", _("已放款")
    CANCELLED = "cancelled", _("已取消")


class Tranche(models.Model):
    """A part of a loan to be paid out. ``event_key`` names the event by which it was."""

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="tranches")
    tranche_no = models.PositiveSmallIntegerField()
    amount_minor = models.BigIntegerField(_("金额"))
    planned_on = models.DateField(_("计划日"))
    state = models.CharField(
        _("状态"), max_length=12, choices=TrancheState, default=TrancheState.PLANNED
    )
    event_key = models.TextField(blank=True)
    paid_out_on = models.DateField(_("放款日"), null=True)

    class Meta:
        verbose_name = _("分期放款")
        verbose_name_plural = _("分期放款")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["loan", "tranche_no"], name="credit_tranche_once"),
            models.CheckConstraint(
                condition=Q(state__in=TrancheState.values) & Q(amount_minor__gt=0),
                name="credit_tranche_sensible",
            ),
            models.CheckConstraint(
                condition=Q(state=TrancheState.PAID_OUT, paid_out_on__isnull=False)
                | (~Q(state=TrancheState.PAID_OUT) & Q(paid_out_on__isnull=True, event_key="")),
                name="credit_tranche_paid_out_by_event",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}/{self.tranche_no}"


class Condition(models.Model):
    """What must be shown before a tranche is paid out: one person files it, another signs it off.

    A trigger refuses to pay out a tranche with a condition that is not signed off.
    """

    tranche = models.ForeignKey(Tranche, on_delete=models.PROTECT, related_name="conditions")
    condition_no = models.PositiveSmallIntegerField()
    text = models.CharField(_("条件"), max_length=200)
    evidence = models.CharField(_("证据编号"), max_length=200, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    filed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    signed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("放款条件")
        verbose_name_plural = _("放款条件")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tranche", "condition_no"], name="credit_condition_once"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="credit_condition_named"),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True)
                | (~Q(evidence="") & Q(filed_by__isnull=False) & ~Q(signed_by=F("filed_by"))),
                name="credit_condition_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tranche_id}/{self.condition_no}"
