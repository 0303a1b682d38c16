"""The days on which a book is looked at month by month."""

from datetime import date, timedelta


def month_end_before(day: date) -> date:
    """Give the last day of the month before.

    >>> month_end_before(date(2026, 3, 31))
    datetime.date(2026, 2, 28)
    """
    return day.replace(day=1) - timedelta(days=1)


def month_ends(*, first_on: date, last_on: date) -> list[date]:
    """List the month ends from one day to another, the last day itself included.

    >>> month_ends(first_on=date(2026, 1, 15), last_on=date(2026, 3, 10))
    [datetime.date(2026, 1, 31), datetime.date(2026, 2, 28), datetime.date(2026, 3, 10)]
    """
    found = [last_on]
    while (day := month_end_before(found[-1])) >= first_on:
        found.append(day)
    return found[::-1]
