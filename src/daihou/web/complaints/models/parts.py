"""What belongs to a complaint: its history, its holds, contacts, people, remedies."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.complaints.models.complaints import Complaint, State


class Step(models.Model):
    """One thing that was done, never changed; ``note`` is encrypted for its complaint."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="steps")
    action = models.CharField(_("动作"), max_length=20)
    state = models.CharField(_("状态"), max_length=12, choices=State)
    note = models.TextField(_("说明"), blank=True)
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("办理记录")
        verbose_name_plural = _("办理记录")

    def __str__(self) -> str:
        return f"{self.action} of {self.complaint_id}"


class ComplaintHold(models.Model):
    """A stop order that a complaint gave; it is lifted when the complaint is decided."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="holds")
    order = models.OneToOneField(
        "contacts.StopOrder", on_delete=models.PROTECT, related_name="complaint_hold"
    )

    class Meta:
        verbose_name = _("投诉暂停")
        verbose_name_plural = _("投诉暂停")

    def __str__(self) -> str:
        return f"hold {self.order_id} of {self.complaint_id}"


class ComplaintContact(models.Model):
    """A contact that is complained of, by its permit."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="contacts")
    permit = models.ForeignKey("contacts.Permit", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("涉诉触达")
        verbose_name_plural = _("涉诉触达")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["complaint", "permit"], name="complaints_contact_once"),
        ]

    def __str__(self) -> str:
        return f"permit {self.permit_id} in {self.complaint_id}"


class ComplaintPerson(models.Model):
    """Somebody of ours who is complained of: she does not handle it."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="people")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="complaints_of"
    )

    class Meta:
        verbose_name = _("被投诉人")
        verbose_name_plural = _("被投诉人")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["complaint", "user"], name="complaints_person_once"),
        ]

    def __str__(self) -> str:
        return f"user {self.user_id} in {self.complaint_id}"


class Extension(models.Model):
    """A longer clock: ``special`` ones were approved, ``approval`` says by whom."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="extensions")
    is_special = models.BooleanField()
    due_on = models.DateField(_("延至"))
    reason = models.CharField(_("理由"), max_length=512)
    approval = models.ForeignKey(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+"
    )
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("延期办理")
        verbose_name_plural = _("延期办理")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["complaint", "is_special"], name="complaints_extension_once"
            ),
            models.CheckConstraint(
                condition=Q(is_special=False) | Q(approval__isnull=False),
                name="complaints_extension_approved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id} to {self.due_on}"


class RemedyKind(models.TextChoices):
    APOLOGY = "apology", _("致歉")
    EXPLANATION = "explanation", _("解释说明")
    CORRECTION = "correction", _("更正")
    WAIVER = "waiver", _("减免")
    REFUND = "refund", _("退款")
    PLAN = "plan", _("还款方案")
    CREDIT_CORRECTION = "credit_correction", _("征信更正")
    TRAINING = "training", _("培训")
    DISCIPLINE = "discipline", _("问责")


class Remedy(models.Model):
    """What was done for the person or about its cause; money goes by a request of servicing."""

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="remedies")
    kind = models.CharField(_("措施"), max_length=20, choices=RemedyKind)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    approval = models.ForeignKey(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+"
    )
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("处理措施")
        verbose_name_plural = _("处理措施")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=RemedyKind.values), name="complaints_remedy_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} for {self.complaint_id}"
