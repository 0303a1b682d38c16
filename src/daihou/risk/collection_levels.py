"""The market's three levels: day-1 delinquency, 30-day collection, current-to-M2.

Units   Amounts are minor units of instalments falling due; rates are fractions.
Shape   ``instalments``: a row per instalment, ``loan_id, due_on, due_minor, paid_on`` (null while
        owed).
Source  field/analytics.md §2.3: C-to-M2 = D1 x (1 - R30), of loans that were current: what falls
        due while an earlier instalment is unpaid is left out. Counted by whole instalments: one
        that is paid in part on its day counts as unpaid with its whole amount.
"""

from datetime import date

import polars as pl


def collection_levels(*, instalments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Compute the three levels by month of the due date, for months whose day 30 has passed.

    :returns: ``month_on, due_minor, unpaid_day_1_minor, unpaid_day_30_minor,
        day_1_delinquency, collection_30, current_to_m2``; a rate over nothing is null.
    """

    def unpaid_after(days: int) -> pl.Expr:
        paid_on = pl.col("paid_on").fill_null(as_of + pl.duration(days=1))
        return pl.col("due_minor").filter(paid_on > pl.col("due_on") + pl.duration(days=days)).sum()

    due, late = (pl.col(name).replace(0, None) for name in ("due_minor", "unpaid_day_1_minor"))
    return (
        _of_current_loans(instalments)
        .filter(pl.col("due_on") + pl.duration(days=30) < as_of)
        .group_by(month_on=pl.col("due_on").dt.truncate("1mo"))
        .agg(
            pl.col("due_minor").sum(),
            unpaid_day_1_minor=unpaid_after(0),
            unpaid_day_30_minor=unpaid_after(30),
        )
        .with_columns(
            day_1_delinquency=pl.col("unpaid_day_1_minor") / due,
            collection_30=1 - pl.col("unpaid_day_30_minor") / late,
            current_to_m2=pl.col("unpaid_day_30_minor") / due,
        )
        .sort("month_on")
    )


def _of_current_loans(instalments: pl.DataFrame) -> pl.DataFrame:
    """Keep what fell due when all before it had been paid."""
    paid_on = pl.col("paid_on").fill_null(date.max)
    earlier_paid_on = paid_on.cum_max().shift(1).over("loan_id")
    ordered = instalments.sort("loan_id", "due_on")
    return ordered.filter((earlier_paid_on <= pl.col("due_on")).fill_null(value=True))
