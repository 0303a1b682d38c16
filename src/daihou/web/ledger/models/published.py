"""What the ends of day publish for the desk: positions of loans not fine, delinquency events.

A published position carries its business date and ledger sequence; nothing older replaces newer.
Days past due are not stored: they follow from ``oldest_unpaid_due_on`` and a date.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Status(models.TextChoices):
    PENDING = "pending"
    ACTIVE = "active"
    CLOSED = "closed"
    WRITTEN_OFF = "written_off"


class Bucket(models.TextChoices):
    M0 = "M0"
    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"
    M5 = "M5"
    M6 = "M6"
    OVER_M6 = "M6+"


class Position(models.Model):
    """Present for each loan that is not fine, and for loans whose payment came after the night.

    Where another system stated the total alone, its parts are that total laid on what is owed.
    """

    loan = models.OneToOneField(
        "loans.Loan",
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="published",
        db_constraint=False,
    )
    book = models.ForeignKey(
        "ledger.Book",
        on_delete=models.PROTECT,
        related_name="positions",
        db_index=False,
        db_constraint=False,
    )
    business_date = models.DateField()
    ledger_sequence = models.BigIntegerField()
    status = models.TextField(choices=Status.choices)
    bucket = models.TextField(choices=Bucket.choices)
    oldest_unpaid_due_on = models.DateField(null=True)
    person_oldest_unpaid_due_on = models.DateField(null=True)
    overdue_minor = models.BigIntegerField()
    overdue_principal_minor = models.BigIntegerField(null=True)
    overdue_interest_minor = models.BigIntegerField(null=True)
    overdue_fee_minor = models.BigIntegerField(null=True)
    overdue_penalty_minor = models.BigIntegerField(null=True)
    overdue_compound_interest_minor = models.BigIntegerField(null=True)
    principal_outstanding_minor = models.BigIntegerField()
    unapplied_minor = models.BigIntegerField()
    next_due_on = models.DateField(null=True)
    next_due_minor = models.BigIntegerField()
    stated_on = models.DateField(null=True)
    is_stale = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="position_status_known"
            ),
            models.CheckConstraint(
                condition=Q(bucket__in=Bucket.values), name="position_bucket_known"
            ),
            models.CheckConstraint(
                condition=Q(unapplied_minor__gte=0, next_due_minor__gte=0),
                name="position_amounts_not_negative",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "oldest_unpaid_due_on"], name="position_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} {self.bucket}"

    @property
    def days_past_due(self) -> int:
        """Days past due at the end of ``business_date``, or on the last stated day."""
        if self.oldest_unpaid_due_on is None:
            return 0
        return max(0, ((self.stated_on or self.business_date) - self.oldest_unpaid_due_on).days)


class DelinquencyEvent(models.Model):
    """A turn in a loan's life that an end of day saw. Append-only."""

    id = models.BigAutoField(primary_key=True)
    book = models.ForeignKey(
        "ledger.Book",
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    run = models.ForeignKey(
        "ledger.EndOfDayRun",
        on_delete=models.PROTECT,
        related_name="raised",
        db_index=False,
        db_constraint=False,
    )
    loan = models.ForeignKey(
        "loans.Loan",
        on_delete=models.PROTECT,
        related_name="delinquency_events",
        db_index=False,
        db_constraint=False,
    )
    happened_on = models.DateField()
    kind = models.TextField()
    bucket_from = models.TextField(choices=Bucket.choices)
    bucket_to = models.TextField(choices=Bucket.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan", "happened_on", "kind"], name="delinquency_event_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "entered_bucket",
                        "rolled",
                        "cured",
                        "first_payment_missed",
                        "matured_unpaid",
                        "closed",
                    ]
                ),
                name="delinquency_event_kind_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "happened_on"], name="delinquency_event_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.happened_on} {self.kind}"
