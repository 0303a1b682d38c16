"""The general ledger: chart, journals, their entries, periods and proofs. Amounts in minor units.

Entries are sums: per day, product, account and cause, never a row per loan and day.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class View(models.TextChoices):
    LENDER = "lender", _("资金方")
    PLATFORM = "platform", _("助贷平台")
    GUARANTOR = "guarantor", _("担保方")


class AccountType(models.TextChoices):
    ASSET = "asset", _("资产")
    LIABILITY = "liability", _("负债")
    EQUITY = "equity", _("权益")
    INCOME = "income", _("收入")
    EXPENSE = "expense", _("支出")
    MEMO = "memo", _("表外")


class PeriodState(models.TextChoices):
    OPEN = "open", _("开放")
    CLOSED = "closed", _("已关账")


class Account(models.Model):
    """One role of one view, as the posting rules name it; ``measure`` ties it to positions."""

    view = models.CharField(max_length=16, choices=View)
    role = models.CharField(max_length=64)
    code = models.CharField(max_length=32)
    type = models.CharField(max_length=16, choices=AccountType)
    name_zh = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    measure = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["view", "role"], name="account_role_once_per_view"),
            models.CheckConstraint(
                condition=Q(view__in=View.values) & Q(type__in=AccountType.values),
                name="account_words_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name_en}"


class AccountingPeriod(models.Model):
    """A month of a book. Closed, it takes no more entries and never opens again (a trigger)."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="periods")
    start_on = models.DateField()
    end_on = models.DateField()
    state = models.CharField(max_length=8, choices=PeriodState, default=PeriodState.OPEN)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        "access.User", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "start_on"], name="period_once_per_book"),
            models.CheckConstraint(
                condition=Q(end_on__gte=F("start_on")), name="period_days_in_order"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at__isnull=True, closed_by__isnull=True)
                | Q(state="closed", closed_at__isnull=False, closed_by__isnull=False),
                name="period_closed_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_on:%Y-%m} {self.state}"


class Journal(models.Model):
    """What one end of day posted: what the ledger then said, less what stood posted before.

    ``entry_count`` is fixed when it is made: at the end of the transaction so many entries must
    stand and balance (a deferred trigger), and none can be added later.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="journals")
    run = models.OneToOneField(
        "ledger.EndOfDayRun", on_delete=models.PROTECT, related_name="journal"
    )
    from_on = models.DateField(null=True)  # The day through which the one before had posted.
    through_on = models.DateField()
    after = models.DateField(null=True)  # Nothing was learnt of that day or any before it.
    ledger_sequence = models.BigIntegerField()
    known_at = models.DateTimeField()
    held_from = models.BigIntegerField(null=True)
    rules_version = models.CharField(max_length=32)
    entry_count = models.PositiveIntegerField()
    seconds = models.FloatField()
    posted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.book_id} {self.through_on}"


class JournalEntry(models.Model):
    """One line: ``on`` is its day in the books, ``value_on`` the day of what it posts.

    They differ where ``value_on`` lies in a period that was closed. A line for a day that was
    posted before is a correction and names the line it ``corrects``.
    """

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="entries")
    book = models.ForeignKey(
        "ledger.Book", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    view = models.CharField(max_length=16, choices=View)
    on = models.DateField()
    value_on = models.DateField()
    period = models.ForeignKey(
        AccountingPeriod, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    product = models.ForeignKey(
        "loans.Product", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    currency = models.CharField(max_length=3)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    cause = models.CharField(max_length=32)
    debit_minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField()
    corrects = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="corrections", db_index=False
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["journal", "view", "value_on", "product", "account", "cause"],
                nulls_distinct=False,
                name="entry_once_per_journal",
            ),
            models.CheckConstraint(
                condition=Q(debit_minor__gt=0, credit_minor=0)
                | Q(debit_minor=0, credit_minor__gt=0),
                name="entry_on_one_side",
            ),
            models.CheckConstraint(condition=Q(on__gte=F("value_on")), name="entry_not_before"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "view", "value_on", "account"], name="entry_by_value"),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.account_id} {self.debit_minor - self.credit_minor}"


class Proof(models.Model):
    """Whether the general ledger holds what the positions add up to, after one journal."""

    journal = models.OneToOneField(Journal, on_delete=models.PROTECT, related_name="proof")
    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="proofs")
    on = models.DateField()
    is_passed = models.BooleanField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.on} {'passed' if self.is_passed else 'failed'}"


class ProofLine(models.Model):
    """One product and one figure of the sub-ledger; differences are kept, never netted."""

    proof = models.ForeignKey(Proof, on_delete=models.PROTECT, related_name="lines")
    product = models.ForeignKey(
        "loans.Product", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    measure = models.CharField(max_length=32)
    sub_ledger_minor = models.BigIntegerField()
    general_ledger_minor = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["proof", "product", "measure"],
                nulls_distinct=False,
                name="proof_line_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} {self.difference_minor}"

    @property
    def difference_minor(self) -> int:
        return self.general_ledger_minor - self.sub_ledger_minor
