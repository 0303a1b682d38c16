"""A book: a named portfolio in one currency, with its business date and its place in the ledger."""

from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q


class Book(models.Model):
    """Its row is the lock under which events get their sequence.

    ``next_sequence`` is the place of the next event. ``cut_off`` is the local time after which
    what is recorded belongs to the next run; without one the whole business day counts.
    ``jump_band`` is the share by which totals may move between versions before a run halts.
    ``stale_after_days`` is how old an overlay's last stated day may be before it is an alarm.
    """

    name = models.TextField(unique=True)
    currency = models.CharField(max_length=3)
    minor_digits = models.PositiveSmallIntegerField(default=2)
    time_zone = models.TextField(default="UTC")
    calendar = models.TextField(blank=True)
    business_date = models.DateField(null=True)
    cut_off = models.TimeField(null=True)
    creditor = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="+"
    )
    funder = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="+"
    )
    source_format = models.TextField(blank=True)
    shard_count = models.PositiveSmallIntegerField(default=1)
    next_sequence = models.BigIntegerField(default=1)
    jump_band = models.DecimalField(max_digits=6, decimal_places=4, default="0.2500")
    stale_after_days = models.PositiveSmallIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="book_name_given"),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="book_currency_iso"
            ),
            models.CheckConstraint(condition=Q(minor_digits__lte=4), name="book_minor_digits"),
            models.CheckConstraint(
                condition=Q(shard_count__gte=1, shard_count__lte=1024), name="book_shard_count"
            ),
            models.CheckConstraint(
                condition=Q(next_sequence__gte=1), name="book_next_sequence_positive"
            ),
            models.CheckConstraint(condition=Q(jump_band__gt=0), name="book_jump_band_positive"),
        ]

    def __str__(self) -> str:
        return self.name

    def span(self, *, first_on: date, last_on: date) -> tuple[datetime, datetime]:
        """Give the first instant of some days in the book's own zone, and the first after them."""
        zone = ZoneInfo(self.time_zone)
        return (
            datetime.combine(first_on, time.min, zone),
            datetime.combine(last_on + timedelta(days=1), time.min, zone),
        )
