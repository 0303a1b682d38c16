"""Products and what was agreed for each loan. Amounts are minor units of the book's currency."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Product(models.Model):
    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="products")
    code = models.TextField()
    name = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "code"], name="product_code_once_per_book"),
            models.CheckConstraint(condition=~Q(code=""), name="product_code_given"),
        ]

    def __str__(self) -> str:
        return self.code


class ContractTerms(models.Model):
    """Terms as ``core.codec`` writes them, without free dues; loans that agree share a row."""

    digest = models.BinaryField(max_length=32, unique=True)
    terms = models.JSONField()

    def __str__(self) -> str:
        return bytes(self.digest).hex()[:12]


class HolidayCalendar(models.Model):
    """Days on which nothing falls due. It grows; agreed terms keep the days they were given."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="calendars")
    name = models.TextField()
    closed_on = ArrayField(models.DateField())

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "name"], name="calendar_name_once_per_book"),
            models.CheckConstraint(condition=~Q(name=""), name="calendar_name_given"),
        ]

    def __str__(self) -> str:
        return self.name


class ProductVersion(models.Model):
    """Terms under which a product was sold, without what is a loan's own (its first due date).

    ``effective_on`` is the earliest start of a loan of the version.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="versions")
    version_no = models.PositiveIntegerField()
    effective_on = models.DateField()
    terms = models.ForeignKey(ContractTerms, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["product", "version_no"], name="product_version_no_once"
            ),
            models.UniqueConstraint(fields=["product", "terms"], name="product_terms_once"),
            models.CheckConstraint(
                condition=Q(version_no__gt=0), name="product_version_no_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}/{self.version_no}"


class Loan(models.Model):
    """A contract. It is never deleted; its currency is the book's."""

    book = models.ForeignKey(
        "ledger.Book", on_delete=models.PROTECT, related_name="loans", db_index=False
    )
    loan_ref = models.TextField(db_collation="C")
    shard = models.PositiveSmallIntegerField()
    person = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="loans"
    )
    product = models.ForeignKey(
        Product, null=True, on_delete=models.PROTECT, related_name="loans", db_index=False
    )
    product_version = models.ForeignKey(
        ProductVersion, null=True, on_delete=models.PROTECT, related_name="loans", db_index=False
    )
    creditor = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    funder = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    terms = models.ForeignKey(
        ContractTerms, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    principal_minor = models.BigIntegerField()
    start_on = models.DateField()
    source_tag = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "loan_ref"], name="loan_ref_once_per_book"),
            models.CheckConstraint(
                condition=Q(principal_minor__gt=0), name="loan_principal_positive"
            ),
            models.CheckConstraint(condition=~Q(loan_ref=""), name="loan_ref_given"),
        ]

    def __str__(self) -> str:
        return self.loan_ref


class LoanSchedule(models.Model):
    """The dues of a free schedule, as agreed: four arrays of one length, in due order."""

    loan = models.OneToOneField(
        Loan, primary_key=True, on_delete=models.PROTECT, related_name="schedule"
    )
    due_on = ArrayField(models.DateField())
    principal_minor = ArrayField(models.BigIntegerField())
    interest_minor = ArrayField(models.BigIntegerField())
    fee_minor = ArrayField(models.BigIntegerField())

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(due_on__len__gt=0)
                & Q(principal_minor__len=F("due_on__len"))
                & Q(interest_minor__len=F("due_on__len"))
                & Q(fee_minor__len=F("due_on__len")),
                name="loan_schedule_aligned",
            ),
        ]

    def __str__(self) -> str:
        return f"schedule of loan {self.loan_id}"
