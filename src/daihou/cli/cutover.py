"""``daihou cutover``: bring what another system knew of people, so that the guard counts it."""

import csv
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated

import typer

from daihou.cli import output
from daihou.cli.acting import ByUser, user_or_machine

app = typer.Typer(no_args_is_help=True, help="Take over from another collections system. 迁入")


@app.callback()
def _group() -> None:
    """Keep ``import`` a command of its own name."""


@app.command(name="import")
def bring(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER|FILE", help="A folder of CSV files, or one of them.")
    ],
    *,
    book: Annotated[str | None, typer.Option("--book", help="The book; may be left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be.")] = False,
    errors: Annotated[
        Path | None, typer.Option("--errors", help="Write rows that were refused to this CSV.")
    ] = None,
    user: ByUser = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Bring promises, recent attempts, stop orders and numbers (迁入); given again, no change."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from daihou.web.parties import cutover

    by = user_or_machine(user, permission="cutover.import", book=opened.ledger)
    report = cutover.bring(book=opened.ledger, folder=source, acting_user=by, is_dry_run=dry_run)
    if errors is not None:
        with errors.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, [each.name for each in fields(cutover.BadRow)])
            writer.writeheader()
            writer.writerows(asdict(row) for row in report.bad)
    output.emit(
        {
            "book": opened.ledger.name,
            "dry_run": report.is_dry_run,
            "taken": dict(report.taken),
            "known": dict(report.known),
            "refused": len(report.bad),
            "refused_rows": [asdict(row) for row in report.bad[:20]],
        },
        as_json=as_json,
    )
