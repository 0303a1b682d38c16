"""Packs of parameters: files of rows, each with source and confidence; read by migrations."""

import tomllib
from importlib import resources
from typing import Any


def rows_of(*, pack: str, jurisdiction: str) -> list[dict[str, Any]]:
    """Read the rows of a pack as fields of ``Parameter``."""
    text = resources.files(__package__).joinpath(f"{pack}.toml").read_text(encoding="utf-8")
    return [{"jurisdiction": jurisdiction, **row} for row in tomllib.loads(text)["row"]]
