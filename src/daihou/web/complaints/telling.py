"""What the timeline of a case is told of complaints: not the words, which have their own right."""

from collections.abc import Sequence

from daihou.web.cases import timeline
from daihou.web.cases.timeline import Asked, Entry, before
from daihou.web.complaints.models import Complaint
from daihou.web.parties import queries as parties


def register() -> None:
    """Let the timeline be told; called in ``AppConfig.ready``."""
    timeline.register("complaints", complaints)


def complaints(asked: Asked) -> Sequence[Entry]:
    """Tell each complaint or dispute of the person in this book, as it stands now."""
    hers = parties.family_ids(party=asked.case.party)
    found = Complaint.objects.filter(book_id=asked.case.book_id, party_id__in=hers)
    rows = before(found.select_related("recorded_by"), at="received_at", asked=asked)
    return [_entry(row) for row in rows]


def _entry(row: Complaint) -> Entry:
    return Entry(
        source="complaints",
        kind=row.nature,
        at=row.received_at,
        key=row.pk,
        label=f"{row.get_nature_display()} · {row.get_topic_display()}",
        actor=row.recorded_by,
        facts={"state": row.get_state_display()},
        target=("complaint", row.pk),
    )
