"""Keys that others gave us: one JSON file for each name, beside the other secrets of the home.

Shape   ``KeyFiles`` of one folder; what a file holds is a dataclass. Knows no Django.
Errors  ``refused`` with the code ``missing`` or ``unreadable``.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from daihou.errors import DaihouError
from daihou.web import home

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Keys = TypeVar("Keys", bound="DataclassInstance")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles(Generic[Keys]):
    folder: str
    holds: type[Keys]
    refused: type[DaihouError]
    missing: str
    unreadable: str

    def path_of(self, *, secret_ref: str) -> Path:
        return home.secrets_folder() / self.folder / f"{secret_ref}.json"

    def load(self, *, secret_ref: str) -> Keys:
        """Return the keys of a name; they are read again when their file has changed."""
        path = self.path_of(secret_ref=secret_ref)
        try:
            changed_ns = path.stat().st_mtime_ns
        except OSError as exception:
            raise self.refused(self.missing, path=path) from exception
        try:
            return self.holds(**_read(path, changed_ns))
        except (OSError, ValueError, TypeError) as exception:
            raise self.refused(self.unreadable, path=path) from exception

    def save(self, *, secret_ref: str, secrets: Keys) -> Path:
        """Write the keys of a name for their owner's eyes only."""
        path = self.path_of(secret_ref=secret_ref)
        home.make_private_folder(path.parent)
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(asdict(secrets), indent=2))
        temporary.replace(path)
        return path


@lru_cache(maxsize=128)
def _read(path: Path, changed_ns: int) -> Any:  # noqa: ARG001  Part of the cache's key.
    return json.loads(path.read_text())
