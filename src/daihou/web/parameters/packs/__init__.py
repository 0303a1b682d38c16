"""Packs of parameters: files of rows, each with source and confidence; read by migrations."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

SOURCE_ZH: Final = "source_zh"  # For readers alone: ``sources_in_chinese``.
SEEDED: Final = MappingProxyType(  # Of rows that stand in migrations, not in a pack.
    {
        "逾期分档, as lenders name it: days past due from which a loan is in the bucket": (
            "逾期分档，按出借机构通行叫法：自逾期第几天起进入该档"
        ),
        "own default: each channel's contract may allow less": (
            "本机构默认：各支付渠道的合同可能更严"
        ),
    }
)


def rows_of(*, pack: str, jurisdiction: str) -> list[dict[str, Any]]:
    """Read the rows of a pack as fields of ``Parameter``."""
    text = resources.files(__package__).joinpath(f"{pack}.toml").read_text(encoding="utf-8")
    return [
        {
            "jurisdiction": jurisdiction,
            **{name: value for name, value in row.items() if name != SOURCE_ZH},
        }
        for row in tomllib.loads(text)["row"]
    ]


@lru_cache(maxsize=1)
def sources_in_chinese() -> Mapping[str, str]:
    """Return the Chinese of every source of ours that has English words."""
    packs = [each for each in resources.files(__package__).iterdir() if each.name.endswith(".toml")]
    rows = [row for each in packs for row in tomllib.loads(each.read_text("utf-8"))["row"]]
    return {**SEEDED, **{row["source"]: row[SOURCE_ZH] for row in rows if SOURCE_ZH in row}}
