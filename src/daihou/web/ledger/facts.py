"""From a tape's frames to rows of the ledger: one frame of events, one of contracts. Pure.

Units   As ``tapes.canonical``; ``recorded_at`` is an instant in UTC.
Shape   ``FACTS`` and ``CONTRACTS`` name the columns. ``frame``, ``source_no`` and ``source_row``
        say where a row came from; rows keep the order of their frames.
"""

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from daihou.core import codec
from daihou.core.changes import Change, plain
from daihou.core.events import Kind
from daihou.tapes.canonical import STATED_FIGURES
from daihou.tapes.protocol import Tape
from daihou.web.loans.agreed import TERMS_COLUMNS

UTC_MICROS = pl.Datetime("us", "UTC")
FACTS: Mapping[str, Any] = {
    "frame": pl.String,
    "source_no": pl.Int16,
    "source_row": pl.Int64,
    "loan_ref": pl.String,
    "kind": pl.String,
    "effective_on": pl.Date,
    "recorded_at": UTC_MICROS,
    "amount_minor": pl.Int64,
    "component": pl.String,
    "instalment_no": pl.Int64,
    "due_on": pl.Date,
    "key": pl.String,
    "target_key": pl.String,
    "source_ref": pl.String,
    "channel": pl.String,
    "figures": pl.String,
    "change": pl.String,
}
SCHEDULE = ("due_on", "principal_minor", "interest_minor", "fee_minor")


def facts(*, tape: Tape, time_zone: str) -> pl.DataFrame:
    """Return every event of the tape. What has no ``known_at`` was known when its day ended."""
    starts = tape.loans.lazy().select(
        "source_no",
        "source_row",
        "loan_ref",
        pl.col("kind_of_start").alias("kind"),
        pl.col("disbursed_on").alias("effective_on"),
        pl.col("principal_minor").alias("amount_minor"),
        "key",
        "known_at",
    )
    payments = tape.payments.lazy().with_columns(pl.lit(Kind.PAYMENT_RECEIVED.value).alias("kind"))
    stated = tape.stated.lazy().select(
        "source_no",
        "source_row",
        "loan_ref",
        pl.lit(Kind.STATED.value).alias("kind"),
        pl.col("as_of").alias("effective_on"),
        "key",
        "known_at",
        _figures().alias("figures"),
    )
    frames = {
        "loans": starts,
        "payments": payments,
        "events": tape.events.lazy().with_columns(_one_text(pl.col("change"))),
        "stated": stated,
    }
    return pl.concat(_as_facts(name, rows, time_zone) for name, rows in frames.items()).collect()


def _one_text(change: pl.Expr) -> pl.Expr:
    """Write equal changes in one way, whatever the tape's way was."""
    return change.map_elements(
        lambda text: json.dumps(plain(codec.decode_text(Change, text))), return_dtype=pl.String
    )


def _as_facts(name: str, rows: pl.LazyFrame, time_zone: str) -> pl.LazyFrame:
    given = set(rows.collect_schema().names())
    filled = rows.with_columns(
        pl.lit(name).alias("frame"),
        pl.coalesce("known_at", end_of_day(pl.col("effective_on"), time_zone)).alias("recorded_at"),
        *(
            pl.lit(None, FACTS[c]).alias(c)
            for c in FACTS
            if c not in given | {"frame", "recorded_at"}
        ),
    )
    texts = [pl.col(c).fill_null("") for c in ("source_ref", "channel")]
    return filled.with_columns(*texts, pl.col("amount_minor").fill_null(0)).select(
        pl.col(column).cast(dtype) for column, dtype in FACTS.items()
    )


def end_of_day(day: pl.Expr, time_zone: str) -> pl.Expr:
    """Return the last microsecond of a local day, in UTC."""
    local = day.cast(pl.Datetime("us")) + pl.duration(days=1) - pl.duration(microseconds=1)
    zoned = local.dt.replace_time_zone(time_zone, ambiguous="latest", non_existent="null")
    return zoned.dt.convert_time_zone("UTC").fill_null(local.dt.replace_time_zone("UTC"))


def _figures() -> pl.Expr:
    days = pl.col("next_due_on").cast(pl.Int64) + 719_163  # Ordinal of 1970-01-01.
    parts = [
        *(pl.format(f'"{name}":{{}}', pl.col(name)) for name in STATED_FIGURES),
        pl.format('"next_due_on":{}', days.fill_null(0)),
        pl.format('"closed":{}', pl.col("is_closed").cast(pl.Int64)),
    ]
    return pl.concat_str(pl.lit("{"), pl.concat_str(parts, separator=","), pl.lit("}"))


def schedules(*, tape: Tape) -> pl.DataFrame:
    """Return one row per loan with dues: four lists in due order."""
    ordered = tape.dues.lazy().sort("loan_ref", "instalment_no", maintain_order=True)
    return ordered.group_by("loan_ref", maintain_order=True).agg(*SCHEDULE).collect()


def contracts(*, tape: Tape) -> pl.DataFrame:
    """Return one row per loan: what was agreed, with the schedule's lists where it has one."""
    columns = (
        "source_no",
        "source_row",
        "loan_ref",
        "currency",
        "minor_digits",
        pl.col("principal_minor").alias("agreed_minor"),
        pl.col("disbursed_on").alias("start_on"),
        "kind_of_start",
        "product_code",
        "party_ref",
        "creditor",
        "funder",
        pl.col("source_tag").fill_null(""),
        *TERMS_COLUMNS,
    )
    return tape.loans.select(*columns).join(
        schedules(tape=tape), on="loan_ref", how="left", maintain_order="left"
    )
