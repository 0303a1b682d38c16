"""Dated parameters: figures that laws and policies set, each with its source and confidence."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Confidence(models.TextChoices):
    FULL = "full", _("已读原文")
    SECONDARY = "secondary", _("二手来源")
    MEMORY = "memory", _("凭记忆，待核实")
    OWN = "own", _("本机构自定")


class Parameter(models.Model):
    """In force from ``valid_from`` until the next row of the same name and jurisdiction."""

    name = models.CharField(_("名称"), max_length=64)
    jurisdiction = models.CharField(_("法域"), max_length=16)
    valid_from = models.DateField(_("生效日"))
    value = models.JSONField(_("值"))
    source = models.CharField(_("来源"), max_length=256)
    confidence = models.CharField(_("可信度"), max_length=16, choices=Confidence)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("参数")
        verbose_name_plural = _("参数")
        constraints = [
            models.UniqueConstraint(
                fields=["name", "jurisdiction", "valid_from"], name="parameters_parameter_once"
            ),
            models.CheckConstraint(
                condition=Q(confidence__in=Confidence.values) & ~Q(source=""),
                name="parameters_parameter_sourced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.jurisdiction}) from {self.valid_from}"
