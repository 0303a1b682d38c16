"""A person says she has paid: contact waits until the money is found or the claim refused."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ClaimState(models.TextChoices):
    OPEN = "open", _("核对中")
    MATCHED = "matched", _("已匹配")
    REFUSED = "refused", _("未查到")


class PaidClaim(models.Model):
    """``order`` is the stop order that holds contact about the loan meanwhile."""

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="paid_claims")
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField(_("称还金额"))
    paid_on = models.DateField(_("称还日期"))
    evidence = models.CharField(_("凭证"), max_length=200, blank=True)
    order = models.OneToOneField(
        "contacts.StopOrder", on_delete=models.PROTECT, related_name="paid_claim"
    )
    review_on = models.DateField(_("核对期限"))
    state = models.CharField(_("状态"), max_length=8, choices=ClaimState, default=ClaimState.OPEN)
    receipt = models.ForeignKey(
        "payments.Receipt", null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("结论时间"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    claimed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("称已还款")
        verbose_name_plural = _("称已还款")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan"], condition=Q(state="open"), name="complaints_claim_one_open"
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, state__in=ClaimState.values),
                name="complaints_claim_sensible",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | Q(state="matched", decided_at__isnull=False, receipt__isnull=False)
                | (Q(state="refused", decided_at__isnull=False) & ~Q(reason="")),
                name="complaints_claim_decided",
            ),
            models.UniqueConstraint(
                fields=["receipt"],
                condition=Q(receipt__isnull=False),
                name="complaints_claim_receipt_once",
            ),
        ]

    def __str__(self) -> str:
        return f"paid claim {self.pk} of loan {self.loan_id}"
