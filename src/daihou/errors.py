"""Every error a person can meet: a stable code, its parameters, one line in Chinese and English.

Rooms below the edge raise their own exceptions with a ``code`` and, where useful, ``params``;
``describe`` turns any of them into one line. A code without a line here is shown with the text of
its exception, so that nothing is ever swallowed. Codes are stable: scripts may depend on them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from types import MappingProxyType

from daihou.messages import MESSAGES, ROW_MESSAGES
from daihou.messages.words import WORDS

SEPARATORS = ("、", ", ")  # Between several values, in Chinese and English.


class DaihouError(Exception):
    """A request that cannot be carried out; ``code`` is stable, ``params`` fill its message."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params: Mapping[str, object] = MappingProxyType(params)

    def __str__(self) -> str:
        return describe(self).message_en


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    code: str
    message_zh: str
    message_en: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "message_zh": self.message_zh, "message_en": self.message_en}


def message(*, code: str, params: Mapping[str, object] | None = None) -> tuple[str, str] | None:
    """Return the Chinese and the English line of a code, or nothing if it has none."""
    lines = MESSAGES.get(code) or ROW_MESSAGES.get(code)
    if lines is None:
        return None
    zh, en = lines
    return _fill(zh, _worded(params or {}, place=0)), _fill(en, _worded(params or {}, place=1))


def describe(exception: BaseException) -> Described:
    """Say in one line what happened, for any exception."""
    code = getattr(exception, "code", None)
    if isinstance(exception, OSError) and exception.filename and exception.strerror:
        return describe(
            DaihouError("file.refused", file=exception.filename, text=exception.strerror)
        )
    if not isinstance(code, str):
        text = f"{type(exception).__name__}: {_one_line(str(exception))}"
        lines = message(code="internal", params={"text": text})
        assert lines is not None
        return Described(code="internal", message_zh=lines[0], message_en=lines[1])
    params = getattr(exception, "params", None)
    if not isinstance(params, Mapping):  # Refusals below the edge say what is wrong in one text.
        params = {"detail": getattr(exception, "detail", "")}
    lines = message(code=code, params=params)
    if lines is None:
        text = code if isinstance(exception, DaihouError) else _one_line(str(exception)) or code
        lines = (text, text)
    return Described(code=code, message_zh=lines[0], message_en=lines[1])


def _worded(params: Mapping[str, object], *, place: int) -> dict[str, object]:
    """Put words for the values that have some, in one language."""
    return {
        name: SEPARATORS[place].join(str(_word(name, each, place)) for each in value)
        if isinstance(value, list | tuple)
        else _word(name, value, place)
        for name, value in params.items()
    }


def _word(name: str, value: object, place: int) -> object:
    words = WORDS.get(name, {}).get(str(value))
    return value if words is None else words[place]


def _fill(line: str, params: Mapping[str, object]) -> str:
    names = [name for _, name, _, _ in Formatter().parse(line) if name]
    known = {name: _one_line(str(params.get(name, f"<{name}>"))) for name in names}
    return line.format_map(known)


def _one_line(text: str) -> str:
    return " ".join(text.split())
