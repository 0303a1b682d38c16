"""One row for every write: who did what to which thing, and when. Never changed, never removed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditRow(models.Model):
    """``details`` holds codes, counts and identifiers, never personal data."""

    at = models.DateTimeField(_("时间"), db_default=Now())
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    action = models.CharField(_("动作"), max_length=64)
    target_type = models.CharField(_("对象类型"), max_length=64)
    target_id = models.CharField(_("对象"), max_length=128)
    details = models.JSONField(_("详情"), default=dict)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="") & ~Q(target_type=""), name="audit_auditrow_named"
            ),
        ]
        indexes = [
            models.Index(fields=["target_type", "target_id", "id"], name="audit_auditrow_target"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"
