"""Homes to measure in: this process and its children work there, on a server of their own."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from daihou.web.postgres import server


@contextmanager
def thrown_away(name: str) -> Iterator[Path]:
    """Yield the folder of a new home; it goes at the end, and the server's data with it."""
    with tempfile.TemporaryDirectory(prefix=f"daihou-{name}-") as folder:
        _enter(Path(folder))
        try:
            yield Path(folder)
        finally:
            server.destroy()


@contextmanager
def kept(folder: Path) -> Iterator[Path]:
    """Yield the folder of a home that stays for the next run; its server is stopped."""
    _enter(folder)
    try:
        yield folder
    finally:
        server.stop()


def _enter(folder: Path) -> None:
    os.environ["DAIHOU_HOME"] = str(folder / "home")
    os.environ.pop("DATABASE_URL", None)
