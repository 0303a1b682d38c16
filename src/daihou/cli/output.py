"""What a command prints: its result once on standard output, all else on standard error."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from daihou.errors import describe

if TYPE_CHECKING:
    from rich.console import Console


@cache
def stderr() -> "Console":
    """Return the console for progress and remarks (standard error)."""
    from rich.console import Console

    return Console(stderr=True, soft_wrap=True, highlight=False)


@cache
def stdout() -> "Console":
    """Return the console for tables meant for people (standard output, never with --json)."""
    from rich.console import Console

    return Console(soft_wrap=True, highlight=False)


def suit_terminal() -> None:
    """Let a terminal that knows few characters show the others by their code, never refuse."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not _holds_all(stream):
            stream.reconfigure(errors="backslashreplace")


def _holds_all(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def emit(document: Mapping[str, object], *, as_json: bool, text: str | None = None) -> None:
    """Print the result of a command, once: the document with --json, else ``text`` or its lines."""
    if as_json:
        is_plain = not _holds_all(sys.stdout)
        text = json.dumps(document, ensure_ascii=is_plain, default=_plain, allow_nan=False)
        sys.stdout.write(text + "\n")
    else:
        lines = text if text is not None else "\n".join(_lines(document))
        sys.stdout.write(lines.rstrip("\n") + "\n")
    sys.stdout.flush()


def money(amount_minor: int, *, digits: int) -> str:
    """Write an amount with all its digits.

    >>> money(922337203685477580, digits=2), money(-5, digits=3), money(1200, digits=0)
    ('9,223,372,036,854,775.80', '-0.005', '1,200')
    """
    return f"{Decimal(amount_minor).scaleb(-digits):,f}"


def note(text: str) -> None:
    """Print a remark on standard error."""
    sys.stderr.write(text + "\n")


def fail(exception: BaseException, *, as_json: bool) -> None:
    """Print one clear line on standard error and, with --json, the error document."""
    described = describe(exception)
    sys.stderr.write(f"error[{described.code}]: {described.message_en}\n")
    if as_json:
        emit({"error": described.as_json()}, as_json=True)


def _lines(document: Mapping[str, object], indent: str = "") -> list[str]:
    lines: list[str] = []
    for key, value in document.items():
        if isinstance(value, Mapping):
            lines += [f"{indent}{key}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{key}: {', '.join(map(_words, value)) or '-'}")
        else:
            lines.append(f"{indent}{key}: {'-' if value is None else value}")
    return lines


def _words(value: object) -> str:
    """Write an item of a list; a mapping by its names, in brackets where it lies deeper."""
    if not isinstance(value, Mapping):
        return str(value)
    given = ((name, item) for name, item in value.items() if item not in (None, []))
    return " ".join(
        f"{name}=[{', '.join(map(_words, item))}]" if isinstance(item, list) else f"{name}={item}"
        for name, item in given
    )


def _plain(value: object) -> object:
    match value:
        case date() | Decimal() | Path():
            return value.isoformat() if isinstance(value, date) else str(value)
        case set() | frozenset() | tuple():
            return sorted(value) if not isinstance(value, tuple) else list(value)
        case Mapping():
            return dict(value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return asdict(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)
