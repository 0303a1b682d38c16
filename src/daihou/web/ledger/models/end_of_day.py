"""Ends of day: runs, their steps by shard, and the versions of the book they made."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class RunState(models.TextChoices):
    RUNNING = "running"
    HALTED = "halted"  # By a gate or by a person; it can be resumed.
    DONE = "done"


class StepState(models.TextChoices):
    PENDING = "pending"
    COMPUTED = "computed"  # Files are written; nothing is published.
    DONE = "done"


class EndOfDayRun(models.Model):
    """What a run may know is fixed when it starts, so that a rerun gives the same bytes.

    It knows events with ``sequence <= ledger_sequence`` and ``recorded_at <= known_at``.
    ``held_from`` is the first sequence that an earlier run held back for being too late.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="runs")
    from_on = models.DateField(null=True)
    through_on = models.DateField()
    after_sequence = models.BigIntegerField()
    ledger_sequence = models.BigIntegerField()
    known_after = models.DateTimeField(null=True)
    known_at = models.DateTimeField()
    held_from = models.BigIntegerField(null=True)
    state = models.TextField(choices=RunState.choices, default=RunState.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    acting_user = models.ForeignKey(
        "access.User", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    halt_code = models.TextField(blank=True)
    halt_detail = models.JSONField(default=dict)
    halt_asked = models.JSONField(null=True)  # Reason and user, once a person wants it to stop.
    overrides = models.JSONField(default=list)  # Code, reason, user and time of each override.
    alarms = models.JSONField(default=list)  # Code and parameters, in the order raised.
    loans = models.PositiveBigIntegerField(default=0)
    events = models.PositiveBigIntegerField(default=0)  # Ledger events taken in.
    changed = models.PositiveBigIntegerField(default=0)  # Loans whose row changed.
    delinquency_events = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book"],
                condition=~Q(state="done"),
                name="one_unfinished_run_per_book",
            ),
            models.CheckConstraint(
                condition=Q(from_on__isnull=True) | Q(from_on__lte=F("through_on")),
                name="run_goes_forward",
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.through_on} {self.state}"


class EndOfDayStep(models.Model):
    """One shard of one run. Its done mark commits together with what it publishes."""

    run = models.ForeignKey(EndOfDayRun, on_delete=models.CASCADE, related_name="steps")
    shard = models.PositiveSmallIntegerField()
    state = models.TextField(choices=StepState.choices, default=StepState.PENDING)
    digest = models.TextField(blank=True)
    files = models.JSONField(default=dict)  # Path below the book's folder, sha256.
    counts = models.JSONField(default=dict)  # Loans, events, changed, sums in minor units.
    seconds = models.JSONField(default=dict)  # By phase: extract, compute, publish.
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "shard"], name="one_step_per_shard"),
            models.CheckConstraint(
                condition=Q(state__in=StepState.values), name="step_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pending", "computed"], finished_at__isnull=True)
                | Q(state="done", finished_at__isnull=False),
                name="step_done_when_finished",
            ),
        ]

    def __str__(self) -> str:
        return f"shard {self.shard} {self.state}"


class BookVersion(models.Model):
    """The book as it stood at the end of a business date, as known then."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="versions")
    run = models.OneToOneField(EndOfDayRun, on_delete=models.PROTECT, related_name="version")
    business_date = models.DateField()
    ledger_sequence = models.BigIntegerField()
    known_at = models.DateTimeField()
    held_from = models.BigIntegerField(null=True)  # First sequence still held back, if any.
    manifest_digest = models.TextField()
    totals = models.JSONField()  # Loans, overdue loans, sums in minor units.
    published_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(manifest_digest=""), name="book_version_digest_given"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.business_date} at {self.ledger_sequence}"
