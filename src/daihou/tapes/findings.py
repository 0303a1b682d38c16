"""Bad rows: kept with their own columns, written to a file that can be mended and imported again.

Shape   The errors file is CSV in UTF-8: ``MARKS`` first, then the original columns of every source
        that has a bad row. ``source_table`` says which table a row belongs to.
Errors  none; messages come from ``daihou.tapes.messages``, in Chinese and English.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import polars as pl

from daihou.tapes import canonical
from daihou.tapes.messages import message_of
from daihou.tapes.protocol import Source, Tape

MARKS: Final = (
    "source_table",
    "source_file",
    "row_number",
    "column",
    "code",
    "message_zh",
    "message_en",
)
PLACE: Final = ["source_no", "source_row"]


def errors_frame(
    rows: pl.DataFrame, *, code: str | None = None, column: str | None = None
) -> pl.DataFrame:
    """Make error rows of the rows of a frame; without ``code`` the frame has its own."""
    chosen = rows
    if code is not None:
        chosen = rows.with_columns(code=pl.lit(code), column=pl.lit(column, dtype=pl.String))
    schema = canonical.no_rows(canonical.Errors).schema
    return chosen.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def with_errors(tape: Tape, errors: Iterable[pl.DataFrame]) -> Tape:
    """Take the rows named by ``errors`` out of the tape's frames and into its errors."""
    found = pl.concat([*errors])
    if found.is_empty():
        return tape
    places = found.select(PLACE).unique()
    kept = {
        name: tape.frame(name).join(places, on=PLACE, how="anti", maintain_order="left")
        for name in canonical.FRAMES
    }
    return replace(tape.with_frames(kept), errors=pl.concat([tape.errors, found]))


def count_rejected(tape: Tape) -> int:
    """Count the rows that were not taken in."""
    return tape.errors.select(PLACE).unique().height


def describe_errors(tape: Tape) -> pl.DataFrame:
    """List every bad row once: marks, then its original columns as text."""
    by_row = (
        tape.errors.unique(maintain_order=True)
        .group_by(PLACE, maintain_order=True)
        .agg(pl.col("column").fill_null(""), pl.col("code"))
        .sort(PLACE)
    )
    shown = [
        _of_source(source, bad)
        for number, source in enumerate(tape.sources)
        if (bad := by_row.filter(pl.col("source_no") == number)).height
    ]
    if not shown:
        return pl.DataFrame(schema=dict.fromkeys(MARKS, pl.String))
    return pl.concat(shown, how="diagonal")


def _of_source(source: Source, bad: pl.DataFrame) -> pl.DataFrame:
    given = set(source.rows.columns)
    found = [
        ([_as_given(column, given) for column in columns], codes)
        for columns, codes in bad.select("column", "code").iter_rows()
    ]
    texts = [message_of(codes[0], columns[0]) for columns, codes in found]
    marks = bad.select(
        source_table=pl.lit(source.table),
        source_file=pl.lit(source.file),
        row_number=pl.col("source_row").cast(pl.String),
        column=pl.Series(["; ".join(columns) for columns, _ in found], dtype=pl.String),
        code=pl.col("code").list.join("; "),
        message_zh=pl.Series([zh for zh, _ in texts], dtype=pl.String),
        message_en=pl.Series([en for _, en in texts], dtype=pl.String),
    )
    original = source.rows[bad.get_column("source_row").cast(pl.Int64) - 1]
    texts_only = original.select(pl.all().cast(pl.String).name.map(_unmarked))
    return pl.concat([marks, texts_only], how="horizontal")


def _as_given(column: str, given: set[str]) -> str:
    """Name the column as the file does: with amounts in major units it has no ``_minor``."""
    return column if column in given else column.removesuffix("_minor")


def _unmarked(name: str) -> str:
    return f"original_{name}" if name in MARKS else name


def write_errors(tape: Tape, path: Path) -> None:
    """Write the errors file, whole or not at all; it may hold names, so only its owner reads it."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    describe_errors(tape).write_csv(part, include_bom=True)
    part.replace(path)


def split_mended(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]] | None:
    """Give the tables of an errors file without its marks; nothing if it is not one.

    Columns that are empty for a whole table came from another one and are left out.
    """
    if not set(MARKS) <= set(rows.columns):
        return None
    tables: list[tuple[str, pl.DataFrame]] = []
    for (table,), part in rows.group_by("source_table", maintain_order=True):
        own = part.drop(MARKS)
        filled = [name for name in own.columns if own.get_column(name).null_count() < own.height]
        tables.append((str(table), own.select(filled).rename(_original_names(filled))))
    return tables


def _original_names(names: Sequence[str]) -> dict[str, str]:
    return {name: name.removeprefix("original_") for name in names if name.startswith("original_")}
