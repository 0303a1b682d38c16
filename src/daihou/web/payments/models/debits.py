"""Auto-debit: mandates, batches of attempts, and the channel's answers to them."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from daihou.web.payments.models.channels import Channel, ChannelNotice


class Mandate(models.Model):
    """A payer's agreement 签约 that we may debit an account for one loan.

    It is in force from ``signed_on`` to the day before ``ended_on`` (open while null).
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="mandates")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="mandates")
    reference = models.CharField(_("协议号"), max_length=128, db_collation="C")
    account_index = models.BinaryField(max_length=32)
    account_masked = models.CharField(_("扣款账号"), max_length=64)
    evidence_digest = models.CharField(_("协议文件摘要"), max_length=64)
    signed_on = models.DateField(_("签约日"))
    ended_on = models.DateField(_("解约日"), null=True)
    most_minor = models.BigIntegerField(_("单笔上限"), null=True)

    class Meta:
        verbose_name = _("代扣签约")
        verbose_name_plural = _("代扣签约")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "reference"], name="payments_mandate_reference_once"
            ),
            models.UniqueConstraint(
                fields=["channel", "loan"],
                condition=Q(ended_on__isnull=True),
                name="payments_mandate_one_open",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("signed_on")),
                name="payments_mandate_ends_later",
            ),
            models.CheckConstraint(
                condition=~Q(reference="") & ~Q(evidence_digest=""),
                name="payments_mandate_evidenced",
            ),
            models.CheckConstraint(
                condition=Q(most_minor__isnull=True) | Q(most_minor__gt=0),
                name="payments_mandate_most_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class DebitBatch(models.Model):
    """What is asked of a channel on one day, in one round."""

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="debit_batches")
    run_on = models.DateField(_("扣款日"))
    round_no = models.PositiveSmallIntegerField(_("轮次"), default=1)
    planned_at = models.DateTimeField()
    acting_user = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    sent_at = models.DateTimeField(_("送出时间"), null=True)
    file_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("代扣批次")
        verbose_name_plural = _("代扣批次")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "run_on", "round_no"], name="payments_debitbatch_once"
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=True, file_digest="")
                | (Q(sent_at__isnull=False) & ~Q(file_digest="")),
                name="payments_debitbatch_sent_with_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_on}/{self.round_no}"


class AttemptState(models.TextChoices):
    PLANNED = "planned", _("已计划")
    SENT = "sent", _("已送出")
    PAID = "paid", _("扣款成功")
    PARTLY_PAID = "partly_paid", _("部分扣款")
    FAILED = "failed", _("扣款失败")


class DebitAttempt(models.Model):
    """One try to debit what was due on a day. A trigger refuses one without a mandate in force."""

    batch = models.ForeignKey(DebitBatch, on_delete=models.PROTECT, related_name="attempts")
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, related_name="attempts")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="debit_attempts")
    due_on = models.DateField(_("应还日"))
    attempt_no = models.PositiveSmallIntegerField(_("第几次"))
    amount_minor = models.BigIntegerField(_("金额"))
    reference = models.CharField(_("订单号"), max_length=128, unique=True, db_collation="C")
    state = models.CharField(
        _("状态"), max_length=16, choices=AttemptState, default=AttemptState.PLANNED
    )
    failure_code = models.CharField(_("失败代码"), max_length=32, blank=True)
    paid_minor = models.BigIntegerField(_("实扣"), default=0)
    answered_at = models.DateTimeField(null=True)
    retry_on = models.DateField(_("重试日"), null=True)

    class Meta:
        verbose_name = _("代扣")
        verbose_name_plural = _("代扣")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "due_on", "attempt_no"], name="payments_debitattempt_once"
            ),
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(state__in=["planned", "sent"]),
                name="payments_debitattempt_one_open",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, paid_minor__gte=0)
                & Q(paid_minor__lte=F("amount_minor")),
                name="payments_debitattempt_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state=AttemptState.PAID, paid_minor=F("amount_minor"))
                | Q(
                    state=AttemptState.PARTLY_PAID,
                    paid_minor__gt=0,
                    paid_minor__lt=F("amount_minor"),
                )
                | Q(
                    state__in=[AttemptState.PLANNED, AttemptState.SENT, AttemptState.FAILED],
                    paid_minor=0,
                ),
                name="payments_debitattempt_state_holds",
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class DebitAnswer(models.Model):
    """A channel's word that a debit failed. Append-only; a debit that succeeds is a receipt."""

    id = models.BigAutoField(primary_key=True)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="debit_answers")
    order_ref = models.CharField(max_length=128, db_collation="C")
    failure_code = models.CharField(max_length=32)
    answered_on = models.DateField()
    received_at = models.DateTimeField()
    notice = models.ForeignKey(
        ChannelNotice,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )

    class Meta:
        verbose_name = _("代扣失败回执")
        verbose_name_plural = _("代扣失败回执")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["channel", "order_ref"], name="payments_debitanswer_once"
            ),
            models.CheckConstraint(
                condition=~Q(failure_code=""), name="payments_debitanswer_has_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_ref}: {self.failure_code}"
