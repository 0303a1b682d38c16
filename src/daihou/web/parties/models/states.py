"""What holds of a person herself: death, bankruptcy, hardship and the like."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.parties.models.parties import Party


class StateKind(models.TextChoices):
    DECEASED = "deceased", _("死亡")
    INCAPABLE = "incapable", _("无民事行为能力")
    BANKRUPT = "bankrupt", _("破产")
    IDENTITY_THEFT = "identity_theft", _("身份被冒用")
    HARDSHIP = "hardship", _("经济困难")
    VULNERABLE = "vulnerable", _("弱势")
    ATTORNEY = "attorney", _("委托律师")
    IN_CUSTODY = "in_custody", _("被羁押")
    BREATHING_SPACE = "breathing_space", _("法定宽限")
    MISSING = "missing", _("下落不明")


class PersonState(models.Model):
    """What holds of a person from a day until, where it ended, another.

    Reported by somebody at first; proved once its ``evidence`` was seen (``proved_at``). A row is
    never deleted; it is proved once and ended once.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="states")
    kind = models.CharField(_("状态"), max_length=16, choices=StateKind)
    started_on = models.DateField(_("起"))
    ended_on = models.DateField(_("止"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=200)
    evidence = models.CharField(_("证据"), max_length=200, blank=True)
    proved_at = models.DateTimeField(_("核实时间"), null=True, blank=True)
    proved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(db_default=Now())
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = models.CharField(_("终止理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("个人状态")
        verbose_name_plural = _("个人状态")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["party", "kind"],
                condition=Q(ended_on__isnull=True),
                name="parties_personstate_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=StateKind.values) & ~Q(note=""),
                name="parties_personstate_said",
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True)
                | Q(ended_on__gte=F("started_on"), ended_by__isnull=False) & ~Q(end_reason=""),
                name="parties_personstate_ended_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(proved_at__isnull=True) | Q(proved_by__isnull=False) & ~Q(evidence=""),
                name="parties_personstate_proved_by_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of party {self.party_id}"
