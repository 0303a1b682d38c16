"""What the postmaster's pid file says, and whether it is still true.

A killed postmaster leaves its pid file, perhaps a zombie, and children that end when they notice.
The file may be removed only when no living process works in the data folder any more.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from daihou.web.postgres.layout import PORT, Layout

PROC = Path("/proc")
PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmaster:
    pid: int
    is_ready: bool


def postmaster(*, layout: Layout) -> Postmaster | None:
    """Return the living postmaster of this data folder."""
    try:
        lines = (layout.data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return None
    if not _is_alive(pid) or (PROC.is_dir() and not _works_in(pid, layout.data)):
        return None
    return Postmaster(pid=pid, is_ready=len(lines) > 7 and lines[7].strip() == "ready")


def clear_stale_files(*, layout: Layout) -> None:
    """Remove the pid and lock files of a dead postmaster, once its children are gone too."""
    stale = [layout.data / "postmaster.pid", layout.socket / f".s.PGSQL.{PORT}.lock"]
    if not any(map(Path.exists, stale)) or postmaster(layout=layout) or not PROC.is_dir():
        return
    deadline = time.monotonic() + PATIENCE_SECONDS
    while workers(layout=layout) and time.monotonic() < deadline:
        time.sleep(0.05)
    if not workers(layout=layout):
        for path in stale:
            path.unlink(missing_ok=True)


def workers(*, layout: Layout) -> list[int]:
    """Return the living processes that work in the data folder."""
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _works_in(pid, layout.data) and _is_alive(pid)]


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return not PROC.is_dir()
    return state not in {"Z", "X"}


def _works_in(pid: int, folder: Path) -> bool:
    try:
        return (PROC / str(pid) / "cwd").readlink() == folder.resolve()
    except OSError:
        return False
