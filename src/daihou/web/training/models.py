"""What a collector has to know, the exams she took, and the checks of her record.

Source  GB/T 45251-2025 as reported by its drafters (secondary): training and an exam before the
        first contact and every year, on collections and on network security; nobody with a record
        of violent crime or serious bad credit; a signed promise of confidentiality (guideline of
        2024).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Course(models.Model):
    """``valid_months`` after an exam it has to be taken again; no certificate, no permit."""

    code = models.SlugField(_("编号"), max_length=40, unique=True)
    title_zh = models.CharField(max_length=80)
    title_en = models.CharField(max_length=80)
    is_required = models.BooleanField(_("必修"), default=True)
    valid_months = models.PositiveSmallIntegerField(_("有效月数"))
    question_count = models.PositiveSmallIntegerField(_("每卷题数"))
    pass_percent = models.PositiveSmallIntegerField(_("及格百分比"))
    minutes = models.PositiveSmallIntegerField(_("时限（分钟）"))
    source = models.CharField(_("依据"), max_length=200)

    class Meta:
        verbose_name = _("课程")
        verbose_name_plural = _("课程")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_months__gt=0, question_count__gt=0, minutes__gt=0)
                & Q(pass_percent__gt=0, pass_percent__lte=100),
                name="training_course_sensible",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Question(models.Model):
    """``options`` are pairs of Chinese and English; ``right`` is the place of the right one."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="questions")
    text_zh = models.CharField(_("题目（中文）"), max_length=400)
    text_en = models.CharField(_("题目（英文）"), max_length=400)
    options = models.JSONField(_("选项"))
    right = models.PositiveSmallIntegerField(_("正确项"))
    retired_at = models.DateTimeField(_("停用时间"), null=True)

    class Meta:
        verbose_name = _("试题")
        verbose_name_plural = _("试题")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["course", "text_zh"],
                condition=Q(retired_at__isnull=True),
                name="training_question_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text_zh


class Exam(models.Model):
    """A paper handed out: ``paper`` lists questions with the order of their options."""

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="exams")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exams"
    )
    paper = models.JSONField()
    started_at = models.DateTimeField(_("开始时间"))
    due_at = models.DateTimeField(_("交卷时限"))

    class Meta:
        verbose_name = _("考试")
        verbose_name_plural = _("考试")
        indexes: ClassVar = [models.Index(fields=["user", "course", "started_at"])]

    def __str__(self) -> str:
        return f"{self.course_id} by {self.user_id}"


class ExamResult(models.Model):
    """What was answered: given once, never changed."""

    exam = models.OneToOneField(
        Exam, primary_key=True, on_delete=models.PROTECT, related_name="result"
    )
    answers = models.JSONField()
    right_count = models.PositiveSmallIntegerField(_("答对"))
    is_passed = models.BooleanField(_("通过"))
    handed_in_at = models.DateTimeField(_("交卷时间"))

    class Meta:
        verbose_name = _("成绩")
        verbose_name_plural = _("成绩")

    def __str__(self) -> str:
        return f"{self.right_count} right in exam {self.exam_id}"


class Certificate(models.Model):
    """From an exam here, or from elsewhere by its evidence. Withdrawn by a row of its own."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="certificates"
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="certificates")
    exam = models.OneToOneField(
        Exam, null=True, on_delete=models.PROTECT, related_name="certificate"
    )
    evidence = models.CharField(_("证据编号"), max_length=200, blank=True)
    issued_on = models.DateField(_("发证日"))
    valid_through = models.DateField(_("有效期至"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("证书")
        verbose_name_plural = _("证书")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(exam__isnull=False) | ~Q(evidence=""),
                name="training_certificate_proved",
            ),
            models.CheckConstraint(
                condition=Q(valid_through__gte=F("issued_on")), name="training_certificate_span"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "course", "valid_through"])]

    def __str__(self) -> str:
        return f"{self.course_id} of {self.user_id} through {self.valid_through}"


class CertificateWithdrawn(models.Model):
    certificate = models.OneToOneField(
        Certificate, primary_key=True, on_delete=models.PROTECT, related_name="withdrawn"
    )
    reason = models.CharField(_("理由"), max_length=200)
    withdrawn_at = models.DateTimeField(db_default=Now())
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("撤销的证书")
        verbose_name_plural = _("撤销的证书")

    def __str__(self) -> str:
        return f"withdrawal of {self.certificate_id}"


class CheckKind(models.TextChoices):
    CLEAN_RECORD = "clean_record", _("无违法违规记录")
    CONFIDENTIALITY = "confidentiality", _("保密协议")


class StaffCheck(models.Model):
    """The latest row of a kind counts: what it found, and where its proof is."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="staff_checks"
    )
    kind = models.CharField(_("类型"), max_length=16, choices=CheckKind)
    is_good = models.BooleanField(_("符合"))
    on = models.DateField(_("日期"))
    evidence = models.CharField(_("证据编号"), max_length=200)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("人员核查")
        verbose_name_plural = _("人员核查")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=CheckKind.values) & ~Q(evidence=""),
                name="training_staffcheck_proved",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["user", "kind", "id"])]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}: {self.is_good}"
