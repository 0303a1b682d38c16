"""A case: one person, one book, all her loans in it; and the rules by which it opens and closes."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Stage(models.TextChoices):
    """By the days past due of the person; M0 is a forced entry with nothing past due."""

    M0 = "M0", "M0"
    M1 = "M1", "M1"
    M2 = "M2", "M2"
    M3 = "M3", "M3"
    M4 = "M4", "M4"
    M5 = "M5", "M5"
    M6 = "M6", "M6"
    OVER_M6 = "M6+", "M6+"


class CaseState(models.TextChoices):
    OPEN = "open", _("在催")
    CALM = "calm", _("静置")  # Something is owed, but too little to enter: nobody works it.
    CLOSED = "closed", _("已出催")


class CloseReason(models.TextChoices):
    CURED = "cured", _("已回正")
    EXCLUDED = "excluded", _("不入催")


class EntryRule(models.Model):
    """When a person's case opens and closes in a book, from a day until the next row's.

    It opens when her loans past their contract's grace owe ``entry_minor`` or more and the oldest
    due is ``entry_days`` old, or whatever she owes from ``forced_days`` on. It closes when what is
    overdue comes to ``exit_minor`` or less; between the two it is calm. Within ``lock_minutes``
    nobody else takes a case that is being worked.
    """

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="entry_rules")
    effective_on = models.DateField(_("生效日"))
    entry_minor = models.BigIntegerField(_("入催金额"), default=1)
    entry_days = models.PositiveSmallIntegerField(_("入催天数"), default=1)
    forced_days = models.PositiveSmallIntegerField(_("强制入催天数"), null=True, blank=True)
    exit_minor = models.BigIntegerField(_("出催金额"), default=0)
    lock_minutes = models.PositiveSmallIntegerField(_("锁定分钟"), default=15)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("入催规则")
        verbose_name_plural = _("入催规则")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["book", "effective_on"], name="cases_entryrule_once"),
            models.CheckConstraint(
                condition=Q(exit_minor__gte=0, entry_minor__gt=F("exit_minor"), lock_minutes__gt=0),
                name="cases_entryrule_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.book_id} from {self.effective_on}"


class DirectionKind(models.TextChoices):
    FORCED = "forced", _("强制入催")
    EXCLUDED = "excluded", _("不入催")


class Direction(models.Model):
    """A person's exception from the rule: she enters whatever she owes, or does not at all."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="directions")
    kind = models.CharField(_("类型"), max_length=8, choices=DirectionKind)
    reason = models.CharField(_("理由"), max_length=200)
    effective_on = models.DateField(_("起"))
    until_on = models.DateField(_("止"), null=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("入催例外")
        verbose_name_plural = _("入催例外")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "party"],
                condition=Q(until_on__isnull=True),
                name="cases_direction_one_open",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DirectionKind.values) & ~Q(reason=""),
                name="cases_direction_said",
            ),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("effective_on")),
                name="cases_direction_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.party_id}"


class Case(models.Model):
    """One at a time per book and person.

    Figures are those of the published positions, of ``figures_on``: for queues and lists. What is
    owed today is folded from the loans where one case is looked at. ``tags`` repeats the rows of
    ``Tag`` that hold, ``promised_on`` the next day of the open promise, for filters.
    A lock that has run out locks nothing. ``queries.queue`` says when a person was last contacted.
    """

    last_contact_at: datetime | None = None

    book = models.ForeignKey(
        "ledger.Book", on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    party = models.ForeignKey(
        "parties.Party", on_delete=models.PROTECT, related_name="cases", verbose_name=_("借款人")
    )
    state = models.CharField(_("状态"), max_length=8, choices=CaseState, default=CaseState.OPEN)
    stage = models.CharField(_("阶段"), max_length=4, choices=Stage)
    opened_on = models.DateField(_("入催日"))
    reopened_on = models.DateField(_("重新入催日"), null=True)
    closed_on = models.DateField(_("出催日"), null=True)
    close_reason = models.CharField(_("出催原因"), max_length=12, choices=CloseReason, blank=True)
    overdue_minor = models.BigIntegerField(_("逾期金额"))
    principal_minor = models.BigIntegerField(_("剩余本金"))
    oldest_due_on = models.DateField(_("最早逾期日"), null=True)
    loan_count = models.PositiveIntegerField(_("借据数"))  # Of those that are overdue.
    figures_on = models.DateField(_("数据日"))
    entered_minor = models.BigIntegerField(_("入催时逾期金额"))
    entered_principal_minor = models.BigIntegerField(_("入催时剩余本金"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="cases",
        verbose_name=_("催收员"),
        db_index=False,
    )
    team = models.ForeignKey(
        "cases.Team",
        null=True,
        on_delete=models.PROTECT,
        related_name="cases",
        verbose_name=_("小组"),
        db_index=False,
    )
    skill = models.CharField(_("所需技能"), max_length=24, blank=True)
    language = models.CharField(_("语言"), max_length=16, blank=True)
    priority = models.SmallIntegerField(_("优先级"), default=0)  # Higher comes first.
    next_action_at = models.DateTimeField(_("下次行动时间"), null=True)
    next_action = models.CharField(_("下次行动"), max_length=80, blank=True)
    promised_on = models.DateField(_("承诺日"), null=True)
    promised_minor = models.BigIntegerField(_("承诺金额"), default=0)
    tags = ArrayField(models.CharField(max_length=16), verbose_name=_("标签"), default=list)
    last_worked_at = models.DateTimeField(_("上次处理时间"), null=True)
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    locked_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("案件")
        verbose_name_plural = _("案件")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "party"],
                condition=~Q(state="closed"),
                name="cases_case_one_per_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CaseState.values) & Q(stage__in=Stage.values),
                name="cases_case_words_known",
            ),
            models.CheckConstraint(
                condition=Q(state="closed", closed_on__isnull=False)
                & Q(close_reason__in=CloseReason.values)
                | (~Q(state="closed") & Q(closed_on__isnull=True, close_reason="")),
                name="cases_case_closed_why",
            ),
            models.CheckConstraint(
                condition=Q(locked_by__isnull=True, locked_until__isnull=True)
                | Q(locked_by__isnull=False, locked_until__isnull=False),
                name="cases_case_lock_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["book", "-priority", "next_action_at", "id"],
                condition=Q(state="open"),
                name="cases_by_turn",
            ),
            models.Index(
                fields=["book", "owner", "-priority", "next_action_at", "id"],
                condition=Q(state="open"),
                name="cases_of_owner",
            ),
            models.Index(
                fields=["book", "-overdue_minor", "id"],
                condition=Q(state="open"),
                name="cases_by_amount",
            ),
            models.Index(
                fields=["book", "oldest_due_on", "id"],
                condition=Q(state="open"),
                name="cases_by_age",
            ),
            models.Index(
                fields=["book", "promised_on", "id"],
                condition=Q(state="open"),
                name="cases_by_promise",
            ),
            models.Index(fields=["book", "closed_on"], name="cases_closed"),
            GinIndex(fields=["tags"], condition=~Q(state="closed"), name="cases_tagged"),
        ]

    def __str__(self) -> str:
        return f"{self.book_id}/{self.party_id} {self.state}"


class CaseLoan(models.Model):
    """A loan in a case, with what it owed when it came in."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="case_loans")
    loan = models.ForeignKey("loans.Loan", on_delete=models.PROTECT, related_name="case_loans")
    added_on = models.DateField()
    overdue_minor = models.BigIntegerField(default=0)
    principal_minor = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("案件借据")
        verbose_name_plural = _("案件借据")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "loan"], name="cases_caseloan_once"),
        ]

    def __str__(self) -> str:
        return f"loan {self.loan_id} in {self.case_id}"


class TurnKind(models.TextChoices):
    OPENED = "opened", _("入催")
    REOPENED = "reopened", _("重新入催")
    CALMED = "calmed", _("静置")
    ROUSED = "roused", _("恢复催收")
    CLOSED = "closed", _("出催")
    STAGE = "stage", _("阶段变化")


class Turn(models.Model):
    """A change of a case's state or stage, with the figures it was decided on. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="turns", db_index=False)
    kind = models.CharField(_("变化"), max_length=8, choices=TurnKind)
    happened_on = models.DateField(_("日期"))
    at = models.DateTimeField(_("时间"), db_default=Now())
    stage_from = models.CharField(max_length=4, blank=True)
    stage_to = models.CharField(max_length=4, blank=True)
    overdue_minor = models.BigIntegerField()
    reason = models.CharField(max_length=12, blank=True)

    class Meta:
        verbose_name = _("案件变化")
        verbose_name_plural = _("案件变化")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=TurnKind.values), name="cases_turn_kind_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["case", "-at", "-id"], name="cases_turn_of_case"),
            models.Index(fields=["happened_on", "kind"], name="cases_turn_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.happened_on}"


class CaseNight(models.Model):
    """That the cases of a book have followed an end of day; once per run."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    run = models.OneToOneField(
        "ledger.EndOfDayRun", on_delete=models.PROTECT, related_name="case_night"
    )
    through_on = models.DateField()
    counts = models.JSONField()
    seconds = models.FloatField()
    done_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("案件日终")
        verbose_name_plural = _("案件日终")

    def __str__(self) -> str:
        return f"{self.book_id} {self.through_on}"
