"""A Nigerian online lender's loans of 15 to 90 days: what is known of them, and no more.

Units   Naira and kobo.
Shape   ``trainprevloans``: closed loans with first due, first repaid and closed days.
        ``trainperf``: loans with no repayment data: what they owed when they were approved is
        stated, and nothing after it. ``traindemographics`` is not read.
Errors  As ``tables`` and ``checking``.
Source  docs/formats/superlender.md says how instalments and payments are inferred.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from daihou.tapes import parsing
from daihou.tapes.checking import cross_check, filled, shape, with_unscheduled
from daihou.tapes.findings import PLACE
from daihou.tapes.parsing import Parsed
from daihou.tapes.protocol import Source, Tape
from daihou.tapes.tables import read_known

CURRENCY: Final = "NGN"
DIGITS: Final = 2
MONTHLY_DAYS: Final = 30  # A loan of 60 or 90 days is repaid every 30.
_LOAN: Final = ("customerid", "systemloanid", "approveddate", "loanamount", "totaldue", "termdays")
COLUMNS: Final = {
    "trainprevloans": (*_LOAN, "closeddate", "firstduedate", "firstrepaiddate"),
    "trainperf": (*_LOAN, "good_bad_flag"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Superlender:
    name: str = "superlender"
    title: str = "Short bullet loans with first due and paid days · 短期借款"
    time_zone: str = "Africa/Lagos"

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:  # noqa: ARG002
        tape = Tape(format_name=self.name, unit="loans")
        tables = read_known(paths, columns=COLUMNS, ignored=("traindemographics",))
        for table in tables:
            tape = _with_table(tape, table=table.kind, file=table.file, rows=table.rows)
        return cross_check(with_unscheduled(tape))


def _with_table(tape: Tape, *, table: str, file: str, rows: pl.DataFrame) -> Tape:
    number, is_closed = len(tape.sources), table == "trainprevloans"
    loans, errors = shape("loans", rows, number=number, columns=_loans(rows, table))
    facts, wrong = _facts(rows, number=number, is_closed=is_closed)
    errors = pl.concat([errors, wrong])
    known = facts.join(errors, on=PLACE, how="anti", maintain_order="left").with_columns(
        loan_ref=pl.col("loan_ref").cast(pl.String)
    )
    source = Source(file=file, table=table, rows=rows, contract_ref="systemloanid")
    good = loans.join(errors, on=PLACE, how="anti", maintain_order="left")
    whole = replace(
        tape.with_frames({"loans": pl.concat([tape.loans, good])}),
        sources=(*tape.sources, source),
        errors=pl.concat([tape.errors, errors]),
    )
    return _with_repaid(whole, known) if is_closed else _with_stated(whole, known)


def _with_repaid(tape: Tape, known: pl.DataFrame) -> Tape:
    """Take up the schedule and the payments of closed loans."""
    statements = known.select(
        "loan_ref",
        as_of="closed_on",
        figure=pl.lit("owed"),
        theirs_minor=pl.lit(0, dtype=pl.Int64),
        cause=pl.lit(None, dtype=pl.String),
    )
    return replace(
        tape.with_frames(
            {
                "dues": pl.concat([tape.dues, _dues(known)]),
                "payments": pl.concat([tape.payments, _payments(known)]),
            }
        ),
        statements=pl.concat([tape.statements, statements]),
        notes=pl.concat([tape.notes, _closed_later(known)]),
    )


def _with_stated(tape: Tape, known: pl.DataFrame) -> Tape:
    """State what loans without repayment data owed on their approval day: it is all we know."""
    zero = pl.lit(0, dtype=pl.Int64)
    stated = known.select(
        *PLACE,
        "loan_ref",
        as_of="disbursed_on",
        principal_outstanding_minor="principal_minor",
        interest_outstanding_minor=pl.col("total_minor") - pl.col("principal_minor"),
        fee_outstanding_minor=zero,
        penalty_outstanding_minor=zero,
        overdue_minor=zero,
        days_past_due=zero,
        unapplied_minor=zero,
        is_closed=pl.lit(value=False),
        key=pl.format("superlender:stated:{}", "loan_ref"),
    ).pipe(filled, frame="stated")
    return tape.with_frames({"stated": pl.concat([tape.stated, stated])})


def _day(rows: pl.DataFrame, column: str) -> Parsed:
    """Read the day of a local wall-clock time; the source names no zone."""
    day = rows.schema[column]
    text = pl.col(column).cast(pl.String).str.replace(r"[ T]\d\d:\d\d:\d\d(\.\d+)?$", "")
    parsed = parsing.parse_date(column, day)
    if day != pl.String:
        return replace(parsed, column=column)
    value = text.str.to_date("%Y-%m-%d", strict=False)
    code = pl.when(pl.col(column).is_not_null() & value.is_null()).then(pl.lit("date.malformed"))
    return Parsed(value=value, code=code, column=column)


def _money(rows: pl.DataFrame, column: str) -> Parsed:
    parsed = parsing.parse_amount(column, rows.schema[column], digits=DIGITS)
    return replace(parsed, column=column)


def _loans(rows: pl.DataFrame, table: str) -> Mapping[str, Parsed | pl.Expr]:
    ref = pl.col("systemloanid").cast(pl.String)
    tag = pl.lit("closed") if table == "trainprevloans" else pl.col("good_bad_flag").cast(pl.String)
    return {
        "loan_ref": ref,
        "currency": pl.lit(CURRENCY),
        "minor_digits": pl.lit(DIGITS),
        "principal_minor": _money(rows, "loanamount"),
        "disbursed_on": _day(rows, "approveddate"),
        "kind_of_start": pl.lit("disbursed"),
        "key": pl.format("superlender:loan:{}", ref),
        "party_ref": pl.col("customerid"),
        "product_code": pl.format("{} days", pl.col("termdays").cast(pl.String)),
        "source_tag": tag,
        "method": pl.lit("free"),
        "rate": pl.lit("0"),
        "rate_per": pl.lit("year"),
        "surplus": pl.lit("next_instalment"),
    }


def _facts(
    rows: pl.DataFrame, *, number: int, is_closed: bool
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read what the schedule and the payments are made of; error rows for what cannot be read."""
    approved = _day(rows, "approveddate")
    parsed = {
        "principal_minor": _money(rows, "loanamount"),
        "total_minor": _money(rows, "totaldue"),
        "term_days": replace(
            parsing.parse_whole("termdays", rows.schema["termdays"]), column="termdays"
        ),
    }
    if is_closed:
        parsed["first_due_on"] = _day(rows, "firstduedate")
        parsed["first_paid_on"] = _day(rows, "firstrepaiddate")
        parsed["closed_on"] = _day(rows, "closeddate")
    facts = rows.select(
        pl.lit(number, dtype=pl.Int16).alias("source_no"),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("source_row"),
        pl.col("systemloanid").alias("loan_ref"),
        approved.value.alias("disbursed_on"),
        *(item.value.alias(name) for name, item in parsed.items()),
        *(item.code.alias(f"!{name}") for name, item in parsed.items()),
    )
    errors = []
    for name, item in parsed.items():
        code = pl.coalesce(
            pl.col(f"!{name}"), pl.when(pl.col(name).is_null()).then(pl.lit("value.missing"))
        )
        wrong = facts.with_columns(code=code, column=pl.lit(item.column)).drop_nulls("code")
        errors.append(wrong.select(*PLACE, "column", "code"))
    below = facts.filter(pl.col("total_minor") < pl.col("principal_minor"))
    errors.append(
        below.select(*PLACE, column=pl.lit("totaldue"), code=pl.lit("schedule.sum_differs"))
    )
    return facts.drop([name for name in facts.columns if name.startswith("!")]), pl.concat(errors)


def _closed_later(facts: pl.DataFrame) -> pl.DataFrame:
    """Note loans of one instalment that were closed after their first repayment."""
    is_later = (pl.col("closed_on") > pl.col("first_paid_on")) & (
        pl.col("term_days") < 2 * MONTHLY_DAYS
    )
    return facts.filter(is_later).select(
        "loan_ref",
        code=pl.lit("superlender.closed_later"),
        effective_on="closed_on",
        amount_minor="total_minor",
    )


def _split(total: str, count: pl.Expr) -> pl.Expr:
    """Share a total over instalments: equal parts, the first ones one unit more."""
    turn = pl.col("instalment_no")
    return pl.col(total) // count + (turn <= pl.col(total) % count).cast(pl.Int64)


def _dues(facts: pl.DataFrame) -> pl.DataFrame:
    count = (pl.col("term_days") // MONTHLY_DAYS).clip(lower_bound=1)
    rows = facts.with_columns(
        count=count,
        interest_total_minor=pl.col("total_minor") - pl.col("principal_minor"),
        instalment_no=pl.int_ranges(1, count + 1),
    ).explode("instalment_no")
    later = pl.duration(days=(pl.col("instalment_no") - 1) * MONTHLY_DAYS)
    return rows.select(
        *PLACE,
        "loan_ref",
        "instalment_no",
        due_on=pl.col("first_due_on") + later,
        principal_minor=_split("principal_minor", pl.col("count")),
        interest_minor=_split("interest_total_minor", pl.col("count")),
        fee_minor=pl.lit(0, dtype=pl.Int64),
    )


def _payments(facts: pl.DataFrame) -> pl.DataFrame:
    """Pay the first instalment on the first repaid day and the rest on the closed day."""
    count = (pl.col("term_days") // MONTHLY_DAYS).clip(lower_bound=1)
    interest = pl.col("total_minor") - pl.col("principal_minor")
    shares = [(part + count - 1) // count for part in (pl.col("principal_minor"), interest)]
    first = pl.sum_horizontal(shares)
    paid = facts.with_columns(first_minor=first)
    parts = {
        "first": ("first_paid_on", pl.col("first_minor")),
        "rest": ("closed_on", pl.col("total_minor") - pl.col("first_minor")),
    }
    frames = [
        paid.select(
            *PLACE,
            "loan_ref",
            effective_on=pl.col(day),
            amount_minor=amount,
            key=pl.format("superlender:{}:{}", pl.lit(name), pl.col("loan_ref")),
            known_at=pl.lit(None, dtype=pl.Datetime("us", "UTC")),
            source_ref=pl.lit(None, dtype=pl.String),
            channel=pl.lit(None, dtype=pl.String),
        )
        for name, (day, amount) in parts.items()
    ]
    return pl.concat(frames).filter(pl.col("amount_minor") > 0).sort("effective_on", *PLACE)
