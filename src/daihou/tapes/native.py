"""The native format: what anyone can export, as CSV, XLSX or Parquet (docs/formats/native.md).

Units   An amount column is given in major units (``amount``) or as whole minor units
        (``amount_minor``). Dates are days; only ``known_at`` is an instant and names its zone.
Shape   One table per file or sheet; its name says which: loans, openings, dues, payments, events,
        stated, parties, calendars. A file of mended errors holds rows of several tables.
Errors  ``TapeRefused``: ``file.table_unknown``, ``column.unknown``, ``column.missing`` and what
        ``reading`` refuses. Every bad row is an error row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from daihou.tapes import canonical, parsing
from daihou.tapes.checking import conform, cross_check, with_unscheduled
from daihou.tapes.findings import errors_frame, split_mended
from daihou.tapes.protocol import Source, Tape, TapeRefused
from daihou.tapes.reading import RawTable, files_of, read_tables

TABLES: Final = {
    "loans": "loans",
    "contracts": "loans",
    "openings": "loans",
    "dues": "dues",
    "schedules": "dues",
    "payments": "payments",
    "events": "events",
    "stated": "stated",
    "positions": "stated",
    "parties": "parties",
    "calendars": "calendars",
}
REQUIRED: Final = {
    "loans": ("loan_ref", "principal_minor", "disbursed_on"),
    "dues": ("loan_ref", "instalment_no", "due_on", "principal_minor"),
    "payments": ("loan_ref", "effective_on", "amount_minor"),
    "events": ("loan_ref", "kind", "effective_on"),
    "stated": ("loan_ref", "as_of", "principal_outstanding_minor", "days_past_due"),
    "parties": ("party_ref",),
    "calendars": ("calendar", "closed_on"),
}
ZERO_WHEN_EMPTY: Final = {
    "dues": ("interest_minor", "fee_minor"),
    "stated": tuple(name for name in canonical.STATED_FIGURES if name != "days_past_due"),
}
ALIASES: Final = {"opened_on": "disbursed_on"}
RATES: Final = frozenset(
    {"rate", "down_payment_rate", "penalty_rate", "penalty_multiple", "compound_rate"}
)
CURRENCY_DIGITS: Final = {
    **dict.fromkeys(("JPY", "KRW", "VND", "CLP", "ISK", "UGX", "XAF", "XOF", "PYG", "RWF"), 0),
    **dict.fromkeys(("BHD", "KWD", "OMR", "JOD", "TND", "IQD"), 3),
}
DEFAULT_DIGITS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Native:
    name: str = "native"
    title: str = "CSV, XLSX or Parquet as documented · 标准格式"
    time_zone: str = "Asia/Shanghai"

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:
        tables = [
            named
            for path in files_of(paths)
            for table in read_tables(path)
            for named in _named(table)
        ]
        main = currency or _first_currency(tables)
        tape = Tape(format_name=self.name, unit="loans")
        for kind, table in sorted(tables, key=lambda pair: list(TABLES).index(pair[0])):
            # Loans of a new book are held to each other; what hangs on them is held to them.
            expected = currency if TABLES[kind] == "loans" else main
            tape = _with_table(
                tape, kind=kind, table=table, digits=digits_of(main), currency=expected
            )
        return cross_check(with_unscheduled(tape))


def digits_of(currency: str | None) -> int:
    """Tell how many decimals a currency has.

    >>> digits_of("JPY"), digits_of("CNY"), digits_of(None)
    (0, 2, 2)
    """
    return CURRENCY_DIGITS.get(currency or "", DEFAULT_DIGITS)


def _named(table: RawTable) -> Iterator[tuple[str, RawTable]]:
    mended = split_mended(table.rows)
    if mended is not None:
        for kind, rows in mended:
            if kind not in TABLES:
                raise TapeRefused("file.table_unknown", file=table.file, table=kind)
            yield kind, replace(table, name=kind, rows=rows, broken=table.broken.clear())
        return
    name = table.name.lower()
    kinds = [kind for kind in TABLES if name.startswith(kind)]
    if not kinds:
        raise TapeRefused(
            "file.table_unknown", file=table.file, table=table.name, known=", ".join(TABLES)
        )
    yield kinds[0], table


def _first_currency(tables: Sequence[tuple[str, RawTable]]) -> str | None:
    for kind, table in tables:
        if TABLES[kind] == "loans" and "currency" in table.rows.columns:
            found = table.rows.get_column("currency").cast(pl.String).drop_nulls()
            if len(found):
                return str(found.mode().sort()[0]).strip()
    return None


def _with_table(
    tape: Tape, *, kind: str, table: RawTable, digits: int, currency: str | None
) -> Tape:
    frame, number = TABLES[kind], len(tape.sources)
    raw = _recognized(kind, table)
    parsed = _parse(frame, raw, digits=digits).with_columns(
        source_no=pl.lit(number, dtype=pl.Int16),
        source_row=pl.int_range(1, raw.height + 1, dtype=pl.Int64),
    )
    filled = parsed.with_columns(**_defaults(kind, parsed, digits=digits, currency=currency))
    errors = [*_parse_errors(filled), _broken(table, number)]
    errors += [_wrong_currency(filled, currency)]
    bad = pl.concat(errors)
    clean = filled.join(bad, on=["source_no", "source_row"], how="anti") if len(bad) else filled
    good, refused = conform(frame, _with_keys(frame, clean))
    source = Source(
        file=table.file,
        table=kind,
        rows=table.rows,
        contract_ref="loan_ref" if frame in {"loans", "dues"} else None,
    )
    return replace(
        tape.with_frames({frame: pl.concat([tape.frame(frame), good])}),
        sources=(*tape.sources, source),
        errors=pl.concat([tape.errors, bad, refused]),
    )


def _recognized(kind: str, table: RawTable) -> pl.DataFrame:
    """Give the table with the documented column names; refuse what no one would read."""
    frame = TABLES[kind]
    rows = table.rows.rename(
        {old: new for old, new in ALIASES.items() if old in table.rows.columns}
    )
    known = set(canonical.columns_of(frame)) - {"minor_digits"}
    known |= {name.removesuffix("_minor") for name in known} | {"currency"}
    unknown = [name for name in rows.columns if name not in known]
    if unknown:
        raise TapeRefused("column.unknown", file=table.file, columns=", ".join(unknown))
    missing = [
        name
        for name in REQUIRED[frame]
        if not {name, name.removesuffix("_minor")} & set(rows.columns)
    ]
    if missing:
        raise TapeRefused("column.missing", file=table.file, columns=", ".join(missing))
    return rows


def _parse(frame: str, raw: pl.DataFrame, *, digits: int) -> pl.DataFrame:
    """Parse every column; ``!name`` holds the code of what is wrong in column ``name``."""
    values: list[pl.Expr] = []
    for name, dtype in canonical.empty(frame).schema.items():
        major = name.removesuffix("_minor")
        given = [column for column in dict.fromkeys((name, major)) if column in raw.columns]
        if not given:
            values.append(pl.lit(None, dtype=dtype).alias(name))
            continue
        column = given[0]
        scale = None if name == major else (0 if column == name else digits)
        parsed = _parsed(column, raw.schema[column], dtype, scale=scale)
        values += [parsed.value.cast(dtype).alias(name), parsed.code.alias(f"!{column}")]
        if len(given) > 1:
            other = parsing.parse_amount(major, raw.schema[major], digits=digits)
            differs = other.code.is_not_null() | other.value.ne_missing(parsed.value)
            twice = pl.when(differs).then(pl.lit("amount.twice")).otherwise(None)
            values.append(twice.alias(f"!{major}"))
    if "currency" in raw.columns and "currency" not in canonical.columns_of(frame):
        values.append(
            parsing.parse_text("currency", raw.schema["currency"]).value.alias("currency")
        )
    return raw.select(values)


def _parsed(
    column: str, raw_dtype: pl.DataType, dtype: pl.DataType, *, scale: int | None
) -> parsing.Parsed:
    """Choose the parser; ``scale`` is an amount's number of decimals, or none."""
    if dtype == pl.Date:
        return parsing.parse_date(column, raw_dtype)
    if dtype == pl.Datetime:
        return parsing.parse_instant(column, raw_dtype)
    if dtype == pl.Boolean:
        return parsing.parse_flag(column, raw_dtype)
    if column in RATES:
        return parsing.parse_rate(column, raw_dtype)
    if scale is not None:
        return parsing.parse_amount(column, raw_dtype, digits=scale)
    if dtype == pl.Int64:
        return parsing.parse_whole(column, raw_dtype)
    return parsing.parse_text(column, raw_dtype)


def _parse_errors(parsed: pl.DataFrame) -> Iterator[pl.DataFrame]:
    for column in parsed.columns:
        if column.startswith("!") and parsed.get_column(column).null_count() < parsed.height:
            wrong = parsed.filter(pl.col(column).is_not_null())
            yield errors_frame(
                wrong.with_columns(code=pl.col(column), column=pl.lit(column.removeprefix("!")))
            )


def _broken(table: RawTable, number: int) -> pl.DataFrame:
    return errors_frame(table.broken.with_columns(source_no=pl.lit(number, dtype=pl.Int16)))


def _wrong_currency(rows: pl.DataFrame, currency: str | None) -> pl.DataFrame:
    if currency is None or "currency" not in rows.columns:
        return canonical.no_rows(canonical.Errors)
    wrong = rows.filter(pl.col("currency") != currency)
    return errors_frame(wrong, code="currency.wrong", column="currency")


def _defaults(
    kind: str, rows: pl.DataFrame, *, digits: int, currency: str | None
) -> dict[str, pl.Expr]:
    frame = TABLES[kind]
    zeros = {
        name: pl.when(_is_well(rows, name)).then(pl.col(name).fill_null(0)).otherwise(pl.col(name))
        for name in ZERO_WHEN_EMPTY.get(frame, ())
    }
    if frame == "loans":
        start = "opened" if kind == "openings" else "disbursed"
        return {
            "kind_of_start": pl.col("kind_of_start").fill_null(start),
            "method": pl.col("method").fill_null("free"),
            "minor_digits": pl.lit(digits, dtype=pl.Int64),
            "currency": pl.col("currency").fill_null(currency) if currency else pl.col("currency"),
            "key": pl.coalesce("key", pl.format("loan:{}", _text("loan_ref"))),
        }
    if frame == "stated":
        key = pl.format("stated:{}:{}", _text("loan_ref"), _text("as_of"))
        closed = pl.col("is_closed").fill_null(value=False)
        return {**zeros, "is_closed": closed, "key": pl.coalesce("key", key)}
    if frame == "parties":
        return {"kind": pl.col("kind").fill_null("person")}
    return zeros


def _text(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).fill_null("")


def _is_well(rows: pl.DataFrame, name: str) -> pl.Expr:
    codes = (f"!{column}" for column in (name, name.removesuffix("_minor")))
    well = [pl.col(code).is_null() for code in codes if code in rows.columns]
    return pl.all_horizontal(*well, pl.lit(value=True))


def _with_keys(frame: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Give payments and events without a key one made of their content and their turn.

    Two equal payments of one day are two payments; the same file read again gives the same keys.
    """
    if frame not in {"payments", "events"} or not rows.get_column("key").null_count():
        return rows
    content = ["loan_ref", "effective_on", "amount_minor"]
    if frame == "events":
        content += ["kind", "component", "instalment_no", "target_key"]
    turn = pl.int_range(pl.len()).over(content)
    parts = [_text(name) for name in content]
    made = pl.concat_str(pl.lit(frame), *parts, turn.cast(pl.String), separator=":")
    return rows.with_columns(key=pl.coalesce("key", made))
