"""DuckDB and Polars doing the night's ageing of the same book, beside ours in the same run.

The peers get the easy part: instalments with what is already paid on them, of which they keep the
due and unpaid ones, apply the day's payments oldest first over fee, penalty, interest and principal
of each instalment, and age. They do not replay late payments, change order past 90 days, accrue, or
write anything; ours does all of it. So the comparison favors them.
"""

import time
from pathlib import Path

import duckdb
import polars as pl

from benchmarks import generate
from daihou.engine.book import Book

REPEATS = 3
AMOUNTS = ("principal", "interest", "fee", "penalty")

DUCKDB_SQL = """
with unpaid as (
    select loan_id, due_on,
           fee_due_minor - fee_paid_minor as fee,
           penalty_due_minor - penalty_paid_minor as penalty,
           interest_due_minor - interest_paid_minor as interest,
           principal_due_minor - principal_paid_minor as principal
    from read_parquet(?) where due_on <= ?
), owing as (
    select *, fee + penalty + interest + principal as owed from unpaid
    where fee + penalty + interest + principal > 0
), money as (
    select loan_id, sum(amount_minor) as money from read_parquet(?) group by loan_id
), paid as (
    select o.*, coalesce(m.money, 0) as money,
           sum(owed) over (partition by o.loan_id order by due_on) - owed as before
    from owing o left join money m using (loan_id)
), left_over as (
    select loan_id, due_on, owed - least(greatest(money - before, 0), owed) as owed from paid
)
select loan_id, min(due_on) as oldest, sum(owed) as overdue,
       least((date_diff('day', min(due_on), ?) + 29) // 30, 7) as bucket
from left_over where owed > 0 and due_on < ? group by loan_id
"""


def duckdb_night(*, book: Book, size: generate.Size) -> dict[str, object]:
    """Run the peer's night in SQL, over all shards at once."""
    dues, told = _paths(book, size)
    day = generate.BUSINESS_DATE
    seconds, rows = [], 0
    with duckdb.connect() as connection:
        for _ in range(REPEATS):
            begun = time.perf_counter()
            found = connection.execute(DUCKDB_SQL, [dues, day, told, day, day]).to_arrow_table()
            rows = found.num_rows
            seconds.append(time.perf_counter() - begun)
    return {"seconds": round(min(seconds), 3), "past_due": rows}


def polars_night(*, book: Book, size: generate.Size) -> dict[str, object]:
    """Run the peer's night in Polars, shards read lazily and streamed."""
    dues, told = _paths(book, size)
    day = generate.BUSINESS_DATE
    owed = pl.sum_horizontal(
        *(pl.col(f"{name}_due_minor") - pl.col(f"{name}_paid_minor") for name in AMOUNTS)
    )
    money = pl.scan_parquet(told).group_by("loan_id").agg(money=pl.col("amount_minor").sum())
    before = pl.col("owed").cum_sum().over("loan_id") - pl.col("owed")
    part = (pl.col("money").fill_null(0) - before).clip(0).clip(upper_bound=pl.col("owed"))
    plan = (
        pl.scan_parquet(dues)
        .filter(pl.col("due_on") <= day)
        .select("loan_id", "due_on", owed=owed)
        .filter(pl.col("owed") > 0)
        .join(money, on="loan_id", how="left")
        .sort("loan_id", "due_on")
        .with_columns(owed=pl.col("owed") - part)
        .filter((pl.col("owed") > 0) & (pl.col("due_on") < day))
        .group_by("loan_id")
        .agg(oldest=pl.col("due_on").min(), overdue=pl.col("owed").sum())
        .with_columns(bucket=((pl.lit(day) - pl.col("oldest")).dt.total_days() + 29) // 30)
    )
    seconds, rows = [], 0
    for _ in range(REPEATS):
        begun = time.perf_counter()
        rows = plan.collect(engine="streaming").height
        seconds.append(time.perf_counter() - begun)
    return {"seconds": round(min(seconds), 3), "past_due": rows}


def _paths(book: Book, size: generate.Size) -> tuple[list[str], list[str]]:
    folder = book.root / generate.BEFORE.isoformat()
    dues = [str(folder / f"shard-{shard:04d}" / "dues.parquet") for shard in range(size.shards)]
    told = [str(Path(generate.told_path(book.root, shard))) for shard in range(size.shards)]
    return dues, told
