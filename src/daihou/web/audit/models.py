"""One row for every write, and the log that proves it: leaves, nodes and heads only grow."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditRow(models.Model):
    """``details`` holds codes, counts and identifiers, never personal data."""

    at = models.DateTimeField(_("时间"), db_default=Now())
    acting_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    action = models.CharField(_("动作"), max_length=64)
    target_type = models.CharField(_("对象类型"), max_length=64)
    target_id = models.CharField(_("对象"), max_length=128)
    details = models.JSONField(_("详情"), default=dict)

    class Meta:
        verbose_name = _("审计记录")
        verbose_name_plural = _("审计记录")
        constraints = [
            models.CheckConstraint(
                condition=~Q(action="") & ~Q(target_type=""), name="audit_auditrow_named"
            ),
        ]
        indexes = [
            models.Index(fields=["target_type", "target_id", "id"], name="audit_auditrow_target"),
            BrinIndex(fields=["at"], name="audit_auditrow_at"),  # Days, at no cost to a write.
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_type} {self.target_id}"


class Unsealed(models.Model):
    """A row that waits for the sealer; written by a trigger in the row's own transaction.

    The sealer takes away exactly what it sees, so that a commit that comes late is sealed late and
    never left out.
    """

    source = models.CharField(max_length=40)
    row_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.source} {self.row_id}"


class Leaf(models.Model):
    """Place ``number`` of the log: which row stands there, and the digest of what it said."""

    number = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=40)
    row_id = models.BigIntegerField()
    book_id = models.BigIntegerField(null=True)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "row_id"], name="audit_leaf_once"),
            models.CheckConstraint(condition=Q(number__gte=0), name="audit_leaf_number"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.source} {self.row_id}"


class Node(models.Model):
    """The hash of a whole subtree: ``place`` counts the subtrees of 2 to the ``level`` leaves."""

    level = models.PositiveSmallIntegerField()
    place = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["level", "place"], name="audit_node_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.place}"


class Head(models.Model):
    """The log as it stood at ``size`` leaves: what is published and signed."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    public_key = models.BinaryField(max_length=32)
    signature = models.BinaryField(max_length=64)

    class Meta:
        verbose_name = _("日志头")
        verbose_name_plural = _("日志头")

    def __str__(self) -> str:
        return f"head of {self.size}"


class Withheld(models.Model):
    """A personal text that sealed rows know by its salted digest; deleted when the law wants it."""

    digest = models.CharField(max_length=64, primary_key=True)
    party = models.ForeignKey("parties.Party", on_delete=models.PROTECT, related_name="+")
    salt = models.BinaryField(max_length=16)
    sealed = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("留存文字")
        verbose_name_plural = _("留存文字")

    def __str__(self) -> str:
        return self.digest[:12]
