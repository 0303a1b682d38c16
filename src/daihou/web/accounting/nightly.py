"""Post a book's nights: what the ledger says now, less what stands posted, in one transaction.

A journal covers the newest version of the book, so one that was missed is caught up by the next.
Of days before anything that was learnt since the journal before, nothing is looked at again.
"""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any, TypeVar, cast

import numpy as np
import polars as pl
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from numpy.typing import NDArray
from psycopg import Connection

from daihou.core.events import Kind
from daihou.core.posting import rules_of
from daihou.engine import posting
from daihou.engine.book import Book as EngineBook, write_parquet
from daihou.engine.tables import ShardTables
from daihou.web.access.models import User
from daihou.web.accounting import chart, periods
from daihou.web.accounting.entries import ENTRY, entries_now, entries_posted
from daihou.web.accounting.models import Journal
from daihou.web.accounting.proving import prove
from daihou.web.audit import operations as audit
from daihou.web.ledger import queries
from daihou.web.ledger.copying import copy_in, copy_out
from daihou.web.ledger.models import Book, BookVersion
from daihou.web.ledger.shard_work import newest_tables

LOAN_FACTS = {"loan_id": pl.Int64, "product": pl.Int64}
PRODUCTS_FILE = "loans-by-product.parquet"  # In the book's folder.
FEW_LOANS = 10_000  # So many are looked up one by one, more by a range of ids.
Walked = TypeVar("Walked")


def post_newest(*, book: Book, acting_user: User) -> Journal | None:
    """Post the newest version of a book, unless it is; nothing without a version.

    Killed anywhere it leaves nothing; run again it posts the same entries.
    """
    started = time.perf_counter()
    version = BookVersion.objects.filter(book=book).select_related("run").order_by("-pk").first()
    if version is None or Journal.objects.filter(run=version.run).exists():
        return None
    before = Journal.objects.filter(book=book).order_by("-pk").first()
    after = None if before is None else _settled_through(version=version, before=before)
    worked = work(book=book, as_of=version.business_date, after=after)
    with transaction.atomic():
        book = Book.objects.select_for_update().get(pk=book.pk)
        newest = Journal.objects.filter(book=book).aggregate(newest=Max("pk"))["newest"]
        if newest != (None if before is None else before.pk):
            return None  # Another process was quicker.
        journal = _post(version=version, before=before, after=after, worked=worked, began=started)
        prove(journal=journal, figures=worked.figures, run=version.run)
        audit.record(
            acting_user=acting_user,
            action="journal.post",
            target_type="journal",
            target_id=journal.pk,
            details={"book": book.name, "through": journal.through_on.isoformat()},
        )
    return journal


def _settled_through(*, version: BookVersion, before: Journal) -> date:
    """Find the last day of which nothing was learnt since the journal before."""
    first = before.ledger_sequence + 1
    if before.held_from is not None:
        first = min(first, before.held_from)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(effective_on) FROM ledger_event WHERE book_id = %s"
            " AND sequence BETWEEN %s AND %s AND recorded_at <= %s AND kind <> %s"
            " AND (sequence > %s OR recorded_at > %s)",
            [
                version.book_id,
                first,
                version.ledger_sequence,
                version.known_at,
                Kind.STATED.value,
                before.ledger_sequence,
                before.known_at,
            ],
        )
        earliest: date | None = cursor.fetchone()[0]
    if earliest is None:
        return before.through_on
    return min(before.through_on, earliest - timedelta(days=1))


def work(*, book: Book, as_of: date, after: date | None) -> posting.ShardPosting:
    """Walk every shard of the newest version; the kernel lets go of the interpreter: on threads."""

    def walk(tables: ShardTables, facts: pl.DataFrame) -> posting.ShardPosting:
        return posting.post_shard(tables=tables, loan_facts=facts, as_of=as_of, after=after)

    found = list(each_shard(book=book, after=after, walk=walk))
    return posting.ShardPosting(
        movements=posting.total([part.movements for part in found]),
        figures=posting.by_product([part.figures for part in found]),
    )


def each_shard(
    *, book: Book, after: date | None, walk: Callable[[ShardTables, pl.DataFrame], Walked]
) -> Iterator[Walked]:
    """Read a shard while others are walked; what a walk takes is its tables and loan facts."""
    folder = queries.engine_book(book=book)
    ids, products = _products(book, folder)
    most = os.cpu_count() or 1
    waiting: list[Future[Walked]] = []
    with ThreadPoolExecutor(max_workers=most) as pool:
        for shard in range(folder.shard_count):
            tables = newest_tables(book=folder, shard=shard, columns=posting.READ_COLUMNS)
            loan_ids = tables.loans["loan_id"]
            place = np.searchsorted(ids, loan_ids.to_numpy())
            came = opened(tables.loans, after)
            facts = pl.DataFrame(
                {
                    "loan_id": loan_ids,
                    "product": products[place],
                    "opened": loan_ids.is_in(came.implode()),
                }
            )
            waiting.append(pool.submit(walk, tables, facts))
            if len(waiting) > most:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


def _raw() -> Connection[Any]:
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)


def _products(book: Book, folder: EngineBook) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids of the book's loans, ascending, and the product of each; 0 for none.

    A loan keeps the product under which it was first posted: that is kept beside the shards.
    """
    path = folder.root / PRODUCTS_FILE
    known = pl.read_parquet(path) if path.exists() else pl.DataFrame(schema=LOAN_FACTS)
    highest = known["loan_id"].max() if known.height else 0
    added = copy_out(
        _raw(),
        query="SELECT id, coalesce(product_id, 0) FROM loans_loan"
        " WHERE book_id = %s AND id > %s ORDER BY id",
        params=[book.pk, highest],
        schema=LOAN_FACTS,
    )
    if added.height:
        known = pl.concat([known, added])
        write_parquet(known, path)
    return known["loan_id"].to_numpy(), known["product"].to_numpy()


def opened(loans: pl.DataFrame, after: date | None) -> pl.Series:
    """Find the loans brought in at a cut-over among those that began after a day."""
    begun = loans if after is None else loans.filter(pl.col("disbursed_on") > after)
    ids = begun["loan_id"]
    few = ids.len() <= FEW_LOANS
    found = copy_out(
        _raw(),
        query="SELECT loan_id FROM ledger_event WHERE kind = %s AND loan_id "  # noqa: S608
        + ("= ANY(%s)" if few else "BETWEEN %s AND %s"),
        params=[Kind.OPENED.value, *([ids.to_list()] if few else [ids.min(), ids.max()])],
        schema={"loan_id": pl.Int64},
    )
    return found["loan_id"]


def _post(
    *,
    version: BookVersion,
    before: Journal | None,
    after: date | None,
    worked: posting.ShardPosting,
    began: float,
) -> Journal:
    """Write the journal: per view, what moved less what was posted of the same days."""
    views = chart.views()
    now = pl.concat([entries_now(worked.movements, rules=rules) for rules in views])
    posted = entries_posted(_raw(), book_id=version.book_id, after=after)
    new = pl.concat([now, posted.with_columns(-pl.col("amount_minor"))])
    key = [name for name in ENTRY if name != "amount_minor"]
    new = new.group_by(key).agg(pl.col("amount_minor").sum())
    new = new.filter(pl.col("amount_minor") != 0).sort(key)
    new = periods.dated(book=version.book, entries=new, through=version.business_date)
    journal = Journal.objects.create(
        book=version.book,
        run=version.run,
        from_on=None if before is None else before.through_on,
        through_on=version.business_date,
        after=after,
        ledger_sequence=version.ledger_sequence,
        known_at=version.known_at,
        held_from=version.held_from,
        rules_version=rules_of().version,
        entry_count=new.height,
        seconds=round(time.perf_counter() - began, 3),
        posted_at=timezone.now(),
    )
    _insert(journal=journal, entries=new, before=before)
    return journal


def _insert(*, journal: Journal, entries: pl.DataFrame, before: Journal | None) -> None:
    raw = _raw()
    amount = pl.col("amount_minor")
    rows = entries.select(
        "view",
        "on",
        "value_on",
        "period_id",
        pl.when(pl.col("product") != 0).then("product").alias("product_id"),
        pl.col("role").replace_strict(chart.ids(), return_dtype=pl.Int64).alias("account_id"),
        "cause",
        pl.when(amount > 0).then(amount).otherwise(0).alias("debit_minor"),
        pl.when(amount < 0).then(-amount).otherwise(0).alias("credit_minor"),
    )
    raw.execute(
        'CREATE TEMP TABLE staged_entry (view text, "on" date, value_on date, period_id bigint,'
        " product_id bigint, account_id bigint, cause text, debit_minor bigint,"
        " credit_minor bigint) ON COMMIT DROP"
    )
    copy_in(raw, table="staged_entry", frame=rows)
    raw.execute(
        'INSERT INTO accounting_journalentry (journal_id, book_id, view, "on", value_on,'
        " period_id, product_id, currency, account_id, cause, debit_minor, credit_minor,"
        ' corrects_id) SELECT %s, %s, s.view, s."on", s.value_on, s.period_id, s.product_id,'
        " %s, s.account_id, s.cause, s.debit_minor, s.credit_minor,"
        " CASE WHEN s.value_on <= %s THEN (SELECT e.id FROM accounting_journalentry e"
        "  WHERE e.book_id = %s AND e.view = s.view AND e.value_on = s.value_on"
        "  AND e.product_id IS NOT DISTINCT FROM s.product_id"
        "  ORDER BY (e.account_id = s.account_id AND e.cause = s.cause) DESC,"
        "  (e.account_id = s.account_id) DESC, e.id DESC LIMIT 1) END"
        " FROM staged_entry s",
        [
            journal.pk,
            journal.book_id,
            journal.book.currency,
            date.min if before is None else before.through_on,
            journal.book_id,
        ],
    )
    raw.execute("DROP TABLE staged_entry")
