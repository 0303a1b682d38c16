"""People who may log in, and what each may do on which books.

Nobody is a superuser: every right comes from a role, every role from a grant with its scope.
"""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy as _

SYSTEM_USERNAME = "system"


class Role(models.TextChoices):
    COLLECTOR = "collector", _("催收员")
    FIELD_COLLECTOR = "field_collector", _("外访员")
    TEAM_LEAD = "team_lead", _("组长")
    MANAGER = "manager", _("主管")
    QUALITY = "quality", _("质检")
    INVESTIGATOR = "investigator", _("调查")
    LEGAL = "legal", _("法务")
    ANALYST = "analyst", _("风险分析")
    COMPLIANCE = "compliance", _("合规")
    FINANCE = "finance", _("财务")
    FUNDER = "funder", _("资金方")
    AGENCY = "agency", _("委外机构")
    OPERATOR = "operator", _("系统运行")
    ADMIN = "admin", _("管理员")
    AUDITOR = "auditor", _("审计")


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=username)


class User(AbstractBaseUser):
    """``system`` acts for unattended runs and has no password."""

    username = models.CharField(
        _("用户名"), max_length=64, unique=True, validators=[UnicodeUsernameValidator()]
    )
    display_name = models.CharField(_("姓名"), max_length=64, blank=True)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(_("在用"), default=True)
    created_at = models.DateTimeField(db_default=Now())

    is_staff = False
    is_superuser = False
    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")

    def __str__(self) -> str:
        if self.username == SYSTEM_USERNAME:
            return gettext("系统")
        return self.display_name or self.username

    def has_perm(self, permission: str, target: object = None) -> bool:
        """Ask the rules; see ``access.rules`` for who may do what."""
        from daihou.web.access import queries  # noqa: PLC0415  The rules read these models.

        return queries.may(user=self, permission=permission, target=target)


class RoleGrant(models.Model):
    """One role of one user. An empty book name means every book; no funder means every funder."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(_("角色"), max_length=16, choices=Role)
    book_name = models.CharField(_("账簿"), max_length=64, blank=True)
    funder = models.ForeignKey(
        "parties.Party", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("授权")
        verbose_name_plural = _("授权")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "book_name", "funder"],
                nulls_distinct=False,
                name="access_rolegrant_once",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values), name="access_rolegrant_role_known"
            ),
            models.CheckConstraint(
                condition=~Q(role=Role.FUNDER) | Q(funder__isnull=False),
                name="access_rolegrant_funder_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user.username}: {self.role} @ {self.book_name or '*'}"


class Looks(models.Model):
    """How many persons' data a user had shown to her in plain on one day."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    on = models.DateField(_("日期"))
    count = models.PositiveIntegerField(_("次数"))

    class Meta:
        verbose_name = _("查看明文次数")
        verbose_name_plural = _("查看明文次数")
        constraints = [
            models.UniqueConstraint(fields=["user", "on"], name="access_looks_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.on}: {self.count}"
