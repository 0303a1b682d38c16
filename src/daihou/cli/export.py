"""``daihou export``: positions or dues of a whole book on a day, as Parquet, CSV or XLSX."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

app = typer.Typer(no_args_is_help=True, help="Write positions or dues to a file. 导出")

BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day.")]
Out = Annotated[Path, typer.Option("--out", help="FILE.parquet, FILE.csv or FILE.xlsx.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]

POSITION_COLUMNS = (
    "book", "loan_ref", "currency", "as_of", "bucket", "days_past_due", "overdue_minor",
    "principal_outstanding_minor", "unapplied_minor", "status",
)  # fmt: skip
DUE_COLUMNS = (
    "loan_ref", "instalment_no", "due_on", "component", "due_minor", "paid_minor", "paid_on",
)  # fmt: skip
SUFFIXES = (".parquet", ".csv", ".xlsx")
XLSX_ROWS = 1_048_575
XLSX_EXACT = 10**15  # A cell is a double: what is larger would be bent.


@app.command()
def positions(as_of: AsOf, out: Out, book: BookName = None, as_json: AsJson = False) -> None:
    """Write one row per loan ever disbursed, closed ones too; with class floors by known law."""
    import polars as pl

    from daihou.cli.books import open_book
    from daihou.engine import replay

    check_target(out)
    opened = open_book(book)
    from daihou.web.parameters.limits import find_class_rules

    rules = find_class_rules(book=opened.ledger, on=as_of.date())
    found = replay.positions(book=opened.engine, as_of=as_of.date(), class_rules=rules)
    names = [*POSITION_COLUMNS, *({"class_floor"} & set(found.columns))]
    frame = found.with_columns(book=pl.lit(opened.name)).select(names).sort("loan_ref")
    write(frame, out)
    _tell(frame, out, as_json=as_json)


@app.command()
def dues(as_of: AsOf, out: Out, book: BookName = None, as_json: AsJson = False) -> None:
    """Write one row per instalment and component; what is due on no day only where it was paid."""
    from daihou.cli.books import open_book
    from daihou.engine import replay

    check_target(out)
    opened = open_book(book)
    frame = by_component(replay.dues(book=opened.engine, as_of=as_of.date()))
    write(frame, out)
    _tell(frame, out, as_json=as_json)


def by_component(wide: "pl.DataFrame") -> "pl.DataFrame":
    """Turn one row per instalment into one per instalment and component."""
    import polars as pl

    from daihou.core.terms import Component
    from daihou.tapes.canonical import UNSCHEDULED_ON

    is_due = (pl.col("due_minor") != 0) & (pl.col("due_on") < UNSCHEDULED_ON)
    parts = [
        wide.select(
            "loan_ref",
            "instalment_no",
            "due_on",
            component=pl.lit(component.value),
            due_minor=f"{component}_due_minor",
            paid_minor=f"{component}_paid_minor",
            paid_on="paid_on",
        ).filter(is_due | (pl.col("paid_minor") != 0))
        for component in Component
    ]
    together = pl.concat(parts).sort("loan_ref", "instalment_no", maintain_order=True)
    return together.select(DUE_COLUMNS)


def check_target(out: Path) -> None:
    """Refuse, before any work, a target that could not be written."""
    if out.suffix.lower() not in SUFFIXES:
        raise DaihouError("export.unknown_suffix", suffix=out.suffix or out.name or out)
    if not out.parent.is_dir():
        raise DaihouError("export.no_folder", folder=out.parent)
    if out.is_dir():
        raise DaihouError("export.is_folder", file=out)


def write(frame: "pl.DataFrame", out: Path) -> None:
    """Write beside the target and rename: a reader never sees half a file."""
    draft = out.with_name(f".{out.name}.part")
    try:
        _writer(out)(frame, draft)
        draft.replace(out)
    except OSError as error:
        raise DaihouError("export.not_written", file=out, text=error.strerror or error) from error
    finally:
        draft.unlink(missing_ok=True)


def _writer(out: Path) -> "Callable[[pl.DataFrame, Path], object]":
    import polars as pl

    match out.suffix.lower():
        case ".parquet":
            return pl.DataFrame.write_parquet
        case ".csv":
            return pl.DataFrame.write_csv
    return _write_xlsx


def _write_xlsx(frame: "pl.DataFrame", draft: Path) -> None:
    import polars as pl

    if frame.height > XLSX_ROWS:
        raise DaihouError("export.too_many_rows", rows=frame.height, most=XLSX_ROWS)
    amounts = frame.select(pl.col(pl.Int64).abs().max())
    largest = max((value for value in amounts.row(0) if value is not None), default=0)
    if largest >= XLSX_EXACT:
        raise DaihouError("export.too_large_for_xlsx", amount=largest)
    texts = [name for name, dtype in frame.schema.items() if dtype.is_(pl.String)]
    plain = frame.with_columns(pl.col(texts).str.replace(r"^[=+\-@]", "'${0}"))
    plain.write_excel(draft, autofit=frame.height < 20_000)


def _tell(frame: "pl.DataFrame", out: Path, *, as_json: bool) -> None:
    output.emit({"rows": frame.height, "file": out.resolve()}, as_json=as_json)
