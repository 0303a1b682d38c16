"""Take a channel's file of payments in: lines that are new become receipts and events, by COPY.

Each part of a file is one transaction under the book's lock, so a file that was cut off, or is
given again, goes on where it was: what is known by its reference changes nothing.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import polars as pl
from django.db import connection as django_connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.copying import copy_in, copy_out
from daihou.web.ledger.models import Book
from daihou.web.ledger.operations import lock_book
from daihou.web.payments import debit_answers, intake, refunds
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.models import BreakKind, Channel, ReceiptKind, ReceiptState
from daihou.web.payments.posting import OPEN, OUTCOMES, finish, settle_payments

PART_LINES = 250_000  # Each touched loan is published once for each part.
_CONTENT = ("kind", "amount_minor", "currency", "target_reference")
_HELD: Mapping[str, Any] = {
    "reference": pl.String,
    "held_kind": pl.String,
    "held_amount_minor": pl.Int64,
    "held_currency": pl.String,
    "held_target_reference": pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTaken:
    """``refused`` has ``line_no`` and ``code``: lines of which nothing was kept."""

    lines: int
    new: int
    known: int
    posted: int
    suspended: int
    failures: int
    refused: pl.DataFrame


def take_file(
    *, channel: Channel, content: bytes, acting_user: User, as_of: date, at: datetime
) -> FileTaken:
    """Take every line of a file that can be taken; ``as_of`` is today in the book's zone.

    :raises PaymentRefused: ``bill.malformed``, ``bill.column_missing``,
        ``channel.takes_no_messages``.
    """
    adapter = adapter_of(kind=channel.adapter)
    rows = adapter.read_bill(content=content, minor_digits=channel.book.minor_digits)
    is_early = pl.col("code").is_null() & (pl.col("paid_on") > as_of)
    rows = rows.with_columns(
        pl.when(is_early).then(pl.lit("payment.in_future")).otherwise("code").alias("code")
    )
    bad = rows.filter(pl.col("code").is_not_null()).select("line_no", "code")
    good = rows.filter(pl.col("code").is_null())
    parts = [
        _take_part(channel=channel, rows=part, acting_user=acting_user, at=at)
        for part in good.iter_slices(PART_LINES)
    ]
    with transaction.atomic():
        book = lock_book(book_id=channel.book_id)
        settled, _ = refunds.settle_refunds(book=book, acting_user=acting_user)
        debit_answers.settle_failures(book=book)
        taken = FileTaken(
            lines=rows.height,
            new=sum(part.new for part in parts),
            known=sum(part.known for part in parts),
            posted=sum(part.posted for part in parts) + settled,
            suspended=sum(part.suspended for part in parts),
            failures=sum(part.failures for part in parts),
            refused=pl.concat([bad, *(part.refused for part in parts)]).sort("line_no"),
        )
        _audit(channel=channel, content=content, taken=taken, acting_user=acting_user)
    return taken


def _audit(*, channel: Channel, content: bytes, taken: FileTaken, acting_user: User) -> None:
    audit.record(
        acting_user=acting_user,
        action="payments.take_file",
        target_type="channel",
        target_id=channel.pk,
        details={
            "digest": hashlib.sha256(content).hexdigest(),
            "lines": taken.lines,
            "new": taken.new,
            "refused": taken.refused.height,
        },
    )


@transaction.atomic
def _take_part(
    *, channel: Channel, rows: pl.DataFrame, acting_user: User, at: datetime
) -> FileTaken:
    book = lock_book(book_id=channel.book_id)
    raw = cast("Connection[Any]", django_connection.connection)
    new, known, conflicting = _against_known(raw, channel=channel, rows=rows)
    _raise_conflicts(raw, channel=channel, rows=conflicting, at=at)
    failures = new.filter(pl.col("kind") == "failure")
    _put_failures(raw, channel=channel, rows=failures, at=at)
    moved = new.filter(pl.col("kind") != "failure")
    numbers = copy_out(
        raw,
        query="SELECT nextval(s.name) FROM generate_series(1, %s), (SELECT"
        " pg_get_serial_sequence('payments_receipt', 'id')::regclass AS name OFFSET 0) s",
        params=(moved.height,),
        schema={"row_no": pl.Int64},
    )
    numbered = pl.concat([moved, numbers], how="horizontal")
    outcomes = _settle(
        raw, book=book, channel=channel, rows=numbered, acting_user=acting_user, at=at
    )
    _put_receipts(raw, channel=channel, rows=numbered, outcomes=outcomes, at=at)
    finish(raw, book=book, outcomes=outcomes, at=timezone.now(), acting_user=acting_user)
    is_posted = outcomes["state"] == ReceiptState.POSTED
    return FileTaken(
        lines=rows.height,
        new=new.height,
        known=known,
        posted=int(is_posted.sum()),
        suspended=int((~is_posted).sum()),
        failures=failures.height,
        refused=conflicting.select("line_no", pl.lit("payment.reference_conflict").alias("code")),
    )


def _against_known(
    connection: Connection[Any], *, channel: Channel, rows: pl.DataFrame
) -> tuple[pl.DataFrame, int, pl.DataFrame]:
    """Part the lines: new ones, how many are known, and those that contradict what is known."""
    first = rows.unique("reference", keep="first", maintain_order=True)
    references = first["reference"].to_list()
    held = copy_out(
        connection,
        query="SELECT reference, kind, amount_minor, currency, target_reference"
        " FROM payments_receipt WHERE channel_id = %s AND reference = ANY(%s)"
        " UNION ALL SELECT a.order_ref, 'failure', NULL, NULL, NULL FROM payments_debitanswer a"
        " WHERE a.channel_id = %s AND a.order_ref = ANY(%s)",
        params=(channel.pk, references, channel.pk, references),
        schema=_HELD,
    )
    new = first.join(held, on="reference", how="anti", maintain_order="left")
    told_first = new.select("reference", *(pl.col(name).alias(f"held_{name}") for name in _CONTENT))
    repeated = rows.join(new, on="line_no", how="anti").join(
        pl.concat([held.unique("reference", keep="first").select(told_first.columns), told_first]),
        on="reference",
        how="left",
    )
    is_failure = (pl.col("kind") == "failure") & (pl.col("held_kind") == "failure")
    differs = pl.any_horizontal(
        pl.col(name).ne_missing(pl.col(f"held_{name}").fill_null("") if name == "target_reference"
                                else pl.col(f"held_{name}"))
        for name in _CONTENT
    )  # fmt: skip
    conflicting = repeated.filter(differs & ~is_failure)
    return new, repeated.height - conflicting.height, conflicting


def _raise_conflicts(
    connection: Connection[Any], *, channel: Channel, rows: pl.DataFrame, at: datetime
) -> None:
    for row in rows.iter_rows(named=True):
        intake.raise_conflict(
            connection,
            {
                "channel": channel.pk,
                "break_kind": BreakKind.CONFLICTING_NOTICE.value,
                "reference": row["reference"],
                "paid_on": row["paid_on"],
                "amount_minor": row["amount_minor"],
                "held_minor": row["held_amount_minor"],
                "now": at,
            },
        )


def _put_failures(
    connection: Connection[Any], *, channel: Channel, rows: pl.DataFrame, at: datetime
) -> None:
    copy_in(
        connection,
        table="payments_debitanswer",
        frame=rows.select(
            pl.lit(channel.pk).alias("channel_id"),
            "order_ref",
            pl.when(pl.col("failure_code") == "")
            .then(pl.lit("OTHER"))
            .otherwise(pl.col("failure_code").str.slice(0, 32))
            .alias("failure_code"),
            pl.col("paid_on").alias("answered_on"),
            pl.lit(at).alias("received_at"),
        ),
    )


def _settle(
    connection: Connection[Any],
    *,
    book: Book,
    channel: Channel,
    rows: pl.DataFrame,
    acting_user: User,
    at: datetime,
) -> pl.DataFrame:
    payments = rows.filter(pl.col("kind") == ReceiptKind.PAYMENT)
    if payments.is_empty():
        return pl.DataFrame(schema=dict(OUTCOMES))
    open_rows = payments.with_columns(
        pl.lit(channel.code).alias("channel_code"),
        pl.lit(channel.event_channel).alias("event_channel"),
        pl.lit(at).alias("received_at"),
    ).select(pl.col(name).cast(dtype) for name, dtype in OPEN.items())
    return settle_payments(connection, book=book, rows=open_rows, acting_user=acting_user)


def _put_receipts(
    connection: Connection[Any],
    *,
    channel: Channel,
    rows: pl.DataFrame,
    outcomes: pl.DataFrame,
    at: datetime,
) -> None:
    """Write receipts as they have ended already; refunds are settled after their payments."""
    settled = rows.join(_accounts(rows), on="payer_account", how="left").join(
        outcomes.drop("attempt_id"), on="row_no", how="left", suffix="_outcome"
    )
    is_posted = pl.col("state") == ReceiptState.POSTED
    copy_in(
        connection,
        table="payments_receipt",
        frame=settled.select(
            pl.col("row_no").alias("id"),
            pl.lit(channel.book_id).alias("book_id"),
            pl.lit(channel.pk).alias("channel_id"),
            *("kind", "reference", "target_reference", "amount_minor", "currency", "paid_on"),
            pl.lit(at).alias("received_at"),
            *("order_ref", "remark"),
            (pl.lit("\\x") + pl.col("index")).alias("payer_index"),
            "payer_masked",
            pl.lit("").alias("voucher_digest"),
            pl.col("state").fill_null(ReceiptState.RECEIVED.value),
            pl.col("code_outcome").fill_null("").alias("code"),
            "loan_id",
            pl.col("event_key").fill_null(""),
            pl.when(is_posted).then(pl.lit(at)).alias("posted_at"),
        ),
    )


def _accounts(rows: pl.DataFrame) -> pl.DataFrame:
    """Index and mask each payer's account once."""
    accounts = rows["payer_account"].unique().to_list()
    indexes = [found.hex() if (found := intake.payer_index(text)) else None for text in accounts]
    return pl.DataFrame(
        {
            "payer_account": accounts,
            "index": indexes,
            "payer_masked": list(map(intake.payer_masked, accounts)),
        },
        schema=dict.fromkeys(("payer_account", "index", "payer_masked"), pl.String),
    )
