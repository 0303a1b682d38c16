"""Read a file of neutral acceptance cases: product terms, steps, expected tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class CasesRefused(ValueError):
    def __init__(self, code: str, path: Path) -> None:
        super().__init__(code)
        self.code = code
        self.params = {"path": path}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    case_id: str
    trust: str
    features: tuple[str, ...]
    terms: Mapping[str, Any]
    periods: tuple[tuple[str, str], ...]  # Start and due, only where the source gives them.
    steps: tuple[Mapping[str, Any], ...]

    def operations(self) -> tuple[str, ...]:
        return tuple(step["op"] for step in self.steps)


def load_cases(path: Path) -> tuple[Case, ...]:
    """Read all cases of a file, in its order.

    :raises CasesRefused: ``cases.unreadable``, ``cases.malformed``.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CasesRefused("cases.unreadable", path) from error
    try:
        return tuple(_case(each) for each in document["cases"])
    except (KeyError, TypeError, AttributeError) as error:
        raise CasesRefused("cases.malformed", path) from error


def _case(each: Mapping[str, Any]) -> Case:
    steps = tuple(each["steps"])
    assert all(isinstance(step["op"], str) for step in steps)
    return Case(
        case_id=each["id"],
        trust=each["trust"],
        features=tuple(each["features"]),
        terms=each["terms"],
        periods=tuple((p["start"], p["due"]) for p in each.get("explicit_periods", ())),
        steps=steps,
    )
