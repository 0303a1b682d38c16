"""Persons and companies, and, kept apart from them, their personal data.

A party outlives its personal data: lawful deletion removes the data rows; loans, events and the
party itself stay. A datum is encrypted for its own place (party, field, position) and found again
only by its blind index; the keys are outside the database.
"""

from django.db import models
from django.db.models import Q
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


class Party(models.Model):
    """``source`` says whose reference ``reference`` is: a book's name, or empty for our own."""

    kind = models.CharField(_("类型"), max_length=8, choices=PartyKind)
    source = models.CharField(_("来源"), max_length=64, blank=True)
    reference = models.CharField(_("编号"), max_length=128)
    created_at = models.DateTimeField(db_default=Now())
    personal_data_deleted_at = models.DateTimeField(_("个人信息删除时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("主体")
        verbose_name_plural = _("主体")
        constraints = [
            models.UniqueConstraint(fields=["source", "reference"], name="parties_party_once"),
            models.CheckConstraint(
                condition=Q(kind__in=PartyKind.values), name="parties_party_kind_known"
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
