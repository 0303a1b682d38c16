"""Compile the message catalogs when their source is newer, so that no ``msgfmt`` is needed."""

import io
import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE_FOLDER = Path(__file__).resolve().parents[1] / "locale"


def compile_catalogs(*, folder: Path = LOCALE_FOLDER) -> list[Path]:
    """Write the ``.mo`` beside every ``.po`` that is newer than it; answer what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        _replace(target=target, content=_compiled(source=source))
        written.append(target)
    return written


def _compiled(*, source: Path) -> bytes:
    with source.open("rb") as file:
        catalog = read_po(file, abort_invalid=True)
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _replace(*, target: Path, content: bytes) -> None:
    """Put the whole file there at once: several processes may start together."""
    handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(name).chmod(0o644)
    Path(name).replace(target)
