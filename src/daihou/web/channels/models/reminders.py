"""Reminders before due: planned after the end of day, asked for when their hour comes."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.channels.models.accounts import ChannelKind


class ReminderState(models.TextChoices):
    PLANNED = "planned", _("待发")
    ASKED = "asked", _("已获许可")
    REFUSED = "refused", _("不予许可")
    SKIPPED = "skipped", _("无需提醒")


class ReminderDay(models.Model):
    """A day of a book whose reminders have been planned: in the same transaction as they."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="reminder_days")
    on = models.DateField()
    count = models.PositiveIntegerField()
    planned_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "on"], name="channels_reminder_day_once"),
        ]

    def __str__(self) -> str:
        return f"{self.count} of {self.book_id} on {self.on}"


class Reminder(models.Model):
    """One reminder of one due day, once for each mark (3, 1 and 0 days before).

    Or, where it has a ``part``, of one date that was promised, the day before.
    ``code`` says why it was refused or skipped; ``permit_ref`` is the permit it got.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="reminders")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="reminders")
    part = models.OneToOneField(
        "cases.PromisePart", null=True, on_delete=models.PROTECT, related_name="reminder"
    )
    about_on = models.DateField(_("还款日"))
    mark_days = models.PositiveSmallIntegerField(_("提前天数"))
    on = models.DateField(_("提醒日"))
    due_at = models.DateTimeField(_("发送时间"))
    state = models.CharField(
        _("状态"), max_length=8, choices=ReminderState, default=ReminderState.PLANNED
    )
    channel = models.CharField(_("渠道"), max_length=12, choices=ChannelKind, blank=True)
    code = models.CharField(_("原因"), max_length=80, blank=True)
    permit_ref = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("还款提醒")
        verbose_name_plural = _("还款提醒")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "about_on", "mark_days"],
                condition=Q(part__isnull=True),
                name="channels_reminder_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ReminderState.values), name="channels_reminder_state_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at", "id"],
                condition=Q(state="planned"),
                name="channels_reminder_waiting",
            ),
            models.Index(fields=["book", "on"], name="channels_reminder_of_day"),
        ]

    def __str__(self) -> str:
        return f"T-{self.mark_days} of {self.loan_id} for {self.about_on}: {self.state}"
