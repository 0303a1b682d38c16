"""Typeset letters by Typst: the same values give the same bytes."""

import json
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import typst

from daihou.web.assets.places import node_modules
from daihou.web.documents.rendering import fonts

TEMPLATE = Path(__file__).parent / "letter.typ"
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # Whatever asks for a clock is given this one.
_own = threading.local()


def pdf(*, values: Mapping[str, Any]) -> bytes:
    """Typeset one letter as PDF/A.

    :raises DocumentRefused: ``document.typeface_missing``.
    """
    clean = {name: _printable(value) for name, value in values.items()}
    content = _compiler(node_modules()).compile(
        sys_inputs={"values": json.dumps(clean, ensure_ascii=False)},
        timestamp=_EPOCH,
        format="pdf",
        pdf_standards="a-2b",
    )
    assert isinstance(content, bytes)
    return content


@cache
def template_version() -> str:
    """Name the template by what it is."""
    return f"letter-{sha256(TEMPLATE.read_bytes()).hexdigest()[:8]}"


def _compiler(modules: Path) -> typst.Compiler:
    """Return this thread's own compiler: one is never used by two at a time."""
    own: dict[Path, typst.Compiler] = _own.__dict__.setdefault("all", {})
    if modules not in own:
        own[modules] = typst.Compiler(
            str(TEMPLATE), root=str(TEMPLATE.parent), font_paths=fonts(modules)
        )
    return own[modules]


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(each if each.isprintable() else " " for each in value)
    if isinstance(value, list):
        return [_printable(each) for each in value]
    return value
