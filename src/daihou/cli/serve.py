"""``daihou serve``: the web page on this machine, with everything it needs set up first."""

import socket
import threading
from typing import Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

app = typer.Typer()

FIRST_PORT = 8000
PORTS_TRIED = 20


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: the first free from 8000.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Serve the web pages until interrupted (网页服务)."""
    from daihou.web.assets.npm import ensure_installed
    from daihou.web.postgres.database import ensure_database

    ensure_installed()
    ensure_database()
    collect_static()
    chosen = _free_port(host=host, port=port)
    address = f"http://{host}:{chosen}/"
    output.emit({"address": address}, as_json=as_json, text=f"daihou 贷后 → {address}")
    threading.Thread(target=_warm, daemon=True).start()
    _run(host=host, port=chosen, workers=workers)


def collect_static() -> None:
    """Put the files of the faces under hashed, compressed names."""
    from django.core.management import call_command

    call_command("collectstatic", interactive=False, verbosity=0)


def _free_port(*, host: str, port: int | None) -> int:
    wanted = [port] if port else range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)
    for candidate in wanted:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    raise DaihouError("serve.port_taken", host=host, port=port or f"{wanted[0]}-{wanted[-1]}")


def _warm() -> None:
    """Compute the boards once, so that the first visitor does not wait for them."""
    from django.db import connection

    from daihou.web.board import source
    from daihou.web.board.sight import Sight
    from daihou.web.ledger.models import Book

    try:
        for book in Book.objects.exclude(business_date=None):
            found = source.newest(Sight(book=book, funder_ids=None))
            as_of = found.business_date
            source.board(found, as_of=as_of, compared_on=source.month_end_before(as_of))
    except Exception as exception:  # noqa: BLE001  The page itself will say what is wrong.
        output.fail(exception, as_json=False)
    finally:
        connection.close()


def _run(*, host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "daihou.web.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        websockets=False,
        log_enabled=False,
        process_name="daihou",
    ).serve()
