"""What the timeline of a case is told of its visits."""

from collections.abc import Sequence

from daihou.web.cases import timeline
from daihou.web.cases.timeline import Asked, Entry, before
from daihou.web.visits.models import Visit
from daihou.web.visits.queries import note_of


def register() -> None:
    """Let the timeline be told; called in ``AppConfig.ready``."""
    timeline.register("visits", visits)


def visits(asked: Asked) -> Sequence[Entry]:
    """Tell each visit once, at the beginning of its window, as it stands now."""
    found = Visit.objects.filter(case_id=asked.case.pk).select_related("lead", "report")
    return [_entry(row) for row in before(found, at="begins_at", asked=asked)]


def _entry(row: Visit) -> Entry:
    report = getattr(row, "report", None)
    return Entry(
        source="visits",
        kind=row.state if report is None else report.outcome,
        at=row.begins_at,
        key=row.pk,
        label=Visit._meta.verbose_name or "",  # noqa: SLF001  Django's.
        actor=row.lead,
        text=row.goal if report is None else note_of(report) or row.goal,
        facts={
            "state": row.get_state_display() if report is None else report.get_outcome_display(),
            "channel": "visit",
        },
        target=("visit", row.pk),
    )
