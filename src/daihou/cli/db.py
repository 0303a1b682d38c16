"""``daihou db``: start, stop and describe the database, back it up and restore it."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from daihou.cli import output

app = typer.Typer(no_args_is_help=True, help="Start, stop, back up and restore the database.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def start(*, as_json: AsJson = False) -> None:
    """Start the embedded server and bring its tables up to date; every command does so itself."""
    from daihou.web.postgres import database, description

    began = time.perf_counter()
    database.ensure_database()
    seconds = round(time.perf_counter() - began, 3)
    output.emit({**description.describe(), "seconds": seconds}, as_json=as_json)


@app.command()
def stop(*, as_json: AsJson = False) -> None:
    """Stop the embedded server."""
    from daihou.errors import DaihouError
    from daihou.web.postgres import connections, server

    if not connections.current().is_embedded:
        raise DaihouError("database.not_ours")
    output.emit({"stopped": server.stop()}, as_json=as_json)


@app.command()
def status(*, as_json: AsJson = False) -> None:
    """Say which database is used, whether it runs, and with which roles."""
    from daihou.web.postgres import description

    output.emit(description.describe(), as_json=as_json)


@app.command()
def migrate(*, as_json: AsJson = False) -> None:
    """Bring the tables up to date and grant the application its rights."""
    from daihou.web import setup
    from daihou.web.postgres import database

    database.ensure_reachable()
    setup()
    applied = database.pending_migrations()
    database.migrate()
    output.emit({"applied": applied}, as_json=as_json)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    context: typer.Context,
    *,
    as_owner: Annotated[bool, typer.Option("--owner", help="As the tables' owner.")] = False,
    query: Annotated[str, typer.Option("--command", "-c", help="One query.")] = "",
    as_json: AsJson = False,
) -> None:
    """Open psql on the database; further arguments go to psql. --json needs a query (-c)."""
    from daihou.errors import DaihouError
    from daihou.web.postgres import connections, database

    database.ensure_database()
    found = connections.current()
    target = found.owner if as_owner else found.application
    if as_json:
        if not query:
            raise DaihouError("psql.no_query")
        output.emit(_answer(target.conninfo(), query), as_json=True)
        return
    arguments = [*(["-c", query] if query else []), *context.args]
    _become_psql(target.environment(), arguments)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    *,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the keys of personal data into the file.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write database and books into one file. Personal data stay encrypted; keep the keys too."""
    from daihou.web.postgres import backup as backups, database

    database.ensure_database()
    made = backups.back_up(file=file.absolute(), with_keys=with_keys)
    output.emit(
        {
            "file": made.file,
            "bytes": made.bytes,
            "has_keys": made.has_keys,
            "has_books": made.has_books,
        },
        as_json=as_json,
    )


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file made by daihou db backup.")],
    *,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Take the keys of personal data from the file.")
    ] = False,
    accept_unreadable: Annotated[
        bool,
        typer.Option("--accept-unreadable", help="Restore though personal data cannot be read."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Replace database and books by those of a backup. What is there now is removed."""
    from daihou.web.postgres import backup as backups, database

    if not yes:
        typer.confirm("Replace the present database and books?", abort=True, err=True)
    database.ensure_reachable()
    taken = backups.restore(
        file=file.absolute(), with_keys=with_keys, accept_unreadable=accept_unreadable
    )
    database.ensure_database()
    output.emit(
        {"file": taken.file, "has_keys": taken.has_keys, "has_books": taken.has_books},
        as_json=as_json,
    )


def _answer(conninfo: str, query: str) -> dict[str, object]:
    import psycopg

    with psycopg.connect(conninfo) as connection:
        cursor = connection.execute(query.encode())
        columns = [column.name for column in cursor.description or []]
        rows = [[_cell(cell) for cell in row] for row in cursor] if columns else []
    return {"columns": columns, "rows": rows}


def _cell(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _become_psql(environment: dict[str, str], arguments: list[str]) -> NoReturn:
    """Become psql: the bundled one has no pager or history trouble, the system's may be newer."""
    from daihou.web.postgres import programs

    program = str(programs.bundled() / "psql")
    sys.stdout.flush()
    os.execve(program, [program, *arguments], {**os.environ, **environment})  # noqa: S606  Meant.
