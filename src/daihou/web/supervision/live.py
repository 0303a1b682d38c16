"""Who works on what at this instant, and since when nothing was done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.supervision import statements
from daihou.web.supervision.figures import period

IDLE_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """``in_hand`` is the case locked by the collector, if any."""

    user: User
    team: str
    open_cases: int
    capacity: int
    in_hand: int | None
    is_calling: bool
    last_contact_at: datetime | None
    last_deed_at: datetime | None

    def idle(self, *, now: datetime) -> timedelta | None:
        """Tell how long nothing was done; None for who has not begun today or is on a call."""
        if self.last_deed_at is None or self.is_calling:
            return None
        return max(now - self.last_deed_at, timedelta())


def seats(*, book: Book, today: date, now: datetime) -> tuple[Seat, ...]:
    """Return every active collector, by team."""
    with connection.cursor() as cursor:
        values = period(book=book, from_on=today, through_on=today)
        cursor.execute(statements.LIVE, {**values, "now": now})
        rows = cursor.fetchall()
    users = User.objects.in_bulk([row[0] for row in rows])
    return tuple(
        Seat(
            user=users[user_id],
            team=team,
            open_cases=open_cases,
            capacity=capacity,
            in_hand=in_hand,
            last_contact_at=last_contact_at,
            last_deed_at=last_deed_at,
            is_calling=is_calling,
        )
        for (
            user_id,
            team,
            open_cases,
            capacity,
            in_hand,
            last_contact_at,
            last_deed_at,
            is_calling,
        ) in rows
    )
