"""Times of the day at which a person does not want to be reached. All grow, all sealed."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class BadTime(models.Model):
    """Minutes of her own day, across midnight where it begins later than it ends.

    ``weekdays``: Monday is 0. Empty lists: every day, every channel. Where she said so stands,
    salted, behind ``note_digest``.
    """

    subject = models.ForeignKey(
        "contacts.Subject", on_delete=models.PROTECT, related_name="bad_times"
    )
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="bad_times")
    from_minute = models.PositiveSmallIntegerField(_("起"))
    until_minute = models.PositiveSmallIntegerField(_("止"))
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    channels = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    started_at = models.DateTimeField(_("记录时间"))
    note_digest = models.CharField(max_length=64, blank=True)
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("不便时段")
        verbose_name_plural = _("不便时段")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(from_minute__lt=1440, until_minute__lte=1440)
                & ~Q(from_minute=models.F("until_minute"))
                & Q(weekdays__contained_by=list(range(7))),
                name="contacts_badtime_of_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_minute} to {self.until_minute} of subject {self.subject_id}"


class BadTimeEnd(models.Model):
    bad_time = models.OneToOneField(
        BadTime, primary_key=True, on_delete=models.PROTECT, related_name="ended"
    )
    at = models.DateTimeField(_("终止时间"))
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("终止不便时段")
        verbose_name_plural = _("终止不便时段")

    def __str__(self) -> str:
        return f"end of bad time {self.bad_time_id}"
