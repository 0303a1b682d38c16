"""Root's servers live outside their homes; a removed home leaves one behind.

Each server's folder names its home. One whose home is gone, or was made anew, is stopped when a
server is made in the same place, and shown by ``daihou db status``; its data are never removed.
"""

import json
from pathlib import Path

from daihou.web import home
from daihou.web.postgres import processes, programs
from daihou.web.postgres.layout import ROOT_STATE, Layout

NAME_FILE = "home"


def name_home(*, layout: Layout) -> None:
    """Note whose server this is."""
    named = f"{home.home()}\n{home.secrets_folder()}\n"
    (layout.folder / NAME_FILE).write_text(named)


def stop_predecessors(*, layout: Layout) -> None:
    """Stop the servers that an earlier home in this very place has left running."""
    for folder in folders():
        before = Layout(folder=folder, system_user=layout.system_user)
        if _home_of(folder) == home.home() and processes.postmaster(layout=before):
            arguments = ["stop", "-D", str(before.data), "-m", "fast", "-w"]
            programs.run(layout=before, program="pg_ctl", arguments=arguments)


def folders() -> list[Path]:
    """Return the server folders whose home is gone."""
    try:
        named = [path.parent for path in ROOT_STATE.glob(f"*/{NAME_FILE}")]
    except OSError:
        return []
    return sorted(folder for folder in named if not _belongs(folder))


def _belongs(folder: Path) -> bool:
    secrets = Path(_lines(folder)[1]) / home.SECRETS_FILE
    try:
        return bool(json.loads(secrets.read_text())["home_id"] == folder.name)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True  # Not ours to judge.


def _home_of(folder: Path) -> Path:
    return Path(_lines(folder)[0])


def _lines(folder: Path) -> list[str]:
    return (folder / NAME_FILE).read_text().splitlines()
