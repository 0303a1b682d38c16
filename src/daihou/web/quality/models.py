"""Contacts that are listened to: why each was drawn, what was found, appeals, calibration.

A review is one person's marks on one contact. It never changes: an appeal that is upheld and a
calibration add rows of their own.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ScoreSheet(models.Model):
    """``items`` are ``{code, zh, en, points, is_critical}``; a newer row counts from its day.

    A critical item that is missed fails the contact whatever its points.
    """

    effective_on = models.DateField(_("生效日"), unique=True)
    items = models.JSONField(_("评分项"))
    pass_percent = models.PositiveSmallIntegerField(_("合格百分比"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("评分表")
        verbose_name_plural = _("评分表")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pass_percent__gt=0, pass_percent__lte=100),
                name="quality_scoresheet_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"sheet from {self.effective_on}"


class Flag(models.TextChoices):
    """Why a contact was drawn; ``random`` is nobody's suspicion."""

    RANDOM = "random", _("随机抽样")
    COMPLAINED = "complained", _("此后有投诉")
    UNRECORDED = "unrecorded", _("缺少录音")
    LAST_ALLOWED = "last_allowed", _("已用完当日额度")
    SHORT = "short", _("接通后很快挂断")
    LONG = "long", _("通话过长")
    STOPPED_AFTER = "stopped_after", _("此后要求停止联系")
    ASKED = "asked", _("主管指定")


class Sample(models.Model):
    """A contact to be listened to; ``reviewer`` is set when somebody takes it up."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    permit = models.OneToOneField(
        "contacts.Permit", on_delete=models.PROTECT, related_name="sample"
    )
    collector = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    flags = ArrayField(models.CharField(max_length=16, choices=Flag), verbose_name=_("抽取原因"))
    drawn_on = models.DateField(_("抽取日"))
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("质检员"),
    )
    is_calibration = models.BooleanField(_("校准"), default=False)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("质检样本")
        verbose_name_plural = _("质检样本")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(flags__len__gt=0), name="quality_sample_has_reason"),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | ~Q(reviewer=F("collector")),
                name="quality_sample_by_another",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "drawn_on"], name="quality_sample_of_book"),
            models.Index(fields=["collector", "drawn_on"], name="quality_sample_of_collector"),
        ]

    def __str__(self) -> str:
        return f"sample of permit {self.permit_id}"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The labels of the flags, in the language of the page."""
        return tuple(str(Flag(flag).label) for flag in self.flags)


class Review(models.Model):
    """``marks`` gives the points of each item by its code. ``follows`` is the review appealed."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="reviews")
    sheet = models.ForeignKey(ScoreSheet, on_delete=models.PROTECT, related_name="+")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    marks = models.JSONField(_("得分"))
    points = models.PositiveSmallIntegerField(_("总分"))
    points_most = models.PositiveSmallIntegerField(_("满分"))
    is_passed = models.BooleanField(_("合格"))
    missed_critical = ArrayField(models.CharField(max_length=40), default=list)
    remark = models.CharField(_("评语"), max_length=500, blank=True)
    follows = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="replaced_by"
    )
    made_at = models.DateTimeField(_("时间"), db_default=Now())

    class Meta:
        verbose_name = _("质检评分")
        verbose_name_plural = _("质检评分")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sample", "reviewer"],
                condition=Q(follows__isnull=True),
                name="quality_review_once",
            ),
            models.CheckConstraint(
                condition=Q(points__lte=F("points_most"), points_most__gt=0),
                name="quality_review_points",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points}/{self.points_most} of sample {self.sample_id}"


class Appeal(models.Model):
    """The collector does not agree with a review."""

    review = models.OneToOneField(
        Review, primary_key=True, on_delete=models.PROTECT, related_name="appeal"
    )
    reason = models.CharField(_("申诉理由"), max_length=500)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("时间"), db_default=Now())

    class Meta:
        verbose_name = _("质检申诉")
        verbose_name_plural = _("质检申诉")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="quality_appeal_reason"),
        ]

    def __str__(self) -> str:
        return f"appeal of review {self.review_id}"


class AppealDecision(models.Model):
    """Somebody who did not write the review decides; upheld, a new review follows the old."""

    appeal = models.OneToOneField(
        Appeal, primary_key=True, on_delete=models.PROTECT, related_name="decision"
    )
    is_upheld = models.BooleanField(_("支持申诉"))
    reason = models.CharField(_("理由"), max_length=500)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("时间"), db_default=Now())

    class Meta:
        verbose_name = _("申诉决定")
        verbose_name_plural = _("申诉决定")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(reason=""), name="quality_decision_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id}: {self.is_upheld}"
