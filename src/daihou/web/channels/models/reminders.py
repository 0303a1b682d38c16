"""What leaves by itself: planned when its occasion comes, asked for when its hour does."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.channels.models.accounts import ChannelKind


class Occasion(models.TextChoices):
    DUE = "due", _("还款日提醒")
    PROMISE_DUE = "promise_due", _("承诺日提醒")
    OVERDUE = "overdue", _("逾期提醒")
    PROMISE_BROKEN = "promise_broken", _("承诺未履行告知")
    RECEIPT = "receipt", _("收款回执")


class ReminderState(models.TextChoices):
    PLANNED = "planned", _("待发")
    ASKED = "asked", _("已获许可")
    REFUSED = "refused", _("不予许可")
    SKIPPED = "skipped", _("无需提醒")


class ReminderRule(models.Model):
    """Which texts besides reminders leave a book by themselves, from a day until the next row's.

    ``overdue_days``: so many days past due a text goes out; empty for none.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="reminder_rules")
    effective_on = models.DateField(_("生效日"))
    receipts = models.BooleanField(_("收款回执"))
    broken_promises = models.BooleanField(_("承诺未履行告知"))
    overdue_days = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("逾期提醒日"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("自动发送规则")
        verbose_name_plural = _("自动发送规则")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "effective_on"], name="channels_reminder_rule_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} from {self.effective_on}"


class ReceiptMark(models.Model):
    """Through which event of the ledger a book's payments were looked at for receipts."""

    book = models.OneToOneField(
        "ledger.Book", primary_key=True, on_delete=models.PROTECT, related_name="receipt_mark"
    )
    through_sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.book_id} through {self.through_sequence}"


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
    """One text on one occasion, once: a due day and mark, a promised date, a payment.

    ``mark_days`` lie between ``on`` and the due day, before or (overdue) after it. A promise's
    has its ``part``, a receipt the ``event_sequence`` of its payment. ``code`` says why it was
    refused, skipped, or has to wait; ``permit_ref`` is the permit it got.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="reminders")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="reminders")
    occasion = models.CharField(
        _("事由"), max_length=16, choices=Occasion, default=Occasion.DUE, db_default=Occasion.DUE
    )
    part = models.ForeignKey(
        "cases.PromisePart", null=True, on_delete=models.PROTECT, related_name="reminders"
    )
    event_sequence = models.BigIntegerField(null=True)
    about_on = models.DateField(_("所涉日期"))
    mark_days = models.PositiveSmallIntegerField(_("相距天数"), default=0)
    on = models.DateField(_("提醒日"))
    due_at = models.DateTimeField(_("发送时间"))
    state = models.CharField(
        _("状态"), max_length=8, choices=ReminderState, default=ReminderState.PLANNED
    )
    channel = models.CharField(_("渠道"), max_length=12, choices=ChannelKind, blank=True)
    code = models.CharField(_("原因"), max_length=80, blank=True)
    permit_ref = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("自动消息")
        verbose_name_plural = _("自动消息")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "about_on", "mark_days", "occasion"],
                condition=Q(part__isnull=True, event_sequence__isnull=True),
                name="channels_reminder_once",
            ),
            models.UniqueConstraint(
                fields=["part", "occasion"],
                condition=Q(part__isnull=False),
                name="channels_reminder_of_part_once",
            ),
            models.UniqueConstraint(
                fields=["book", "event_sequence"],
                condition=Q(event_sequence__isnull=False),
                name="channels_receipt_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=ReminderState.values), name="channels_reminder_state_known"
            ),
            models.CheckConstraint(
                condition=Q(
                    occasion__in=[Occasion.DUE, Occasion.OVERDUE],
                    part__isnull=True,
                    event_sequence__isnull=True,
                )
                | Q(
                    occasion__in=[Occasion.PROMISE_DUE, Occasion.PROMISE_BROKEN],
                    part__isnull=False,
                    event_sequence__isnull=True,
                )
                | Q(occasion=Occasion.RECEIPT, part__isnull=True, event_sequence__isnull=False),
                name="channels_reminder_of_what",
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
        return f"{self.occasion} of {self.loan_id} about {self.about_on}: {self.state}"
