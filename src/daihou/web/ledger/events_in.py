"""Put a tape's events into the ledger: by key, once, all under the book's lock.

They come in loan order, or, where the tape says when most of its money became known, in that order:
then a night finds what it learns in one place.

Errors  Rows of ``canonical.Errors``: ``loan.unknown``, ``event.key_conflict``,
        those of ``contradictions``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from psycopg import Connection

from daihou.web.ledger.contracts_in import ERROR_COLUMNS
from daihou.web.ledger.contradictions import (
    without_contradicting,
    without_senseless,
    without_too_much,
)
from daihou.web.ledger.copying import copy_in, copy_out
from daihou.web.ledger.fitting import without_unfit
from daihou.web.ledger.models import Book

CONTENT = (
    "loan_id",
    "kind",
    "effective_on",
    "amount_minor",
    "component",
    "instalment_no",
    "due_on",
    "target_key",
    "channel",
    "figures",
    "change",
)
_TYPES = {
    "loan_id": "bigint",
    "kind": "text",
    "effective_on": "date",
    "amount_minor": "bigint",
    "component": "text",
    "instalment_no": "smallint",
    "due_on": "date",
    "target_key": 'text COLLATE "C"',
    "channel": "text",
    "figures": "jsonb",
    "change": "jsonb",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsPut:
    errors: pl.DataFrame
    new_count: int
    known_count: int
    first_sequence: int | None
    last_sequence: int | None


def put_events(
    connection: Connection[Any],
    *,
    book: Book,
    facts: pl.DataFrame,
    loans: pl.DataFrame,
    inserted_at: datetime,
    by_knowledge: bool = False,
) -> EventsPut:
    """Add what is new. The caller holds the lock of the book's row and has read it after."""
    rows = facts.join(loans, on="loan_ref", how="left", maintain_order="left")
    strangers = _as_errors(rows.filter(pl.col("loan_id").is_null()), "loan_ref", "loan.unknown")
    rows = rows.filter(pl.col("loan_id").is_not_null()).with_row_index("row_no")
    rows, doubled, repeated = _within_tape(rows)
    rows, conflicting, known = _against_ledger(connection, book=book, rows=rows)
    rows, senseless = without_senseless(rows)
    rows, contradicting = without_contradicting(connection, book=book, rows=rows)
    rows, too_much = without_too_much(connection, book=book, rows=rows)
    rows, unfit = without_unfit(book=book, rows=rows)
    first = book.next_sequence
    places = ["recorded_at"] if by_knowledge else []
    ordered = rows.sort(*places, "loan_id", "effective_on", "row_no")
    _insert(connection, book=book, ordered=ordered, inserted_at=inserted_at)
    return EventsPut(
        errors=pl.concat(
            [strangers, doubled, conflicting, senseless, contradicting, too_much, unfit]
        ),
        new_count=rows.height,
        known_count=known + repeated,
        first_sequence=first if rows.height else None,
        last_sequence=first + rows.height - 1 if rows.height else None,
    )


def _as_errors(rows: pl.DataFrame, column: str, code: str) -> pl.DataFrame:
    return rows.with_columns(pl.lit(column).alias("column"), pl.lit(code).alias("code")).select(
        ERROR_COLUMNS
    )


def _within_tape(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Keep the first row of each key; a later one is a repetition or a conflict."""
    if rows["key"].n_unique() == rows.height:
        return rows, _as_errors(rows.head(0), "key", "event.key_conflict"), 0
    is_first = pl.col("key").is_first_distinct()
    firsts, later = rows.filter(is_first), rows.filter(~is_first)
    joined = later.join(firsts.select("key", *CONTENT), on="key", suffix="_first")
    differs = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(f"{name}_first")) for name in CONTENT
    )
    conflicting = joined.filter(differs)
    errors = _as_errors(conflicting, "key", "event.key_conflict")
    return firsts, errors, later.height - conflicting.height


def _against_ledger(
    connection: Connection[Any], *, book: Book, rows: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    if book.next_sequence == 1:
        return rows, _as_errors(rows.head(0), "key", "event.key_conflict"), 0
    columns = ", ".join(f"{name} {sql_type}" for name, sql_type in _TYPES.items())
    connection.execute(
        f'CREATE TEMP TABLE staged (row_no bigint, key text COLLATE "C", {columns}) ON COMMIT DROP'
    )
    copy_in(connection, table="staged", frame=rows.select("row_no", "key", *CONTENT))
    connection.execute("ANALYZE staged")
    mine, theirs = (", ".join(f"{t}.{name}" for name in CONTENT) for t in ("s", "e"))
    held = copy_out(
        connection,
        query=f"SELECT row_no, ({mine}) IS NOT DISTINCT FROM ({theirs}) FROM staged s"  # noqa: S608
        " JOIN ledger_event e ON e.book_id = %s AND e.key = s.key",
        params=(book.pk,),
        schema={"row_no": pl.UInt32, "is_same": pl.Boolean},
    )
    connection.execute("DROP TABLE staged")
    conflicting = rows.join(held.filter(~pl.col("is_same")), on="row_no", how="semi")
    new = rows.join(held, on="row_no", how="anti", maintain_order="left")
    errors = _as_errors(conflicting, "key", "event.key_conflict")
    return new, errors, held.height - conflicting.height


def _insert(
    connection: Connection[Any], *, book: Book, ordered: pl.DataFrame, inserted_at: datetime
) -> None:
    if ordered.is_empty():
        return
    first = book.next_sequence
    connection.execute(
        "UPDATE ledger_book SET next_sequence = %s WHERE id = %s", (first + ordered.height, book.pk)
    )
    book.next_sequence = first + ordered.height
    columns = (*CONTENT, "recorded_at", "key", "source_ref")
    copy_in(
        connection,
        table="ledger_event",
        frame=ordered.select(
            pl.lit(book.pk).alias("book_id"),
            pl.int_range(first, first + pl.len(), dtype=pl.Int64).alias("sequence"),
            pl.lit(inserted_at).alias("inserted_at"),
            *columns,
        ),
    )
