"""Post a book's nights: what the ledger says now, less what stands posted, in one transaction.

A journal covers the newest version of the book, so one that was missed is caught up by the next.
Of days before anything that was learnt since the journal before, nothing is looked at again.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast

import polars as pl
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from psycopg import Connection

from daihou.core.events import Kind
from daihou.core.posting import rules_of
from daihou.engine import posting
from daihou.engine.book import Book as EngineBook
from daihou.engine.replay import READ_COLUMNS
from daihou.web.access.models import User
from daihou.web.accounting import chart, periods
from daihou.web.accounting.entries import ENTRY, entries_now, entries_posted
from daihou.web.accounting.models import Journal
from daihou.web.accounting.proving import prove
from daihou.web.audit import operations as audit
from daihou.web.ledger import queries
from daihou.web.ledger.copying import copy_in, copy_out
from daihou.web.ledger.models import Book, BookVersion

LOAN_FACTS = {"loan_id": pl.Int64, "product": pl.Int64}


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What the shards of a book gave: movements after a day, and the sub-ledger's figures."""

    movements: pl.DataFrame
    figures: pl.DataFrame


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


def work(*, book: Book, as_of: date, after: date | None) -> Worked:
    """Walk every shard of the newest version; the kernel lets go of the interpreter: on threads."""
    folder = queries.engine_book(book=book)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = [future.result() for future in _submitted(pool, book, folder, as_of, after)]
    figures = pl.concat([figures for _, figures in results])
    return Worked(
        movements=posting.total([moved for moved, _ in results]),
        figures=figures.group_by("product").agg(pl.all().sum()).sort("product"),
    )


def _submitted(
    pool: ThreadPoolExecutor, book: Book, folder: EngineBook, as_of: date, after: date | None
) -> Iterator[Future[tuple[pl.DataFrame, pl.DataFrame]]]:
    products = _products(book)
    waiting: list[Future[tuple[pl.DataFrame, pl.DataFrame]]] = []
    for shard in range(folder.shard_count):
        tables = folder.read_shard(shard=shard, columns=READ_COLUMNS)
        facts = products.join(tables.loans.select("loan_id"), on="loan_id", how="semi")
        facts = facts.with_columns(
            pl.col("loan_id").is_in(opened(tables.loans, after).implode()).alias("opened")
        )
        waiting.append(pool.submit(_work_shard, tables, facts, as_of, after))
        if len(waiting) > (os.cpu_count() or 1):
            yield waiting.pop(0)
    yield from waiting


def _work_shard(
    tables: Any, facts: pl.DataFrame, as_of: date, after: date | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    moved = posting.shard_movements(tables=tables, loan_facts=facts, as_of=as_of, after=after)
    return moved, posting.shard_figures(tables=tables, loan_facts=facts, as_of=as_of)


def _raw() -> Connection[Any]:
    connection.ensure_connection()
    return cast("Connection[Any]", connection.connection)


def _products(book: Book) -> pl.DataFrame:
    """Return the product of every loan of the book; 0 for none."""
    return copy_out(
        _raw(),
        query="SELECT id, coalesce(product_id, 0) FROM loans_loan WHERE book_id = %s",
        params=[book.pk],
        schema=LOAN_FACTS,
    )


def opened(loans: pl.DataFrame, after: date | None) -> pl.Series:
    """Find the loans brought in at a cut-over among those that began after a day."""
    begun = loans if after is None else loans.filter(pl.col("disbursed_on") > after)
    found = copy_out(
        _raw(),
        query="SELECT loan_id FROM ledger_event WHERE loan_id = ANY(%s) AND kind = %s",
        params=[begun["loan_id"].to_list(), Kind.OPENED.value],
        schema={"loan_id": pl.Int64},
    )
    return found["loan_id"]


def _post(
    *,
    version: BookVersion,
    before: Journal | None,
    after: date | None,
    worked: Worked,
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
