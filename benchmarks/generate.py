"""Generate a book: loans of 12 instalments, about 16 % overdue, 3 % paying on the business date.

A third of what is told on the business date counts for one to three days before it. Everything
follows from the seed and the shard, so that any shard can be made again alone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

from daihou.core.terms import (
    PRINCIPAL_FIRST_ORDER,
    STATUTORY_ORDER,
    AllocationTerms,
    DayCount,
    Method,
    PenaltyTerms,
    Rate,
    RatePer,
    Terms,
    rule_in_order,
)
from daihou.engine import arrays, columns as c, end_of_day, rules
from daihou.engine.book import Book
from daihou.engine.tables import NewFacts, ShardTables

BUSINESS_DATE = date(2026, 6, 17)
BEFORE = BUSINESS_DATE - timedelta(days=1)
COUNT = 12
LATE_SHARE = 0.17
TERMS = Terms(
    method=Method.EQUAL_INSTALMENT,
    rate=Rate(value=Decimal("0.18"), per=RatePer.YEAR),
    day_count=DayCount.ACTUAL_360,
    instalment_count=COUNT,
    grace_days=3,  # So that those who pay a day or three late owe nothing more.
    penalty=PenaltyTerms(multiple=Decimal("1.5")),
    allocation=AllocationTerms(
        normal=rule_in_order(STATUTORY_ORDER),
        late=rule_in_order(PRINCIPAL_FIRST_ORDER),
        late_from_days=91,
    ),
)


@dataclass(frozen=True, kw_only=True)
class Size:
    name: str
    loans: int
    shards: int
    period_days: int = 30
    age_days: tuple[int, int] = (1, 500)  # Of the loans on the business date.


SIZES = {
    "20k": Size(name="20k", loans=20_000, shards=2),
    "100k": Size(name="100k", loans=100_000, shards=2),
    "1m": Size(name="1m", loans=1_000_000, shards=8),
    "10m": Size(name="10m", loans=10_000_000, shards=40),
}
# For replay: quarterly loans, all paid out before the first of 24 month ends.
LONG = Size(name="long", loans=1_000_000, shards=8, period_days=90, age_days=(740, 900))


def shard_facts(*, size: Size, shard: int, seed: int = 7) -> tuple[NewFacts, pl.DataFrame]:
    """Return what was known before the business date, and the payments told on it."""
    random = np.random.default_rng((seed, shard))
    count = size.loans // size.shards
    loan_ids = np.arange(count, dtype=np.int64) * size.shards + shard
    day = arrays.day_number(BUSINESS_DATE)
    disbursed_on = (day - random.integers(*size.age_days, count)).astype(np.int32)
    principal = random.integers(1_000, 50_000, count) * 100
    due_on = disbursed_on[:, None] + size.period_days * np.arange(1, COUNT + 1)
    principal_due, interest_due = _instalments(principal, size.period_days)
    totals = principal_due + interest_due

    late = random.random(count) < LATE_SHARE
    falls_due = (due_on <= day).sum(axis=1)
    missed = np.where(late, random.geometric(0.45, count), 0)
    paid_count = np.where(falls_due - missed > 0, falls_due - missed, 0)
    paid = np.arange(COUNT)[None, :] < paid_count[:, None]
    delay = np.where(random.random((count, COUNT)) < 0.05, random.integers(1, 4, (count, COUNT)), 0)
    paid_on = np.minimum(due_on + delay, day)
    rows, columns = np.nonzero(paid)
    on = paid_on[rows, columns]
    told_late = (on >= day - 3) & (on < day) & (random.random(on.size) < 0.19)
    told_today = (on == day) & (random.random(on.size) < 0.98) | told_late
    known = (on < day) & ~told_late
    in_part = late[rows] & (random.random(on.size) < 0.1)
    amounts = totals[rows, columns] // np.where(in_part, 2, 1)
    payments = pl.DataFrame(
        {
            "loan_id": loan_ids[rows],
            "effective_on": pl.Series(on.astype(np.int32)).cast(pl.Date),
            "sequence": np.arange(on.size, dtype=np.int64) * size.shards + shard,
            "amount_minor": amounts,
        }
    )
    ordered = [payments.filter(mask).sort(c.PAYMENTS.key) for mask in (known, told_today)]
    facts = NewFacts(
        loans=_loans(loan_ids, disbursed_on, principal),
        dues=_dues(loan_ids, disbursed_on, due_on, principal_due, interest_due),
        payments=ordered[0],
        rules=rules.rules_frame([TERMS]),
    )
    return facts, ordered[1]


def _instalments(principal: np.ndarray, period_days: int) -> tuple[np.ndarray, np.ndarray]:
    """Split principal evenly, the last instalment takes the rest; interest on what is left."""
    part = principal // COUNT
    dues = np.repeat(part[:, None], COUNT, axis=1)
    dues[:, -1] = principal - part * (COUNT - 1)
    left = principal[:, None] - part[:, None] * np.arange(COUNT)[None, :]
    return dues, (left * 18 * period_days + 18_000) // 36_000


def _loans(loan_ids: np.ndarray, disbursed_on: np.ndarray, principal: np.ndarray) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "loan_id": loan_ids,
            "loan_ref": pl.Series(loan_ids).cast(pl.String),
            "person_id": loan_ids // 3,
            "rule_id": np.full(loan_ids.size, rules.rule_id_of(TERMS), dtype=np.int64),
            "is_plain": np.ones(loan_ids.size, dtype=bool),
            "disbursed_on": pl.Series(disbursed_on).cast(pl.Date),
            "disbursed_minor": principal,
        },
        schema_overrides=c.LOAN_FACTS.schema,
    )


def _dues(
    loan_ids: np.ndarray,
    disbursed_on: np.ndarray,
    due_on: np.ndarray,
    principal: np.ndarray,
    interest: np.ndarray,
) -> pl.DataFrame:
    days = due_on.astype(np.int32)
    starts = np.concatenate([disbursed_on[:, None], days[:, :-1]], axis=1)
    return pl.DataFrame(
        {
            "loan_id": np.repeat(loan_ids, COUNT),
            "instalment_no": np.tile(np.arange(1, COUNT + 1, dtype=np.int16), loan_ids.size),
            "start_on": pl.Series(starts.reshape(-1)).cast(pl.Date),
            "due_on": pl.Series(days.reshape(-1)).cast(pl.Date),
            "principal_due_minor": principal.reshape(-1),
            "interest_due_minor": interest.reshape(-1),
            "fee_due_minor": np.zeros(loan_ids.size * COUNT, dtype=np.int64),
        },
        schema_overrides=c.DUE_FACTS.schema,
    )


def make_book(*, size: Size, root: Path) -> Book:
    """Write the book as it stood before the business date; beside it what is told that day."""
    book = Book(root=root, currency="CNY", shard_count=size.shards)
    if BEFORE in book.business_dates():
        return book
    files = []
    for shard in range(size.shards):
        facts, told = shard_facts(size=size, shard=shard)
        result = end_of_day.run_shard(
            tables=ShardTables(),
            new=facts,
            currency="CNY",
            from_on=BEFORE - timedelta(days=1),
            to_on=BEFORE,
        )
        files.append(
            book.write_shard(shard=shard, business_date=BEFORE, before=ShardTables(), result=result)
        )
        told.write_parquet(told_path(root, shard))
    book.publish(business_date=BEFORE, ledger_sequence=1, files=files)
    return book


def told_path(root: Path, shard: int) -> Path:
    """Return where the payments told on the business date are kept."""
    return root / f"told-{shard:04d}.parquet"
