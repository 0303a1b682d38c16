"""Keep the holiday calendars that tapes bring: days are added to a calendar, never taken away."""

from typing import Any

import polars as pl
from psycopg import Connection

from daihou.core.terms import Calendar
from daihou.web.ledger.models import Book


def put_calendars(
    connection: Connection[Any], *, book: Book, rows: pl.DataFrame
) -> dict[str, Calendar]:
    """Add the days of a tape (``canonical.Calendars``); return all calendars of the book."""
    days = rows.group_by("calendar").agg("closed_on").sort("calendar")
    for name, closed_on in days.iter_rows():
        connection.execute(
            "INSERT INTO loans_holidaycalendar AS held (book_id, name, closed_on)"
            " SELECT %s, %s, array_agg(DISTINCT day ORDER BY day) FROM unnest(%s::date[]) day"
            " ON CONFLICT (book_id, name) DO UPDATE SET closed_on = (SELECT"
            "  array_agg(DISTINCT day ORDER BY day)"
            "  FROM unnest(held.closed_on || EXCLUDED.closed_on) day)",
            (book.pk, name, closed_on),
        )
    held = connection.execute(
        "SELECT name, closed_on FROM loans_holidaycalendar WHERE book_id = %s", (book.pk,)
    ).fetchall()
    return {name: Calendar(name=name, closed_on=frozenset(days)) for name, days in held}
