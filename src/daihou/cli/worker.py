"""``daihou worker``: do what pages, hooks and nights have left to be done later."""

from dataclasses import asdict
from typing import Annotated

import typer

from daihou.cli import output

app = typer.Typer()


@app.command()
def worker(
    *,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="Jobs at a time.")] = 2,
    once: Annotated[bool, typer.Option("--once", help="Stop when no job is left.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Only say how the queue stands.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Do queued jobs until interrupted (后台任务). Several workers share one queue."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.jobs.queries import standing
    from daihou.web.jobs.worker import run_worker

    if not show:
        run_worker(concurrency=concurrency, waits=not once)
    output.emit({"jobs": [asdict(found) for found in standing()]}, as_json=as_json)
