"""Add people, change what they may do, lock them out."""

import secrets
from collections.abc import Sequence

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from daihou.errors import DaihouError
from daihou.web.access.models import Role, RoleGrant, User
from daihou.web.audit import operations as audit
from daihou.web.parties.models import Party

SECOND_FACTOR_SECRETS = {"secret", "seed"}  # Where allauth keeps them: TOTP, recovery codes.


@transaction.atomic
def add_user(
    *,
    username: str,
    roles: Sequence[str],
    acting_user: User,
    display_name: str = "",
    book_name: str = "",
    funder: Party | None = None,
) -> tuple[User, str]:
    """Add a user and return her with the password made for her; it is stored nowhere in plain.

    :raises DaihouError: ``user.exists``, ``user.name_invalid``, ``role.unknown``,
        ``role.needs_funder``.
    """
    password = secrets.token_urlsafe(12)
    user = User(username=username, display_name=display_name)
    user.set_password(password)
    try:
        user.clean_fields()
    except ValidationError as exception:
        raise DaihouError("user.name_invalid", username=username) from exception
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as exception:
        raise DaihouError("user.exists", username=username) from exception
    audit.record(acting_user=acting_user, action="user.add", target_type="user", target_id=user.pk)
    for role in roles:
        grant_role(
            user=user, role=role, book_name=book_name, funder=funder, acting_user=acting_user
        )
    return user, password


@transaction.atomic
def grant_role(
    *, user: User, role: str, acting_user: User, book_name: str = "", funder: Party | None = None
) -> RoleGrant:
    """Give a user a role: everywhere, on one book, or on one funder's loans.

    :raises DaihouError: ``role.unknown``, ``role.needs_funder``, ``role.to_oneself``.
    """
    if acting_user.pk == user.pk:
        raise DaihouError("role.to_oneself")
    if role not in Role.values:
        raise DaihouError("role.unknown", role=role, known=", ".join(Role.values))
    if role == Role.FUNDER and funder is None:
        raise DaihouError("role.needs_funder")
    grant, is_new = RoleGrant.objects.get_or_create(
        user=user, role=role, book_name=book_name, funder=funder
    )
    if is_new:
        audit.record(
            acting_user=acting_user,
            action="role.grant",
            target_type="user",
            target_id=user.pk,
            details={"role": role, "book": book_name, "funder_id": funder.pk if funder else None},
        )
    return grant


@transaction.atomic
def withdraw_role(*, grant: RoleGrant, acting_user: User) -> None:
    """Take a role away again."""
    details = {"role": grant.role, "book": grant.book_name, "funder_id": grant.funder_id}
    user_id = grant.user_id
    grant.delete()
    audit.record(
        acting_user=acting_user,
        action="role.withdraw",
        target_type="user",
        target_id=user_id,
        details=details,
    )


@transaction.atomic
def set_active(*, user: User, is_active: bool, acting_user: User) -> None:
    """Lock a user out, or let her in again; her open sessions end at once.

    :raises DaihouError: ``user.not_oneself``.
    """
    if acting_user.pk == user.pk:
        raise DaihouError("user.not_oneself")
    _end_sessions(user)
    User.objects.filter(pk=user.pk).update(is_active=is_active)
    user.is_active = is_active
    audit.record(
        acting_user=acting_user,
        action="user.activate" if is_active else "user.deactivate",
        target_type="user",
        target_id=user.pk,
    )


@transaction.atomic
def reset_password(*, user: User, acting_user: User) -> str:
    """Give a user a new password, and return it; her sessions end."""
    password = secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    _end_sessions(user)
    audit.record(
        acting_user=acting_user,
        action="user.reset_password",
        target_type="user",
        target_id=user.pk,
    )
    return password


@transaction.atomic
def end_sessions(
    *, user: User, acting_user: User, session_id: int | None = None, but_key: str | None = None
) -> int:
    """End a user's sessions, or one of them, but for the one of a key; return how many."""
    ended = _end_sessions(user, session_id=session_id, but_key=but_key)
    audit.record(
        acting_user=acting_user,
        action="session.end",
        target_type="user",
        target_id=user.pk,
        details={"sessions": ended},
    )
    return ended


@transaction.atomic
def remove_second_factors(*, user: User, acting_user: User) -> int:
    """Take away what a user proves herself with beside her password: it was lost.

    :raises DaihouError: ``user.not_oneself``.
    """
    if acting_user.pk == user.pk:
        raise DaihouError("user.not_oneself")
    removed, _ = Authenticator.objects.filter(user_id=user.pk).delete()
    _end_sessions(user)
    audit.record(
        acting_user=acting_user,
        action="second_factor.remove",
        target_type="user",
        target_id=user.pk,
        details={"factors": removed},
    )
    return int(removed)


def _end_sessions(user: User, *, session_id: int | None = None, but_key: str | None = None) -> int:
    found = UserSession.objects.filter(user_id=user.pk)
    if session_id is not None:
        found = found.filter(pk=session_id)
    ended = 0
    for session in found.exclude(session_key=but_key or ""):
        session.end()
        ended += 1
    return ended


@transaction.atomic
def encrypt_second_factors_again(*, acting_user: User) -> int:
    """Encrypt the secrets of second factors with the newest key."""
    adapter = get_adapter()
    changed = 0
    for factor in Authenticator.objects.select_for_update().order_by("pk"):
        for name in SECOND_FACTOR_SECRETS & set(factor.data):
            factor.data[name] = adapter.encrypt(adapter.decrypt(factor.data[name]))
            changed += 1
        factor.save(update_fields=["data"])
    audit.record(
        acting_user=acting_user,
        action="second_factor.encrypt_again",
        target_type="key",
        target_id="newest",
        details={"secrets": changed},
    )
    return changed
