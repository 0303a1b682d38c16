"""Read the audit: what was written by whom, where it stands in the sealed log, the log's head."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from daihou.web.audit.models import AuditRow, Head, Leaf, Unsealed
from daihou.web.audit.sources import AUDIT_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Rows from an instant to before another; an empty text asks for all.

    ``action`` is how its name begins; ``before`` is the number of the last row seen already.
    """

    from_at: datetime
    until_at: datetime
    username: str = ""
    action: str = ""
    target_type: str = ""
    target_id: str = ""
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogState:
    """``waiting`` rows are written and not sealed yet; ``head`` is None where none is."""

    head: Head | None
    waiting: int

    @property
    def root(self) -> str:
        return bytes(self.head.root).hex() if self.head else ""


def rows(*, asked: Asked) -> QuerySet[AuditRow]:
    """Query the rows asked for, the newest first."""
    found = AuditRow.objects.filter(at__gte=asked.from_at, at__lt=asked.until_at)
    exact = {
        "acting_user__username": asked.username,
        "action__startswith": asked.action,
        "target_type": asked.target_type,
        "target_id": asked.target_id,
    }
    found = found.filter(**{name: text for name, text in exact.items() if text})
    if asked.before is not None:
        found = found.filter(pk__lt=asked.before)
    return found.select_related("acting_user").order_by("-pk")


def places(*, row_ids: Iterable[int]) -> dict[int, int]:
    """Find the place in the log of each row that is sealed."""
    found = Leaf.objects.filter(source=AUDIT_ROWS.name, row_id__in=list(row_ids))
    return dict(found.values_list("row_id", "number"))


def log_state() -> LogState:
    return LogState(head=Head.objects.order_by("-size").first(), waiting=Unsealed.objects.count())
