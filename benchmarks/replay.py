"""Replay of a generated book: 24 month ends of every loan, and the position of one."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from benchmarks import generate
from daihou.core.events import Event, Kind
from daihou.core.position import position
from daihou.core.terms import Contract, FreeDue, Method
from daihou.engine import replay
from daihou.engine.book import Book

MONTH_ENDS = 24


def month_ends(last: date, count: int) -> list[date]:
    """Return the last days of the months before a day, newest first."""
    days, day = [], last.replace(day=1) - timedelta(days=1)
    while len(days) < count:
        days.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return days


def many_month_ends(*, book: Book) -> dict[str, object]:
    """Read the book and fold it through 24 month ends."""
    days = month_ends(generate.BUSINESS_DATE, MONTH_ENDS)
    seconds, rows = [], 0
    for _ in range(3):
        begun = time.perf_counter()
        rows = replay.history(book=book, dates=days).height
        seconds.append(time.perf_counter() - begun)
    return {"seconds": round(min(seconds), 3), "month_ends": MONTH_ENDS, "rows": rows}


def one_position() -> dict[str, object]:
    """Fold one loan of 12 instalments and 14 payments with the reference, many times."""
    start_on = date(2025, 1, 31)
    dues = tuple(
        FreeDue(
            due_on=start_on + timedelta(days=30 * n), principal_minor=100_000, interest_minor=1_500
        )
        for n in range(1, 13)
    )
    contract = Contract(
        loan_ref="L1",
        currency="CNY",
        minor_digits=2,
        principal_minor=1_200_000,
        start_on=start_on,
        terms=replace(generate.TERMS, method=Method.FREE, free_dues=dues, instalment_count=1),
    )
    events = [_event(Kind.DISBURSED, 0, start_on, 1_200_000)]
    events += [
        _event(Kind.PAYMENT_RECEIVED, n, start_on + timedelta(days=27 * n), 70_000)
        for n in range(1, 15)
    ]
    count = 200
    begun = time.perf_counter()
    for n in range(count):
        position(contract=contract, events=events, as_of=date(2026, 1, 1) + timedelta(days=n))
    seconds = (time.perf_counter() - begun) / count
    return {"milliseconds": round(seconds * 1000, 3), "instalments": 12, "payments": 14}


def _event(kind: Kind, number: int, on: date, amount_minor: int) -> Event:
    at = datetime(on.year, on.month, on.day, tzinfo=UTC)
    return Event(
        kind=kind,
        effective_on=on,
        recorded_at=at,
        sequence=number,
        key=str(number),
        amount_minor=amount_minor,
    )
