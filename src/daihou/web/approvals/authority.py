"""The authority matrix: who decides on how much, since when; read, changed, seeded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.state import StateApps

from daihou.web.access.models import Role, User
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.approvals.models import Authority
from daihou.web.audit import operations as audit

SEEDED_FROM = date(2000, 1, 1)
SEED_REASON = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """``checkers`` people of ``roles`` from an amount on; none: carried out when asked for."""

    checkers: int
    roles: tuple[str, ...] = ()
    from_minor: int = 0
    is_each_role: bool = False  # Each in another of the roles.


def authority_on(*, kind: str, currency: str, amount_minor: int | None, on: date) -> Authority:
    """Return the row in force for an amount on a day; no amount counts as nothing.

    :raises ApprovalRefused: ``approval.nobody_may``.
    """
    rows = Authority.objects.filter(kind=kind, valid_from__lte=on)
    for of_currency in (currency, ""):
        newest = rows.filter(currency=of_currency).order_by("-valid_from").first()
        if newest is None:
            continue
        found = (
            rows.filter(
                currency=of_currency,
                valid_from=newest.valid_from,
                from_minor__lte=amount_minor or 0,
            )
            .order_by("-from_minor")
            .first()
        )
        if found is not None:
            return found
    raise ApprovalRefused("approval.nobody_may", kind=kind, on=on)


def set_authority(
    *,
    kind: str,
    valid_from: date,
    bands: Sequence[Band],
    reason: str,
    acting_user: User,
    currency: str = "",
) -> tuple[Authority, ...]:
    """Replace who decides on a kind, from a day on; earlier days stay as they were.

    :raises ApprovalRefused: ``authority.bands_missing``, ``authority.role_unknown``,
        ``authority.checkers_without_roles``, ``authority.set_already``,
        ``approval.reason_missing``.
    """
    if not reason.strip():
        raise ApprovalRefused("approval.reason_missing")
    check_bands(bands)
    try:
        with transaction.atomic():
            rows = Authority.objects.bulk_create(
                Authority(
                    kind=kind,
                    currency=currency,
                    valid_from=valid_from,
                    from_minor=band.from_minor,
                    roles=list(band.roles),
                    checkers=band.checkers,
                    is_each_role=band.is_each_role,
                    reason=reason.strip(),
                    added_by=acting_user,
                )
                for band in bands
            )
            audit.record(
                acting_user=acting_user,
                action="authority.set",
                target_type="authority",
                target_id=kind,
                details={"valid_from": valid_from.isoformat(), "bands": len(rows)},
            )
    except IntegrityError as exception:
        raise ApprovalRefused(
            "authority.set_already", kind=kind, valid_from=valid_from
        ) from exception
    return tuple(rows)


def check_bands(bands: Sequence[Band]) -> None:
    """Refuse bands that leave amounts out, name nobody, or ask for more people than roles.

    :raises ApprovalRefused: see ``set_authority``.
    """
    if not bands or min(band.from_minor for band in bands) != 0:
        raise ApprovalRefused("authority.bands_missing")
    for band in bands:
        unknown = set(band.roles) - set(Role.values)
        if unknown:
            raise ApprovalRefused("authority.role_unknown", role=", ".join(sorted(unknown)))
        needed = band.checkers if band.is_each_role else min(band.checkers, 1)
        if len(set(band.roles)) < needed:
            raise ApprovalRefused("authority.checkers_without_roles")


def seed(*, bands: dict[str, tuple[Band, ...]]) -> RunPython:
    """Return the migration step that gives kinds their first authority, by the system user."""

    def put(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        alias = schema_editor.connection.alias
        rows: Any = apps.get_model("approvals", "Authority").objects.using(alias)
        users: Any = apps.get_model("access", "User").objects.using(alias)
        system = users.get(username="system")
        for kind, of_kind in bands.items():
            for band in of_kind:
                rows.create(
                    kind=kind,
                    valid_from=SEEDED_FROM,
                    from_minor=band.from_minor,
                    roles=list(band.roles),
                    checkers=band.checkers,
                    is_each_role=band.is_each_role,
                    reason=SEED_REASON,
                    added_by=system,
                )

    return RunPython(put, RunPython.noop)
