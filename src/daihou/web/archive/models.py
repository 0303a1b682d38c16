"""Files: what arrived, what it belongs to, how long it is kept, who looked. Every table only grows.

Content lies in the store under its SHA-256 digest; these rows say what it is. A file ends by a
``Removal``, a hold by a ``HoldLift``: nothing is ever changed in place.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.parameters.models import Confidence


class Kind(models.TextChoices):
    CONTRACT = "contract", _("合同")
    VOUCHER = "voucher", _("凭证")
    RECORDING = "recording", _("录音")
    PHOTO = "photo", _("照片")
    IDENTITY = "identity", _("身份资料")
    EVIDENCE = "evidence", _("证据")
    TITLE = "title", _("权证")
    PRODUCED = "produced", _("本系统出具")
    OTHER = "other", _("其他")


class Retention(models.TextChoices):
    ACCOUNTING = "accounting", _("会计凭证")
    CUSTOMER = "customer", _("客户资料与交易记录")
    EVIDENCE = "evidence", _("债权证据")
    CONTACT = "contact", _("联系记录")
    SHORT = "short", _("短期")


class Counted(models.TextChoices):
    ARRIVAL = "arrival", _("自收存之日")
    SETTLEMENT = "settlement", _("自贷款结清之日")


class Target(models.TextChoices):
    LOAN = "loan", _("借据")
    PARTY = "party", _("客户")
    COLLATERAL = "collateral", _("押品")
    APPROVAL = "approval", _("审批")
    RECEIPT = "receipt", _("收款")


RETENTION_OF = {
    Kind.CONTRACT: Retention.CUSTOMER,
    Kind.VOUCHER: Retention.ACCOUNTING,
    Kind.RECORDING: Retention.CONTACT,
    Kind.PHOTO: Retention.CUSTOMER,
    Kind.IDENTITY: Retention.CUSTOMER,
    Kind.EVIDENCE: Retention.EVIDENCE,
    Kind.TITLE: Retention.CUSTOMER,
    Kind.PRODUCED: Retention.CUSTOMER,
    Kind.OTHER: Retention.CUSTOMER,
}


class RetentionRule(models.Model):
    """How many years a class is kept at least; in force until the next row of the class."""

    retention = models.CharField(_("保存类别"), max_length=16, choices=Retention)
    valid_from = models.DateField(_("生效日"))
    years = models.PositiveSmallIntegerField(_("年数"))
    counted_from = models.CharField(_("起算"), max_length=16, choices=Counted)
    source = models.CharField(_("来源"), max_length=256)
    confidence = models.CharField(_("可信度"), max_length=16, choices=Confidence)

    class Meta:
        verbose_name = _("保存期限")
        verbose_name_plural = _("保存期限")
        constraints = [
            models.UniqueConstraint(
                fields=["retention", "valid_from"], name="archive_retentionrule_once"
            ),
            models.CheckConstraint(
                condition=Q(
                    retention__in=Retention.values,
                    counted_from__in=Counted.values,
                    confidence__in=Confidence.values,
                    years__gte=1,
                )
                & ~Q(source=""),
                name="archive_retentionrule_sourced",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.retention}: {self.years} from {self.valid_from}"


class Content(models.Model):
    """Bytes that were stored, under their digest in hexadecimal."""

    digest = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=128)
    stored_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$", size_bytes__gt=0),
                name="archive_content_digest_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.digest[:12]


class File(models.Model):
    """One arrival of a content in a book. ``made_from`` says what a produced one was made from."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="files")
    content = models.ForeignKey(Content, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("文件名"), max_length=200)
    kind = models.CharField(_("种类"), max_length=16, choices=Kind)
    retention = models.CharField(_("保存类别"), max_length=16, choices=Retention)
    arrived_on = models.DateField(_("收存日"))
    arrived_at = models.DateTimeField(_("收存时间"), db_default=Now())
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_from = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values, retention__in=Retention.values) & ~Q(name=""),
                name="archive_file_named",
            ),
        ]
        indexes = [models.Index(fields=["book", "-id"], name="archive_file_of_book")]

    def __str__(self) -> str:
        return self.name


class FileLink(models.Model):
    """What a file belongs to: ``target_id`` is the primary key of the target's own row."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="links")
    target_type = models.CharField(max_length=16, choices=Target)
    target_id = models.BigIntegerField()
    linked_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "target_type", "target_id"], name="archive_filelink_once"
            ),
            models.CheckConstraint(
                condition=Q(target_type__in=Target.values), name="archive_filelink_target_known"
            ),
        ]
        indexes = [
            models.Index(fields=["target_type", "target_id"], name="archive_filelink_target"),
        ]

    def __str__(self) -> str:
        return f"{self.file_id} → {self.target_type} {self.target_id}"


class Hold(models.Model):
    """Keeps one file, or all files of a target, those that come later too."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(File, null=True, on_delete=models.PROTECT, related_name="holds")
    target_type = models.CharField(max_length=16, choices=Target, blank=True)
    target_id = models.BigIntegerField(null=True)
    reason = models.CharField(_("理由"), max_length=500)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    placed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("冻结保全")
        verbose_name_plural = _("冻结保全")
        constraints = [
            models.CheckConstraint(
                condition=Q(file__isnull=False, target_type="", target_id__isnull=True)
                | Q(file__isnull=True, target_type__in=Target.values, target_id__isnull=False),
                name="archive_hold_of_one_thing",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="archive_hold_reasoned"),
        ]
        indexes = [models.Index(fields=["target_type", "target_id"], name="archive_hold_target")]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class HoldLift(models.Model):
    hold = models.OneToOneField(
        Hold, primary_key=True, on_delete=models.PROTECT, related_name="lift"
    )
    reason = models.CharField(_("理由"), max_length=500)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    lifted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="archive_holdlift_reasoned"),
        ]

    def __str__(self) -> str:
        return f"lift of hold {self.hold_id}"


class FileView(models.Model):
    """Somebody took the content of a file."""

    file = models.ForeignKey(File, on_delete=models.PROTECT, related_name="views")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["file", "-at"], name="archive_fileview_of_file")]

    def __str__(self) -> str:
        return f"{self.user_id} looked at {self.file_id}"


class Removal(models.Model):
    """The end of a file; its content goes when no other file has it."""

    file = models.OneToOneField(
        File, primary_key=True, on_delete=models.PROTECT, related_name="removal"
    )
    reason = models.CharField(_("理由"), max_length=500)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    removed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="archive_removal_reasoned"),
        ]

    def __str__(self) -> str:
        return f"removal of {self.file_id}"
