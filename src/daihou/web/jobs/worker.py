"""Run jobs until told to stop, or until none is left."""

import asyncio

from django.db import connections
from procrastinate.contrib.django import app

from daihou.web.jobs import loops

POLL_SECONDS = 5.0  # New jobs are announced by PostgreSQL; this is for what nobody announced.


def run_worker(*, concurrency: int = 2, waits: bool = True, name: str = "daihou") -> None:
    """Do jobs of every queue, ``concurrency`` at a time, and the loops beside them.

    SIGINT or SIGTERM lets running jobs end. A killed worker's jobs are taken up by another.
    """
    settings = connections["default"].settings_dict
    kept_seconds = settings["CONN_MAX_AGE"]
    settings["CONN_MAX_AGE"] = 0  # Threads come and go; none may leave a connection behind.
    try:
        if waits:
            with loops.running():
                asyncio.run(_run(concurrency=concurrency, waits=True, name=name))
        else:
            loops.run_once()
            asyncio.run(_run(concurrency=concurrency, waits=False, name=name))
            loops.run_once()
    finally:
        settings["CONN_MAX_AGE"] = kept_seconds


async def _run(*, concurrency: int, waits: bool, name: str) -> None:
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]
    with app.replace_connector(connector) as working:
        async with working.open_async():
            await working.run_worker_async(
                name=name,
                concurrency=concurrency,
                wait=waits,
                fetch_job_polling_interval=POLL_SECONDS,
                listen_notify=waits,
                install_signal_handlers=True,
            )
