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
    """Make statements of what is stated of loans whose own schedule is on the tape."""
    dated = tape.dues.filter(pl.col("due_on") < canonical.UNSCHEDULED_ON)
    planned = tape.loans.filter(
        (pl.col("method") != "free")
        | pl.col("loan_ref").is_in(dated.get_column("loan_ref").unique().implode())
    )
    stated = tape.stated.join(planned, on="loan_ref", how="semi", maintain_order="left")
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
