"""US auto loans as filed with the SEC (Regulation AB II, Schedule AL), in Ally's 2017 layout.

Units   US dollars and cents; rates are yearly fractions.
Shape   Tables ``loans_*`` (one row per loan at the cut-off) and ``loan_months`` (BAL end balance,
        PRC principal, PMT paid, REC recovered, by months after the cut-off).
Errors  As ``tables`` and ``checking``.
Source  docs/formats/abs-ee.md: how a monthly tape without due amounts becomes a book. All days are
        month ends: the tape has no days.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import polars as pl

from daihou.core.calendar import add_months
from daihou.core.money import round_ratio
from daihou.core.terms import MonthEnd, Rounding
from daihou.tapes import canonical, parsing
from daihou.tapes.checking import conform, cross_check, filled
from daihou.tapes.findings import PLACE
from daihou.tapes.orders import INTEREST_FIRST
from daihou.tapes.parsing import Parsed
from daihou.tapes.protocol import Source, Tape, TapeRefused
from daihou.tapes.reconciliation import ADJUSTMENT
from daihou.tapes.tables import read_known

CURRENCY: Final = "USD"
DIGITS: Final = 2
LOANS: Final = "loans_"
MONTHS: Final = "loan_months"
TOLERANCE_MINOR: Final = 10_000  # Drift of simple interest; an instalment is about 25,000.


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A column that counts, and how it is read."""

    column: str
    read: Callable[[str, pl.DataType], Parsed]
    is_needed: bool = True

    def parse(self, rows: pl.DataFrame) -> Parsed:
        return replace(self.read(self.column, rows.schema[self.column]), column=self.column)


def _cents(column: str, dtype: pl.DataType) -> Parsed:
    return parsing.parse_amount(column, dtype, digits=DIGITS)


def _us_day(column: str, dtype: pl.DataType) -> Parsed:
    """Read a day written month first, as the filings do."""
    if dtype != pl.String:
        return parsing.parse_date(column, dtype)
    value = pl.col(column).str.to_date("%m-%d-%Y", strict=False)
    is_lost = pl.col(column).is_not_null() & value.is_null()
    return Parsed(value=value, code=pl.when(is_lost).then(pl.lit("date.malformed")))


def _reference(column: str, dtype: pl.DataType) -> Parsed:
    return parsing.parse_text(column, dtype)


FIGURES: Final[Mapping[str, Mapping[str, Figure]]] = {
    LOANS: {
        "loan_ref": Figure(column="assetNumber", read=_reference),
        "begin_on": Figure(column="reportingPeriodBeginningDate", read=_us_day),
        "cut_off_on": Figure(column="reportingPeriodEndingDate", read=_us_day),
        "term_count": Figure(column="remainingTermtoMaturityNumber", read=parsing.parse_whole),
        "begin_minor": Figure(column="reportingPeriodBeginningLoanBalanceAmount", read=_cents),
        "end_minor": Figure(column="reportingPeriodActualEndBalanceAmount", read=_cents),
        "rate": Figure(column="reportingPeriodInterestRatePercentage", read=parsing.parse_rate),
        "scheduled_minor": Figure(column="reportingPeriodScheduledPaymentAmount", read=_cents),
        "scheduled_principal_minor": Figure(column="scheduledPrincipalAmount", read=_cents),
        "next_due_minor": Figure(column="nextReportingPeriodPaymentAmountDue", read=_cents),
        "paid_minor": Figure(column="totalActualAmountPaid", read=_cents),
        "days_late": Figure(column="currentDelinquencyStatus", read=parsing.parse_whole),
    },
    MONTHS: {
        "loan_ref": Figure(column="assetNumber", read=_reference),
        "month": Figure(column="month", read=parsing.parse_whole),
        "balance_minor": Figure(column="BAL", read=_cents, is_needed=False),
        "principal_minor": Figure(column="PRC", read=_cents),
        "paid_minor": Figure(column="PMT", read=_cents, is_needed=False),
        "recovered_minor": Figure(column="REC", read=_cents, is_needed=False),
        "sold_minor": Figure(column="REP", read=_cents),
    },
}
COLUMNS: Final = {
    kind: tuple(figure.column for figure in figures.values()) for kind, figures in FIGURES.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsEe:
    name: str = "abs-ee"
    title: str = "US auto loans filed with the SEC, Ally layout · 美国车贷披露"
    time_zone: str = "America/New_York"

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:  # noqa: ARG002
        tables = read_known(paths, columns=COLUMNS)
        tape = Tape(format_name=self.name, unit="loan-months", tolerance_minor=1)
        read: dict[str, list[pl.DataFrame]] = {kind: [] for kind in COLUMNS}
        for table in tables:
            number = len(tape.sources)
            rows, errors = _read(table.rows, number=number, figures=FIGURES[table.kind])
            read[table.kind].append(rows)
            source = Source(
                file=table.file,
                table=table.name,
                rows=table.rows,
                contract_ref="assetNumber" if table.kind == LOANS else None,
            )
            tape = replace(
                tape,
                sources=(*tape.sources, source),
                errors=pl.concat([tape.errors, errors]),
            )
        if not read[LOANS]:
            raise TapeRefused("file.table_missing", tables=f"{LOANS}*")
        tape = _with_loans(tape, pl.concat(read[LOANS]))
        if read[MONTHS]:
            tape = _with_months(tape, pl.concat(read[LOANS]), pl.concat(read[MONTHS]))
        return cross_check(tape)


def _read(
    rows: pl.DataFrame, *, number: int, figures: Mapping[str, Figure]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the columns that count; a row in which one of them cannot be read is an error."""
    parsed = {name: figure.parse(rows) for name, figure in figures.items()}
    read = rows.select(
        pl.lit(number, dtype=pl.Int16).alias("source_no"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("source_row"),
        *(item.value.alias(name) for name, item in parsed.items()),
        *(item.code.alias(f"!{name}") for name, item in parsed.items()),
    )
    errors = [canonical.no_rows(canonical.Errors)]
    for name, item in parsed.items():
        missing = pl.lit(None, dtype=pl.String)
        if figures[name].is_needed:
            missing = pl.when(pl.col(name).is_null()).then(pl.lit("value.missing"))
        code = pl.coalesce(f"!{name}", missing)
        wrong = read.with_columns(code=code, column=pl.lit(item.column))
        errors.append(wrong.drop_nulls("code").select(*PLACE, "column", "code"))
    bad = pl.concat(errors)
    clean = read.drop([f"!{name}" for name in parsed])
    return clean.join(bad, on=PLACE, how="anti", maintain_order="left"), bad


def _with_loans(tape: Tape, facts: pl.DataFrame) -> Tape:
    """Open every loan at the cut-off; one paid off in the cut-off month at that month's start."""
    is_paid_off = pl.col("end_minor") <= 0
    opened = facts.with_columns(
        principal_minor=pl.when(is_paid_off).then("begin_minor").otherwise("end_minor"),
        disbursed_on=pl.when(is_paid_off)
        .then(pl.col("begin_on") - pl.duration(days=1))
        .otherwise("cut_off_on"),
    )
    loans, errors = conform(
        "loans",
        opened.select(
            *PLACE,
            "loan_ref",
            "principal_minor",
            "disbursed_on",
            "rate",
            currency=pl.lit(CURRENCY),
            minor_digits=pl.lit(DIGITS),
            kind_of_start=pl.lit("opened"),
            key=pl.format("abs-ee:opened:{}", "loan_ref"),
            source_tag=pl.when(is_paid_off).then(pl.lit("paid off in the cut-off month")),
            method=pl.lit("free"),
            rate_per=pl.lit("year"),
            tolerance_minor=pl.lit(TOLERANCE_MINOR),
            allocation_order=pl.lit(INTEREST_FIRST),
            surplus=pl.lit("next_instalment"),
        ).pipe(filled, frame="loans"),
    )
    settled = opened.filter(is_paid_off).with_columns(
        on=pl.col("cut_off_on"),
        name=pl.lit("0"),
        interest_minor=pl.col("paid_minor") - pl.col("begin_minor"),
    )
    return replace(
        tape.with_frames(
            {
                "loans": loans,
                "dues": _dues(opened),
                "payments": _payments(settled),
                "events": _interest(settled),
            }
        ),
        errors=pl.concat([tape.errors, errors]),
    )


def _dues(opened: pl.DataFrame) -> pl.DataFrame:
    """Plan the principal of every loan: arrears, then a level payment to the end of the term."""
    records = [
        (row["source_no"], row["source_row"], row["loan_ref"], number, due_on, amount, 0, 0)
        for row in opened.iter_rows(named=True)
        for number, (due_on, amount) in enumerate(_plan(row), start=1)
    ]
    return pl.DataFrame(records, schema=canonical.empty("dues").schema, orient="row")


def _plan(row: Mapping[str, Any]) -> Iterator[tuple[date, int]]:
    left, cut_off_on = row["principal_minor"], row["cut_off_on"]
    if row["end_minor"] <= 0:
        yield cut_off_on, left
        return
    payment, due = row["scheduled_minor"], row["next_due_minor"]
    days_late, first = row["days_late"], 1 if due > 0 else 2
    if days_late > 0:
        missed = row["scheduled_principal_minor"] * max(due - payment, 0) // max(payment, 1)
        arrears = min(left, missed or row["scheduled_principal_minor"])
        if arrears:
            left -= arrears
            yield cut_off_on - timedelta(days=days_late), arrears
    rate = Fraction(row["rate"]) / 12
    last = max(row["term_count"], first)
    for month in range(first, last + 1):
        interest = round_ratio(
            numerator=left * rate.numerator, denominator=rate.denominator, rounding=Rounding.HALF_UP
        )
        part = left if month == last else min(left, payment - interest)
        if month == first and 0 < due < payment:
            part = min(part, due - interest)  # Paid ahead in part.
        if part > 0:
            left -= part
            yield month_end(cut_off_on, months=month), part


def month_end(cut_off_on: date, *, months: int) -> date:
    """Give the last day of the month so many months after the cut-off's.

    >>> month_end(date(2017, 5, 31), months=9)
    datetime.date(2018, 2, 28)
    """
    first = date(cut_off_on.year, cut_off_on.month, 1)
    return add_months(from_on=first, count=months + 1, month_end=MonthEnd.LAST_DAY) - timedelta(
        days=1
    )


def _with_months(tape: Tape, facts: pl.DataFrame, months: pl.DataFrame) -> Tape:
    cut_off = facts.select("loan_ref", "cut_off_on", open_minor=pl.col("end_minor")).unique(
        "loan_ref"
    )
    last_due = tape.dues.group_by("loan_ref").agg(last_due_on=pl.col("due_on").max())
    known = (
        months.join(cut_off, on="loan_ref", how="inner", maintain_order="left")
        .join(last_due, on="loan_ref", how="left", maintain_order="left")
        .sort("loan_ref", "month", maintain_order=True)
        .with_columns(
            on=pl.col("cut_off_on").dt.offset_by(pl.format("{}mo", "month")).dt.month_end(),
            name=pl.col("month").cast(pl.String),
            interest_minor=pl.col("paid_minor") - pl.col("principal_minor"),
            before_minor=pl.coalesce(
                pl.col("balance_minor").forward_fill().shift(1).over("loan_ref"), "open_minor"
            ),
        )
        .with_columns(
            moved_minor=pl.col("before_minor") - pl.col("balance_minor") - pl.col("principal_minor")
        )
    )
    unknown = months.join(cut_off, on="loan_ref", how="anti")
    missing = unknown.select(*PLACE, column=pl.lit("assetNumber"), code=pl.lit("loan.unknown"))
    known = known.with_columns(cause=_cause())
    events = pl.concat([_interest(known), _added(known), _written_off(known), _recovered(known)])
    return replace(
        tape.with_frames(
            {
                "payments": pl.concat([tape.payments, _payments(known)]),
                "events": pl.concat([tape.events, events]),
            }
        ),
        errors=pl.concat([tape.errors, missing]),
        statements=known.drop_nulls("balance_minor").select(
            "loan_ref",
            as_of="on",
            figure=pl.lit("balance"),
            theirs_minor="balance_minor",
            cause="cause",
        ),
        notes=pl.concat([tape.notes, _notes(known)]),
    )


def _cause() -> pl.Expr:
    """Say why a month does not roll forward by its principal payment."""
    moved = pl.col("moved_minor")
    return (
        pl.when((moved > 1) & (pl.col("balance_minor") == 0))
        .then(pl.lit("charge_off"))
        .when(moved.abs() > 1)
        .then(pl.lit("adjustment"))
        .when(pl.col("principal_minor") < 0)
        .then(pl.lit("refund"))
        .when(pl.col("balance_minor") < 0)
        .then(pl.lit("overpayment"))
    )


def _payments(rows: pl.DataFrame) -> pl.DataFrame:
    paid = rows.filter(pl.col("paid_minor") > 0)
    return paid.select(
        *PLACE,
        "loan_ref",
        effective_on=pl.col("on"),
        amount_minor=pl.col("paid_minor"),
        key=pl.format("abs-ee:paid:{}:{}", "loan_ref", "name"),
    ).pipe(filled, frame="payments")


def _interest(rows: pl.DataFrame) -> pl.DataFrame:
    """Charge the interest that the servicer took out of the month's payment."""
    return _events(
        rows.filter((pl.col("interest_minor") > 0) & (pl.col("paid_minor") > 0)),
        kind="charge_added",
        key="abs-ee:interest:{}:{}",
        effective_on=pl.col("on") - pl.duration(days=1),
        amount_minor=pl.col("interest_minor"),
        component=pl.lit("interest"),
        due_on=pl.col("on"),
    )


def _added(rows: pl.DataFrame) -> pl.DataFrame:
    """Take up what the servicer added to the balance, due with the last instalment."""
    return _events(
        rows.filter((pl.col("cause") == "adjustment") & (pl.col("moved_minor") < 0)),
        kind="charge_added",
        key=ADJUSTMENT + "{}:{}",
        amount_minor=-pl.col("moved_minor"),
        component=pl.lit("principal"),
        due_on=pl.max_horizontal("last_due_on", "on"),
    )


def _written_off(rows: pl.DataFrame) -> pl.DataFrame:
    """Write off what the source drops from its balance, or leaves unstated while it recovers."""
    is_dropped = pl.col("cause") == "charge_off"
    is_unstated = pl.col("balance_minor").is_null() & (pl.col("before_minor") > 0)
    first = rows.filter(is_dropped | is_unstated).unique(
        "loan_ref", keep="first", maintain_order=True
    )
    return _events(first, kind="written_off", key=ADJUSTMENT + "charge_off:{}:{}")


def _recovered(rows: pl.DataFrame) -> pl.DataFrame:
    """Book what came in on loans that are off the source's books: recoveries, sale proceeds."""
    is_off = (pl.col("balance_minor").is_null() | (pl.col("cause") == "charge_off")).fill_null(
        value=False
    )
    columns = {"recovered": "recovered_minor", "sold": "sold_minor"}
    return pl.concat(
        _events(
            rows.filter(is_off & (pl.col(column) > 0)),
            kind="recovered",
            key=f"abs-ee:{name}:" + "{}:{}",
            amount_minor=pl.col(column),
        )
        for name, column in columns.items()
    )


def _events(rows: pl.DataFrame, *, kind: str, key: str, **columns: pl.Expr) -> pl.DataFrame:
    chosen = {"effective_on": pl.col("on"), **columns}
    return rows.select(
        *PLACE, "loan_ref", kind=pl.lit(kind), key=pl.format(key, "loan_ref", "name"), **chosen
    ).pipe(filled, frame="events")


def _notes(rows: pl.DataFrame) -> pl.DataFrame:
    """List what the source says and no event can carry."""
    is_off = pl.col("balance_minor").is_null() | (pl.col("cause") == "charge_off")
    cases = {
        "abs_ee.refund_not_booked": ("principal_minor", pl.col("principal_minor") < 0),
        "abs_ee.recovery_taken_back": ("recovered_minor", pl.col("recovered_minor") < 0),
        "abs_ee.repossession_cost": ("sold_minor", pl.col("sold_minor") < 0),
        "abs_ee.proceeds_before_charge_off": (
            "sold_minor",
            (pl.col("sold_minor") > 0) & ~is_off.fill_null(value=False),
        ),
    }
    return pl.concat(
        rows.filter(condition).select(
            "loan_ref", code=pl.lit(code), effective_on="on", amount_minor=column
        )
        for code, (column, condition) in cases.items()
    )
