"""Overlay mode: a core system's daily positions become stated events (docs/formats/positions.md).

Units   As ``native``.
Shape   The native tables; ``positions`` (or ``stated``) is the daily one. Loans come once, with
        their first tape; their schedule and payments may come too and are then compared.
Errors  As ``native``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from daihou.tapes import canonical
from daihou.tapes.native import Native
from daihou.tapes.protocol import Tape

COMPARED: Final = {
    "stated_principal": "principal_outstanding_minor",
    "stated_overdue": "overdue_minor",
    "stated_days": "days_past_due",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    name: str = "positions"
    title: str = "Daily positions of a core system (overlay) · 每日余额"
    time_zone: str = "Asia/Shanghai"

    def read(self, paths: Sequence[Path], *, currency: str | None = None) -> Tape:
        tape = Native().read(paths, currency=currency)
        return replace(
            tape, format_name=self.name, unit="stated figures", statements=stated_figures(tape)
        )


def stated_figures(tape: Tape) -> pl.DataFrame:
    """Make statements of what is stated, save of loans that this tape gives without a schedule."""
    dated = tape.dues.filter(pl.col("due_on") < canonical.UNSCHEDULED_ON)
    unplanned = tape.loans.filter(pl.col("method") == "free").join(dated, on="loan_ref", how="anti")
    stated = tape.stated.join(unplanned, on="loan_ref", how="anti", maintain_order="left")
    return pl.concat(
        stated.select(
            "loan_ref",
            "as_of",
            figure=pl.lit(figure),
            theirs_minor=pl.col(column),
            cause=pl.lit(None, dtype=pl.String),
        )
        for figure, column in COMPARED.items()
    )
