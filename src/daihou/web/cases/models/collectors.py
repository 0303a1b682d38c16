"""Who works cases: teams, collectors, assignments, and the views they keep."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.cases.models.cases import Case, Stage


class Team(models.Model):
    """``stages`` are those its collectors work; none: every stage."""

    name = models.CharField(_("小组"), max_length=64, unique=True)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="leads",
        verbose_name=_("组长"),
    )
    stages = ArrayField(
        models.CharField(max_length=4, choices=Stage),
        verbose_name=_("阶段"),
        default=list,
        blank=True,
    )
    is_active = models.BooleanField(_("在用"), default=True)

    class Meta:
        verbose_name = _("小组")
        verbose_name_plural = _("小组")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="cases_team_named"),
        ]

    def __str__(self) -> str:
        return self.name


class Collector(models.Model):
    """``capacity`` is how many open cases she can have; away until a day she gets no new ones."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="collector"
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="collectors")
    capacity = models.PositiveIntegerField(_("容量"), default=300)
    skills = ArrayField(
        models.CharField(max_length=24), verbose_name=_("技能"), default=list, blank=True
    )
    languages = ArrayField(
        models.CharField(max_length=16), verbose_name=_("语言"), default=list, blank=True
    )
    is_active = models.BooleanField(_("在岗"), default=True)
    away_until = models.DateField(_("休假至"), null=True, blank=True)

    class Meta:
        verbose_name = _("催收员")
        verbose_name_plural = _("催收员")

    def __str__(self) -> str:
        return str(self.user)


class CollectorExclusion(models.Model):
    """A collector who must not work a person: kin, a complaint against her, a conflict."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="case_exclusions"
    )
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=200)
    from_at = models.DateTimeField(db_default=Now())
    until_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("回避")
        verbose_name_plural = _("回避")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "party"],
                condition=Q(until_at__isnull=True),
                name="cases_exclusion_one_open",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="cases_exclusion_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} not on {self.party_id}"


class AssignmentRun(models.Model):
    """One run over a book's open cases; ``report`` is its fairness report, counts and sums."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    report = models.JSONField()
    seconds = models.FloatField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("分案")
        verbose_name_plural = _("分案")

    def __str__(self) -> str:
        return f"{self.book_id} {self.made_at:%Y-%m-%d}"


class AssignReason(models.TextChoices):
    RUN = "run", _("批量分案")
    HAND_OVER = "hand_over", _("转交")
    RECALL = "recall", _("收回")
    TAKEN = "taken", _("领取")
    CLOSED = "closed", _("出催")
    REOPENED = "reopened", _("重新入催")


class Assignment(models.Model):
    """Who owned a case, from when until when. The open row says the same as the case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments"
    )
    team = models.ForeignKey(
        Team, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    from_at = models.DateTimeField(_("起"))
    until_at = models.DateTimeField(_("止"), null=True)
    reason = models.CharField(_("方式"), max_length=12, choices=AssignReason)
    ended_by = models.CharField(_("结束方式"), max_length=12, choices=AssignReason, blank=True)
    note = models.CharField(_("理由"), max_length=200, blank=True)
    ended_note = models.CharField(_("结束理由"), max_length=200, blank=True, db_default="")
    overdue_minor = models.BigIntegerField(_("分案时逾期金额"))
    run = models.ForeignKey(
        AssignmentRun, null=True, on_delete=models.PROTECT, related_name="assignments"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("分案记录")
        verbose_name_plural = _("分案记录")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(until_at__isnull=True), name="cases_assignment_one"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=AssignReason.values), name="cases_assignment_reason"
            ),
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(until_at__gte=F("from_at")),
                name="cases_assignment_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner_id} on {self.case_id}"


class SavedView(models.Model):
    """A queue's filters and order under a name; a shared one is everybody's in the book."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="case_views"
    )
    name = models.CharField(_("名称"), max_length=40)
    filters = models.JSONField(_("筛选"), default=dict)
    sort = models.CharField(_("排序"), max_length=16)
    is_shared = models.BooleanField(_("共享"), default=False)

    class Meta:
        verbose_name = _("视图")
        verbose_name_plural = _("视图")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "user", "name"], name="cases_view_once"),
            models.CheckConstraint(condition=~Q(name=""), name="cases_view_named"),
        ]

    def __str__(self) -> str:
        return self.name
