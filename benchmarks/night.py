"""The night of a generated book: the kernel in memory, and from shards on disk to deltas."""

import gc
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import generate, machine
from daihou.engine import arrays, end_of_day, night
from daihou.engine.book import Book
from daihou.engine.tables import NewFacts

REPEATS = 3


def stage_night(*, book: Book, size: generate.Size, staged: Path) -> list[night.Task]:
    """Lay down what is told on the business date; return the night's tasks."""
    tasks = []
    for shard in range(size.shards):
        told = pl.read_parquet(generate.told_path(book.root, shard))
        night.stage(staged=staged, shard=shard, new=NewFacts(payments=told))
        tasks.append(
            night.Task(
                book=book,
                staged=staged,
                shard=shard,
                from_on=generate.BEFORE,
                to_on=generate.BUSINESS_DATE,
            )
        )
    return tasks


def kernel_in_memory(*, book: Book, size: generate.Size) -> dict[str, object]:
    """Fold the night of every shard held in memory: the stages, and the kernel over every loan."""
    held = [
        (
            book.read_for_night(shard=shard, from_on=generate.BEFORE, to_on=generate.BUSINESS_DATE),
            NewFacts(payments=pl.read_parquet(generate.told_path(book.root, shard))),
        )
        for shard in range(size.shards)
    ]
    stages = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        for tables, new in held:
            end_of_day.run_shard(
                tables=tables,
                new=new,
                currency="CNY",
                from_on=generate.BEFORE,
                to_on=generate.BUSINESS_DATE,
            )
        stages.append(time.perf_counter() - begun)
    touched, every = _kernel_seconds(held)
    return {
        "night_stages_seconds": round(min(stages), 3),
        "kernel_touched_loans_seconds": round(touched, 3),
        "kernel_every_loan_seconds": round(every, 3),
    }


def _kernel_seconds(held: list[tuple]) -> tuple[float, float]:
    day = arrays.day_number(generate.BUSINESS_DATE)
    touched_seconds = every_seconds = 0.0
    for tables, new in held:
        payments = pl.concat([tables.payments, new.payments]).sort("loan_id", "effective_on")
        shard = arrays.shard_arrays(
            loans=tables.loans, dues=tables.dues, payments=payments, rule_rows=tables.rules
        )
        is_touched = end_of_day.is_touched(new, generate.BUSINESS_DATE)
        touched = np.flatnonzero(tables.loans.select(is_touched).to_series().to_numpy())
        options = {"snapshots": (day,), "window": (day - 1, day), "keeps_dues": True}
        for chosen, name in ((touched, "touched"), (np.arange(tables.loans.height), "every")):
            seconds = []
            for _ in range(REPEATS):
                begun = time.perf_counter()
                arrays.fold_arrays(shard=shard, chosen=chosen, **options)
                seconds.append(time.perf_counter() - begun)
            if name == "touched":
                touched_seconds += min(seconds)
            else:
                every_seconds += min(seconds)
    return touched_seconds, every_seconds


def shards_to_deltas(*, book: Book, size: generate.Size, staged: Path, workers: int) -> dict:
    """Read shards, run the night, write the deltas; best of a few, caches warm."""
    tasks = stage_night(book=book, size=size, staged=staged)
    seconds, processor_seconds, outcomes = [], [], []
    for _ in range(REPEATS):
        gc.collect()
        begun, used = time.perf_counter(), machine.cpu_seconds()
        outcomes = night.run_in_pool(tasks, workers=workers)
        seconds.append(time.perf_counter() - begun)
        processor_seconds.append(machine.cpu_seconds() - used)
    counts: dict[str, int] = {}
    for outcome in outcomes:
        for name, count in outcome.counts.items():
            counts[name] = counts.get(name, 0) + count
    return {
        "seconds": round(min(seconds), 3),
        "all_seconds": [round(value, 3) for value in seconds],
        "cpu_seconds": round(min(processor_seconds), 3),
        "workers": workers,
        "peak_rss_gb": machine.peak_rss_gb(of_children=workers > 1),
        "counts": counts,
    }
