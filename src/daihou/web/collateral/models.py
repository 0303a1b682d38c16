"""The register of collateral 押品台账: items, what they are worth, what they secure, their papers.

Values, insurance, movements and releases are only added. Amounts are minor units of the book's
currency; ``counted_share`` is the share of a value that counts as cover (抵押率), at most one.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ItemKind(models.TextChoices):
    HOME = "home", _("住宅")
    PREMISES = "premises", _("商业房产")
    LAND = "land", _("土地使用权")
    VEHICLE = "vehicle", _("车辆")
    EQUIPMENT = "equipment", _("设备")
    STOCK = "stock", _("存货")
    RECEIVABLE = "receivable", _("应收账款")
    DEPOSIT = "deposit", _("存单")
    SECURITIES = "securities", _("有价证券")
    OTHER = "other", _("其他")


class ValuedBy(models.TextChoices):
    APPRAISER = "appraiser", _("外部评估")
    OWN = "own", _("内部评估")
    MARKET = "market", _("市场价格")
    COURT = "court", _("法院")


class PaperKind(models.TextChoices):
    TITLE = "title", _("产权证")
    ENCUMBRANCE = "encumbrance", _("他项权证")
    VEHICLE = "vehicle", _("机动车登记证")
    POLICY = "policy", _("保险单正本")
    OTHER = "other", _("其他")


class MovementKind(models.TextChoices):
    IN = "in", _("入库")
    OUT = "out", _("出库")
    BORROWED = "borrowed", _("借出")
    RETURNED = "returned", _("归还")


class TaskState(models.TextChoices):
    OPEN = "open", _("待办")
    RELEASED = "released", _("已解除")
    CANCELLED = "cancelled", _("已取消")


class Item(models.Model):
    """``identifier`` is what a register knows it by: title number, VIN, account."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="collateral")
    item_no = models.CharField(_("押品编号"), max_length=64)
    kind = models.CharField(_("类型"), max_length=16, choices=ItemKind)
    description = models.CharField(_("描述"), max_length=300)
    identifier = models.CharField(_("权证号或识别号"), max_length=100)
    owner = models.ForeignKey(
        "parties.Party", null=True, on_delete=models.PROTECT, related_name="collateral"
    )
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("押品")
        verbose_name_plural = _("押品")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "item_no"], name="collateral_item_no_once"),
            models.UniqueConstraint(
                fields=["book", "kind", "identifier"], name="collateral_item_identifier_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ItemKind.values)
                & ~Q(item_no="")
                & ~Q(description="")
                & ~Q(identifier=""),
                name="collateral_item_named",
            ),
        ]

    def __str__(self) -> str:
        return self.item_no


class Valuation(models.Model):
    """What an item was worth on a day; the latest day counts, of one day the latest row."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="valuations")
    valued_on = models.DateField(_("评估日"))
    value_minor = models.BigIntegerField(_("评估价值"))
    counted_share = models.DecimalField(_("抵押率"), max_digits=5, decimal_places=4)
    valued_by = models.CharField(_("评估方式"), max_length=16, choices=ValuedBy)
    source = models.CharField(_("依据"), max_length=200)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("估值")
        verbose_name_plural = _("估值")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(value_minor__gte=0, counted_share__gt=0, counted_share__lte=1)
                & Q(valued_by__in=ValuedBy.values)
                & ~Q(source=""),
                name="collateral_valuation_sensible",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["item", "-valued_on", "-id"], name="collateral_valuation_latest")
        ]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.value_minor} on {self.valued_on}"


class Pledge(models.Model):
    """An item secures a loan, up to an amount or wholly (none), behind those of a lower rank."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="pledges")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="pledges")
    rank = models.PositiveSmallIntegerField(_("顺位"))
    amount_minor = models.BigIntegerField(_("担保金额"), null=True)
    pledged_on = models.DateField(_("设立日"))
    registration = models.CharField(_("登记编号"), max_length=100, blank=True)
    released_on = models.DateField(_("解除日"), null=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("担保")
        verbose_name_plural = _("担保")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "loan"],
                condition=Q(released_on__isnull=True),
                name="collateral_pledge_once",
            ),
            models.UniqueConstraint(
                fields=["item", "rank"],
                condition=Q(released_on__isnull=True),
                name="collateral_pledge_rank_once",
            ),
            models.CheckConstraint(
                condition=(Q(amount_minor__isnull=True) | Q(amount_minor__gt=0))
                & Q(rank__gte=1)
                & (Q(released_on__isnull=True) | Q(released_on__gte=F("pledged_on"))),
                name="collateral_pledge_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} → {self.loan_id}"


class Insurance(models.Model):
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="insurance")
    insurer = models.CharField(_("保险公司"), max_length=100)
    policy_no = models.CharField(_("保单号"), max_length=100)
    starts_on = models.DateField(_("起保日"))
    ends_on = models.DateField(_("到期日"))
    sum_minor = models.BigIntegerField(_("保险金额"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("保险")
        verbose_name_plural = _("保险")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "policy_no"], name="collateral_insurance_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on"), sum_minor__gt=0)
                & ~Q(insurer="")
                & ~Q(policy_no=""),
                name="collateral_insurance_sensible",
            ),
        ]

    def __str__(self) -> str:
        return self.policy_no


class Paper(models.Model):
    """A title document; where it is follows from its movements."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(_("权证种类"), max_length=16, choices=PaperKind)
    number = models.CharField(_("权证号"), max_length=100)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("权证")
        verbose_name_plural = _("权证")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["item", "kind", "number"], name="collateral_paper_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PaperKind.values) & ~Q(number=""),
                name="collateral_paper_named",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Movement(models.Model):
    """Two people moved a paper: one asked, another agreed."""

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(_("动作"), max_length=16, choices=MovementKind)
    moved_on = models.DateField(_("日期"))
    place = models.CharField(_("库位或经手人"), max_length=100)
    due_back_on = models.DateField(_("应还日"), null=True)
    reason = models.CharField(_("理由"), max_length=512)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approval = models.OneToOneField(
        "approvals.Approval", on_delete=models.PROTECT, related_name="+"
    )
    moved_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("权证出入库")
        verbose_name_plural = _("权证出入库")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(asked_by=F("agreed_by")), name="collateral_movement_two_people"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=MovementKind.values) & ~Q(place="") & ~Q(reason=""),
                name="collateral_movement_named",
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind=MovementKind.BORROWED, due_back_on__isnull=False)
                    & Q(due_back_on__gte=F("moved_on"))
                )
                | (~Q(kind=MovementKind.BORROWED) & Q(due_back_on__isnull=True)),
                name="collateral_movement_due_back",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["paper", "-id"], name="collateral_movement_latest")
        ]

    def __str__(self) -> str:
        return f"{self.paper_id} {self.kind} {self.moved_on}"


class ReleaseTask(models.Model):
    """A settled loan's collateral waits to be given back: one open task a loan."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="release_tasks")
    settled_on = models.DateField(_("结清日"))
    state = models.CharField(_("状态"), max_length=16, choices=TaskState, default=TaskState.OPEN)
    approval = models.OneToOneField(
        "approvals.Approval", null=True, on_delete=models.PROTECT, related_name="+"
    )
    letter = models.ForeignKey(
        "archive.File", null=True, on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField(db_default=Now())
    ended_on = models.DateField(_("办结日"), null=True)

    class Meta:
        verbose_name = _("清户撤押")
        verbose_name_plural = _("清户撤押")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["loan"],
                condition=Q(state=TaskState.OPEN),
                name="collateral_task_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state=TaskState.OPEN, ended_on__isnull=True)
                | Q(state=TaskState.CANCELLED, ended_on__isnull=False)
                | Q(
                    state=TaskState.RELEASED,
                    ended_on__isnull=False,
                    approval__isnull=False,
                    letter__isnull=False,
                ),
                name="collateral_task_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.state}"
