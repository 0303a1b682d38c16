"""Programs that use the API, what they were answered, and where we tell them what happened."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Client(models.Model):
    """A program. It acts as ``user``, whose roles bound it; ``scopes`` narrow them further.

    Its secret is random and long, so one SHA-256 of it is kept, never the secret.
    """

    client_id = models.CharField(_("客户端"), max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=64)
    user = models.ForeignKey("access.User", on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=64))
    secret_digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("API 客户端")
        verbose_name_plural = _("API 客户端")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="api_client_named"),
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="api_client_has_scope"),
        ]

    def __str__(self) -> str:
        return self.name


class AccessToken(models.Model):
    """What a client got for its secret by OAuth 2; the token itself is kept nowhere."""

    digest = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=64))
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token of {self.client_id} until {self.expires_at}"


class Answer(models.Model):
    """What a write was answered, so that the same request again is answered the same."""

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="answers")
    key = models.CharField(max_length=255)
    request_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    content_type = models.CharField(max_length=64)
    body = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["client", "key"], name="api_answer_once"),
            models.CheckConstraint(condition=~Q(key=""), name="api_answer_key_given"),
        ]

    def __str__(self) -> str:
        return f"{self.client_id} {self.key}"


class Endpoint(models.Model):
    """Where another system wants to hear of what happens. ``topics``: names, or ``noun.*``.

    Its signing secret follows from the installation's key and ``secret_no``: it is stored nowhere.
    """

    name = models.CharField(_("名称"), max_length=64)
    url = models.URLField(_("地址"), max_length=512)
    topics = ArrayField(models.CharField(max_length=64))
    secret_no = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(_("在用"), default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("通知地址")
        verbose_name_plural = _("通知地址")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(name=""), name="api_endpoint_named"),
            models.CheckConstraint(condition=Q(topics__len__gt=0), name="api_endpoint_has_topic"),
        ]

    def __str__(self) -> str:
        return self.name


class MessageState(models.TextChoices):
    WAITING = "waiting", _("待发送")
    DELIVERED = "delivered", _("已送达")
    DEAD = "dead", _("已放弃")


class Message(models.Model):
    """The outbox: written by a trigger in the transaction of the change that it tells of."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="messages")
    audit_row = models.ForeignKey("audit.AuditRow", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=16, choices=MessageState, default=MessageState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(db_default=Now())
    last_status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=200, blank=True, db_default="")
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "audit_row"], name="api_message_once"),
            models.CheckConstraint(
                condition=Q(state__in=MessageState.values), name="api_message_state_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_at", "id"],
                condition=Q(state="waiting"),
                name="api_message_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.audit_row_id} to {self.endpoint_id}"
