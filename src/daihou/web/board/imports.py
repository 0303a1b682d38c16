"""One import as a page shows it: refused rows, exceptions of its reconciliation, its notes.

Units   ``*_minor`` are minor units of the book's currency; days where the figure counts days.
Shape   Frozen values, read from the batch and its errors file; a narrow sight keeps its own loans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from django.utils.translation import get_language

from daihou.tapes.messages import message_of
from daihou.web.board.sight import Sight
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.handing_out import errors_file
from daihou.web.ledger.models import ImportBatch

ROWS_SHOWN = 50
MARKS = ("source_table", "source_file", "row_number", "column", "code")
IN_DAYS = ("stated_days",)  # Figures that are no money.


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    loan: str
    as_of: str
    figure: str
    cause: str
    ours_minor: int | None
    theirs_minor: int | None

    @property
    def is_money(self) -> bool:
        return self.figure not in IN_DAYS

    @property
    def difference_minor(self) -> int | None:
        if self.ours_minor is None or self.theirs_minor is None:
            return None
        return self.ours_minor - self.theirs_minor


def text_of(code: str) -> str:
    """Say what a row's code means, in the language of the page; of no column in particular."""
    return message_of(code, "…")[0 if is_chinese() else 1]


def is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def refused_rows(batch: ImportBatch) -> list[dict[str, str]] | None:
    """Read the first refused rows without their content; None where the file is gone."""
    words = "message_zh" if is_chinese() else "message_en"
    try:
        frame = pl.read_csv(
            errors_file(batch=batch),
            columns=[*MARKS, words],
            n_rows=ROWS_SHOWN,
            infer_schema=False,
        )
    except (LedgerRefused, OSError, pl.exceptions.PolarsError):
        return None
    return frame.rename({words: "message"}).fill_null("").to_dicts()


def differences(batch: ImportBatch, *, sight: Sight) -> list[Difference]:
    """List the exceptions that were kept, of loans in sight."""
    kept = (batch.summary.get("reconciliation") or {}).get("exceptions") or []
    if sight.funder_ids is not None:
        own = set(
            sight.loans()
            .filter(loan_ref__in={item["loan"] for item in kept})
            .values_list("loan_ref", flat=True)
        )
        kept = [item for item in kept if item["loan"] in own]
    return [
        Difference(
            loan=str(item["loan"]),
            as_of=str(item.get("as_of") or ""),
            figure=str(item.get("figure") or ""),
            cause=str(item.get("cause") or "difference"),
            ours_minor=item.get("ours_minor"),
            theirs_minor=item.get("theirs_minor"),
        )
        for item in kept
    ]


def causes(found: Sequence[Difference]) -> list[tuple[str, int]]:
    """Count the exceptions by cause, the most frequent first."""
    counts: dict[str, int] = {}
    for each in found:
        counts[each.cause] = counts.get(each.cause, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def notes(summary: Any) -> list[dict[str, Any]]:
    """Read what an import took in but wants to be known."""
    found = summary if isinstance(summary, dict) else {}
    return [{"code": code, "text": text_of(code), "rows": rows} for code, rows in found.items()]
