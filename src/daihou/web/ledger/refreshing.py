"""Publish many loans again after money came in: folded by the kernel, in the caller's transaction.

It gives what ``publishing.refresh`` gives loan by loan; a twin test holds the two equal.
"""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import polars as pl
from psycopg import Connection

from daihou.engine import arrays, columns as c, end_of_day, frames, others, stated as overlay
from daihou.engine.book import BookRefused
from daihou.engine.tables import NewFacts
from daihou.web.ledger import queries
from daihou.web.ledger.copying import copy_in
from daihou.web.ledger.extract import Knowledge, facts_of_loans
from daihou.web.ledger.models import Book
from daihou.web.ledger.publishing import COLUMNS, refresh

FEW_LOANS = 40  # From here on the kernel is quicker than core's fold.
EVENTS_READ = 500  # Shards are read where a loan is planned anew for at most so many events.
EVER = datetime(9999, 12, 31, tzinfo=UTC)


def refresh_many(
    connection: Connection[Any], *, book: Book, loan_ids: pl.Series, as_of: date
) -> None:
    """Fold loans with all that is known and publish them, of ``as_of`` or later.

    The caller holds the book's row lock and has read the book after.
    """
    if loan_ids.len() <= FEW_LOANS:
        refresh(book=book, loan_ids=loan_ids.to_list(), as_of=as_of)
        return
    later = connection.execute(
        "SELECT loan_id FROM ledger_position WHERE loan_id = ANY(%s) AND business_date > %s",
        (loan_ids.to_list(), as_of),
    ).fetchall()
    apart = [loan_id for (loan_id,) in later]
    now = loan_ids.filter(~loan_ids.is_in(apart)).unique().sort()
    facts = facts_of_loans(
        connection, knowledge=_all_knowledge(book), loan_ids=now, held=_held(book, loan_ids=now)
    )
    found = _positions(facts, currency=book.currency, as_of=as_of)
    _put(connection, book=book, found=found)
    missing = now.filter(~now.is_in(found["loan_id"].implode()))  # Not paid out by that day.
    refresh(book=book, loan_ids=[*apart, *missing.to_list()], as_of=as_of)


def _held(book: Book, *, loan_ids: pl.Series) -> NewFacts | None:
    """Read what shards hold of the loans, unless planning these few anew is less work."""
    if loan_ids.len() * EVENTS_READ < book.next_sequence:
        return None
    try:
        return queries.engine_book(book=book).read_facts(loan_ids=loan_ids)
    except BookRefused:  # The night says so; money is not held up by it.
        return None


def _all_knowledge(book: Book) -> Knowledge:
    return Knowledge(
        book_id=book.pk,
        currency=book.currency,
        minor_digits=book.minor_digits,
        shard_count=book.shard_count,
        after_sequence=0,
        ledger_sequence=book.next_sequence - 1,
        known_after=EVER,  # Not a first run: events are read loan by loan.
        known_at=EVER,
        held_from=None,
    )


def _positions(facts: NewFacts, *, currency: str, as_of: date) -> pl.DataFrame:
    plain = facts.loans.filter("is_plain")
    day = arrays.day_number(as_of)
    shard = arrays.shard_arrays(
        loans=plain, dues=facts.dues, payments=facts.payments, rule_rows=facts.rules
    )
    into = arrays.fold_arrays(shard=shard, chosen=np.arange(plain.height), snapshots=(day,))
    rows = [
        others.position_row(other, found)
        for other in others.decode(facts.others)
        if (found := other.at(as_of, with_rows=False)).disbursed_on is not None
    ]
    both = frames.in_order(
        c.POSITIONS,
        [
            frames.positions(loans=plain, into=into, as_of=day, currency=currency),
            end_of_day.other_positions(facts.loans, rows),
        ],
    )
    stated = overlay.latest(stated=facts.stated, as_of=as_of)
    return overlay.over_positions(positions=both, rows=stated)


def _put(connection: Connection[Any], *, book: Book, found: pl.DataFrame) -> None:
    """Put positions in place of what stands; the person's oldest due is settled by the night."""
    rows = found.select(
        "loan_id",
        pl.lit(book.pk).alias("book_id"),
        pl.col("as_of").alias("business_date"),
        pl.lit(book.next_sequence - 1).alias("ledger_sequence"),
        "status",
        "bucket",
        "oldest_unpaid_due_on",
        pl.col("oldest_unpaid_due_on").alias("person_oldest_unpaid_due_on"),
        *COLUMNS[8:],
    )
    connection.execute(
        "CREATE TEMP TABLE refreshed (LIKE ledger_position INCLUDING DEFAULTS) ON COMMIT DROP"
    )
    copy_in(connection, table="refreshed", frame=rows)
    names = ", ".join(COLUMNS)
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS[1:])
    connection.execute(
        f"INSERT INTO ledger_position ({names}) SELECT {names} FROM refreshed"  # noqa: S608
        f" ON CONFLICT (loan_id) DO UPDATE SET {updates}"
    )
    connection.execute("DROP TABLE refreshed")
