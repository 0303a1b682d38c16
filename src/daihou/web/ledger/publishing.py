"""Publish a shard's results: positions, delinquency events and its done mark, in one transaction.

A published position is replaced only by one that knows as much and is of no earlier day. Where a
payment overtook the night, ``core`` folds the loan again with everything known.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, cast

import polars as pl
from django.db import connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.core.position import Position as CorePosition, position
from daihou.core.terms import Component
from daihou.engine import columns as c
from daihou.web.ledger import queries
from daihou.web.ledger.copying import copy_in
from daihou.web.ledger.models import Book, EndOfDayRun, EndOfDayStep, Position, StepState
from daihou.web.ledger.shard_work import ShardDone, staged_path

COLUMNS = (
    "loan_id",
    "book_id",
    "business_date",
    "ledger_sequence",
    "status",
    "bucket",
    "oldest_unpaid_due_on",
    "person_oldest_unpaid_due_on",
    "overdue_minor",
    *(f"overdue_{component}_minor" for component in c.COMPONENTS),
    "principal_outstanding_minor",
    "unapplied_minor",
    "next_due_on",
    "next_due_minor",
    "stated_on",
    "is_stale",
)


def publish_shard(*, run: EndOfDayRun, done: ShardDone, staging: Path) -> None:
    """Publish what a shard's work has staged."""
    frames = {
        name: pl.read_parquet(staged_path(staging=staging, shard=done.shard, name=name))
        for name in ("positions", "events", "fine")
    }
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=run.book_id)
        raw = cast("Connection[Any]", connection.connection)
        overtaken = _put_positions(raw, run=run, positions=frames["positions"], fine=frames["fine"])
        refresh(book=book, loan_ids=overtaken, as_of=run.through_on)
        _put_events(raw, run=run, events=frames["events"])
        EndOfDayStep.objects.filter(run=run, shard=done.shard).update(
            state=StepState.DONE, finished_at=timezone.now()
        )


def _put_positions(
    raw: Connection[Any], *, run: EndOfDayRun, positions: pl.DataFrame, fine: pl.DataFrame
) -> list[int]:
    """Put positions where nothing newer stands; return the loans where something does."""
    person_late_on = pl.col("as_of") - pl.duration(days=pl.col("person_days_past_due"))
    rows = positions.select(
        "loan_id",
        pl.lit(run.book_id).alias("book_id"),
        pl.col("as_of").alias("business_date"),
        pl.lit(run.ledger_sequence).alias("ledger_sequence"),
        "status",
        "bucket",
        "oldest_unpaid_due_on",
        pl.when(pl.col("person_days_past_due") > 0)
        .then(person_late_on)
        .alias("person_oldest_unpaid_due_on"),
        *COLUMNS[8:],
    )
    ids = pl.concat([rows["loan_id"], fine["loan_id"]]).to_list()
    overtaken = [
        row[0]
        for row in raw.execute(
            "SELECT loan_id FROM ledger_position WHERE loan_id = ANY(%s)"
            " AND (ledger_sequence > %s OR business_date > %s) ORDER BY loan_id",
            (ids, run.ledger_sequence, run.through_on),
        )
    ]
    raw.execute(
        "CREATE TEMP TABLE staged_position (LIKE ledger_position INCLUDING DEFAULTS) ON COMMIT DROP"
    )
    copy_in(raw, table="staged_position", frame=rows)
    names = ", ".join(COLUMNS)
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[1:])
    raw.execute(
        f"INSERT INTO ledger_position ({names}) SELECT {names} FROM staged_position"  # noqa: S608
        f" WHERE loan_id <> ALL(%s) ON CONFLICT (loan_id) DO UPDATE SET {updates}",
        (overtaken,),
    )
    raw.execute(
        "DELETE FROM ledger_position WHERE loan_id = ANY(%s) AND loan_id <> ALL(%s)",
        (fine["loan_id"].to_list(), overtaken),
    )
    return overtaken


def _put_events(raw: Connection[Any], *, run: EndOfDayRun, events: pl.DataFrame) -> None:
    buckets = dict(enumerate(c.BUCKETS))
    rows = events.select(
        pl.lit(run.book_id).alias("book_id"),
        pl.lit(run.pk).alias("run_id"),
        "loan_id",
        pl.col("business_date").alias("happened_on"),
        "kind",
        pl.col("from_bucket").replace_strict(buckets, return_dtype=pl.String).alias("bucket_from"),
        pl.col("to_bucket").replace_strict(buckets, return_dtype=pl.String).alias("bucket_to"),
    )
    raw.execute(
        "CREATE TEMP TABLE staged_event (book_id bigint, run_id bigint, loan_id bigint,"
        " happened_on date, kind text, bucket_from text, bucket_to text) ON COMMIT DROP"
    )
    copy_in(raw, table="staged_event", frame=rows)
    raw.execute(
        "INSERT INTO ledger_delinquencyevent"
        " (book_id, run_id, loan_id, happened_on, kind, bucket_from, bucket_to)"
        " SELECT * FROM staged_event ORDER BY happened_on, loan_id, kind"
        " ON CONFLICT (loan_id, happened_on, kind) DO NOTHING"
    )


def refresh(*, book: Book, loan_ids: Sequence[int], as_of: date) -> None:
    """Fold loans by ``core`` with all that is known and publish them, of ``as_of`` or later.

    The caller holds the book's row lock, so nothing newer can come in between.
    """
    if not loan_ids:
        return
    held = dict(
        Position.objects.filter(loan_id__in=loan_ids).values_list("loan_id", "business_date")
    )
    loaded = queries.load_loans(book=book, loan_ids=loan_ids)
    rows = []
    for loan_id in sorted(loan_ids):
        contract, events = loaded[loan_id]
        day = max(as_of, held.get(loan_id, as_of))
        found = position(contract=contract, events=events, as_of=day)
        rows.append(_row(book=book, loan_id=loan_id, found=found, sequence=book.next_sequence - 1))
    Position.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["loan_id"],
        update_fields=[name for name in _field_names() if name != "loan_id"],
    )


def _field_names() -> Iterable[str]:
    return (field.attname for field in Position._meta.concrete_fields)  # noqa: SLF001


def _row(*, book: Book, loan_id: int, found: CorePosition, sequence: int) -> Position:
    overdue = {
        f"overdue_{component}_minor": found.overdue_minor.get(component, 0)
        for component in Component
    }
    return Position(
        loan_id=loan_id,
        book=book,
        business_date=found.as_of,
        ledger_sequence=sequence,
        status=found.status.value,
        bucket=found.bucket.value,
        oldest_unpaid_due_on=found.oldest_unpaid_due_on,
        person_oldest_unpaid_due_on=found.oldest_unpaid_due_on,
        overdue_minor=sum(overdue.values()),
        **overdue,
        principal_outstanding_minor=found.principal_outstanding_minor,
        unapplied_minor=found.unapplied_minor,
        next_due_on=found.next_due_on,
        next_due_minor=found.next_due_minor,
        stated_on=found.stated_on,
        is_stale=found.is_stale,
    )


def settle_persons(*, book: Book, through: date) -> None:
    """Give each published loan the oldest due of its person, and mark stale overlays."""
    raw = cast("Connection[Any]", connection.connection)
    raw.execute(
        "UPDATE ledger_position p SET person_oldest_unpaid_due_on = o.oldest"
        " FROM loans_loan l, (SELECT l2.person_id, min(p2.oldest_unpaid_due_on) AS oldest"
        "  FROM ledger_position p2 JOIN loans_loan l2 ON l2.id = p2.loan_id"
        "  WHERE p2.book_id = %s AND l2.person_id IS NOT NULL GROUP BY l2.person_id) o"
        " WHERE p.book_id = %s AND l.id = p.loan_id AND o.person_id = l.person_id"
        " AND p.person_oldest_unpaid_due_on IS DISTINCT FROM o.oldest",
        (book.pk, book.pk),
    )
    raw.execute(
        "UPDATE ledger_position SET is_stale = true"
        " WHERE book_id = %s AND stated_on < %s AND NOT is_stale",
        (book.pk, through),
    )
