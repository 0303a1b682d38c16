"""What a day allows, counted ahead: how many persons may be reached, when, or why not."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DayPlan(models.Model):
    """A plan of one day for the open cases of a book; the newest counts. Append-only.

    ``counts`` are as ``day_plans.Counts`` writes them, by channel and team.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="day_plans")
    on = models.DateField(_("日期"))
    at = models.DateTimeField(_("计算时间"))
    case_count = models.PositiveIntegerField(_("案件数"))
    counts = models.JSONField()
    seconds = models.FloatField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("当日计划")
        verbose_name_plural = _("当日计划")
        indexes: ClassVar = [models.Index(fields=["book", "on"], name="cases_day_plan")]

    def __str__(self) -> str:
        return f"{self.book_id} {self.on}: {self.case_count}"
