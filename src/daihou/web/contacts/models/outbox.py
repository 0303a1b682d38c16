"""What is to leave: one row for each permit, written in the permit's own transaction."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

OPEN_STATES = ("waiting", "sending", "sent")


class OutboxState(models.TextChoices):
    WAITING = "waiting", _("待发")
    SENDING = "sending", _("发送中")
    SENT = "sent", _("已发出，待回执")
    DONE = "done", _("已结束")


class Outbox(models.Model):
    """From "sending" a row returns to "waiting" only when the channel is sure nothing left.

    ``content`` is what leaves, encrypted for this row; it is emptied when the row is done.
    ``lease_until`` is when a sender that fell silent counts as lost, its outcome as unknown.
    ``live_subject`` and ``live_recipient`` are set while a call or visit may be going on.
    """

    permit = models.OneToOneField(
        "contacts.Permit", primary_key=True, on_delete=models.PROTECT, related_name="outbox"
    )
    state = models.CharField(max_length=8, choices=OutboxState, default=OutboxState.WAITING)
    subject = models.ForeignKey(
        "contacts.Subject", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=12)
    contact_point = models.ForeignKey(
        "parties.ContactPoint",
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    taken_at = models.DateTimeField(null=True)
    reference = models.CharField(max_length=120, blank=True, db_default="")
    content = models.TextField(blank=True, db_default="")
    live_subject = models.BigIntegerField(null=True)
    live_recipient = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("发件箱")
        verbose_name_plural = _("发件箱")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=OutboxState.values), name="contacts_outbox_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="sending", lease_until__isnull=False) | ~Q(state="sending"),
                name="contacts_outbox_leased",
            ),
            models.UniqueConstraint(
                fields=["live_subject"],
                condition=Q(live_subject__isnull=False),
                name="contacts_one_live_call_per_debtor",
            ),
            models.UniqueConstraint(
                fields=["live_recipient"],
                condition=Q(live_recipient__isnull=False),
                name="contacts_one_live_call_per_person",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN_STATES)
                | Q(live_subject__isnull=True, live_recipient__isnull=True),
                name="contacts_outbox_live_is_open",
            ),
            models.CheckConstraint(
                condition=~Q(channel__in=["voice", "robot"], state__in=OPEN_STATES)
                | Q(live_recipient__isnull=False, live_subject=F("subject_id")),
                name="contacts_outbox_call_is_live",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="contacts_outbox_waiting"
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state="sending"), name="contacts_outbox_leases"
            ),
            models.Index(
                fields=["subject"], condition=~Q(state="done"), name="contacts_outbox_open"
            ),
            models.Index(
                fields=["reference"], condition=~Q(reference=""), name="contacts_outbox_reference"
            ),
        ]

    def __str__(self) -> str:
        return f"outbox of permit {self.permit_id}: {self.state}"
