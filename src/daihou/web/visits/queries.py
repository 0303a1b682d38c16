"""Read visits: of a day, of a collector, in the order of a route; open what was sealed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from daihou.collect.route import Place, Stop, order
from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.parties import encryption
from daihou.web.visits.models import Report, State, Visit

SHOWN_WITH = (
    "book",
    "case",
    "party",
    "contact_point",
    "lead",
    "companion",
    "permit",
    "check_in",
    "report",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A visit in its turn; ``meters`` from the one before, None where a place is unknown."""

    visit: Visit
    turn_no: int
    meters: int | None


def open_visits() -> QuerySet[Visit]:
    """Query visits that are planned or under way."""
    return Visit.objects.filter(state__in=(State.PLANNED, State.UNDER_WAY))


def of_day(*, book: Book, on: date) -> QuerySet[Visit]:
    """Query the visits of a day in the book's own time zone, by their beginning."""
    begins, ends = book.span(first_on=on, last_on=on)
    found = Visit.objects.filter(book=book, begins_at__gte=begins, begins_at__lt=ends)
    return found.select_related(*SHOWN_WITH).order_by("begins_at", "pk")


def hers(*, found: QuerySet[Visit], user: User) -> QuerySet[Visit]:
    """Narrow visits to those that a collector makes, leading or joining."""
    return found.filter(Q(lead=user) | Q(companion=user))


def route(*, visits: Sequence[Visit], start: Place | None = None) -> list[Turn]:
    """Put open visits into the order of a route; those that have ended come last, as they were."""
    live = [each for each in visits if each.state in {State.PLANNED, State.UNDER_WAY}]
    by_key = {str(each.pk): each for each in live}
    legs = order(stops=[_stop(each) for each in live], start=start)
    turns = [
        Turn(visit=by_key[leg.stop.key], turn_no=number, meters=leg.meters)
        for number, leg in enumerate(legs, start=1)
    ]
    ended = [each for each in visits if str(each.pk) not in by_key]
    return turns + [
        Turn(visit=each, turn_no=number, meters=None)
        for number, each in enumerate(ended, start=len(turns) + 1)
    ]


def _stop(visit: Visit) -> Stop:
    by = visit.begins_at if visit.is_appointment else visit.ends_at
    turn = by.astimezone(ZoneInfo(visit.book.time_zone))
    return Stop(
        key=str(visit.pk),
        district=visit.district,
        place=place_of(visit),
        by_minute=turn.hour * 60 + turn.minute,
    )


def sealed_as(key: UUID, what: str) -> str:
    """Name the place that a sealed text of a visit belongs to."""
    return f"visits_visit|{what}|{key}"


def place_of(visit: Visit) -> Place | None:
    """Open the place of a planned visit."""
    return _opened(visit.sealed_place, visit.key, "place")


def arrived_at(visit: Visit) -> Place | None:
    """Open where its collectors checked in."""
    return _opened(visit.check_in.sealed_place, visit.key, "check_in")


def note_of(report: Report) -> str:
    """Open what a report tells."""
    if not report.sealed_note:
        return ""
    place = sealed_as(report.visit.key, "note")
    return encryption.open_text(sealed=report.sealed_note, place=place)


def _opened(sealed: str, key: UUID, what: str) -> Place | None:
    if not sealed:
        return None
    text = encryption.open_text(sealed=sealed, place=sealed_as(key, what))
    latitude, longitude = (int(part) for part in text.split(","))
    return Place(latitude=latitude, longitude=longitude)
