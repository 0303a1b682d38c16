"""Record many payments at once: by key, once, and publish their loans, all in one transaction.

Units   As ``tapes.canonical``; ``recorded_at`` is an instant in UTC.
Shape   ``PAYMENTS`` in, one row per payment; out, what happened to each ``row_no``.
Errors  Row by row, by code: ``loan.unknown``, ``payment.before_disbursement``,
        ``event.key_conflict``, ``amount.sum_too_large``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

import polars as pl
from django.db import connection as django_connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.core.events import STARTING_KINDS, Kind
from daihou.core.position import Status, position
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.cases.hearing import hear
from daihou.web.ledger import queries
from daihou.web.ledger.copying import copy_out
from daihou.web.ledger.events_in import put_events
from daihou.web.ledger.facts import FACTS
from daihou.web.ledger.models import Book, EndOfDayStep, RunState, StepState
from daihou.web.ledger.operations import lock_book
from daihou.web.ledger.refreshing import refresh_many

UTC_MICROS = pl.Datetime("us", "UTC")
PAYMENTS: Mapping[str, Any] = {
    "row_no": pl.Int64,
    "loan_id": pl.Int64,
    "key": pl.String,
    "effective_on": pl.Date,
    "recorded_at": UTC_MICROS,
    "amount_minor": pl.Int64,
    "source_ref": pl.String,
    "channel": pl.String,
}
_REFUSED: Mapping[str, Any] = {"row_no": pl.Int64, "code": pl.String}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsRecorded:
    """``refused`` has ``row_no`` and ``code``; every other row is in the ledger now."""

    refused: pl.DataFrame
    new_count: int
    known_count: int


def record_payments(*, book: Book, payments: pl.DataFrame, acting_user: User) -> PaymentsRecorded:
    """Add payments to loans of a book; those on a loan written off are recoveries.

    What the ledger holds already under the same key, with the same content, changes nothing.
    """
    given = payments.select(pl.col(name).cast(dtype) for name, dtype in PAYMENTS.items())
    with transaction.atomic():
        locked = lock_book(book_id=book.pk)
        raw = cast("Connection[Any]", django_connection.connection)
        known_loans = _loans(raw, book=locked, loan_ids=given["loan_id"].unique())
        rows, refused = _placed(given, known_loans)
        rows = _with_kinds(rows, book=locked, loans=known_loans)
        put = put_events(
            raw,
            book=locked,
            facts=_facts(rows),
            loans=rows.select("loan_ref", "loan_id").unique("loan_ref"),
            inserted_at=timezone.now(),
        )
        errors = put.errors.select(pl.col("source_row").cast(pl.Int64).alias("row_no"), "code")
        refused = pl.concat([refused, errors.unique("row_no", keep="first")])
        taken = rows.join(refused, on="row_no", how="anti")
        _publish(raw, book=locked, taken=taken)
        audit.record(
            acting_user=acting_user,
            action="payments.record",
            target_type="book",
            target_id=locked.pk,
            details={
                "new": put.new_count,
                "known": put.known_count,
                "refused": refused.height,
                "first_sequence": put.first_sequence,
            },
        )
    return PaymentsRecorded(refused=refused, new_count=put.new_count, known_count=put.known_count)


def _loans(connection: Connection[Any], *, book: Book, loan_ids: pl.Series) -> pl.DataFrame:
    """Find each loan with its shard, the day it began, and the day it was first written off."""
    starting = sorted(kind.value for kind in STARTING_KINDS)
    return copy_out(
        connection,
        query="SELECT l.id, l.loan_ref, l.shard,"
        " min(e.effective_on) FILTER (WHERE e.kind = ANY(%s)),"
        " min(e.effective_on) FILTER (WHERE e.kind = %s)"
        " FROM loans_loan l LEFT JOIN ledger_event e ON e.loan_id = l.id AND e.kind = ANY(%s)"
        " WHERE l.book_id = %s AND l.id = ANY(%s) GROUP BY l.id",
        params=(
            starting,
            Kind.WRITTEN_OFF.value,
            [*starting, Kind.WRITTEN_OFF.value],
            book.pk,
            loan_ids.drop_nulls().to_list(),
        ),
        schema={
            "loan_id": pl.Int64,
            "loan_ref": pl.String,
            "shard": pl.Int64,
            "began_on": pl.Date,
            "written_off_on": pl.Date,
        },
    )


def _placed(given: pl.DataFrame, loans: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the rows that can count from those that no loan can take."""
    rows = given.join(loans, on="loan_id", how="left", maintain_order="left")
    is_early = pl.col("began_on").is_null() | (pl.col("effective_on") < pl.col("began_on"))
    code = (
        pl.when(pl.col("loan_ref").is_null())
        .then(pl.lit("loan.unknown"))
        .when(is_early)
        .then(pl.lit("payment.before_disbursement"))
    )
    told = rows.with_columns(code.alias("code"))
    refused = told.filter(pl.col("code").is_not_null()).select(_REFUSED.keys())
    return told.filter(pl.col("code").is_null()).drop("code"), refused


def _with_kinds(rows: pl.DataFrame, *, book: Book, loans: pl.DataFrame) -> pl.DataFrame:
    """Call money a recovery where its loan is written off on its day, else a payment."""
    suspects = rows.filter(pl.col("effective_on") >= pl.col("written_off_on"))
    ids = set(loans["loan_id"]) & set(suspects["loan_id"])
    loaded = queries.load_loans(book=book, loan_ids=ids)
    recovered = [
        number
        for number, loan_id, day in suspects.select("row_no", "loan_id", "effective_on").iter_rows()
        if _is_written_off(loaded[loan_id], day)
    ]
    kind = (
        pl.when(pl.col("row_no").is_in(recovered))
        .then(pl.lit(Kind.RECOVERED.value))
        .otherwise(pl.lit(Kind.PAYMENT_RECEIVED.value))
    )
    return rows.with_columns(kind.alias("kind"))


def _is_written_off(loaded: Any, day: date) -> bool:
    contract, events = loaded
    found = position(contract=contract, events=events, as_of=day, with_rows=False)
    return found.status is Status.WRITTEN_OFF


def _facts(rows: pl.DataFrame) -> pl.DataFrame:
    named = rows.with_columns(
        pl.lit("payments").alias("frame"),
        pl.lit(0).alias("source_no"),
        pl.col("row_no").alias("source_row"),
    )
    return named.select(
        (pl.col(name) if name in named.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in FACTS.items()
    )


def _publish(connection: Connection[Any], *, book: Book, taken: pl.DataFrame) -> None:
    """Publish each touched loan for the day its shard stands at, or its payment's if later."""
    if book.business_date is None or taken.is_empty():
        return
    ahead = dict(
        EndOfDayStep.objects.filter(
            run__book=book, run__state=RunState.RUNNING, state=StepState.DONE
        ).values_list("shard", "run__through_on")
    )
    recorded_on = pl.col("recorded_at").dt.convert_time_zone(ZoneInfo(book.time_zone).key).dt.date()
    days = taken.with_columns(
        pl.col("shard")
        .replace_strict(ahead, default=None, return_dtype=pl.Date)
        .fill_null(pl.lit(book.business_date))
        .alias("stands_at"),
        pl.min_horizontal("effective_on", recorded_on).alias("paid_by"),
    )
    by_loan = days.group_by("loan_id").agg(
        pl.max_horizontal("stands_at", "paid_by").max().alias("day")
    )
    for (day,), loans in sorted(by_loan.group_by("day")):
        refresh_many(
            connection, book=book, loan_ids=loans["loan_id"].sort(), as_of=cast("date", day)
        )
    hear(book_id=book.pk, loan_ids=by_loan["loan_id"].to_list())
