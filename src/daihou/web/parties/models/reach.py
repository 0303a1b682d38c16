"""Where a party is reached, when it answers, and what another system did before the cut-over."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.parties.models.parties import Party


class PointKind(models.TextChoices):
    PHONE = "phone", _("电话")
    EMAIL = "email", _("电子邮箱")
    ADDRESS = "address", _("地址")
    ACCOUNT = "account", _("银行账号")
    WECHAT = "wechat", _("微信")
    PUSH = "push", _("应用推送")


class PointSource(models.TextChoices):
    CONTRACT = "contract", _("合同或账册")
    PERSON = "person", _("本人提供")
    DESK = "desk", _("坐席记录")
    CONTACT_PERSON = "contact_person", _("联系人提供")
    PREVIOUS = "previous", _("原系统迁入")
    OTHER = "other", _("其他合法来源")


class PointBasis(models.TextChoices):
    """Why a number or address may be used (PIPL 13); none known: it may not."""

    UNKNOWN = "", _("未知")
    CONTRACT = "contract", _("履行合同所必需")
    LEGAL_DUTY = "legal_duty", _("履行法定义务")
    CONSENT = "consent", _("本人同意")
    NAMED = "named", _("借款人约定的联系人")


class ContactPoint(models.Model):
    """Where a party is reached: a number, an address, an account.

    The value itself is the party's ``PersonalDatum`` of the same ``digest`` (its blind index):
    a value deleted or replaced there leaves a point behind that reaches nobody.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(_("类型"), max_length=8, choices=PointKind)
    digest = models.BinaryField(max_length=32)
    source = models.CharField(_("来源"), max_length=16, choices=PointSource)
    basis = models.CharField(_("使用依据"), max_length=12, choices=PointBasis, blank=True)
    basis_evidence = models.CharField(_("依据凭证"), max_length=200, blank=True)
    valid_from = models.DateField(_("有效自"), null=True, blank=True)
    valid_until = models.DateField(_("有效至"), null=True, blank=True)
    last_success_at = models.DateTimeField(_("最近接通"), null=True, blank=True)
    wrong_party_at = models.DateTimeField(_("发现非本人"), null=True, blank=True)
    time_zone = models.CharField(_("时区"), max_length=40, blank=True)
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("联系方式")
        verbose_name_plural = _("联系方式")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["party", "kind", "digest"], name="parties_contactpoint_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=PointKind.values)
                & Q(source__in=PointSource.values)
                & Q(basis__in=PointBasis.values),
                name="parties_contactpoint_words_known",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="parties_contactpoint_days_in_order",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "digest"], name="parties_contactpoint_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk} of party {self.party_id}"


class ReachTally(models.Model):
    """How often a point was tried, and answered by its person, in an hour of its own clock."""

    point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="tallies")
    weekday = models.PositiveSmallIntegerField()  # 1 Monday to 7 Sunday, ISO 8601.
    hour = models.PositiveSmallIntegerField()
    tried = models.PositiveIntegerField(default=0)
    reached = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("接通时段")
        verbose_name_plural = _("接通时段")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["point", "weekday", "hour"], name="parties_reachtally_once"
            ),
            models.CheckConstraint(
                condition=Q(weekday__range=(1, 7), hour__range=(0, 23), reached__lte=F("tried")),
                name="parties_reachtally_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_id}: {self.reached} of {self.tried}"


class PriorAttempt(models.Model):
    """A contact that another system made before the cut-over: the guard counts it like ours.

    ``digest`` is the blind index of the number or address, ``point_kind`` its kind.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="prior_attempts")
    recipient_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=12)
    purpose = models.CharField(max_length=20)
    recipient = models.CharField(max_length=16)
    point_kind = models.CharField(max_length=8, choices=PointKind)
    digest = models.BinaryField(max_length=32)
    loan_ids = models.JSONField()
    at = models.DateTimeField(_("时间"))
    outcome = models.CharField(max_length=16)

    class Meta:
        verbose_name = _("原系统触达")
        verbose_name_plural = _("原系统触达")
        indexes: ClassVar = [
            models.Index(fields=["party", "at"], name="parties_prior_of_party"),
            models.Index(fields=["digest", "at"], name="parties_prior_of_number"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to party {self.party_id} before the cut-over"


class CutoverRow(models.Model):
    """A row of a cut-over that was taken in, by its keyed digest: given again it is known."""

    book = models.ForeignKey("ledger.Book", on_delete=models.PROTECT, related_name="+")
    file = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("迁入记录")
        verbose_name_plural = _("迁入记录")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["book", "file", "digest"], name="parties_cutoverrow_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file} row of book {self.book_id}"
