"""Who works on what at this instant, and since when nothing was done."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from daihou.web.access.models import User
from daihou.web.ledger.models import Book
from daihou.web.supervision import statements
from daihou.web.supervision.figures import period


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
    is_away: bool

    def idle(self, *, now: datetime, began_at: datetime | None = None) -> timedelta | None:
        """Tell how long nothing was done; None for who is on a call or away.

        Who has done nothing today is idle since ``began_at``, when the day's work began.
        """
        since = self.last_deed_at or began_at
        if since is None or self.is_calling or (self.is_away and self.last_deed_at is None):
            return None
        return max(now - since, timedelta())


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
            is_away=away_until is not None and away_until >= today,
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
            away_until,
        ) in rows
    )


def began_at(*, book: Book, today: date) -> datetime | None:
    """Return when the first deed of anybody in a book's day was done; none was yet: none."""
    with connection.cursor() as cursor:
        cursor.execute(statements.BEGAN, period(book=book, from_on=today, through_on=today))
        (found,) = cursor.fetchone()
    return found  # type: ignore[no-any-return]  # A timestamp of the database, or nothing.
