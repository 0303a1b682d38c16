"""``daihou accounting``: trial balance, journal, proof, closing, export of the general ledger."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.ledger.models import Book

app = typer.Typer(no_args_is_help=True, help="The general ledger. 总账")

BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day.")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="A day, or an instant with its zone.")
]
View = Annotated[str, typer.Option("--view", help="lender, platform or guarantor.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
VIEWS = ("lender", "platform", "guarantor")


@app.command(name="trial-balance")
def trial_balance(
    as_of: AsOf,
    book: BookName = None,
    view: View = "lender",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day of the turnover; else the beginning."),
    ] = None,
    known_at: KnownAt = None,
    by_value: Annotated[
        bool, typer.Option("--by-value", help="By the day of what was posted, as positions count.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show every account on a day, as known at a time (试算平衡表)."""
    ledger = _open(book, view)
    from daihou.web.accounting import queries

    lines = queries.trial_balance(
        book=ledger,
        view=view,
        as_of=as_of.date(),
        since=since.date() if since else None,
        known_at=_known(ledger, known_at),
        by_value=by_value,
    )
    accounts = [
        {
            "code": line.account.code,
            "name_zh": line.account.name_zh,
            "name_en": line.account.name_en,
            "opening_minor": line.opening_minor,
            "debit_minor": line.debit_minor,
            "credit_minor": line.credit_minor,
            "balance_minor": line.balance_minor,
        }
        for line in lines
    ]
    document = {
        "book": ledger.name,
        "view": view,
        "as_of": as_of.date(),
        "accounts": accounts,
        "debit_minor": sum(line.debit_minor for line in lines),
        "credit_minor": sum(line.credit_minor for line in lines),
    }
    output.emit(document, as_json=as_json, text=_table(accounts, digits=ledger.minor_digits))


@app.command()
def journal(
    as_of: AsOf,
    book: BookName = None,
    view: View = "lender",
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Show the entries of one day in the books, by cause (日记账)."""
    ledger = _open(book, view)
    from daihou.web.accounting import queries

    found = queries.journal(
        book=ledger, view=view, on=as_of.date(), known_at=_known(ledger, known_at)
    )
    entries = [
        {
            "entry": entry.pk,
            "cause": entry.cause,
            "code": entry.account.code,
            "name_zh": entry.account.name_zh,
            "product": entry.product.code if entry.product else "",
            "value_on": entry.value_on,
            "debit_minor": entry.debit_minor,
            "credit_minor": entry.credit_minor,
            "corrects": entry.corrects_id,
        }
        for entry in found
    ]
    document = {"book": ledger.name, "view": view, "on": as_of.date(), "entries": entries}
    output.emit(document, as_json=as_json, text=_table(entries, digits=ledger.minor_digits))


@app.command()
def prove(as_of: AsOf, book: BookName = None, as_json: AsJson = False) -> None:
    """Compare positions and general ledger on a day, as known now (总分核对)."""
    ledger = _open(book, "lender")
    from daihou.web.accounting import queries

    figures = queries.prove_anew(book=ledger, as_of=as_of.date())
    lines = [
        {
            "product": figure.product,
            "measure": figure.measure,
            "sub_ledger_minor": figure.sub_ledger_minor,
            "general_ledger_minor": figure.general_ledger_minor,
            "difference_minor": figure.difference_minor,
        }
        for figure in figures
    ]
    document = {
        "book": ledger.name,
        "as_of": as_of.date(),
        "is_passed": not any(figure.difference_minor for figure in figures),
        "lines": lines,
    }
    output.emit(document, as_json=as_json)


@app.command()
def close(
    period: Annotated[
        datetime, typer.Option("--period", formats=["%Y-%m"], help="The month, 2026-10.")
    ],
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Close a month for good; later corrections go into the open one (关账)."""
    ledger = _open(book, "lender")
    from daihou.web.access.queries import system_user
    from daihou.web.accounting import closing

    found = closing.find(book=ledger, month=period.date())
    closed = closing.close(period=found, acting_user=system_user())
    document = {
        "book": ledger.name,
        "period": f"{closed.start_on:%Y-%m}",
        "state": closed.state,
        "closed_at": closed.closed_at,
    }
    output.emit(document, as_json=as_json)


@app.command()
def export(
    as_of: AsOf,
    out: Annotated[Path, typer.Option("--out", help="FILE.csv or FILE.xlsx.")],
    what: Annotated[str, typer.Option("--what", help="trial-balance or journal.")] = "journal",
    book: BookName = None,
    view: View = "lender",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day; else --as-of.")
    ] = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Write the journal of some days or the trial balance to a file (导出凭证)."""
    from daihou.cli.export import check_target, write

    if out.suffix.lower() not in {".csv", ".xlsx"}:
        raise DaihouError("export.unknown_suffix", suffix=out.suffix or out.name or out)
    if what not in {"journal", "trial-balance"}:
        raise DaihouError("accounting.export_unknown", what=what)
    check_target(out)
    ledger = _open(book, view)
    from daihou.web.accounting import exports, queries

    known, last = _known(ledger, known_at), as_of.date()
    first = since.date() if since else None
    if what == "journal":
        entries = queries.journal_of_days(
            book=ledger, view=view, since=first or last, through=last, known_at=known
        )
        frame = exports.journal_frame(entries, book=ledger.name)
    else:
        lines = queries.trial_balance(
            book=ledger, view=view, as_of=last, since=first, known_at=known
        )
        frame = exports.balance_frame(lines)
    write(frame, out)
    output.emit({"rows": frame.height, "file": out.resolve()}, as_json=as_json)


def _open(book: str | None, view: str) -> "Book":
    from daihou.cli.books import open_book

    if view not in VIEWS:
        raise DaihouError("posting.view_unknown", detail=view)
    return open_book(book).ledger


def _known(ledger: "Book", text: str | None) -> datetime | None:
    if text is None:
        return None
    from daihou.web.ledger.queries import cut_off_at

    try:
        if len(text) == len("2026-01-01"):
            return cut_off_at(book=ledger, business_date=date.fromisoformat(text))
        instant = datetime.fromisoformat(text)
    except ValueError as fault:
        raise DaihouError("usage", text=f"--known-at: {text}") from fault
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(ledger.time_zone))


def _table(rows: list[dict[str, Any]], *, digits: int) -> str:
    """Write rows as aligned columns; amounts in units of the currency."""
    if not rows:
        return "-"
    names = list(rows[0])
    lines = [[name.removesuffix("_minor") for name in names]]
    lines += [[_cell(row[name], name, digits) for name in names] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    aligned = [
        "  ".join(
            cell.rjust(width) if name.endswith("_minor") else cell.ljust(width)
            for cell, width, name in zip(line, widths, names, strict=True)
        )
        for line in lines
    ]
    return "\n".join(line.rstrip() for line in aligned)


def _cell(value: Any, name: str, digits: int) -> str:
    if name.endswith("_minor"):
        return output.money(value, digits=digits)
    return "" if value is None else str(value)
