"""Promises to pay: said by people, decided by payments."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.cases.models.cases import Case


class PromiseKind(models.TextChoices):
    FULL = "full", _("全额结清")
    ARREARS = "arrears", _("还清逾期")
    PART = "part", _("部分还款")
    INSTALMENTS = "instalments", _("分次还款")


class PromiseState(models.TextChoices):
    OPEN = "open", _("承诺期内")
    KEPT = "kept", _("已履行")
    BROKEN = "broken", _("已违约")
    SUPERSEDED = "superseded", _("被新承诺取代")
    WITHDRAWN = "withdrawn", _("已撤回")


class PromiseRule(models.Model):
    """Per type of promise, from a day: grace after its date, what share keeps it, how far off."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("类型"), max_length=12, choices=PromiseKind)
    effective_on = models.DateField(_("生效日"))
    grace_days = models.PositiveSmallIntegerField(_("宽限天数"))
    threshold_percent = models.PositiveSmallIntegerField(_("履约比例"))
    days_most = models.PositiveSmallIntegerField(_("最长天数"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("承诺规则")
        verbose_name_plural = _("承诺规则")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "kind", "effective_on"], name="cases_promiserule_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PromiseKind.values)
                & Q(threshold_percent__gte=1, threshold_percent__lte=100, days_most__gte=1),
                name="cases_promiserule_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.effective_on}"


class Promise(models.Model):
    """What she said she would pay, and how it stands by the payments that are known.

    Money recorded after ``after_sequence`` and, where it ended otherwise, through
    ``through_sequence`` counts for it. ``state`` follows payments and their reversals; only
    superseded and withdrawn are set by people. At most one is open per case.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="promises")
    kind = models.CharField(_("类型"), max_length=12, choices=PromiseKind)
    amount_minor = models.BigIntegerField(_("承诺金额"))
    promised_on = models.DateField(_("最后承诺日"))
    made_on = models.DateField(_("承诺作出日"))
    made_at = models.DateTimeField(_("作出时间"), db_default=Now())
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    grace_days = models.PositiveSmallIntegerField(_("宽限天数"))
    threshold_percent = models.PositiveSmallIntegerField(_("履约比例"))
    after_sequence = models.BigIntegerField()
    through_sequence = models.BigIntegerField(null=True)
    state = models.CharField(
        _("状态"), max_length=12, choices=PromiseState, default=PromiseState.OPEN
    )
    decided_on = models.DateField(_("判定日"), null=True)
    paid_minor = models.BigIntegerField(_("已履行金额"), default=0)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    source_ref = models.CharField(max_length=128, blank=True)  # Of a promise cut over.

    class Meta:
        verbose_name = _("承诺还款")
        verbose_name_plural = _("承诺还款")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="open"), name="cases_promise_one_open"
            ),
            models.UniqueConstraint(
                fields=["case", "source_ref"],
                condition=~Q(source_ref=""),
                name="cases_promise_source_once",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PromiseKind.values)
                & Q(state__in=PromiseState.values)
                & Q(amount_minor__gt=0, paid_minor__gte=0),
                name="cases_promise_sensible",
            ),
            models.CheckConstraint(
                condition=Q(promised_on__gte=F("made_on"))
                & Q(threshold_percent__gte=1, threshold_percent__lte=100),
                name="cases_promise_terms",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "kept", "broken"], through_sequence__isnull=True)
                | Q(state__in=["superseded", "withdrawn"], through_sequence__isnull=False),
                name="cases_promise_ended",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_on__isnull=True)
                | (~Q(state="open") & Q(decided_on__isnull=False)),
                name="cases_promise_decided",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["promised_on"], condition=Q(state="open"), name="cases_promise_waiting"
            ),
            models.Index(fields=["decided_on", "state"], name="cases_promise_decided_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} by {self.promised_on} ({self.state})"


class PromisePart(models.Model):
    """One date and amount of a promise; a promise in instalments has several. Append-only."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="parts")
    part_no = models.PositiveSmallIntegerField()
    due_on = models.DateField(_("承诺日"))
    amount_minor = models.BigIntegerField(_("金额"))

    class Meta:
        verbose_name = _("承诺分次")
        verbose_name_plural = _("承诺分次")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["promise", "part_no"], name="cases_part_once"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, part_no__gt=0), name="cases_part_sensible"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["due_on"], name="cases_part_by_day")]

    def __str__(self) -> str:
        return f"{self.part_no}: {self.amount_minor} by {self.due_on}"


class PromiseDecision(models.Model):
    """Each time a promise came to stand otherwise, and by what. Append-only."""

    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="decisions")
    state_from = models.CharField(max_length=12, choices=PromiseState)
    state_to = models.CharField(max_length=12, choices=PromiseState)
    decided_on = models.DateField(_("判定日"))
    at = models.DateTimeField(db_default=Now())
    paid_minor = models.BigIntegerField(_("已履行金额"))
    ledger_sequence = models.BigIntegerField()  # What the ledger held when it was decided.

    class Meta:
        verbose_name = _("承诺判定")
        verbose_name_plural = _("承诺判定")
        indexes: ClassVar = [
            models.Index(fields=["decided_on", "state_to"], name="cases_decision_by_day")
        ]

    def __str__(self) -> str:
        return f"{self.promise_id}: {self.state_to}"
