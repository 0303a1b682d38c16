"""What was established of a debt or of somebody's part in it, on which a rule of contact depends.

Both tables only grow and are sealed.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class FindingKind(models.TextChoices):
    TRANSFERRED = "transferred", _("债权已转让")
    TRANSFER_TOLD = "transfer_told", _("债权转让通知已到达")
    VALIDATION_SENT = "validation_sent", _("债务核实通知已送达")
    BUREAU_TOLD = "bureau_told", _("报送征信前已告知")
    AGENT_TOLD = "agent_told", _("代理机构已告知")
    JOINT_DEBT = "joint_debt", _("夫妻共同债务")
    INHERITANCE = "inheritance", _("继承遗产")
    EXHAUSTED = "exhausted", _("债务人财产执行不能")


OF_DEBT = (FindingKind.TRANSFERRED, FindingKind.EXHAUSTED)  # Of the debt alone, of no person.
WITH_NAME = (FindingKind.TRANSFERRED, FindingKind.AGENT_TOLD)


class Finding(models.Model):
    """One fact about one debt, from a day on, with its evidence.

    ``party`` is whom it is about: who was told, the spouse, the heir. ``named``: to whom the debt
    went, or which agency she was told of. ``amount_minor``: what is left of the estate. All but a
    transfer let somebody be contacted or reported: a second person approved them (``approval``),
    or a notice that was delivered shows them (``permit``).
    """

    book = models.ForeignKey(
        "ledger.Book", on_delete=models.PROTECT, related_name="findings", db_index=False
    )
    kind = models.CharField(_("事项"), max_length=16, choices=FindingKind)
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="findings")
    party = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="findings"
    )
    from_on = models.DateField(_("日期"))
    named = models.CharField(_("名称"), max_length=80, blank=True, db_default="")
    amount_minor = models.BigIntegerField(_("金额"), null=True)
    evidence = models.CharField(_("证据"), max_length=200)
    approval = models.ForeignKey(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    permit = models.ForeignKey(
        "contacts.Permit", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("认定事实")
        verbose_name_plural = _("认定事实")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=FindingKind.values) & ~Q(evidence=""),
                name="contacts_finding_proved",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OF_DEBT, party__isnull=True)
                | (~Q(kind__in=OF_DEBT) & Q(party__isnull=False)),
                name="contacts_finding_of_whom",
            ),
            models.CheckConstraint(
                condition=Q(kind=FindingKind.TRANSFERRED)
                | Q(approval__isnull=False)
                | Q(permit__isnull=False),
                name="contacts_finding_by_two",
            ),
            models.CheckConstraint(
                condition=(Q(kind__in=WITH_NAME) & ~Q(named=""))
                | (~Q(kind__in=WITH_NAME) & Q(named="")),
                name="contacts_finding_named",
            ),
            models.CheckConstraint(
                condition=Q(kind=FindingKind.INHERITANCE, amount_minor__gte=0)
                | (~Q(kind=FindingKind.INHERITANCE) & Q(amount_minor__isnull=True)),
                name="contacts_finding_amount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of loan {self.loan_id}"


class FindingEnd(models.Model):
    """It holds no longer, or never did. That a transfer never was, a second person approves."""

    finding = models.OneToOneField(
        Finding, primary_key=True, on_delete=models.PROTECT, related_name="ended"
    )
    at = models.DateTimeField(_("撤回时间"))
    reason = models.CharField(_("理由"), max_length=200)
    approval = models.ForeignKey(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("撤回认定")
        verbose_name_plural = _("撤回认定")

    def __str__(self) -> str:
        return f"end of finding {self.finding_id}"
