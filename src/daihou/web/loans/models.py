"""Products and what was agreed for each loan. Amounts are minor units of the book's currency."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.parameters.models import LenderType, ProductClass


class VersionState(models.TextChoices):
    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("待审批")
    APPROVED = "approved", _("已批准")
    RETIRED = "retired", _("已停用")


class Origin(models.TextChoices):
    IMPORTED = "imported", _("随借据导入")
    OWN = "own", _("本系统设定")


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
    """Terms under which a product is sold, without what is a loan's own (its first due date).

    ``effective_on`` is the first start of a loan of the version, ``effective_until`` the last.
    An imported version is what its loans showed; it was approved where they come from. One of our
    own is a draft, is submitted, and is approved by a second person; then it changes no more (a
    trigger holds it), and no two that are approved hold on one day (an exclusion constraint).
    ``lender_type`` and ``product_class`` say which limits concern it. ``costs`` and ``ranges`` are
    ``costs.CostItem`` and ``ranges.Ranges`` as ``core.codec`` writes them.
    """

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="versions")
    version_no = models.PositiveIntegerField()
    effective_on = models.DateField(_("生效日"))
    effective_until = models.DateField(_("失效日"), null=True)
    terms = models.ForeignKey(ContractTerms, on_delete=models.PROTECT, related_name="+")
    origin = models.CharField(
        _("来源"), max_length=8, choices=Origin, db_default=Origin.IMPORTED.value
    )
    state = models.CharField(
        _("状态"), max_length=12, choices=VersionState, db_default=VersionState.APPROVED.value
    )
    lender_type = models.CharField(
        _("放贷主体"), max_length=32, choices=LenderType, blank=True, db_default=""
    )
    product_class = models.CharField(
        _("产品类别"), max_length=32, choices=ProductClass, blank=True, db_default=""
    )
    costs = models.JSONField(_("综合融资成本明示表"), db_default=[])
    ranges = models.JSONField(_("范围"), db_default={})
    note = models.CharField(_("说明"), max_length=500, blank=True, db_default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())
    approved_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["product", "version_no"], name="product_version_no_once"
            ),
            models.UniqueConstraint(
                fields=["product", "terms"],
                condition=Q(origin=Origin.IMPORTED),
                name="product_imported_terms_once",
            ),
            models.CheckConstraint(
                condition=Q(version_no__gt=0), name="product_version_no_positive"
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values)
                & Q(origin__in=Origin.values)
                & (Q(lender_type="") | Q(lender_type__in=LenderType.values))
                & Q(product_class__in=ProductClass.values),
                name="product_version_words_known",
            ),
            models.CheckConstraint(
                condition=Q(origin=Origin.OWN) | Q(state=VersionState.APPROVED),
                name="product_version_imported_is_approved",
            ),
            models.CheckConstraint(
                condition=Q(effective_until__isnull=True)
                | Q(effective_until__gte=F("effective_on")),
                name="product_version_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}/{self.version_no}"

    @property
    def is_open(self) -> bool:
        """Tell whether it may still be edited."""
        return self.state == VersionState.DRAFT


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
