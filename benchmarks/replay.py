"""Replay of a generated book: 24 month ends of every loan, and the position of one."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import generate, machine
from daihou.core.events import Event, Kind
from daihou.core.position import position
from daihou.core.terms import Contract, FreeDue, Method
from daihou.engine import arrays, frames, layout, replay
from daihou.engine.book import Book

MONTH_ENDS = 24
REPEATS = 5
THREADS = os.cpu_count()


def month_ends(last: date, count: int) -> list[date]:
    """Return the last days of the months before a day, newest first."""
    days, day = [], last.replace(day=1) - timedelta(days=1)
    while len(days) < count:
        days.append(day)
        day = day.replace(day=1) - timedelta(days=1)
    return days


def many_month_ends(*, folder: Path) -> dict[str, object]:
    """Fold a book of three-year loans through 24 month ends: held in memory, and from its shards.

    ``kernel`` leaves the figures in arrays, ``in_memory`` makes the ordered frame of them,
    ``from_shards`` is ``replay.history`` with the reading.
    """
    book = generate.make_book(size=generate.LONG, root=folder)
    days = sorted(month_ends(generate.BUSINESS_DATE, MONTH_ENDS))
    numbers = [arrays.day_number(day) for day in days]
    shards = [_held(book, shard) for shard in range(generate.LONG.shards)]

    def fold(shard: arrays.ShardArrays) -> tuple[layout.Minor, layout.History]:
        chosen = np.arange(shard.loan_ids.size)
        into = arrays.fold_arrays(shard=shard, chosen=chosen, snapshots=numbers)
        return shard.loan_ids, into.history

    def fold_all() -> list[tuple[layout.Minor, layout.History]]:
        with ThreadPoolExecutor(max_workers=THREADS) as pool:
            return list(pool.map(fold, shards))

    def frame() -> pl.DataFrame:
        return frames.history(parts=fold_all(), days=np.array(numbers, dtype=np.int32))

    found: dict[str, object] = {
        "month_ends": MONTH_ENDS,
        "instalments": sum(shard.dues.due_on.size for shard in shards),
        "payments": sum(shard.payments.on.size for shard in shards),
        "kernel": _best(fold_all),
        "in_memory": _best(frame),
    }
    shards.clear()
    found["from_shards"] = _best(lambda: replay.history(book=book, dates=days))
    found["rows"] = replay.history(book=book, dates=days).height
    return found


def _held(book: Book, shard: int) -> arrays.ShardArrays:
    tables = book.read_shard(shard=shard)
    return arrays.shard_arrays(
        loans=tables.loans, dues=tables.dues, payments=tables.payments, rule_rows=tables.rules
    )


def _best(run: Callable[[], object]) -> dict[str, float]:
    seconds, processor_seconds = [], []
    for _ in range(REPEATS):
        begun, used = time.perf_counter(), machine.cpu_seconds()
        run()
        seconds.append(time.perf_counter() - begun)
        processor_seconds.append(machine.cpu_seconds() - used)
    return {"seconds": round(min(seconds), 3), "cpu_seconds": round(min(processor_seconds), 3)}


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
