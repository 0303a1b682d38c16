"""One night of a whole book: the same task per shard, here in a pool of processes.

Units   See ``columns``.
Shape   What the ledger has learnt is staged as Parquet, a folder per shard; a task reads its shard
        and its facts, writes changed rows into the book and what to publish beside the facts.
Errors  What ``run_shard`` and ``Book`` refuse passes through; a failed shard fails the night.
Source  design.md: "A shard is the unit of work on one machine … and of a Spark task".
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from daihou.engine import columns as c, end_of_day
from daihou.engine.book import Book, write_parquet
from daihou.engine.tables import NewFacts

FACT_TABLES = {
    "loans": c.LOAN_FACTS,
    "dues": c.DUE_FACTS,
    "payments": c.PAYMENTS,
    "rules": c.RULES,
    "others": c.OTHERS,
    "stated": c.STATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """The night of one shard; small enough to be sent anywhere."""

    book: Book
    staged: Path  # Folder of the night's facts and results.
    shard: int
    from_on: date | None
    to_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a task did: the files of the new version, what is to be published, how many rows."""

    shard: int
    files: Mapping[str, str]  # For ``Book.publish``.
    published: Mapping[str, str]  # events, positions, fine → sha256.
    counts: Mapping[str, int]

    @property
    def digest(self) -> str:
        """Name the result: equal for equal results, wherever the task ran."""
        named = sorted(self.files.items()) + sorted(self.published.items())
        return hashlib.sha256(repr(named).encode()).hexdigest()


def stage(*, staged: Path, shard: int, new: NewFacts) -> None:
    """Lay a shard's new facts down for its task."""
    folder = _folder(staged, shard)
    folder.mkdir(parents=True, exist_ok=True)
    for name in FACT_TABLES:
        frame = getattr(new, name)
        path = folder / f"{name}.parquet"
        if frame.height:
            write_parquet(frame, path)
        else:
            path.unlink(missing_ok=True)


def read_staged(*, staged: Path, shard: int) -> NewFacts:
    """Read a shard's new facts."""
    folder = _folder(staged, shard)
    paths = {name: folder / f"{name}.parquet" for name in FACT_TABLES}
    return NewFacts(
        **{name: pl.read_parquet(path) for name, path in paths.items() if path.exists()}
    )


def read_published(*, staged: Path, shard: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Read what a task left to be published: events, past due positions, ids of fine loans."""
    folder = _folder(staged, shard)
    fine = pl.read_parquet(folder / "fine_out.parquet")["loan_id"]
    events = pl.read_parquet(folder / "events_out.parquet")
    return events, pl.read_parquet(folder / "positions_out.parquet"), fine


def run(task: Task) -> Outcome:
    """Run the night of one shard; safe to repeat, the result is byte-equal."""
    book = task.book
    tables = book.read_for_night(shard=task.shard, from_on=task.from_on, to_on=task.to_on)
    result = end_of_day.run_shard(
        tables=tables,
        new=read_staged(staged=task.staged, shard=task.shard),
        currency=book.currency,
        from_on=task.from_on,
        to_on=task.to_on,
    )
    files = book.write_shard(
        shard=task.shard, business_date=task.to_on, before=tables, result=result
    )
    folder = _folder(task.staged, task.shard)
    out = {
        "events": result.events,
        "positions": result.positions,
        "fine": result.fine_loan_ids.to_frame(),
    }
    published = {
        name: write_parquet(frame, folder / f"{name}_out.parquet") for name, frame in out.items()
    }
    return Outcome(shard=task.shard, files=files, published=published, counts=result.counts)


def run_in_pool(
    tasks: Sequence[Task], *, workers: int, on_done: Callable[[Outcome], None] = lambda _: None
) -> list[Outcome]:
    """Run tasks in fresh processes (spawned, never forked); return outcomes by shard.

    With one worker, or one task, they run here.
    """
    if workers < 2 or len(tasks) < 2:
        outcomes = []
        for task in tasks:
            outcomes.append(run(task))
            on_done(outcomes[-1])
        return outcomes
    outcomes = []
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(run, task) for task in tasks]):
            outcomes.append(future.result())
            on_done(outcomes[-1])
    return sorted(outcomes, key=lambda outcome: outcome.shard)


def _folder(staged: Path, shard: int) -> Path:
    return staged / f"shard-{shard:04d}"
