"""The 10,000-loan LendingClub snapshot of 2018, as an overlay: balances stated, totals compared.

Units   US dollars and cents.
Shape   Table ``loans_full_schema``. The source names no loans: a loan's reference is its row.
Errors  As ``tables`` and ``checking``.
Source  docs/formats/lendingclub.md
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import polars as pl

from daihou.tapes import canonical, parsing
from daihou.tapes.checking import cross_check, filled, shape, with_unscheduled
from daihou.tapes.findings import PLACE
from daihou.tapes.orders import INTEREST_FIRST
from daihou.tapes.parsing import Parsed
from daihou.tapes.protocol import Source, Tape
from daihou.tapes.tables import read_known

CURRENCY: Final = "USD"
DIGITS: Final = 2
TABLE: Final = "loans_full_schema"
STATED_ON: Final = date(2018, 6, 30)  # Most loans of March had paid their third instalment.
COLUMNS: Final = {
    TABLE: (
        "loan_amount",
        "interest_rate",
        "installment",
        "issue_month",
        "loan_status",
        "balance",
        "paid_principal",
        "paid_interest",
        "paid_late_fees",
    )
}
# The least number of days the source's word stands for.
DAYS_PAST_DUE: Final = {
    "Current": 0,
    "Fully Paid": 0,
    "In Grace Period": 1,
    "Late (16-30 days)": 16,
    "Late (31-120 days)": 31,
    "Charged Off": 121,
}
CLOSED: Final = ("Fully Paid", "Charged Off")
_PAID: Final = ("paid_principal", "paid_interest", "paid_late_fees")


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingClub:
    name: str = "lendingclub"
    title: str = "LendingClub snapshot, as stated balances · 余额快照"
    time_zone: str = "America/New_York"

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:  # noqa: ARG002
        tape = Tape(format_name=self.name, unit="loans")
        for table in read_known(paths, columns=COLUMNS, ignored=("modeldata_lending_club",)):
            tape = _with_table(tape, file=table.file, rows=table.rows)
        return cross_check(with_unscheduled(tape))


def _with_table(tape: Tape, *, file: str, rows: pl.DataFrame) -> Tape:
    number = len(tape.sources)
    raw = rows.with_row_index("row", offset=1)
    loans, errors = shape("loans", raw, number=number, columns=_loans(raw))
    stated, wrong = shape("stated", raw, number=number, columns=_stated(raw))
    totals, lost = _totals(raw, number=number)
    sound = totals.join(loans.select(PLACE), on=PLACE, how="semi", maintain_order="left")
    return replace(
        tape.with_frames(
            {
                "loans": pl.concat([tape.loans, loans]),
                "stated": pl.concat([tape.stated, stated]),
                "payments": pl.concat([tape.payments, _payments(sound)]),
                "events": pl.concat([tape.events, _charges(sound)]),
            }
        ),
        sources=(
            *tape.sources,
            Source(file=file, table=TABLE, rows=rows),
        ),
        errors=pl.concat([tape.errors, errors, wrong, lost]).unique(maintain_order=True),
        statements=pl.concat([tape.statements, _statements(stated, raw)]),
    )


def _ref() -> pl.Expr:
    return pl.format("LC{}", pl.col("row").cast(pl.String).str.zfill(5))


def _money(rows: pl.DataFrame, column: str) -> Parsed:
    parsed = parsing.parse_amount(column, rows.schema[column], digits=DIGITS)
    return replace(parsed, column=column)


def _issued(column: str) -> Parsed:
    """Take the first day of the month of issue: the source has no day."""
    value = pl.format("01-{}", pl.col(column)).str.to_date("%d-%b-%Y", strict=False)
    is_lost = pl.col(column).is_not_null() & value.is_null()
    code = pl.when(is_lost).then(pl.lit("date.malformed"))
    return Parsed(value=value, code=code, column=column)


def _loans(rows: pl.DataFrame) -> Mapping[str, Parsed | pl.Expr]:
    percent = parsing.parse_rate("interest_rate", rows.schema["interest_rate"])
    yearly = percent.value.cast(pl.Decimal(20, 6)) / 100
    return {
        "loan_ref": _ref(),
        "currency": pl.lit(CURRENCY),
        "minor_digits": pl.lit(DIGITS),
        "principal_minor": _money(rows, "loan_amount"),
        "disbursed_on": _issued("issue_month"),
        "kind_of_start": pl.lit("disbursed"),
        "key": pl.format("lendingclub:loan:{}", _ref()),
        "source_tag": pl.col("loan_status"),
        "method": pl.lit("free"),
        "rate": Parsed(
            value=yearly.cast(pl.Decimal(20, 6)).cast(pl.String),
            code=percent.code,
            column="interest_rate",
        ),
        "rate_per": pl.lit("year"),
        "allocation_order": pl.lit(INTEREST_FIRST),
        "surplus": pl.lit("next_instalment"),
    }


def _stated(rows: pl.DataFrame) -> Mapping[str, Parsed | pl.Expr]:
    days = pl.col("loan_status").replace_strict(DAYS_PAST_DUE, default=None, return_dtype=pl.Int64)
    is_unknown = days.is_null() & pl.col("loan_status").is_not_null()
    instalment = _money(rows, "installment")
    is_late = (days > 0) & (days <= max(DAYS_PAST_DUE["Late (31-120 days)"], 0))
    zero = pl.lit(0, dtype=pl.Int64)
    return {
        "loan_ref": _ref(),
        "as_of": pl.lit(STATED_ON),
        "principal_outstanding_minor": _money(rows, "balance"),
        "interest_outstanding_minor": zero,
        "fee_outstanding_minor": zero,
        "penalty_outstanding_minor": zero,
        "overdue_minor": Parsed(
            value=pl.when(is_late).then(instalment.value).otherwise(0),
            code=instalment.code,
            column="installment",
        ),
        "days_past_due": Parsed(
            value=pl.when(pl.col("loan_status").is_in(list(CLOSED))).then(0).otherwise(days),
            code=pl.when(is_unknown).then(pl.lit("value.unknown")),
            column="loan_status",
        ),
        "unapplied_minor": zero,
        "is_closed": pl.col("loan_status").is_in(list(CLOSED)),
        "key": pl.format("lendingclub:stated:{}", _ref()),
    }


def _totals(rows: pl.DataFrame, *, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    parsed = {name: _money(rows, name) for name in _PAID}
    totals = rows.select(
        pl.lit(number, dtype=pl.Int16).alias("source_no"),
        pl.col("row").cast(pl.Int64).alias("source_row"),
        _ref().alias("loan_ref"),
        *(item.value.fill_null(0).alias(name) for name, item in parsed.items()),
        *(item.code.alias(f"!{name}") for name, item in parsed.items()),
    )
    errors = [canonical.no_rows(canonical.Errors)]
    for name in _PAID:
        code = pl.coalesce(f"!{name}", pl.when(pl.col(name) < 0).then(pl.lit("amount.negative")))
        wrong = totals.with_columns(code=code, column=pl.lit(name)).drop_nulls("code")
        errors.append(wrong.select(*PLACE, "column", "code"))
    bad = pl.concat(errors)
    return totals.join(bad, on=PLACE, how="anti", maintain_order="left"), bad


def _payments(totals: pl.DataFrame) -> pl.DataFrame:
    """Take all money paid so far in one sum: the source has no single payments."""
    total = pl.sum_horizontal(_PAID)
    return (
        totals.filter(total > 0)
        .select(
            *PLACE,
            "loan_ref",
            effective_on=pl.lit(STATED_ON),
            amount_minor=total,
            key=pl.format("lendingclub:paid:{}", "loan_ref"),
        )
        .pipe(filled, frame="payments")
    )


def _charges(totals: pl.DataFrame) -> pl.DataFrame:
    components = {"paid_interest": "interest", "paid_late_fees": "penalty"}
    return pl.concat(
        totals.filter(pl.col(column) > 0)
        .select(
            *PLACE,
            "loan_ref",
            kind=pl.lit("charge_added"),
            effective_on=pl.lit(STATED_ON - timedelta(days=1)),
            amount_minor=pl.col(column),
            component=pl.lit(component),
            due_on=pl.lit(STATED_ON),
            key=pl.format("lendingclub:{}:{}", pl.lit(component), "loan_ref"),
        )
        .pipe(filled, frame="events")
        for column, component in components.items()
    )


def _statements(stated: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    status = rows.select(source_row=pl.col("row").cast(pl.Int64), status="loan_status")
    return stated.join(status, on="source_row", how="left", maintain_order="left").select(
        "loan_ref",
        "as_of",
        figure=pl.lit("balance"),
        theirs_minor="principal_outstanding_minor",
        cause=pl.when(pl.col("status") == "Charged Off").then(pl.lit("charge_off")),
    )
