"""Caps as rows, and the numbered slots that permits take under them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Counts(models.TextChoices):
    EFFECTIVE = "effective", _("有效接通")
    UNANSWERED = "unanswered", _("未接拨打")
    ATTEMPTS = "attempts", _("全部触达")
    CONNECTED = "connected", _("除忙线外的触达")


class Per(models.TextChoices):
    PERSON = "person", _("每人")  # The one who is reached.
    ADDRESS = "address", _("每个号码")
    DEBT = "debt", _("每笔债务")
    PERSON_DEBT = "person_debt", _("每人每笔债务")


class Limit(models.Model):
    """At most ``most`` slots in any ``days`` calendar days at the person's place, one rule's cap.

    A contact takes a slot when it is permitted and keeps it unless its outcome is known and not
    among ``kept_by``. Empty lists mean all, an
    empty jurisdiction every one. Rows are never changed: a newer row of the same rule
    takes over on its day.
    """

    jurisdiction = models.CharField(_("法域"), max_length=8, blank=True)
    rule_id = models.CharField(_("规则"), max_length=40)
    counts = models.CharField(_("计数"), max_length=12, choices=Counts)
    per = models.CharField(_("口径"), max_length=12, choices=Per)
    channels = ArrayField(models.CharField(max_length=12))
    purposes = ArrayField(models.CharField(max_length=20))
    recipients = ArrayField(models.CharField(max_length=16))
    days = models.PositiveSmallIntegerField(_("窗口（日）"))
    most = models.PositiveSmallIntegerField(_("上限"))
    kept_by = ArrayField(models.CharField(max_length=16))
    unless_agreed = models.CharField(_("除非约定"), max_length=8, blank=True, db_default="")
    with_inbound = models.BooleanField(_("含来访"), db_default=False)
    valid_from = models.DateField(_("起"))
    valid_through = models.DateField(_("止"), null=True)

    class Meta:
        verbose_name = _("触达上限")
        verbose_name_plural = _("触达上限")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["jurisdiction", "rule_id", "valid_from"], name="contacts_limit_once"
            ),
            models.CheckConstraint(
                condition=Q(per__in=Per.values, counts__in=Counts.values, days__gte=1)
                & ~Q(rule_id=""),
                name="contacts_limit_sensible",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.most} per {self.per} in {self.days} days"


class Slot(models.Model):
    """Slot ``number`` of ``most`` under one rule, for one person, number or debt, on one day.

    Written by the triggers on permits and inbound contacts; of what was made before the cut-over by
    ``contacts.prior``. ``released_at`` is set when the outcome shows that the contact does not
    count. ``united_from`` tells apart what two subjects had taken before they were found to be one
    person, and, negative, what came with the cut-over.
    """

    permit = models.ForeignKey(
        "contacts.Permit", null=True, on_delete=models.PROTECT, related_name="slots"
    )
    inbound = models.ForeignKey(
        "contacts.Inbound",
        null=True,
        on_delete=models.PROTECT,
        related_name="slots",
        db_index=False,
    )
    prior = models.ForeignKey(
        "parties.PriorAttempt",
        null=True,
        on_delete=models.PROTECT,
        related_name="slots",
        db_index=False,
    )
    limit = models.ForeignKey(
        Limit,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,  # The trigger takes it from the row, and no row of limits ever goes.
    )
    rule_id = models.CharField(max_length=40)
    holder = models.CharField(max_length=120)
    day = models.DateField()
    number = models.PositiveSmallIntegerField()
    most = models.PositiveSmallIntegerField()
    released_at = models.DateTimeField(null=True)
    united_from = models.BigIntegerField(db_default=0)

    class Meta:
        verbose_name = _("名额")
        verbose_name_plural = _("名额")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder", "rule_id", "day", "number", "united_from", "inbound"],
                condition=Q(released_at__isnull=True),
                nulls_distinct=False,
                name="contacts_slot_once",
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1) & (Q(number__lte=F("most")) | Q(inbound__isnull=False)),
                name="contacts_slot_within",
            ),
            models.CheckConstraint(
                condition=Q(permit__isnull=False, inbound__isnull=True, prior__isnull=True)
                | Q(permit__isnull=True, inbound__isnull=False, prior__isnull=True)
                | Q(permit__isnull=True, inbound__isnull=True, prior__isnull=False),
                name="contacts_slot_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.number} of {self.most} on {self.day}"
