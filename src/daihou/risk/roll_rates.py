"""How loans move between buckets from one day to another (迁徙率, 滚动率).

Units   Amounts are principal outstanding in minor units; rates are fractions.
Shape   ``before`` and ``after`` are position frames of two days of one book, a row per loan.
Errors  ``ValueError`` where a loan of ``before`` is missing in ``after``: a loan never vanishes.
Source  field/collections.md §5.3: numerator and denominator are kept, never only the ratio.
"""

from itertools import pairwise

import polars as pl

from daihou.risk.buckets import BUCKETS, STATES, state

OPEN = (*BUCKETS, "written_off")


def transitions(*, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Pair each loan's state on both days: ``loan_id, from_state, to_state, principal_minor``.

    The amount is the principal on the first day: it is what rolled.
    """
    first = before.select(
        "loan_id", from_state=state(), principal_minor=pl.col("principal_outstanding_minor")
    )
    second = after.select("loan_id", to_state=state())
    paired = first.join(second, on="loan_id", how="left")
    if paired["to_state"].null_count():
        message = "a loan of the earlier day is missing on the later day"
        raise ValueError(message)
    return paired.select("loan_id", "from_state", "to_state", "principal_minor")


def roll_matrix(*, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Share of each state's loans and principal that stands in each state later.

    :returns: ``from_state, to_state, loans, of_loans, loan_rate, principal_minor,
        of_principal_minor, principal_rate``; only pairs that occur.

    >>> day = {"loan_id": [1, 2], "status": ["active"] * 2,
    ...        "principal_outstanding_minor": [60, 40]}
    >>> m = roll_matrix(before=pl.DataFrame({**day, "bucket": ["M1", "M1"]}),
    ...                 after=pl.DataFrame({**day, "bucket": ["M0", "M2"]}))
    >>> m.select("from_state", "to_state", "principal_rate").rows()
    [('M1', 'M0', 0.6), ('M1', 'M2', 0.4)]
    """
    paired = transitions(before=before, after=after).filter(pl.col("from_state").is_in(OPEN))
    counted = paired.group_by("from_state", "to_state").agg(
        loans=pl.len().cast(pl.Int64), principal_minor=pl.col("principal_minor").sum()
    )
    return (
        counted.with_columns(
            of_loans=pl.col("loans").sum().over("from_state"),
            of_principal_minor=pl.col("principal_minor").sum().over("from_state"),
        )
        .with_columns(
            loan_rate=pl.col("loans") / pl.col("of_loans"),
            principal_rate=pl.when(pl.col("of_principal_minor") > 0)
            .then(pl.col("principal_minor") / pl.col("of_principal_minor"))
            .otherwise(0),
        )
        .select(
            "from_state", "to_state", "loans", "of_loans", "loan_rate",
            "principal_minor", "of_principal_minor", "principal_rate",
        )
        .sort("from_state", "to_state")
    )  # fmt: skip


def flow_rates(*, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Balance in each bucket at the end over the balance in the bucket below at the start.

    :returns: ``from_state, to_state, numerator_minor, denominator_minor, rate`` (null over zero).
    """
    earlier, later = _balances(before), _balances(after)
    rows = [
        {
            "from_state": lower,
            "to_state": upper,
            "numerator_minor": later.get(upper, 0),
            "denominator_minor": earlier.get(lower, 0),
            "rate": later.get(upper, 0) / earlier[lower] if earlier.get(lower) else None,
        }
        for lower, upper in pairwise(BUCKETS)
    ]
    return pl.DataFrame(rows, schema_overrides={"rate": pl.Float64})


def _balances(positions: pl.DataFrame) -> dict[str, int]:
    grouped = positions.group_by(state().alias("state")).agg(
        pl.col("principal_outstanding_minor").sum()
    )
    return {name: amount for name, amount in grouped.iter_rows() if name in STATES}
