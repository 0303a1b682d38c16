"""A staticfiles finder that shows listed files of ``node_modules``, and nothing else."""

from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Warning as CheckWarning
from django.core.files.storage import FileSystemStorage

from daihou.web.assets.places import node_modules

FILES = (
    "@tabler/core/dist/css/tabler.min.css",
    "echarts/dist/echarts.common.min.js",
)


class NodeModulesFinder(BaseFinder):
    def __init__(self, *_: Any, **__: Any) -> None:
        self.storage = FileSystemStorage(location=node_modules())
        self.storage.prefix = ""  # type: ignore[attr-defined]  # Staticfiles ask every storage.

    def check(self, **_: Any) -> list[CheckMessage]:
        """Warn at start-up about listed files that are not there."""
        missing = [path for path in FILES if not self.storage.exists(path)]
        if not missing:
            return []
        hint = "Run npm ci --ignore-scripts (daihou serve does it)."
        return [CheckWarning(f"not installed: {', '.join(missing)}", hint=hint, id="daihou.W001")]

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:
        """Answer the absolute path of a listed file that is there."""
        if path not in FILES or not self.storage.exists(path):
            return []
        found = self.storage.path(path)
        return [found] if find_all else found

    def list(self, *_: Any) -> Any:
        """Pair every listed file that is there with its storage."""
        return [(path, self.storage) for path in FILES if self.storage.exists(path)]
