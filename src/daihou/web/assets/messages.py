"""Find every text of the faces that wants a translation, and keep the catalogs in step.

Texts are written in English (then the Chinese catalog answers) or in Chinese (then the English
one does). ``python -m daihou.web.assets.messages`` adds what is new and drops what is gone.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from daihou.web.assets.catalogs import LOCALE_FOLDER

WEB = LOCALE_FOLDER.parent
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
LANGUAGES = {"zh_Hans": "Chinese", "en": "English"}
NOISE = re.compile(  # Header lines that change by themselves or say nothing.
    rb'^"(POT-Creation-Date|PO-Revision-Date|Generated-By|Project-Id-Version|Report-Msgid-Bugs-To'
    rb"|Last-Translator|Language-Team):.*\n",
    re.MULTILINE,
)
COMMENT = re.compile(r"(?:^|(?<=\s))#[^'\"]*?$", re.MULTILINE)  # No text has its mark after it.
CHINESE = re.compile(r"[\u4e00-\u9fff]")

Text: TypeAlias = "str | tuple[str, ...]"


def texts() -> dict[Text, set[str]]:
    """Map every text to the files it stands in."""
    found: dict[Text, set[str]] = {}
    for file in sorted([*WEB.rglob("*.py"), *WEB.rglob("*.html")]):
        if "migrations" not in file.parts:
            for text in _texts_of(file):
                found.setdefault(text, set()).add(file.relative_to(WEB).as_posix())
    return found


def wanted(*, language: str) -> dict[Text, set[str]]:
    """Choose the texts that this language's catalog has to answer."""
    from_chinese = language == "en"
    return {
        text: files
        for text, files in texts().items()
        if bool(CHINESE.search(_first(text))) is from_chinese
    }


def read(*, language: str) -> Catalog:
    """Read a language's catalog; an absent one is empty."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="daihou", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def path_of(language: str) -> Path:
    return LOCALE_FOLDER / language / "LC_MESSAGES" / "django.po"


def update(*, language: str) -> list[str]:
    """Rewrite a catalog: what is wanted, with the answers it had; list what has none yet."""
    old, missing = read(language=language), []
    new = Catalog(locale=language, project="daihou", fuzzy=False)
    for text, files in sorted(wanted(language=language).items(), key=lambda item: _first(item[0])):
        known = old.get(_first(text))
        answer = known.string if known else ""
        new.add(text, answer, locations=[(file, 1) for file in sorted(files)])
        if not answer or not all(answer if isinstance(answer, tuple) else (answer,)):
            missing.append(_first(text))
    buffer = io.BytesIO()
    write_po(buffer, new, omit_header=False, width=96, include_lineno=False)
    kept = NOISE.sub(b"", buffer.getvalue().partition(b"#\n")[2])
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    path_of(language).write_bytes(kept)
    return missing


def _texts_of(file: Path) -> Iterator[Text]:
    source = file.read_text(encoding="utf-8")
    if file.suffix == ".html":
        written = COMMENT.sub("", templatize(source, origin=str(file)))
        source = " ".join(written.split())  # One line: no indents, so no comments either.
    for _, text, _, _ in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
        yield tuple(text) if isinstance(text, list | tuple) else text


def _first(text: Text) -> str:
    return text[0] if isinstance(text, tuple) else text


if __name__ == "__main__":
    import sys

    for name in LANGUAGES:
        for line in update(language=name):
            sys.stdout.write(f"{name}: {line}\n")
