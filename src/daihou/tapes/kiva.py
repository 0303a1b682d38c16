"""Kiva's loan books of 2005-06: every schedule line and every repayment, by UTC day.

Units   US dollars; ``amount`` of a repayment, ``amount`` of a line of ``local_payments``.
Shape   Tables ``loans``, ``local_payments`` (the borrower's schedule) and ``payments``;
        ``scheduled_payments`` is the lenders' calendar and is not read.
Errors  As ``tables`` and ``checking``; a loan that was never paid out has no day and is an error.
Source  docs/formats/kiva.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from daihou.tapes import parsing
from daihou.tapes.checking import cross_check, shape, with_unscheduled
from daihou.tapes.parsing import Parsed
from daihou.tapes.protocol import Source, Tape
from daihou.tapes.tables import read_known

CURRENCY: Final = "USD"
DIGITS: Final = 2
COLUMNS: Final = {
    "loans": ("id", "status", "loan_amount", "disbursal_date"),
    "local_payments": ("loan_id", "seq", "due_date", "amount"),
    "payments": ("loan_id", "payment_id", "amount", "processed_date"),
}
FRAMES: Final = {"loans": "loans", "local_payments": "dues", "payments": "payments"}
NOTHING_OWED: Final = ("paid", "refunded", "deleted")  # The source's words for "it is over".


@dataclass(frozen=True, slots=True, kw_only=True)
class Kiva:
    name: str = "kiva"
    title: str = "Kiva loans, schedules and repayments · 小额信贷"
    time_zone: str = "UTC"

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:  # noqa: ARG002
        tape = Tape(format_name=self.name, unit="loans")
        tables = read_known(paths, columns=COLUMNS, ignored=("scheduled_payments",))
        for table in tables:
            tape = _with_table(tape, table=table.kind, file=table.file, rows=table.rows)
        tape = cross_check(with_unscheduled(tape))
        return replace(tape, statements=_statements(tape))


def _with_table(tape: Tape, *, table: str, file: str, rows: pl.DataFrame) -> Tape:
    frame, number = FRAMES[table], len(tape.sources)
    columns = {"loans": _loans, "local_payments": _dues, "payments": _payments}[table](rows)
    good, errors = shape(frame, rows, number=number, columns=columns)
    contract_ref = {"loans": "id", "local_payments": "loan_id"}.get(table)
    source = Source(file=file, table=table, rows=rows, contract_ref=contract_ref)
    return replace(
        tape.with_frames({frame: pl.concat([tape.frame(frame), good])}),
        sources=(*tape.sources, source),
        errors=pl.concat([tape.errors, errors]),
    )


def _money(rows: pl.DataFrame, column: str) -> Parsed:
    parsed = parsing.parse_amount(column, rows.schema[column], digits=DIGITS)
    return replace(parsed, column=column)


def _loans(rows: pl.DataFrame) -> Mapping[str, Parsed | pl.Expr]:
    ref = pl.col("id").cast(pl.String)
    return {
        "loan_ref": ref,
        "currency": pl.lit(CURRENCY),
        "minor_digits": pl.lit(DIGITS),
        "principal_minor": _money(rows, "loan_amount"),
        "disbursed_on": parsing.parse_utc_day("disbursal_date", rows.schema["disbursal_date"]),
        "kind_of_start": pl.lit("disbursed"),
        "key": pl.format("kiva:loan:{}", ref),
        "source_tag": pl.when(pl.col("status") != "").then(pl.col("status")),
        "method": pl.lit("free"),
        "rate": pl.lit("0"),
        "rate_per": pl.lit("year"),
        "surplus": pl.lit("next_instalment"),
    }


def _dues(rows: pl.DataFrame) -> Mapping[str, Parsed | pl.Expr]:
    return {
        "loan_ref": pl.col("loan_id").cast(pl.String),
        "instalment_no": replace(parsing.parse_whole("seq", rows.schema["seq"]), column="seq"),
        "due_on": parsing.parse_utc_day("due_date", rows.schema["due_date"]),
        "principal_minor": _money(rows, "amount"),
        "interest_minor": pl.lit(0),
        "fee_minor": pl.lit(0),
    }


def _payments(rows: pl.DataFrame) -> Mapping[str, Parsed | pl.Expr]:
    return {
        "loan_ref": pl.col("loan_id").cast(pl.String),
        "effective_on": parsing.parse_utc_day("processed_date", rows.schema["processed_date"]),
        "amount_minor": _money(rows, "amount"),
        "key": pl.format("kiva:payment:{}", pl.col("payment_id").cast(pl.String)),
        "source_ref": pl.col("payment_id").cast(pl.String),
    }


def _statements(tape: Tape) -> pl.DataFrame:
    """Say what the source says is still owed at the end: nothing, or what its rows leave."""
    paid = tape.payments.group_by("loan_ref").agg(pl.col("amount_minor").sum())
    last_on = tape.payments.get_column("effective_on").max()
    left = pl.col("principal_minor") - pl.col("amount_minor").fill_null(0)
    is_over = pl.col("source_tag").is_in(list(NOTHING_OWED)).fill_null(value=False)
    causes = (
        pl.when(left < 0)
        .then(pl.lit("overpayment"))
        .when(pl.col("source_tag") == "refunded")
        .then(pl.lit("refund"))
        .when(pl.col("source_tag") == "deleted")
        .then(pl.lit("adjustment"))
    )
    return (
        tape.loans.join(paid, on="loan_ref", how="left", maintain_order="left")
        .select(
            "loan_ref",
            as_of=pl.lit(last_on, dtype=pl.Date),
            figure=pl.lit("owed"),
            theirs_minor=pl.when(is_over).then(0).otherwise(left.clip(lower_bound=0)),
            cause=causes,
        )
        .drop_nulls("as_of")
    )
