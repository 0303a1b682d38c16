"""Bring receipts into the ledger: matched, recorded in one go, the rest into suspense.

Each batch is one transaction under the book's lock: events, receipts, answered debits and suspense
change together or not at all, so a process killed anywhere has posted nothing or everything once.

Shape   ``OPEN`` in, one row per receipt; ``OUTCOMES`` out, the same rows in another order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connection as django_connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.core.events import EventRefused
from daihou.core.position import PositionRefused
from daihou.core.schedule import ScheduleRefused
from daihou.web.access.models import User
from daihou.web.ledger.copying import copy_out
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book
from daihou.web.ledger.operations import lock_book
from daihou.web.ledger.payments_in import record_payments
from daihou.web.payments import debit_answers, refunds
from daihou.web.payments.models import Receipt, ReceiptKind, ReceiptState

BATCH = 2_000
SMALLER = 8  # A batch that is refused is tried in smaller ones, to find who is at fault.
REFUSALS = (EventRefused, LedgerRefused, PositionRefused, ScheduleRefused)
UTC_MICROS = pl.Datetime("us", "UTC")
OPEN: Mapping[str, Any] = {
    "row_no": pl.Int64,
    "channel_code": pl.String,
    "event_channel": pl.String,
    "reference": pl.String,
    "order_ref": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
    "paid_on": pl.Date,
    "received_at": UTC_MICROS,
}
OUTCOMES: Mapping[str, Any] = {
    "row_no": pl.Int64,
    "state": pl.String,
    "code": pl.String,
    "loan_id": pl.Int64,
    "event_key": pl.String,
    "attempt_id": pl.Int64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    posted: int = 0
    suspended: int = 0
    waiting: int = 0

    def __add__(self, other: "Posted") -> "Posted":
        return Posted(
            posted=self.posted + other.posted,
            suspended=self.suspended + other.suspended,
            waiting=self.waiting + other.waiting,
        )


def post_open(*, book: Book, acting_user: User, batch: int = BATCH) -> Posted:
    """Post everything of a book that is open, batch by batch; then refunds and failed debits.

    A receipt that the ledger refuses to fold goes into suspense and holds up no other.
    """
    total, size = Posted(), batch
    while True:
        try:
            with transaction.atomic():
                done = _post_batch(book_id=book.pk, acting_user=acting_user, batch=size)
        except REFUSALS as refused:
            if size > 1:
                size = max(1, size // SMALLER)
                continue
            with transaction.atomic():
                _suspend_next(book_id=book.pk, code=refused.code, acting_user=acting_user)
            done, size = Posted(suspended=1), batch
            total += done
            continue
        total += done
        if done.posted + done.suspended < size:
            break
    with transaction.atomic():
        locked = lock_book(book_id=book.pk)
        posted, waiting = refunds.settle_refunds(book=locked, acting_user=acting_user)
        debit_answers.settle_failures(book=locked)
    return total + Posted(posted=posted, waiting=waiting)


def _post_batch(*, book_id: int, acting_user: User, batch: int) -> Posted:
    locked = lock_book(book_id=book_id)
    raw = cast("Connection[Any]", django_connection.connection)
    rows = _open_rows(raw, book_id=book_id, batch=batch)
    if rows.is_empty():
        return Posted()
    now = timezone.now()
    outcomes = settle_payments(raw, book=locked, rows=rows, acting_user=acting_user)
    ids = outcomes["row_no"].to_list()
    columns = (outcomes[name].to_list() for name in ("state", "code", "loan_id", "event_key"))
    raw.execute(
        "UPDATE payments_receipt r SET state = v.state, code = v.code, loan_id = v.loan_id,"
        " event_key = v.event_key,"
        " posted_at = CASE WHEN v.state = 'posted' THEN %s::timestamptz END"
        " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::text[])"
        " AS v (id, state, code, loan_id, event_key) WHERE r.id = v.id",
        (now, ids, *columns),
    )
    finish(raw, book=locked, outcomes=outcomes, at=now, acting_user=acting_user)
    is_posted = outcomes["state"] == ReceiptState.POSTED
    return Posted(posted=int(is_posted.sum()), suspended=int((~is_posted).sum()))


def _suspend_next(*, book_id: int, code: str, acting_user: User) -> None:
    """Put the next open receipt into suspense: its loan cannot take it."""
    locked = lock_book(book_id=book_id)
    raw = cast("Connection[Any]", django_connection.connection)
    row = _open_rows(raw, book_id=book_id, batch=1).select("row_no")
    raw.execute(
        "UPDATE payments_receipt SET state = %s, code = %s WHERE id = %s",
        (ReceiptState.SUSPENDED.value, code, row.item()),
    )
    outcomes = pl.DataFrame(
        {"row_no": row["row_no"], "state": [ReceiptState.SUSPENDED.value], "code": [code]}
    )
    whole = outcomes.select(
        (pl.col(name) if name in outcomes.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in OUTCOMES.items()
    )
    finish(raw, book=locked, outcomes=whole, at=timezone.now(), acting_user=acting_user)


def _open_rows(connection: Connection[Any], *, book_id: int, batch: int) -> pl.DataFrame:
    return copy_out(
        connection,
        query="SELECT r.id, c.code, c.event_channel, r.reference, r.order_ref, r.amount_minor,"
        " r.currency, r.paid_on, (extract(epoch FROM r.received_at) * 1000000)::bigint"
        " FROM payments_receipt r JOIN payments_channel c ON c.id = r.channel_id"
        " WHERE r.book_id = %s AND r.state = %s AND r.kind = %s ORDER BY r.id LIMIT %s",
        params=(book_id, ReceiptState.RECEIVED.value, ReceiptKind.PAYMENT.value, batch),
        schema=OPEN,
    )


def settle_payments(
    connection: Connection[Any], *, book: Book, rows: pl.DataFrame, acting_user: User
) -> pl.DataFrame:
    """Match receipts to loans and record them; say of each where it went (``OUTCOMES``).

    The caller holds the book's lock and writes the outcomes in the same transaction.
    """
    matched = _matched(connection, book=book, rows=rows)
    code = (
        pl.when(pl.col("currency") != book.currency)
        .then(pl.lit("payment.currency_mismatch"))
        .when(pl.col("loan_id").is_null())
        .then(pl.lit("payment.unmatched"))
        .otherwise(pl.lit(""))
    )
    told = matched.with_columns(
        code.alias("code"),
        pl.concat_str("channel_code", "reference", separator=":").alias("event_key"),
    )
    recorded = record_payments(
        book=book,
        payments=told.filter(pl.col("code") == "").select(
            "row_no",
            "loan_id",
            pl.col("event_key").alias("key"),
            pl.col("paid_on").alias("effective_on"),
            pl.col("received_at").alias("recorded_at"),
            "amount_minor",
            pl.col("order_ref").alias("source_ref"),
            pl.col("event_channel").alias("channel"),
        ),
        acting_user=acting_user,
    )
    refused = recorded.refused.rename({"code": "refused"})
    whole = told.join(refused, on="row_no", how="left").with_columns(
        pl.coalesce("refused", "code").alias("code")
    )
    is_posted = pl.col("code") == ""
    return whole.with_columns(
        pl.when(is_posted)
        .then(pl.lit(ReceiptState.POSTED.value))
        .otherwise(pl.lit(ReceiptState.SUSPENDED.value))
        .alias("state"),
        pl.when(is_posted).then("event_key").otherwise(pl.lit("")).alias("event_key"),
    ).select(pl.col(name).cast(dtype) for name, dtype in OUTCOMES.items())


def _matched(connection: Connection[Any], *, book: Book, rows: pl.DataFrame) -> pl.DataFrame:
    """Find the loan of each receipt: by the debit or the pay link it answers, or its reference."""
    refs = rows["order_ref"].filter(rows["order_ref"] != "").unique()
    found = copy_out(
        connection,
        query="SELECT w.ref, coalesce(a.loan_id, k.loan_id, l.id), a.id"
        " FROM unnest(%s::text[]) AS w (ref)"
        " LEFT JOIN (payments_debitattempt a JOIN loans_loan al"
        "   ON al.id = a.loan_id AND al.book_id = %s) ON a.reference = w.ref"
        " LEFT JOIN payments_paylink k ON k.order_ref = w.ref AND k.book_id = %s"
        " LEFT JOIN loans_loan l ON l.book_id = %s AND l.loan_ref = w.ref",
        params=(refs.to_list(), book.pk, book.pk, book.pk),
        schema={"order_ref": pl.String, "loan_id": pl.Int64, "attempt_id": pl.Int64},
    )
    return rows.join(found, on="order_ref", how="left", maintain_order="left")


def finish(
    connection: Connection[Any],
    *,
    book: Book,
    outcomes: pl.DataFrame,
    at: datetime,
    acting_user: User,
) -> None:
    """Open suspense for what no loan took and for what was overpaid; note debits that were paid.

    ``row_no`` of the outcomes is the receipt's id.
    """
    today = at.astimezone(ZoneInfo(book.time_zone)).date()
    suspended = outcomes.filter(pl.col("state") == ReceiptState.SUSPENDED)["row_no"].to_list()
    connection.execute(
        "INSERT INTO payments_suspenseitem"
        " (book_id, receipt_id, amount_minor, left_minor, code, opened_on, state)"
        " SELECT r.book_id, r.id, r.amount_minor, r.amount_minor, r.code, %s, 'open'"
        " FROM payments_receipt r WHERE r.id = ANY(%s)",
        (today, suspended),
    )
    posted = outcomes.filter(pl.col("state") == ReceiptState.POSTED)
    settled = copy_out(
        connection,
        query="SELECT loan_id FROM ledger_position WHERE loan_id = ANY(%s)"
        " AND status = 'closed' AND unapplied_minor > 0",
        params=(posted["loan_id"].unique().to_list(),),
        schema={"loan_id": pl.Int64},
    )
    on_settled = posted.join(settled, on="loan_id", how="semi")
    connection.execute(
        "INSERT INTO payments_suspenseitem"
        " (book_id, receipt_id, loan_id, amount_minor, left_minor, code, opened_on, state)"
        " SELECT p.book_id, r.id, r.loan_id, p.unapplied_minor - held.left_minor,"
        "  p.unapplied_minor - held.left_minor, 'payment.overpaid', %s, 'open'"
        " FROM ledger_position p JOIN (SELECT DISTINCT ON (loan_id) id, loan_id"
        "   FROM payments_receipt WHERE id = ANY(%s) ORDER BY loan_id, paid_on DESC, id DESC) r"
        "  ON r.loan_id = p.loan_id,"
        " LATERAL (SELECT coalesce(sum(i.left_minor), 0) AS left_minor"
        "   FROM payments_suspenseitem i WHERE i.loan_id = p.loan_id AND i.state = 'open') held"
        " WHERE p.status = 'closed' AND p.unapplied_minor > held.left_minor",
        (today, on_settled["row_no"].to_list()),
    )
    connection.execute(
        "UPDATE payments_paylink k SET state = 'paid', receipt_id = first.id"
        " FROM (SELECT DISTINCT ON (order_ref) id, book_id, order_ref FROM payments_receipt"
        "  WHERE id = ANY(%s) AND order_ref <> '' ORDER BY order_ref, id) first"
        " WHERE k.order_ref = first.order_ref AND k.book_id = first.book_id"
        " AND k.state <> 'paid'",
        (posted["row_no"].to_list(),),
    )
    answered = posted.filter(pl.col("attempt_id").is_not_null())["row_no"].to_list()
    if answered:
        receipts = Receipt.objects.filter(pk__in=answered).select_related("channel")
        debit_answers.note_paid(receipts=list(receipts), at=at, acting_user=acting_user)
