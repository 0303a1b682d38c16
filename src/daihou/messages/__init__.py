"""Every message: code → (Chinese, English). Names in braces are the error's params.

Each module of this package holds the ``LINES`` of one area; a code stands in one area only.
"""

from importlib import import_module
from pkgutil import iter_modules

from daihou.messages.rows import ROW_MESSAGES

MESSAGES: dict[str, tuple[str, str]] = {}
for _module in iter_modules(__path__):
    _lines = getattr(import_module(f"{__name__}.{_module.name}"), "LINES", {})
    _twice = MESSAGES.keys() & _lines.keys()
    assert not _twice, f"codes stand in two areas: {sorted(_twice)}"
    MESSAGES |= _lines

__all__ = ["MESSAGES", "ROW_MESSAGES"]
