"""``daihou serve``: the web page on this machine, with everything it needs set up first."""

import os
import socket
import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from daihou.cli import beside, output
from daihou.errors import DaihouError

app = typer.Typer()

FIRST_PORT = 8000
PORTS_TRIED = 20
APPLICATION = "daihou.web.board.served:application"


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Default: the first free from 8000.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
    with_worker: Annotated[
        bool, typer.Option("--with-worker", help="Do queued jobs, too; a daihou worker beside it.")
    ] = False,
    sandbox: Annotated[
        str, typer.Option(help="A book whose messages go to make-believe providers beside it.")
    ] = "",
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
    pages = _pages(host=host, port=chosen, workers=workers)
    helpers = [beside.daihou("reach", "sandbox", "--book", sandbox)] if sandbox else []
    helpers += [beside.daihou("worker")] if with_worker else []
    sys.stdout.flush()
    if not helpers:
        os.execv(sys.executable, pages)  # noqa: S606  The same Python, without a shell.
    raise typer.Exit(beside.run(pages=pages, helpers=helpers))


def collect_static() -> None:
    """Put the files of the faces under hashed, compressed names, unless none has changed."""
    from django.conf import settings
    from django.core.management import call_command

    mark = Path(settings.STATIC_ROOT) / ".collected"
    state = _static_state()
    if mark.is_file() and mark.read_text() == state:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    mark.write_text(state)


def _static_state() -> str:
    """Digest the name, size and time of every file that would be collected."""
    from django.contrib.staticfiles.finders import get_finders

    lines = [
        f"{path} {status.st_size} {status.st_mtime_ns}"
        for finder in get_finders()
        for path, storage in finder.list([])
        for status in [Path(storage.path(path)).stat()]
    ]
    return sha256("\n".join(sorted(lines)).encode()).hexdigest()


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


def _pages(*, host: str, port: int, workers: int) -> list[str]:
    """Write the command of the server: it forks its workers, so it has a process of its own."""
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(workers),
        "--blocking-threads": "4",
    }
    words = [word for option in options.items() for word in option]
    return [sys.executable, "-m", "granian", *words, "--no-ws", "--no-log", APPLICATION]
