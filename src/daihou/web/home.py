"""Where a book lives: ``DAIHOU_HOME`` and the secrets kept in it, outside database and repository.

Knows no Django. Secrets are made once, by ``create``; a missing one is never replaced silently
where data depend on it. The folder ignores itself in version control (its own ``.gitignore``).
"""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from daihou.errors import DaihouError

SECRETS_FILE = "secrets.json"
HOME = ".daihou"  # Unless ``DAIHOU_HOME`` says another.


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """``data_keys`` and ``index_key`` protect personal data: hex, 32 bytes; the last key writes.

    ``data_key_since`` is since when it does, as an ISO 8601 instant; empty for the first.
    """

    home_id: str
    django_key: str
    data_keys: Mapping[str, str]
    index_key: str
    database_passwords: Mapping[str, str]
    data_key_since: str = ""


def home() -> Path:
    """Return the folder of this installation's data, absolute."""
    given = os.environ.get("DAIHOU_HOME") or HOME
    return Path(given).expanduser().absolute()


def secrets_folder() -> Path:
    """Return the folder of the secrets: ``DAIHOU_SECRETS``, else in the home."""
    given = os.environ.get("DAIHOU_SECRETS")
    return Path(given).expanduser().absolute() if given else home() / "secrets"


def create() -> Secrets:
    """Make the home with its secrets where they are missing; return the secrets."""
    existing = find_secrets()
    if existing is not None:
        return existing
    make_private_folder(home())
    ignore = home() / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    make_private_folder(secrets_folder())
    made = {
        "home_id": secrets.token_hex(8),
        "django_key": secrets.token_urlsafe(48),
        "data_keys": {"1": secrets.token_hex(32)},
        "index_key": secrets.token_hex(32),
        "database_passwords": {
            role: secrets.token_urlsafe(24) for role in ("superuser", "owner", "application")
        },
    }
    _write_new(path=secrets_folder() / SECRETS_FILE, text=json.dumps(made, indent=2))
    created = find_secrets()
    assert created is not None
    return created


def find_secrets() -> Secrets | None:
    """Return the secrets if they have been made.

    :raises DaihouError: ``secrets.unreadable``.
    """
    path = secrets_folder() / SECRETS_FILE
    try:
        return Secrets(**json.loads(path.read_text()))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, TypeError) as exception:
        raise DaihouError("secrets.unreadable", path=path, text=exception) from exception


def secrets_stamp() -> tuple[int, int]:
    """Return what changes whenever the file of the secrets is replaced; zeros without one."""
    given_home = os.environ.get("DAIHOU_HOME") or HOME
    try:
        found = _secrets_file(given_home, os.environ.get("DAIHOU_SECRETS")).stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=8)
def _secrets_file(given_home: str, given_secrets: str | None) -> Path:
    """Find the file of the secrets, relative if the home is: it is asked for at every text."""
    folder = Path(given_secrets) if given_secrets else Path(given_home) / "secrets"
    return folder.expanduser() / SECRETS_FILE


def replace_secrets(*, changed: Secrets) -> None:
    """Write changed secrets in one step."""
    path = secrets_folder() / SECRETS_FILE
    document = {name: getattr(changed, name) for name in Secrets.__slots__}
    temporary = _write_temporary(folder=path.parent, text=json.dumps(document, indent=2))
    temporary.replace(path)


def create_secret_file(*, path: Path, text: str) -> None:
    """Write a secret once; where the file is there already, it stays."""
    if not path.exists():
        make_private_folder(path.parent)
        _write_new(path=path, text=text)


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner can enter; one that is there is left as it is."""
    try:
        if not path.is_dir():
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exception:
        raise DaihouError("home.not_usable", path=path, text=exception) from exception


def _write_new(*, path: Path, text: str) -> None:
    """Write a file for its owner's eyes; where another process was first, its file stays."""
    temporary = _write_temporary(folder=path.parent, text=text)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def _write_temporary(*, folder: Path, text: str) -> Path:
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    except OSError as exception:
        raise DaihouError("home.not_usable", path=folder, text=exception) from exception
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
