"""What proves that a limitation period was restarted, suspended or overtaken: records that grow."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class EvidenceGround(models.TextChoices):
    DEMAND = "demand", _("催收（可证明送达）")
    AUTO_DEBIT = "auto_debit", _("扣收逾期款")
    PROMISE = "promise", _("承诺还款")
    ACKNOWLEDGEMENT = "acknowledgement", _("债务人确认")
    SUIT = "suit", _("诉讼、仲裁或支付令")
    SUSPENSION = "suspension", _("时效中止事由")
    JUDGMENT = "judgment", _("生效裁判")
    ENFORCEMENT = "enforcement", _("申请执行")
    GUARANTOR_DEMAND = "guarantor_demand", _("向保证人主张")


class Evidence(models.Model):
    """One record. Append-only: what was wrong is withdrawn by a row of ``EvidenceWithdrawn``.

    ``reference`` says where the proof lies: a file's digest, a notice's id, a case number.
    ``arrived_at`` is when a demand provably arrived; without it a demand restarts nothing.
    """

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="limitation_evidence"
    )
    ground = models.CharField(_("类型"), max_length=32, choices=EvidenceGround)
    on = models.DateField(_("日期"))
    through = models.DateField(_("结束日"), null=True, blank=True)
    arrived_at = models.DateTimeField(_("送达时间"), null=True, blank=True)
    reference = models.CharField(_("证据出处"), max_length=256)
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("时效证据")
        verbose_name_plural = _("时效证据")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "ground", "on", "reference"], name="limitation_evidence_once"
            ),
            models.CheckConstraint(
                condition=Q(ground__in=EvidenceGround.values) & ~Q(reference=""),
                name="limitation_evidence_named",
            ),
            models.CheckConstraint(
                condition=Q(through__isnull=True) | Q(through__gte=F("on")),
                name="limitation_evidence_span",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ground} {self.on}"


class EvidenceWithdrawn(models.Model):
    """A record that was wrong counts no more; it stays to be seen."""

    evidence = models.OneToOneField(
        Evidence, primary_key=True, on_delete=models.PROTECT, related_name="withdrawn"
    )
    reason = models.CharField(_("理由"), max_length=512)
    withdrawn_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("撤回的证据")
        verbose_name_plural = _("撤回的证据")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="limitation_withdrawn_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id}: {self.reason}"
