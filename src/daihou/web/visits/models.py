"""Visits 外访: planned for two, made inside their window, reported with what is to be proved.

A check-in, a photo and a report are only added. Positions and what was said are sealed for their
own visit: where a collector checks in is where a debtor lives. No position is kept outside the
window.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    PLANNED = "planned", _("待访")
    UNDER_WAY = "under_way", _("进行中")
    REPORTED = "reported", _("已完成")
    CALLED_OFF = "called_off", _("已取消")


class Outcome(models.TextChoices):
    MET = "met", _("见到本人")
    MET_OTHER = "met_other", _("见到他人")
    NOBODY = "nobody", _("无人在家")
    MOVED = "moved", _("已搬离")
    WRONG_ADDRESS = "wrong_address", _("地址有误")
    REFUSED = "refused", _("拒绝交谈")
    UNSAFE = "unsafe", _("不安全，已离开")


class Entry(models.TextChoices):
    NOT_ASKED = "not_asked", _("未进门")
    CONSENTED = "consented", _("同意进门")
    REFUSED = "refused", _("不同意进门，未进入")


SPOKE = (Outcome.MET, Outcome.MET_OTHER, Outcome.REFUSED)  # Somebody was spoken to: recorded.


class Visit(models.Model):
    """``key`` names the row where its position is sealed; ``permit`` is taken at the check-in."""

    key = models.UUIDField(unique=True)
    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="visits")
    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="visits")
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="visits")
    contact_point = models.ForeignKey(
        "parties.ContactPoint", on_delete=models.PROTECT, related_name="visits"
    )
    district = models.CharField(_("区县"), max_length=80, blank=True)
    sealed_place = models.TextField(blank=True)
    begins_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    is_appointment = models.BooleanField(_("已预约"), default=False)
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits_led"
    )
    companion = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="visits_joined"
    )
    goal = models.CharField(_("目的"), max_length=200)
    state = models.CharField(_("状态"), max_length=12, choices=State, default=State.PLANNED)
    permit = models.OneToOneField(
        "contacts.Permit", null=True, on_delete=models.PROTECT, related_name="visit"
    )
    called_off_reason = models.CharField(_("取消原因"), max_length=200, blank=True)
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    planned_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("外访")
        verbose_name_plural = _("外访")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(lead=F("companion")), name="visits_visit_two_collectors"
            ),
            models.CheckConstraint(
                condition=Q(begins_at__lt=F("ends_at")) & ~Q(goal=""),
                name="visits_visit_window_in_order",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values)
                & (Q(permit__isnull=False) | Q(state__in=(State.PLANNED, State.CALLED_OFF)))
                & (~Q(called_off_reason="") | ~Q(state=State.CALLED_OFF)),
                name="visits_visit_made_with_permit",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(state__in=(State.PLANNED, State.UNDER_WAY)),
                name="visits_visit_one_open_per_case",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["book", "begins_at"], name="visits_visit_of_day"),
            models.Index(fields=["lead", "begins_at"], name="visits_visit_led"),
            models.Index(fields=["companion", "begins_at"], name="visits_visit_joined"),
        ]

    def __str__(self) -> str:
        return f"visit {self.pk} of case {self.case_id}"


class CheckIn(models.Model):
    """Both collectors stand at the door. ``at`` is by the phone, ``received_at`` by the server."""

    visit = models.OneToOneField(Visit, on_delete=models.PROTECT, related_name="check_in")
    client_key = models.UUIDField(unique=True)
    collector = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("到达时间"))
    sealed_place = models.TextField(blank=True)
    accuracy_m = models.PositiveIntegerField(_("定位精度（米）"), null=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("签到")
        verbose_name_plural = _("签到")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(accuracy_m__isnull=True) | ~Q(sealed_place=""),
                name="visits_checkin_accuracy_of_place",
            ),
        ]

    def __str__(self) -> str:
        return f"check-in of visit {self.visit_id}"


class Photo(models.Model):
    """A picture in the archive; its digest was taken when it arrived."""

    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="photos")
    client_key = models.UUIDField(unique=True)
    file = models.ForeignKey("archive.File", on_delete=models.PROTECT, related_name="+")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("现场照片")
        verbose_name_plural = _("现场照片")

    def __str__(self) -> str:
        return f"photo {self.pk} of visit {self.visit_id}"


class Report(models.Model):
    """How a visit ended. Who was spoken to saw an identity and was recorded."""

    visit = models.OneToOneField(Visit, on_delete=models.PROTECT, related_name="report")
    client_key = models.UUIDField(unique=True)
    outcome = models.CharField(_("结果"), max_length=16, choices=Outcome)
    entry = models.CharField(_("进门"), max_length=12, choices=Entry)
    identity_shown = models.BooleanField(_("已出示证件"))
    recording_reference = models.CharField(_("录音录像编号"), max_length=120, blank=True)
    sealed_note = models.TextField(_("经过"), blank=True)
    at = models.DateTimeField(_("结束时间"))
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("外访报告")
        verbose_name_plural = _("外访报告")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values, entry__in=Entry.values),
                name="visits_report_words_known",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=SPOKE)
                | (Q(identity_shown=True) & ~Q(recording_reference="")),
                name="visits_report_proved_where_spoken",
            ),
            models.CheckConstraint(
                condition=~Q(entry=Entry.CONSENTED)
                | Q(outcome__in=(Outcome.MET, Outcome.MET_OTHER, Outcome.UNSAFE)),
                name="visits_report_entered_by_consent",
            ),
        ]

    def __str__(self) -> str:
        return f"report of visit {self.visit_id}"
