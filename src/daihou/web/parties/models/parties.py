"""Persons and companies, and, kept apart from them, their personal data.

A party outlives its personal data: lawful deletion removes the data rows; loans, events and the
party itself stay. A datum is encrypted for its own place (party, field, position) and found again
only by its blind index; the keys are outside the database.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class PartyKind(models.TextChoices):
    PERSON = "person", _("自然人")
    COMPANY = "company", _("机构")


class Field(models.TextChoices):
    NAME = "name", _("姓名或名称")
    ID_NUMBER = "id_number", _("证件号码")
    PHONE = "phone", _("电话")
    EMAIL = "email", _("电子邮箱")
    ADDRESS = "address", _("地址")
    BANK_ACCOUNT = "bank_account", _("银行账号")
    WECHAT = "wechat", _("微信标识")
    PUSH = "push", _("推送标识")


class Party(models.Model):
    """``source`` says whose reference ``reference`` is: a book's name, or empty for our own.

    ``merged_into`` is set while the party counts as a duplicate of another. ``family`` is kept on a
    copy in memory by ``queries.keep_family``, for a page that asks many things of one person.
    """

    family: tuple[int, ...] | None = None

    kind = models.CharField(_("类型"), max_length=8, choices=PartyKind)
    source = models.CharField(_("来源"), max_length=64, blank=True)
    reference = models.CharField(_("编号"), max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    personal_data_deleted_at = models.DateTimeField(_("个人信息删除时间"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged"
    )

    class Meta:
        verbose_name = _("主体")
        verbose_name_plural = _("主体")
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="parties_party_once"),
            models.CheckConstraint(
                condition=Q(kind__in=PartyKind.values), name="parties_party_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")),
                name="parties_party_not_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}/{self.reference}"


class PersonalDatum(models.Model):
    """``ciphertext`` is nonce and AES-256-GCM output; ``blind_index`` a keyed digest."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="personal_data")
    field = models.CharField(max_length=16, choices=Field)
    position = models.PositiveSmallIntegerField(default=0)
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()
    blind_index = models.BinaryField(max_length=32)

    class Meta:
        verbose_name = _("个人信息")
        verbose_name_plural = _("个人信息")
        constraints = [
            models.UniqueConstraint(
                fields=["party", "field", "position"], name="parties_personaldatum_place"
            ),
            models.CheckConstraint(
                condition=Q(field__in=Field.values), name="parties_personaldatum_field_known"
            ),
        ]
        indexes = [
            models.Index(fields=["field", "blind_index"], name="parties_personaldatum_blind"),
        ]

    def __str__(self) -> str:
        return f"{self.field} of party {self.party_id}"


class CheckResult(models.TextChoices):
    MATCH = "match", _("一致")
    MISMATCH = "mismatch", _("不一致")
    UNKNOWN = "unknown", _("查无记录")
    UNAVAILABLE = "unavailable", _("未能核验")


class IdentityCheck(models.Model):
    """What a provider said of a party's name, number and phone together."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="checks")
    provider = models.CharField(_("核验机构"), max_length=40)
    fields = models.JSONField(_("核验要素"))
    result = models.CharField(_("结果"), max_length=12, choices=CheckResult)
    reference = models.CharField(_("流水号"), max_length=80, blank=True)
    checked_at = models.DateTimeField(_("核验时间"), db_default=Now())
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("身份核验")
        verbose_name_plural = _("身份核验")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(result__in=CheckResult.values), name="parties_check_result_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}: {self.result}"


class Merge(models.Model):
    """``absorbed`` counts as ``kept``.

    ``moved`` names every row that followed, by table, so that undoing it moves back exactly these.
    """

    kept = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(_("理由"), max_length=200)
    moved = models.JSONField(_("随之移动"), default=dict)
    merged_at = models.DateTimeField(_("合并时间"), db_default=Now())
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_reason = models.CharField(_("撤销理由"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("合并")
        verbose_name_plural = _("合并")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=Q(undone_at__isnull=True),
                name="parties_merge_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(kept=F("absorbed")) & ~Q(reason=""), name="parties_merge_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.kept_id}"


class NotDuplicate(models.Model):
    """Two parties that look alike and were found to be two; ``first`` is the lower id."""

    first = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    noted_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("并非重复")
        verbose_name_plural = _("并非重复")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["first", "second"], name="parties_notduplicate_once"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="parties_notduplicate_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} is not {self.second_id}"
