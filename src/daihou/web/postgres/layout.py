"""Where the embedded server lives, and as whom it runs. Pure of side effects.

PostgreSQL refuses to run as root. Root's server therefore belongs to an ordinary system user and
lives under ``/var/lib/daihou``, because the home may be closed to that user and is never opened.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from daihou.web import home
from daihou.web.home import Secrets

PORT = 5432  # Names the socket file; there is no TCP.
SOCKET_FOLDER_BYTES = 107 - len(f"/.s.PGSQL.{PORT}.lock")
ROOT_STATE = Path("/var/lib/daihou")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``system_user`` is whom root hands the server to; for anyone else it is nobody else."""

    folder: Path
    system_user: str | None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def socket(self) -> Path:
        """The private folder of the socket; a Unix socket's path has room for 107 bytes."""
        inside = self.folder / "socket"
        if len(os.fsencode(inside)) <= SOCKET_FOLDER_BYTES:
            return inside
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"daihou-{os.getuid()}" / digest


def is_root() -> bool:
    return os.geteuid() == 0


def layout(*, secrets: Secrets | None) -> Layout:
    """Return the place of this home's server."""
    if not is_root():
        return Layout(folder=home.home() / "postgres", system_user=None)
    home_id = secrets.home_id if secrets else "none"
    return Layout(
        folder=ROOT_STATE / home_id,
        system_user=os.environ.get("DAIHOU_SYSTEM_USER", "daihou"),
    )
