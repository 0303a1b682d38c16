"""Compile the message catalogs when their source has changed, so that no ``msgfmt`` is needed."""

import io
import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from daihou.web.assets.places import catalogs_folder

LOCALE_FOLDER = Path(__file__).resolve().parents[1] / "locale"


def compile_catalogs(*, folder: Path = LOCALE_FOLDER, made: Path | None = None) -> list[Path]:
    """Write the ``.mo`` of every ``.po`` that another one was made of; answer what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = (made or catalogs_folder()) / source.relative_to(folder).with_suffix(".mo")
        content = _compiled(source=source)
        if target.exists() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target=target, content=content)
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
