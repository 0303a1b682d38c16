"""How the queue stands, by task and state."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min
from procrastinate.contrib.django.models import ProcrastinateJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    task: str
    state: str  # As procrastinate names it: waiting jobs first, then doing, then how they ended.
    count: int
    oldest_scheduled_at: datetime | None


def standing() -> tuple[Standing, ...]:
    """Count jobs by task and state."""
    rows = (
        ProcrastinateJob.objects.values("task_name", "status")
        .annotate(count=Count("id"), oldest=Min("scheduled_at"))
        .order_by("task_name", "status")
    )
    return tuple(
        Standing(
            task=row["task_name"],
            state=row["status"],
            count=row["count"],
            oldest_scheduled_at=row["oldest"],
        )
        for row in rows
    )
