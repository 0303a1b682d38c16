"""Turn contracts into the rows the kernel folds: loans, instalments and deduplicated rules.

Units   See ``columns``.
Shape   One ``contracts`` frame in (columns ``CONTRACTS``), one ``Expanded`` out; terms come once per key.
Errors  ``ColumnsRefused`` ``rule.width`` where integer arithmetic would not fit; core's own refusals.
Source  design.md, "Money".
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from daihou.core.terms import Terms
from daihou.engine import columns as c

CONTRACTS = c.Table(
    name="contracts",
    columns=(
        c.Column(name="loan_id", dtype=pl.Int64, unit="identity"),
        c.Column(name="loan_ref", dtype=pl.String, unit="reference, unique in the book"),
        c.Column(name="person_id", dtype=pl.Int64, unit="identity", nullable=True),
        c.Column(name="terms_key", dtype=pl.String, unit="key of the terms mapping"),
        c.Column(name="start_on", dtype=pl.Date, unit="day the schedule is counted from"),
        c.Column(name="disbursed_on", dtype=pl.Date, unit="day"),
        c.Column(name="disbursed_minor", dtype=pl.Int64, unit="minor units"),
        c.Column(name="is_plain", dtype=pl.Boolean, unit="its events are plain"),
        # A free schedule of this loan alone; null: ``core.schedule`` builds it from the terms.
        c.Column(name="due_on", dtype=pl.List(pl.Date), unit="days", nullable=True),
        c.Column(name="principal_minor", dtype=pl.List(pl.Int64), unit="minor", nullable=True),
        c.Column(name="interest_minor", dtype=pl.List(pl.Int64), unit="minor", nullable=True),
        c.Column(name="fee_minor", dtype=pl.List(pl.Int64), unit="minor", nullable=True),
    ),
    key=("loan_id",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    loans: pl.DataFrame  # columns.LOAN_FACTS
    dues: pl.DataFrame  # columns.DUE_FACTS, of plain loans only
    rules: pl.DataFrame  # columns.RULES


def terms_are_plain(*, terms: Terms) -> bool:
    """Tell whether the kernel knows the rule: a loan is plain when its terms and its events are."""
    raise NotImplementedError


def expand(*, contracts: pl.DataFrame, terms: Mapping[str, Terms]) -> Expanded:
    """Expand contracts into rows; ``is_plain`` of a loan is false where its terms are not plain."""
    raise NotImplementedError
