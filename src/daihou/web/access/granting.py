"""Rights that two people give: who asks for a sensitive role, or for a lost second factor, is one.

Sensitive is a role that administers, moves money, lifts what protects people, or takes data out;
and any role that would join in one person what ``queries.SEPARATE`` keeps apart.
"""

from django.utils.translation import gettext as _, gettext_lazy

from daihou.errors import DaihouError
from daihou.web.access import operations, queries
from daihou.web.access.models import Role, User
from daihou.web.approvals import operations as approvals, registry
from daihou.web.approvals.models import Approval
from daihou.web.parties.models import Party

GRANT, FACTOR = "role.grant", "second_factor.remove"
GRANT_LABEL = gettext_lazy("Role for a user")
FACTOR_LABEL = gettext_lazy("Lost second factor")


def ask_for_role(
    *,
    user: User,
    role: str,
    reason: str,
    acting_user: User,
    book_name: str = "",
    funder: Party | None = None,
) -> Approval | None:
    """Give a role, or, where it is sensitive, ask a second person to; return what was asked.

    :raises DaihouError: ``role.unknown``, ``role.needs_funder``, ``role.to_oneself``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    if user.pk == acting_user.pk:
        raise DaihouError("role.to_oneself")
    if role not in Role.values:
        raise DaihouError("role.unknown", role=role[:20], known=", ".join(Role.values))
    if role == Role.FUNDER and funder is None:
        raise DaihouError("role.needs_funder")
    if not needs_second_person(user=user, role=role):
        operations.grant_role(
            user=user, role=role, book_name=book_name, funder=funder, acting_user=acting_user
        )
        return None
    return approvals.request(
        kind=GRANT,
        book=None,
        target_type="user",
        target_id=user.pk,
        payload={"role": role, "book": book_name, "funder_id": funder.pk if funder else None},
        reason=reason,
        acting_user=acting_user,
    )


def needs_second_person(*, user: User, role: str) -> bool:
    """Tell whether one administrator alone may not give this user this role."""
    return role in queries.SENSITIVE_ROLES or bool(new_conflicts(user=user, role=role))


def new_conflicts(*, user: User, role: str) -> tuple[tuple[str, str], ...]:
    """Name the pairs of rights that only this further role would join in the user."""
    held = set(user.grants.values_list("role", flat=True))
    before = queries.conflicts(held)
    return tuple(pair for pair in queries.conflicts(held | {role}) if pair not in before)


def ask_to_remove_factors(*, user: User, reason: str, acting_user: User) -> Approval:
    """Ask a second person to let a user in without the second factor that she lost.

    :raises DaihouError: ``user.not_oneself``.
    :raises ApprovalRefused: as ``approvals.operations.request``.
    """
    if user.pk == acting_user.pk:
        raise DaihouError("user.not_oneself")
    return approvals.request(
        kind=FACTOR,
        book=None,
        target_type="user",
        target_id=user.pk,
        payload={},
        reason=reason,
        acting_user=acting_user,
    )


def new_password(*, user: User, acting_user: User) -> str:
    """Give a user a new password, unless it would be enough to act as her in a sensitive role.

    :raises DaihouError: ``user.not_oneself``, ``user.reset_at_command_line``.
    """
    if user.pk == acting_user.pk:
        raise DaihouError("user.not_oneself")
    roles = set(user.grants.values_list("role", flat=True))
    if roles & queries.SENSITIVE_ROLES and not queries.has_second_factor(user):
        raise DaihouError("user.reset_at_command_line")
    return operations.reset_password(user=user, acting_user=acting_user)


def _grant(approval: Approval, acting_user: User) -> None:
    payload = approval.payload
    funder = Party.objects.get(pk=payload["funder_id"]) if payload["funder_id"] else None
    operations.grant_role(
        user=_user(approval),
        role=payload["role"],
        book_name=payload["book"],
        funder=funder,
        acting_user=acting_user,
    )


def _remove(approval: Approval, acting_user: User) -> None:
    operations.remove_second_factors(user=_user(approval), acting_user=acting_user)


def _user(approval: Approval) -> User:
    return User.objects.get(pk=int(approval.target_id))


def _describe_grant(approval: Approval) -> registry.Description:
    user, role = _user(approval), approval.payload["role"]
    facts = [
        (_("User"), user.username),
        (_("Role"), str(Role(role).label)),
        (_("Book"), approval.payload["book"] or _("every book")),
        (_("Funder"), str(approval.payload["funder_id"] or "–")),
    ]
    facts += [
        (_("Would join what is kept apart"), " + ".join(pair))
        for pair in new_conflicts(user=user, role=role)
    ]
    return registry.Description(title=f"{user.username} · {Role(role).label}", facts=tuple(facts))


def _describe_removal(approval: Approval) -> registry.Description:
    user = _user(approval)
    return registry.Description(
        title=f"{FACTOR_LABEL} · {user.username}", facts=((_("User"), user.username),)
    )


def register() -> None:
    """Make both known to the approvals."""
    registry.register(kind=GRANT, label=GRANT_LABEL, carry_out=_grant, describe=_describe_grant)
    registry.register(
        kind=FACTOR, label=FACTOR_LABEL, carry_out=_remove, describe=_describe_removal
    )
