"""Where the faces' files come from and where made ones go: the source tree, or the home.

In a source tree that can be written to, packages and catalogs lie beside their sources. An
installed package is never written to: what it makes goes to ``DAIHOU_HOME``.
"""

import os
from pathlib import Path

from daihou.web import home

PACKAGE = Path(__file__).resolve().parents[2]
SHIPPED = Path(__file__).resolve().parent / "npm_lock"  # In a wheel only.
LOCK_FILES = ("package.json", "package-lock.json")


def source_tree() -> Path | None:
    """Find the source tree that this package runs from, if it can be written to."""
    root = PACKAGE.parents[1]
    is_tree = PACKAGE.parent.name == "src" and (root / LOCK_FILES[1]).is_file()
    return root if is_tree and os.access(root, os.W_OK) else None


def lock_folder() -> Path:
    """Find the folder that holds ``package.json`` and its lock file."""
    return SHIPPED if SHIPPED.is_dir() else PACKAGE.parents[1]


def node_modules() -> Path:
    """Find the packages: ``DAIHOU_NODE_MODULES``, else the source tree's, else the home's."""
    given = os.environ.get("DAIHOU_NODE_MODULES")
    return Path(given) if given else (source_tree() or made_folder()) / "node_modules"


def catalogs_folder() -> Path:
    """Find the folder of the compiled message catalogs."""
    return PACKAGE / "web" / "locale" if source_tree() else made_folder() / "locale"


def made_folder() -> Path:
    return home.home() / "assets"
