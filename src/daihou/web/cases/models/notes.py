"""What people write about a case: notes, tags, the income and expense form, what they asked for."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.cases.models.cases import Case


class Note(models.Model):
    """That somebody noted something. Append-only; ``digest`` is keyed, of the text."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="notes", db_index=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("时间"), db_default=Now())
    digest = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("备注")
        verbose_name_plural = _("备注")
        indexes: ClassVar = [
            models.Index(fields=["case", "-made_at", "-id"], name="cases_note_of_case")
        ]

    def __str__(self) -> str:
        return f"note {self.pk} of {self.case_id}"


class NoteText(models.Model):
    """The text of a note, encrypted: the part of it that is deleted with her personal data."""

    note = models.OneToOneField(
        Note, primary_key=True, on_delete=models.PROTECT, related_name="sealed"
    )
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()

    class Meta:
        verbose_name = _("备注内容")
        verbose_name_plural = _("备注内容")

    def __str__(self) -> str:
        return f"text of note {self.note_id}"


class TagKind(models.TextChoices):
    HARDSHIP = "hardship", _("还款困难")
    VULNERABLE = "vulnerable", _("弱势")
    DISPUTE = "dispute", _("争议")
    FRAUD = "fraud", _("疑似欺诈")
    LOST_CONTACT = "lost_contact", _("失联")


class Tag(models.Model):
    """A tag held from an instant until another."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tag_rows")
    kind = models.CharField(_("标签"), max_length=16, choices=TagKind)
    reason = models.CharField(_("理由"), max_length=200)
    from_at = models.DateTimeField(_("起"))
    until_at = models.DateTimeField(_("止"), null=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    cleared_reason = models.CharField(_("取消理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("标签")
        verbose_name_plural = _("标签")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(until_at__isnull=True),
                name="cases_tag_one_open",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=TagKind.values) & ~Q(reason=""), name="cases_tag_said"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True, cleared_by__isnull=True, cleared_reason="")
                | Q(until_at__gte=F("from_at"), cleared_by__isnull=False),
                name="cases_tag_span",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.case_id}"


class Affordability(models.Model):
    """Income and expenses a month, as she stated them. Append-only.

    ``lines`` holds, by name, what comes in and what goes out, in minor units of the book's
    currency; the sums and what is left follow from them (``collect.affordability``).
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="affordability")
    stated_on = models.DateField(_("陈述日"))
    income = models.JSONField(_("收入"))
    expenses = models.JSONField(_("支出"))
    household = models.PositiveSmallIntegerField(_("家庭人口"))
    income_minor = models.BigIntegerField(_("月收入"))
    expenses_minor = models.BigIntegerField(_("月支出"))
    left_minor = models.BigIntegerField(_("月结余"))
    evidence = models.CharField(_("证据编号"), max_length=200, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("收支表")
        verbose_name_plural = _("收支表")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(left_minor=F("income_minor") - F("expenses_minor")),
                name="cases_affordability_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} on {self.stated_on}"


class CaseRequest(models.Model):
    """A change of a loan asked for from a case: a plan, a waiver, a hardship measure."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="requests")
    approval = models.OneToOneField(
        "approvals.Approval", on_delete=models.PROTECT, related_name="case_request"
    )
    affordability = models.ForeignKey(
        Affordability, null=True, on_delete=models.PROTECT, related_name="requests"
    )

    class Meta:
        verbose_name = _("案件申请")
        verbose_name_plural = _("案件申请")

    def __str__(self) -> str:
        return f"approval {self.approval_id} from {self.case_id}"
