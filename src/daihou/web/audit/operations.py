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
