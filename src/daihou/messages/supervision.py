"""Supervision: many cases handed over."""

from typing import Final

LINES: Final[dict[str, tuple[str, str]]] = {
    "supervision.to_oneself": (
        "转出人和接收人不能相同",
        "the cases are that collector's already",
    ),
    "supervision.too_many": ("一次转交 1 至 {most} 件", "hand over 1 to {most} cases at once"),
}
