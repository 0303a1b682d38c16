"""Write the audit. Every operation of every app calls ``record`` once, in its own transaction."""

from collections.abc import Mapping

from daihou.web.access.models import User
from daihou.web.audit.models import AuditRow


def record(
    *,
    acting_user: User,
    action: str,
    target_type: str,
    target_id: object,
    details: Mapping[str, object] | None = None,
) -> None:
    """Note one write: ``action`` is ``noun.verb``; ``details`` is JSON without personal data."""
    AuditRow.objects.create(
        acting_user=acting_user,
        action=action,
        target_type=target_type,
        target_id=str(target_id),
        details=dict(details or {}),
    )


def record_sql(*, action: str, target_type: str, target: str, acting_user: str) -> str:
    """Return the statement that notes a write made in the same statement.

    ``target`` names a table expression with the new row's ``id``, ``acting_user`` a parameter.
    """
    return (
        "INSERT INTO audit_auditrow (acting_user_id, action, target_type, target_id, details)"  # noqa: S608
        f" SELECT {acting_user}, '{action}', '{target_type}', id::text, '{{}}'::jsonb FROM {target}"
    )
