"""From what the kernel found to checked frames: loans, dues, positions, history and events.

Units   See ``columns``.
Shape   Frames keep the order of the loans that were folded.
Errors  None: the frames are checked where they leave the engine.
Source  design.md, "Facts, not clocks".
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from daihou.engine import arrays, columns as c, kernel, layout


def bucket_expression(days_past_due: pl.Expr) -> pl.Expr:
    """Return the bucket of days past due as ``columns.BUCKET``."""
    place = ((days_past_due + 29) // 30).clip(0, len(c.BUCKETS) - 1)
    return place.cast(pl.UInt8).cat.to(c.BUCKET)


def status_series(codes: layout.Codes) -> pl.Series:
    return pl.Series("status", codes.astype(np.uint8)).cat.to(c.STATUS)


def positions(*, loans: pl.DataFrame, into: layout.Into, as_of: int, currency: str) -> pl.DataFrame:
    """Return ``POSITIONS`` of folded loans not pending; of a person these loans count."""
    last = into.history.days.size - 1
    oldest = into.history.oldest[last]
    days_past_due = np.where(oldest < as_of, as_of - oldest, 0).astype(np.int32)
    overdue = {
        f"overdue_{name}_minor": into.details.overdue[i] for i, name in enumerate(c.COMPONENTS)
    }
    found = pl.DataFrame(
        {
            "status": status_series(into.history.status[last]),
            "days_past_due": days_past_due,
            "oldest": arrays.day_series("oldest", np.where(oldest < as_of, oldest, kernel.NEVER)),
            "overdue_minor": into.history.overdue[last],
            **overdue,
            "principal_outstanding_minor": into.history.principal[last],
            "unapplied_minor": into.details.unapplied,
            "accrued_interest_minor": into.details.accrued_interest,
            "next_due_on": arrays.day_series("next_due_on", into.details.next_due_on),
            "next_due_minor": into.details.next_due,
            "closed_on": arrays.day_series("closed_on", into.details.closed_on),
        }
    )
    facts = loans.select(
        "loan_id", "loan_ref", "person_id", "disbursed_on", "disbursed_minor"
    ).hstack(found)
    return with_persons(
        facts.lazy()
        .filter(pl.col("status") != "pending")
        .with_columns(
            currency=pl.lit(currency),
            as_of=pl.lit(arrays.day_of(as_of)),
            bucket=bucket_expression(pl.col("days_past_due")),
            oldest_unpaid_due_on="oldest",
            stated_on=pl.lit(None, dtype=pl.Date),
            is_stale=pl.lit(value=False),
        )
    )


def with_persons(found: pl.LazyFrame) -> pl.DataFrame:
    """Add the most days past due of all loans of the same person; a loan of nobody has its own."""
    of_person = pl.col("days_past_due").max().over("person_id")
    own = pl.col("days_past_due")
    worst = pl.when(pl.col("person_id").is_null()).then(own).otherwise(of_person)
    known = pl.col(c.POSITIONS.names), pl.col("^class_floor$")  # The latter only where classed.
    return found.with_columns(person_days_past_due=worst).select(*known).collect()


def history(
    *, parts: Sequence[tuple[layout.Minor, layout.History]], days: layout.Days
) -> pl.DataFrame:
    """Return ``HISTORY`` of the folded plain loans of all shards: every snapshot, loan by loan.

    A sort of that many rows would take longer than all the rest: each snapshot is gathered instead
    by one order of the loans, a snapshot on a thread.
    """
    loan_ids = np.concatenate([part[0] for part in parts])
    order = np.argsort(loan_ids, kind="stable")
    ordered = loan_ids[order]
    shape = (days.size, loan_ids.size)
    late, codes, status = (np.empty(shape, dtype) for dtype in (np.int32, np.uint8, np.int8))
    loans, principal, overdue = (np.empty(shape, np.int64) for _ in range(3))
    as_of = np.empty(shape, np.int32)
    last_code = np.uint8(len(c.BUCKETS) - 1)

    def gather(s: int) -> None:
        found = [part[1] for part in parts]
        as_of[s], loans[s] = days[s], ordered
        oldest = np.concatenate([each.oldest[s] for each in found])
        days_late = np.maximum(days[s] - oldest, 0)
        np.take(days_late, order, out=late[s], mode="clip")
        codes[s] = np.minimum((late[s] + 29) // 30, last_code)
        for name, into in (("status", status), ("principal", principal), ("overdue", overdue)):
            whole = np.concatenate([getattr(each, name)[s] for each in found])
            np.take(whole, order, out=into[s], mode="clip")

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        list(pool.map(gather, range(days.size)))
    frame = pl.DataFrame(
        [
            _column("as_of", as_of).cast(pl.Date),
            _column("loan_id", loans),
            _column("status", status.view(np.uint8)).cat.to(c.STATUS),
            _column("bucket", codes).cat.to(c.BUCKET),
            _column("days_past_due", late),
            _column("principal_outstanding_minor", principal),
            _column("overdue_minor", overdue),
        ]
    )
    if (status == kernel.PENDING).any():
        frame = frame.filter(pl.col("status") != "pending")
    return frame


def _column(name: str, numbers: NDArray[Any]) -> pl.Series:
    """Return an array as a series without copying it."""
    series = pl.from_arrow(pa.array(numbers.reshape(-1)))
    assert isinstance(series, pl.Series)
    return series.alias(name)


def loans(*, facts: pl.DataFrame, into: layout.Into, folded_on: int) -> pl.DataFrame:
    """Return ``LOANS`` rows of folded plain loans; ``facts`` holds the columns of the ledger."""
    last = into.history.days.size - 1
    found = pl.DataFrame(
        {
            "next_change_on": arrays.day_series("next_change_on", into.details.next_change_on),
            "oldest_unpaid_due_on": arrays.day_series(
                "oldest_unpaid_due_on", into.history.oldest[last]
            ),
            "last_paid_on": arrays.day_series("last_paid_on", into.details.last_paid_on),
            "closed_on": arrays.day_series("closed_on", into.details.closed_on),
            "unapplied_minor": into.details.unapplied,
            "principal_outstanding_minor": into.history.principal[last],
        }
    )
    return (
        facts.select(c.LOAN_FACTS.names)
        .hstack(found)
        .with_columns(
            folded_on=pl.lit(arrays.day_of(folded_on)),
            written_off_on=pl.lit(None, dtype=pl.Date),
            stated_on=pl.lit(None, dtype=pl.Date),
        )
        .select(c.LOANS.names)
    )


def dues(*, facts: pl.DataFrame, into: layout.Into, folded_on: int) -> pl.DataFrame:
    """Return ``DUES`` rows of folded plain loans; ``facts`` holds the columns of the ledger."""
    paid = into.paid
    found = pl.DataFrame(
        {
            "penalty_due_minor": paid.due[0],
            "compound_interest_due_minor": paid.due[1],
            "penalty_carry": paid.carry[0],
            "compound_interest_carry": paid.carry[1],
            **{f"{name}_paid_minor": paid.paid[i] for i, name in enumerate(c.COMPONENTS)},
            "paid_on": arrays.day_series("paid_on", paid.paid_on),
        }
    )
    return (
        facts.select(c.DUE_FACTS.names)
        .hstack(found)
        .with_columns(accrued_through_on=pl.lit(arrays.day_of(folded_on)))
        .select(c.DUES.names)
    )


def events(*, loan_ids: layout.Minor, into: layout.Into) -> pl.DataFrame:
    """Return ``EVENTS`` the kernel raised, unsorted."""
    found, count = into.events, int(into.events.raised[0])
    return pl.DataFrame(
        {
            "business_date": arrays.day_series("business_date", found.on[:count]),
            "loan_id": loan_ids[found.loan[:count]],
            "kind": pl.Series(found.kind[:count].astype(np.uint8)).cat.to(pl.Enum(c.EVENT_KINDS)),
            "from_bucket": found.from_bucket[:count],
            "to_bucket": found.to_bucket[:count],
            "oldest_unpaid_due_on": arrays.day_series("oldest_unpaid_due_on", found.oldest[:count]),
        },
        schema=c.EVENTS.schema,
    )


def in_order(table: c.Table, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Join frames of one table and sort them by its key."""
    filled = [part for part in parts if part.height]
    if not filled:
        return table.empty()
    return pl.concat(filled).sort(table.key)
