"""Take back what waits in the outbox."""

from datetime import datetime

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.contacts.models import Outbox, OutboxState, Outcome, OutcomeKind


def withdraw(*, rows: list[Outbox], reason: str, at: datetime, acting_user: User) -> int:
    """Take back waiting rows that the caller holds locked, under their person's lock."""
    for row in rows:
        Outcome.objects.create(
            permit_id=row.pk,
            outcome=OutcomeKind.WITHDRAWN,
            at=at,
            reference=reason,
            is_first=True,
            acting_user=acting_user,
        )
    Outbox.objects.filter(pk__in=[row.pk for row in rows]).update(
        state=OutboxState.DONE, content="", live_subject=None, live_recipient=None
    )
    for row in rows:
        audit.record(
            acting_user=acting_user,
            action="contact.withdraw",
            target_type="permit",
            target_id=row.pk,
            details={"reason": reason},
        )
    return len(rows)
