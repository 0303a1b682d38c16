"""DuckDB and Polars doing the same night of the same book, beside ours in the same run.

The peers do what the night does for the rules of this book: choose the loans that can change, bring
their instalments to the day each payment counts for (penalty of later nights is taken back), spend
it by the order in force that day (another one from 91 days past due), accrue penalty through the
business date, find oldest unpaid, days past due, bucket, next due, running interest and next
change, raise the events, and write the four results. Every figure is compared with ours.

They are written for this book alone. ``left_out`` counts the loans that no one set of joins could
do and ours can, none here: told of twice, paid again since the day of a late payment, or holding
unapplied money. Nor do they know other rules: rounding, span, grace on surplus, vertical order.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl

from benchmarks import generate, peers_duckdb, peers_polars
from daihou.engine import columns as c, night, rules
from daihou.engine.book import Book

REPEATS = 3
MANY_LOANS = 1_000_000
SOURCES = ("loans", "dues", "told")


def numbers(size: generate.Size) -> dict[str, int]:
    """Return the rule of the book as the peers need it.

    :raises ValueError: where the book has a rule the peers do not know.
    """
    row = rules.rule_row(generate.TERMS)
    known = {
        "rounds_half_even": 0,
        "accrues_span": 0,
        "tolerance_minor": 0,
        "stop_after_days": None,
        "compound_numerator": 0,
        "penalty_leap_numerator": row["penalty_numerator"],
    }
    strange = {name for name, value in known.items() if row[name] != value}
    if strange:
        raise ValueError(f"the peers do not know: {', '.join(sorted(strange))}")
    found = {
        "grace": row["grace_days"],
        "late_from": row["late_from_days"],
        "numerator": row["penalty_numerator"],
        "denominator": row["penalty_denominator"],
        "shards": size.shards,
    }
    return {name: int(str(value)) for name, value in found.items()}


def measure(*, book: Book, size: generate.Size, staged: Path, in_memory: bool) -> dict[str, object]:
    """Time both peers, from shards and, if wanted, in memory; compare them with our last night."""
    paths = _paths(book, size)
    ours = our_results(book=book, size=size, staged=staged)
    found: dict[str, object] = {"left_out": left_out(paths)}
    for name, run in (("duckdb", duckdb_night), ("polars", polars_night)):
        folder = staged / name
        folder.mkdir(parents=True, exist_ok=True)
        figures: dict[str, object] = {
            "from_shards_seconds": run(paths, size, into=folder),
            "agreement": compare(ours, {part: pl.read_parquet(folder / f"{part}.parquet")
                                        for part in ours}),
        }  # fmt: skip
        if in_memory:
            figures["in_memory_seconds"] = run(paths, size, into=None)
        found[name] = figures
    found["agrees"] = all(
        part["agrees"]
        for name in ("duckdb", "polars")
        for part in found[name]["agreement"].values()
    )
    return found


def duckdb_night(paths: dict[str, list[str]], size: generate.Size, *, into: Path | None) -> float:
    """Run the peer's night in SQL; with no folder, over tables held in memory."""
    rule = numbers(size)
    values = {
        "day": generate.BUSINESS_DATE,
        **{k: rule[k] for k in ("grace", "late_from", "shards")},
    }
    with duckdb.connect() as connection:
        for macro in peers_duckdb.macros(rule["numerator"], rule["denominator"]):
            connection.execute(macro)
        sources = {name: peers_duckdb.source(paths[name]) for name in SOURCES}
        if into is None:
            for name, text in sources.items():
                connection.execute(f"create table held_{name} as select * from {text}")
            sources = {name: f"held_{name}" for name in SOURCES}
        return _best(
            lambda: peers_duckdb.run(connection, sources=sources, values=values, into=into),
            _repeats(size),
        )


def polars_night(paths: dict[str, list[str]], size: generate.Size, *, into: Path | None) -> float:
    """Run the peer's night in Polars; with no folder, over frames held in memory."""
    sources = {name: pl.scan_parquet(paths[name]) for name in SOURCES}
    if into is None:
        sources = {name: plan.collect().lazy() for name, plan in sources.items()}
    return _best(
        lambda: peers_polars.run(
            sources=sources, day=generate.BUSINESS_DATE, numbers=numbers(size), into=into
        ),
        _repeats(size),
    )


def _repeats(size: generate.Size) -> int:
    """Run minutes but once."""
    return REPEATS if size.loans <= MANY_LOANS else 1


def _best(run: Callable[[], object], repeats: int) -> float:
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begun)
    return round(min(seconds), 3)


def left_out(paths: dict[str, list[str]]) -> int:
    """Count the loans whose night no one set of joins can do."""
    loans = pl.scan_parquet(paths["loans"])
    told = pl.scan_parquet(paths["told"]).group_by("loan_id")
    news = told.agg(pl.len(), at_on=pl.col("effective_on").min())
    hard = (
        (pl.col("len") > 1)
        | (pl.col("last_paid_on") >= pl.col("at_on"))
        | ((pl.col("unapplied_minor") != 0) & (pl.col("next_change_on") <= generate.BUSINESS_DATE))
    )
    return loans.join(news, on="loan_id", how="left").filter(hard).select(pl.len()).collect().item()


def our_results(*, book: Book, size: generate.Size, staged: Path) -> dict[str, pl.DataFrame]:
    """Read what our last night wrote, in the columns both know."""
    folder = book.root / generate.BUSINESS_DATE.isoformat()
    shards = [f"shard-{shard:04d}" for shard in range(size.shards)]
    published = [night.read_published(staged=staged, shard=shard) for shard in range(size.shards)]
    positions = pl.concat([part[1] for part in published]).with_columns(
        bucket_no=pl.col("bucket").to_physical()
    )
    return {
        "dues": pl.concat([pl.read_parquet(folder / shard / "dues.parquet") for shard in shards]),
        "loans": pl.concat([pl.read_parquet(folder / shard / "loans.parquet") for shard in shards]),
        "positions": positions,
        "events": pl.concat([part[0] for part in published]).with_columns(
            pl.col("kind").cast(pl.String)
        ),
    }


KEYS = {
    "dues": ("loan_id", "instalment_no"),
    "loans": ("loan_id",),
    "positions": ("loan_id",),
    "events": ("loan_id", "kind"),
}
OURS_ALONE = {  # Constants of this book, and what lies beside the night's figures.
    "dues": {"compound_interest_due_minor", "penalty_carry", "compound_interest_carry",
             "compound_interest_paid_minor", "accrued_through_on"},
    "loans": {*c.LOAN_FACTS.names[1:], "folded_on", "written_off_on", "stated_on"},
    "positions": {"bucket", "currency", "as_of", "status", "overdue_compound_interest_minor",
                  "closed_on", "stated_on", "is_stale"},
    "events": {"business_date"},
}  # fmt: skip


def compare(
    ours: dict[str, pl.DataFrame], theirs: dict[str, pl.DataFrame]
) -> dict[str, dict[str, object]]:
    """Compare every column both have, row by row."""
    found: dict[str, dict[str, object]] = {}
    for name, key in KEYS.items():
        names = sorted(set(ours[name].columns) - OURS_ALONE[name])
        both = []
        for frame in (ours[name], theirs[name]):
            numbers_alike = frame.select(names).with_columns(pl.selectors.integer().cast(pl.Int64))
            decimals_alike = numbers_alike.with_columns(pl.selectors.decimal().cast(pl.Int64))
            both.append(decimals_alike.sort(key))
        differs = [
            column
            for column in names
            if both[0].height != both[1].height
            or not both[0][column].equals(both[1][column], null_equal=True)
        ]
        found[name] = {
            "rows": both[0].height,
            "columns": len(names),
            "agrees": not differs,
            **({"differs": differs, "their_rows": both[1].height} if differs else {}),
        }
    return found


def _paths(book: Book, size: generate.Size) -> dict[str, list[str]]:
    folder = book.root / (generate.BUSINESS_DATE - timedelta(days=1)).isoformat()
    shards = range(size.shards)
    return {
        "loans": [str(folder / f"shard-{shard:04d}" / "loans.parquet") for shard in shards],
        "dues": [str(folder / f"shard-{shard:04d}" / "dues.parquet") for shard in shards],
        "told": [str(generate.told_path(book.root, shard)) for shard in shards],
    }
