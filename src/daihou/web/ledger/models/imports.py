"""What each import brought: counts, digests, refused rows by code, and loans that had changed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class ImportBatch(models.Model):
    """One tape posted to one book, whole or not at all.

    ``summary`` holds what the importer reports beside the counts (the reconciliation).
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="import_batches")
    format_name = models.TextField()
    sources = models.JSONField(default=list)  # Name, size and sha256 of each file.
    imported_at = models.DateTimeField()
    acting_user = models.ForeignKey(
        "access.User", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    loans_new = models.PositiveBigIntegerField()
    loans_known = models.PositiveBigIntegerField()
    events_new = models.PositiveBigIntegerField()
    events_known = models.PositiveBigIntegerField()
    rows_rejected = models.PositiveBigIntegerField()
    first_sequence = models.BigIntegerField(null=True)
    last_sequence = models.BigIntegerField(null=True)
    is_by_knowledge = models.BooleanField(default=False)  # Its events are in order of recorded_at.
    stated_on = models.DateField(null=True)  # The newest stated day of an overlay tape.
    errors_file = models.TextField(blank=True)
    summary = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(events_new=0, first_sequence__isnull=True, last_sequence__isnull=True)
                | Q(events_new__gt=0, first_sequence__gt=0, last_sequence__gt=0),
                name="import_batch_sequences_match",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.format_name} {self.imported_at:%Y-%m-%d %H:%M}"


class ImportErrorCount(models.Model):
    """How many rows of a batch were refused for one reason; the rows are in the errors file."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="error_counts")
    code = models.TextField()
    row_count = models.PositiveBigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "code"], name="import_error_code_once"),
            models.CheckConstraint(
                condition=Q(row_count__gt=0), name="import_error_count_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.row_count}"


class LoanDrift(models.Model):
    """A tape that states a known loan's contract differently. The loan is left as it was."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="drifts")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="drifts")
    fields = models.JSONField()  # Names of the differing fields, sorted.

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "loan"], name="loan_drift_once_per_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.fields}"
