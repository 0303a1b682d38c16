"""Write a native Parquet tape: loans of 12 monthly instalments, about nine of them paid.

About 16 % of the loans are overdue on the business date. What the bank reports on it stands in a
tape of its own: what falls due that day, and late payments of 3 % of the loans, a third of them
effective one to three days before. Seeded: same count, same tapes.
"""

from datetime import UTC, date, datetime, time
from pathlib import Path

import numpy as np
import polars as pl

BUSINESS_DATE = date(2026, 6, 29)
INSTALMENTS = 12
OLDEST_DAYS = 345  # Disbursed up to so many days before the business date …
YOUNGEST_DAYS = 225  # … and at least so many, so that about nine instalments fell due.


def write_tape(*, folder: Path, loan_count: int, seed: int = 7) -> dict[str, int]:
    """Write the tapes ``history`` and ``today``; return the rows of each frame."""
    chance = np.random.default_rng(seed)
    (folder / "history").mkdir(parents=True)
    (folder / "today").mkdir()
    loans = _loans(chance, loan_count)
    dues = _dues(loans)
    payments = _payments(chance, loans, dues)
    shown = loans.drop("loan_no").with_columns(
        pl.lit("CNY").alias("currency"),
        pl.lit("free").alias("method"),
        pl.lit("0.05").alias("penalty_rate"),
        pl.lit("year").alias("penalty_rate_per"),
    )
    frames = {
        "history/loans": shown,
        "history/dues": dues.drop("loan_no"),
        "history/payments": payments.filter(~pl.col("is_news")).drop("is_news"),
        "today/payments": payments.filter("is_news").drop("is_news"),
    }
    for name, frame in frames.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd")
    return {name: frame.height for name, frame in frames.items()}


def add_persons(*, folder: Path) -> None:
    """Give the loans of a tape borrowers: three persons to ten loans."""
    path = folder / "history" / "loans.parquet"
    loans = pl.read_parquet(path)
    number = pl.int_range(pl.len()) * 3 // 10
    loans.with_columns(party_ref=pl.format("P{}", number)).write_parquet(path, compression="zstd")
    persons = pl.select(number=pl.int_range((loans.height - 1) * 3 // 10 + 1))
    persons.select(
        party_ref=pl.format("P{}", "number"),
        kind=pl.lit("person"),
        name=pl.format("测试{}", "number"),
        phone=pl.format("138{}", pl.col("number").cast(pl.String).str.zfill(8)),
    ).write_parquet(folder / "history" / "parties.parquet", compression="zstd")


def _loans(chance: np.random.Generator, loan_count: int) -> pl.DataFrame:
    age_days = chance.integers(YOUNGEST_DAYS, OLDEST_DAYS, loan_count)
    return pl.DataFrame(
        {
            "loan_no": np.arange(loan_count),
            "principal_minor": chance.integers(100, 5_000, loan_count) * 12_000,
            "age_days": age_days,
        }
    ).select(
        "loan_no",
        loan_ref=pl.format("L{}", pl.col("loan_no").cast(pl.String).str.zfill(8)),
        principal_minor="principal_minor",
        disbursed_on=pl.lit(BUSINESS_DATE) - pl.duration(days="age_days"),
    )


def _dues(loans: pl.DataFrame) -> pl.DataFrame:
    numbers = pl.DataFrame({"instalment_no": np.arange(1, INSTALMENTS + 1)})
    return loans.join(numbers, how="cross").select(
        "loan_no",
        "loan_ref",
        "instalment_no",
        due_on=pl.col("disbursed_on").dt.offset_by(
            pl.format("{}mo", pl.col("instalment_no").cast(pl.String))
        ),
        principal_minor=pl.col("principal_minor") // INSTALMENTS,
        interest_minor=pl.col("principal_minor")
        * (INSTALMENTS + 1 - pl.col("instalment_no"))
        // 800,
    )


def _payments(chance: np.random.Generator, loans: pl.DataFrame, dues: pl.DataFrame) -> pl.DataFrame:
    """Let every instalment that fell due be paid on its day, but for those who stopped."""
    stopped = chance.random(loans.height) < 0.16
    missing = np.where(stopped, chance.integers(1, 5, loans.height), 0)
    today = (chance.random(loans.height) < 0.03) & ~stopped
    late_by = np.where(chance.random(loans.height) < 1 / 3, chance.integers(1, 4, loans.height), 0)
    habits = loans.select("loan_no").with_columns(
        missing=missing, pays_today=today, late_by=late_by
    )
    fallen = dues.filter(pl.col("due_on") <= BUSINESS_DATE).join(habits, on="loan_no")
    last = pl.col("instalment_no").max().over("loan_no")
    told_today = (pl.col("instalment_no") == last) & pl.col("pays_today")
    money = (
        fallen.filter(pl.col("instalment_no") <= last - pl.col("missing"))
        .with_columns(
            effective_on=pl.when(told_today)
            .then(pl.lit(BUSINESS_DATE) - pl.duration(days="late_by"))
            .otherwise("due_on")
        )
        .with_columns(is_news=told_today | (pl.col("effective_on") == BUSINESS_DATE))
    )
    return money.select(
        "loan_ref",
        "effective_on",
        amount_minor=pl.col("principal_minor") + pl.col("interest_minor"),
        known_at=pl.when("is_news").then(pl.lit(datetime.combine(BUSINESS_DATE, time(9), UTC))),
        is_news="is_news",
        key=pl.format("{}-{}", "loan_ref", "instalment_no"),
    )
