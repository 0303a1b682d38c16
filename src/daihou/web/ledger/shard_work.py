"""The part of an end of day that one process does for one shard: extract, compute, write files.

It publishes nothing: files of the book become visible with the manifest, and what goes to the
database waits in a staging folder. Doing it again gives the same bytes.

A process that runs night after night keeps the tables of a small shard instead of reading them
again, for posting and for the next night; they count only while the published files are the very
ones they were written to.
"""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
from psycopg import Connection

from daihou.engine import columns as c
from daihou.engine.book import Book as EngineBook, apply
from daihou.engine.end_of_day import run_shard
from daihou.engine.tables import NewFacts, ShardResult, ShardTables
from daihou.web.ledger.extract import Knowledge, Taken, extract_shard

STAGED = ("positions", "events", "fine")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTask:
    connection: Mapping[str, Any]  # Parameters for psycopg.
    book: EngineBook
    knowledge: Knowledge
    shard: int
    from_on: date | None
    to_on: date
    staging: Path
    is_small: bool = False  # Worth keeping in memory until the next night.


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardDone:
    """``files`` is for the manifest, ``counts`` for the gates, ``seconds`` for the run page."""

    shard: int
    files: Mapping[str, str]
    counts: Mapping[str, int]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    business_date: date
    files: Mapping[str, str]  # As the manifest of that date must name them.
    tables: ShardTables


_KEPT: dict[tuple[Path, int], _Kept] = {}


def compute_shard(task: ShardTask) -> ShardDone:
    """Do one shard. Top-level, so that a spawned process can be told to do it."""
    with psycopg.connect(**task.connection, autocommit=True) as connection:
        return compute_shard_on(connection, task)


def compute_shard_on(connection: Connection[Any], task: ShardTask) -> ShardDone:
    """Do one shard on a connection that is in no transaction."""
    started = time.perf_counter()
    before = _before(task)
    new, taken = extract_shard(
        connection, knowledge=task.knowledge, shard=task.shard, held=before.loans
    )
    extracted = time.perf_counter()
    result = run_shard(
        tables=before,
        new=new,
        currency=task.book.currency,
        from_on=task.from_on,
        to_on=task.to_on,
    )
    files = task.book.write_shard(
        shard=task.shard, business_date=task.to_on, before=before, result=result
    )
    _stage(task, result)
    _keep(task, before=before, result=result, files=files)
    computed = time.perf_counter()
    return ShardDone(
        shard=task.shard,
        files=files,
        counts=_counts(task=task, before=before, new=new, result=result, taken=taken),
        seconds={
            "extract": round(extracted - started, 3),
            "compute": round(computed - extracted, 3),
        },
    )


def _before(task: ShardTask) -> ShardTables:
    if task.from_on is None:
        return ShardTables()
    kept = _kept_tables(task.book, shard=task.shard, on=task.from_on)
    if kept is not None:
        return kept
    if task.is_small:
        return task.book.read_shard(shard=task.shard, business_date=task.from_on)
    return task.book.read_for_night(shard=task.shard, from_on=task.from_on, to_on=task.to_on)


def newest_tables(*, book: EngineBook, shard: int, columns: c.Wanted) -> ShardTables:
    """Return some columns of a shard of the newest version: as kept by this process, else read.

    :raises BookRefused: ``book.no_version``, ``book.damaged``.
    """
    kept = _kept_tables(book, shard=shard, on=book.manifest().business_date)
    if kept is not None:
        return kept.only(columns)
    return book.read_shard(shard=shard, columns=columns)


def _kept_tables(book: EngineBook, *, shard: int, on: date) -> ShardTables | None:
    kept = _KEPT.get((book.root, shard))
    if kept is None or kept.business_date != on:
        return None
    named = book.manifest(business_date=on).files
    folder = f"{on.isoformat()}/shard-{shard:04d}/"
    is_same = kept.files == {path: named[path] for path in named if path.startswith(folder)}
    return kept.tables if is_same else None


def _keep(
    task: ShardTask, *, before: ShardTables, result: ShardResult, files: Mapping[str, str]
) -> None:
    if task.is_small:
        tables = apply(before=before, changed=result.changed)
        place = (task.book.root, task.shard)
        for other in [held for held in _KEPT if held[0] != task.book.root]:
            del _KEPT[other]
        _KEPT[place] = _Kept(business_date=task.to_on, files=files, tables=tables)


def staged_path(*, staging: Path, shard: int, name: str) -> Path:
    return staging / f"shard-{shard}-{name}.parquet"


def _stage(task: ShardTask, result: ShardResult) -> None:
    task.staging.mkdir(parents=True, exist_ok=True)
    frames = {
        "positions": result.positions,
        "events": result.events,
        "fine": result.fine_loan_ids.alias("loan_id").to_frame(),
    }
    for name, frame in frames.items():
        path = staged_path(staging=task.staging, shard=task.shard, name=name)
        temporary = path.with_suffix(".part")
        frame.write_parquet(temporary)
        temporary.replace(path)


def _counts(
    *,
    task: ShardTask,
    before: ShardTables,
    new: NewFacts,
    result: ShardResult,
    taken: Taken,
) -> dict[str, int]:
    changed = result.changed.loans
    after = pl.concat([before.loans.join(changed, on="loan_id", how="anti"), changed])
    is_open = pl.col("closed_on").is_null() & pl.col("written_off_on").is_null()
    is_late = is_open & (pl.col("oldest_unpaid_due_on") < task.to_on)
    principal = pl.col("principal_outstanding_minor")
    totals = after.select(
        pl.len().alias("loans"),
        is_open.sum().alias("active"),
        is_late.sum().alias("overdue"),
        principal.filter(is_open).sum().alias("principal_minor"),
        principal.filter(is_late).sum().alias("overdue_principal_minor"),
    ).row(0, named=True)
    added = new.loans.join(before.loans, on="loan_id", how="anti").height
    return {
        **{name: int(value) for name, value in totals.items()},
        "loans_expected": before.loans.height + added,
        "events": taken.events,
        "events_minor": taken.events_minor,
        "changed": changed.height,
        "delinquency_events": result.events.height,
        **_own_principal(before=before.loans, after=after, task=task),
        "paid_in_minor": taken.paid_in_minor + int(before.loans["unapplied_minor"].sum()),
    }


def _own_principal(*, before: pl.DataFrame, after: pl.DataFrame, task: ShardTask) -> dict[str, int]:
    """Sum the principal of the loans no other system states, and what was paid out to them."""
    own = after.filter(pl.col("stated_on").is_null())
    own_before = before.join(own, on="loan_id", how="semi")
    paid_out = [
        int(frame.filter(pl.col("disbursed_on") <= day)["disbursed_minor"].sum())
        for frame, day in ((own, task.to_on), (own_before, task.from_on or task.to_on))
    ]
    return {
        "own_before_minor": int(own_before["principal_outstanding_minor"].sum()),
        "own_after_minor": int(own["principal_outstanding_minor"].sum()),
        "paid_out_minor": paid_out[0] - paid_out[1],
    }


def watch_parent() -> None:
    """End this process when the one that started it is gone; for a pool's workers."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.2)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
