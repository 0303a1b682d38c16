"""``daihou report``: what a book says of itself on a day, as a table or as JSON rows."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.cli.books import OpenBook

app = typer.Typer(no_args_is_help=True, help="What a book says of itself on a day. 报表")

BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]

Rows = list[dict[str, Any]]


@app.command()
def ageing(as_of: AsOf, book: BookName = None, as_json: AsJson = False) -> None:
    """Show loans, principal and overdue money by bucket (账龄分布)."""
    from daihou.cli.books import open_book
    from daihou.engine import replay
    from daihou.risk import ageing as risk

    opened = open_book(book)
    rows = risk.ageing(replay.positions(book=opened.engine, as_of=as_of.date())).to_dicts()
    _show("ageing", opened, as_of.date(), rows, as_json=as_json)


@app.command()
def roll_rates(
    as_of: AsOf,
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The earlier day; else the end of last month."),
    ] = None,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Show where the loans of each bucket went since an earlier day (迁徙率)."""
    from daihou.cli.books import open_book
    from daihou.engine import replay
    from daihou.risk import roll_rates as risk
    from daihou.risk.months import month_end_before

    earlier_on = since.date() if since else month_end_before(as_of.date())
    if earlier_on >= as_of.date():
        raise DaihouError("report.since_not_before", since=earlier_on, as_of=as_of.date())
    opened = open_book(book)
    before = replay.positions(book=opened.engine, as_of=earlier_on)
    after = replay.positions(book=opened.engine, as_of=as_of.date())
    rows = risk.roll_matrix(before=before, after=after).to_dicts()
    flows = risk.flow_rates(before=before, after=after).to_dicts()
    more = {"since": earlier_on, "flow_rates": flows}
    _show("roll_rates", opened, as_of.date(), rows, as_json=as_json, more=more)


@app.command()
def vintages(
    as_of: AsOf,
    over_days: Annotated[int, typer.Option(min=0, help="Late means more days than this.")] = 30,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Show how much of each month's lending was late, by its age (账龄曲线)."""
    from daihou.cli.books import open_book
    from daihou.engine import replay
    from daihou.risk import vintages as risk
    from daihou.risk.months import month_ends

    opened = open_book(book)
    loans = replay.positions(book=opened.engine, as_of=as_of.date())
    earliest_on = loans["disbursed_on"].min()
    first_on = earliest_on if isinstance(earliest_on, date) else as_of.date()
    dates = month_ends(first_on=first_on, last_on=as_of.date())
    history = replay.history(book=opened.engine, dates=dates)
    rows = risk.vintage_curves(history=history, loans=loans, over_days=over_days).to_dicts()
    _show("vintages", opened, as_of.date(), rows, as_json=as_json)


@app.command()
def first_payment_default(
    as_of: AsOf,
    late_days: Annotated[int, typer.Option(min=1, help="Late means at least so many days.")] = 1,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Show how many first instalments were late, by month of disbursement (首逾率)."""
    from daihou.cli.books import open_book
    from daihou.engine import replay
    from daihou.risk import first_payment_default as risk
    from daihou.risk.instalments import instalments

    opened = open_book(book)
    frame = risk.first_payment_default(
        instalments=instalments(replay.dues(book=opened.engine, as_of=as_of.date())),
        loans=replay.positions(book=opened.engine, as_of=as_of.date()),
        as_of=as_of.date(),
        late_days=late_days,
    )
    late, matured = int(frame["late_loans"].sum()), int(frame["matured_loans"].sum())
    total = {
        "late_loans": late,
        "matured_loans": matured,
        "rate": late / matured if matured else None,
    }
    more = {"late_days": late_days, "total": total}
    rows = frame.to_dicts()
    _show("first_payment_default", opened, as_of.date(), rows, as_json=as_json, more=more)


@app.command()
def levels(as_of: AsOf, book: BookName = None, as_json: AsJson = False) -> None:
    """Show day-1 delinquency, 30-day collection and current-to-M2 (首日逾期率)."""
    from daihou.cli.books import open_book
    from daihou.engine import replay
    from daihou.risk.collection_levels import collection_levels
    from daihou.risk.instalments import instalments

    opened = open_book(book)
    dues = replay.dues(book=opened.engine, as_of=as_of.date())
    rows = collection_levels(instalments=instalments(dues), as_of=as_of.date()).to_dicts()
    _show("levels", opened, as_of.date(), rows, as_json=as_json)


@app.command()
def reconciliation(as_of: AsOf, book: BookName = None, as_json: AsJson = False) -> None:
    """Show what the newest import up to a day agreed on with its source (对账)."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    batches = opened.reconciliations(as_of=as_of.date())
    _show("reconciliation", opened, as_of.date(), batches, as_json=as_json)


def _show(
    name: str,
    book: "OpenBook",
    as_of: date,
    rows: Rows,
    *,
    as_json: bool,
    more: Mapping[str, Any] | None = None,
) -> None:
    document = {"report": name, "book": book.name, "as_of": as_of, "rows": rows, **(more or {})}
    if as_json:
        output.emit(document, as_json=True)
        return
    from rich.table import Table

    title = f"{name} · {book.name} · {as_of}"
    table = Table(title=title)
    for column in rows[0] if rows else ():
        words = column.removesuffix("_minor").replace("_", "\n")
        table.add_column(words, justify="left" if column in _WORDS else "right")
    for row in rows:
        table.add_row(*_cells(row, digits=book.ledger.minor_digits))
    output.stdout().print(table if rows else f"{title}: no rows")


_WORDS = frozenset({"bucket", "from_state", "to_state", "format", "unit"})


def _cells(row: Mapping[str, Any], *, digits: int) -> Iterable[str]:
    for column, value in row.items():
        if value is None:
            yield "-"
        elif column.endswith("_minor"):
            yield output.money(value, digits=digits)
        else:
            yield f"{value:.4f}" if isinstance(value, float) else str(value)
