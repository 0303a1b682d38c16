"""Two pairs of eyes: what is asked for, who decided on it, and who may decide how much since when.

What was asked never changes; its state leaves ``pending`` once. Decisions and authority only grow.
"""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from daihou.web.access.models import Role


class State(models.TextChoices):
    PENDING = "pending", _("待审批")
    CARRIED_OUT = "carried_out", _("已执行")
    REFUSED = "refused", _("已拒绝")
    WITHDRAWN = "withdrawn", _("已撤回")
    EXPIRED = "expired", _("已过期")


class Verdict(models.TextChoices):
    APPROVED = "approved", _("同意")
    REFUSED = "refused", _("拒绝")


class Authority(models.Model):
    """How many people of which roles decide on a kind, for amounts from ``from_minor`` on.

    The rows of one kind, currency and day replace those of earlier days together. An empty
    currency holds for every currency that has no rows of its own. No row: nobody may.
    """

    kind = models.CharField(_("事项"), max_length=64)
    currency = models.CharField(_("币种"), max_length=3, blank=True)
    valid_from = models.DateField(_("生效日"))
    from_minor = models.BigIntegerField(_("金额起"), default=0)
    roles = ArrayField(models.CharField(max_length=16), verbose_name=_("角色"))
    checkers = models.PositiveSmallIntegerField(_("审批人数"))
    is_each_role = models.BooleanField(_("各角色分别审批"), default=False)
    reason = models.CharField(_("理由"), max_length=512)
    added_at = models.DateTimeField(db_default=Now())
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("授权矩阵")
        verbose_name_plural = _("授权矩阵")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "currency", "valid_from", "from_minor"], name="approvals_band_once"
            ),
            models.CheckConstraint(
                condition=~Q(kind="") & ~Q(reason="") & Q(from_minor__gte=0),
                name="approvals_authority_named",
            ),
            models.CheckConstraint(
                condition=Q(roles__contained_by=Role.values)
                & (Q(checkers=0) | Q(roles__len__gt=0))
                & (Q(is_each_role=False) | Q(roles__len__gte=F("checkers"))),
                name="approvals_authority_roles",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ≥ {self.from_minor} from {self.valid_from}: {self.checkers}"


class Approval(models.Model):
    """A request. ``roles`` and ``checkers`` are those in force when it was made."""

    kind = models.CharField(_("事项"), max_length=64)
    book = models.ForeignKey(
        "ledger.Book", null=True, on_delete=models.PROTECT, related_name="approvals"
    )
    target_type = models.CharField(_("对象类型"), max_length=64)
    target_id = models.CharField(_("对象"), max_length=128)
    amount_minor = models.BigIntegerField(_("金额"), null=True)
    payload = models.JSONField(_("内容"))
    reason = models.CharField(_("理由"), max_length=512)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("申请时间"))
    expires_at = models.DateTimeField(_("有效期至"))
    roles = ArrayField(models.CharField(max_length=16), verbose_name=_("审批角色"))
    checkers = models.PositiveSmallIntegerField(_("审批人数"))
    is_each_role = models.BooleanField(default=False)
    state = models.CharField(_("状态"), max_length=16, choices=State, default=State.PENDING)
    settled_at = models.DateTimeField(_("办结时间"), null=True)

    class Meta:
        verbose_name = _("审批")
        verbose_name_plural = _("审批")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(kind="") & ~Q(target_type="") & ~Q(reason=""),
                name="approvals_approval_named",
            ),
            models.CheckConstraint(
                condition=Q(state__in=State.values), name="approvals_approval_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=State.PENDING, settled_at__isnull=True)
                | (~Q(state=State.PENDING) & Q(settled_at__isnull=False)),
                name="approvals_approval_settled",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True) | Q(amount_minor__gte=0),
                name="approvals_approval_amount",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="approvals_approval_expires_later"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["book", "id"], condition=Q(state="pending"), name="approvals_pending"
            ),
            models.Index(fields=["target_type", "target_id", "id"], name="approvals_target"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.target_type} {self.target_id}: {self.state}"


class Decision(models.Model):
    """One person's verdict, given in one of her roles."""

    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="decisions")
    verdict = models.CharField(_("结论"), max_length=8, choices=Verdict)
    role = models.CharField(_("角色"), max_length=16, choices=Role)
    reason = models.CharField(_("理由"), max_length=512)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(_("审批时间"))

    class Meta:
        verbose_name = _("审批结论")
        verbose_name_plural = _("审批结论")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["approval", "decided_by"], name="approvals_decision_once_each"
            ),
            models.CheckConstraint(
                condition=Q(verdict__in=Verdict.values) & ~Q(reason=""),
                name="approvals_decision_reasoned",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} of {self.approval_id} by {self.decided_by_id}"
