"""``daihou files``: read every stored content again, remove what has been kept long enough."""

from datetime import datetime
from typing import Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

app = typer.Typer(no_args_is_help=True, help="Verify and purge the archive of files. 档案")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Read every content and compare its digest (完整性核对); fail on any damage."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from dataclasses import asdict

    from daihou.web.archive import queries

    *_, found = queries.verify()
    output.emit(asdict(found) | {"is_whole": found.is_whole}, as_json=as_json)
    if not found.is_whole:
        raise DaihouError("files.damaged", missing=len(found.missing), damaged=len(found.damaged))


@app.command()
def purge(
    as_of: Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with each removal.")],
    book: Annotated[str | None, typer.Option("--book", help="The book; may be left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove the files whose years are over and that nobody holds (到期销毁)."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from daihou.web.access.queries import system_user
    from daihou.web.archive import operations, queries

    if dry_run:
        gone = queries.due_for_removal(book=opened.ledger, as_of=as_of.date())
    else:
        gone = operations.purge_due(
            book=opened.ledger, as_of=as_of.date(), reason=reason, acting_user=system_user()
        )
    files = [
        {
            "file": file.pk,
            "name": file.name,
            "digest": file.content_id,
            "arrived_on": file.arrived_on,
        }
        for file in gone
    ]
    document = {"book": opened.name, "as_of": as_of.date(), "removed": not dry_run, "files": files}
    output.emit(document, as_json=as_json)
