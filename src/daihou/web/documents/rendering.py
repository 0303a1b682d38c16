"""Typeset a document by Typst: values go in as JSON, a PDF or pictures come out.

The same values give the same bytes: no clock, no system fonts, no packages from a network. The
typeface is that of the npm lock (``@expo-google-fonts/noto-sans-sc``, Open Font License 1.1).
"""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import typst

from daihou.web.assets.places import node_modules
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind

LETTERS = Path(__file__).parent / "letters"
TYPEFACE = ("@expo-google-fonts", "noto-sans-sc")
WEIGHTS = ("400Regular", "700Bold")
FIELD_MOST = 500
ROWS_MOST = 5000
_own = threading.local()
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # Whatever asks for a clock is given this one.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    content: bytes
    template: str  # Name and digest of the template: another wording is another version.


def pdf(*, kind: DocumentKind, values: Mapping[str, Any]) -> Rendered:
    """Typeset one document.

    :raises DocumentRefused: ``document.field_too_long``, ``document.too_many_rows``,
        ``document.typeface_missing``.
    """
    version = template_version(kind)
    content = _compile(kind, values, version, format="pdf", pdf_standards="a-2b")
    assert isinstance(content, bytes)
    return Rendered(content=content, template=version)


def pictures(*, kind: DocumentKind, values: Mapping[str, Any], ppi: int = 80) -> list[bytes]:
    """Draw the pages of a document as PNG; refusals as ``pdf``."""
    pages = _compile(kind, values, template_version(kind), format="png", ppi=float(ppi))
    return pages if isinstance(pages, list) else [pages]


@cache
def template_version(kind: DocumentKind) -> str:
    """Name a template by what its text is: ``statement-1a2b3c4d``."""
    digest = sha256()
    for name in ("letter.typ", "texts.toml", f"{kind.value}.typ"):
        digest.update((LETTERS / name).read_bytes())
    return f"{kind.value}-{digest.hexdigest()[:8]}"


def _compile(
    kind: DocumentKind, values: Mapping[str, Any], version: str, **wanted: Any
) -> bytes | list[bytes]:
    clean = _cleaned({**values, "version": version}, name="")
    made = _compiler(kind).compile(
        sys_inputs={"values": json.dumps(clean, ensure_ascii=False)}, timestamp=_EPOCH, **wanted
    )
    assert made is not None  # None is for those who name an output file.
    return made


def _compiler(kind: DocumentKind) -> typst.Compiler:
    """Return this thread's own compiler of a template: one is never used by two at a time."""
    own: dict[tuple[DocumentKind, Path], typst.Compiler] = _own.__dict__.setdefault("all", {})
    key = (kind, node_modules())
    if key not in own:
        own[key] = typst.Compiler(
            str(LETTERS / f"{kind.value}.typ"), root=str(LETTERS), font_paths=fonts(key[1])
        )
    return own[key]


@cache
def fonts(modules: Path) -> typst.Fonts:
    """Return the typeface of the npm lock, and no other.

    :raises DocumentRefused: ``document.typeface_missing``.
    """
    folders = [modules.joinpath(*TYPEFACE, weight) for weight in WEIGHTS]
    missing = [folder for folder in folders if not list(folder.glob("*.ttf"))]
    if missing:
        raise DocumentRefused("document.typeface_missing", path=missing[0])
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(folder) for folder in folders],
    )


def _cleaned(value: Any, *, name: str) -> Any:
    """Leave out what cannot be printed; refuse a text that is too long for its place."""
    if isinstance(value, str):
        if len(value) > FIELD_MOST:
            raise DocumentRefused("document.field_too_long", field=name, most=FIELD_MOST)
        return "".join(each if each.isprintable() else " " for each in value)
    if isinstance(value, Mapping):
        return {key: _cleaned(each, name=str(key)) for key, each in value.items()}
    if isinstance(value, list | tuple):
        if len(value) > ROWS_MOST:
            raise DocumentRefused("document.too_many_rows", field=name, most=ROWS_MOST)
        return [_cleaned(each, name=name) for each in value]
    return value
