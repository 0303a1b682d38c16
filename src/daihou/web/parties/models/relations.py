"""What a party is to a loan or a company, and what it agreed to."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.parties.models.parties import Party


class Role(models.TextChoices):
    """Of a party on a loan; its borrower is the loan's own ``person``."""

    CO_BORROWER = "co_borrower", _("共同借款人")
    GUARANTOR = "guarantor", _("保证人")
    CONTACT = "contact", _("联系人")


class GuaranteeType(models.TextChoices):
    GENERAL = "general", _("一般保证")
    JOINT = "joint", _("连带责任保证")


class LoanRole(models.Model):
    """What a party is to a loan from a day until, where it ended, another.

    A guarantee that does not say its type is general; one that does not say its period (months
    after the debt falls due) has the statutory one. ``claimed_on`` is the day of the act within
    the period that keeps it alive; ``claim_evidence`` says where its proof is.
    """

    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="roles")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(_("角色"), max_length=12, choices=Role)
    guarantee_type = models.CharField(
        _("保证方式"), max_length=8, choices=GuaranteeType, blank=True
    )
    guarantee_months = models.PositiveSmallIntegerField(_("保证期间（月）"), null=True)
    guarantee_most_minor = models.BigIntegerField(_("保证最高额"), null=True)
    claimed_on = models.DateField(_("主张权利日"), null=True)
    claim_evidence = models.CharField(_("主张权利证据"), max_length=200, blank=True)
    relation = models.CharField(_("与借款人关系"), max_length=40, blank=True)
    started_on = models.DateField(_("起"))
    ended_on = models.DateField(_("止"), null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("借据角色")
        verbose_name_plural = _("借据角色")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "party", "role"],
                condition=Q(ended_on__isnull=True),
                name="parties_loanrole_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values)
                & (Q(guarantee_type="") | Q(guarantee_type__in=GuaranteeType.values)),
                name="parties_loanrole_words_known",
            ),
            models.CheckConstraint(
                condition=Q(role=Role.GUARANTOR)
                | Q(
                    guarantee_type="",
                    guarantee_months__isnull=True,
                    guarantee_most_minor__isnull=True,
                    claimed_on__isnull=True,
                ),
                name="parties_loanrole_guarantee",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on")),
                name="parties_loanrole_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.party_id} of loan {self.loan_id}"


class LinkKind(models.TextChoices):
    OWNER = "owner", _("股东")
    CONTROLLER = "controller", _("实际控制人")
    LEGAL_REPRESENTATIVE = "legal_representative", _("法定代表人")


class CompanyLink(models.Model):
    """A person behind a company: her own loans and the company's are seen together."""

    person = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="companies")
    company = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="people")
    kind = models.CharField(_("关系"), max_length=20, choices=LinkKind)
    share = models.DecimalField(_("持股比例"), max_digits=7, decimal_places=6, null=True)
    started_on = models.DateField(_("起"))
    ended_on = models.DateField(_("止"), null=True)

    class Meta:
        verbose_name = _("企业关系")
        verbose_name_plural = _("企业关系")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "company", "kind"],
                condition=Q(ended_on__isnull=True),
                name="parties_companylink_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LinkKind.values)
                & (Q(share__isnull=True) | Q(share__gt=0, share__lte=1)),
                name="parties_companylink_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.person_id} of {self.company_id}"


class Purpose(models.TextChoices):
    """What a person agreed to. Handling her own debt needs no consent (PIPL 13)."""

    CREDIT_QUERY = "credit_query", _("查询征信")
    CREDIT_REPORT = "credit_report", _("报送征信")
    SENSITIVE_DATA = "sensitive_data", _("处理敏感个人信息")
    SHARE_GUARANTOR = "share_guarantor", _("向担保方提供")
    SHARE_ASSIGNEE = "share_assignee", _("向受让方提供")
    AUTOMATED_DECISION = "automated_decision", _("自动化决策")
    CONTACT_PERSONS = "contact_persons", _("联系其联系人")
    MARKETING = "marketing", _("营销")


class Consent(models.Model):
    """Given once, never changed; a withdrawal is a row of its own."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(_("目的"), max_length=20, choices=Purpose)
    given_at = models.DateTimeField(_("同意时间"))
    evidence = models.CharField(_("证据编号"), max_length=200)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("同意")
        verbose_name_plural = _("同意")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values) & ~Q(evidence=""),
                name="parties_consent_proved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} of party {self.party_id}"


class ConsentWithdrawal(models.Model):
    consent = models.OneToOneField(
        Consent, primary_key=True, on_delete=models.PROTECT, related_name="withdrawal"
    )
    withdrawn_at = models.DateTimeField(_("撤回时间"))
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("撤回同意")
        verbose_name_plural = _("撤回同意")

    def __str__(self) -> str:
        return f"withdrawal of {self.consent_id}"
