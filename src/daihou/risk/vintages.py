"""Vintage curves (账龄曲线): of what was lent in a month, how much was late by its age.

Units   ``months_on_book`` 0 is the month of disbursement, seen at month ends; amounts are minor
        units; rates are fractions of the amount disbursed.
Shape   ``history`` as ``engine.replay.history`` gives it at month ends, ``loans`` with one row per
        loan (``loan_id, disbursed_on, disbursed_minor``).
Source  field/collections.md §5.3, "Vintage".
"""

import polars as pl


def vintage_curves(
    *, history: pl.DataFrame, loans: pl.DataFrame, over_days: int = 30, ever: bool = False
) -> pl.DataFrame:
    """Balance of each monthly cohort more than ``over_days`` past due, by months on book.

    ``ever`` counts a loan from the first month end on which it was so late, at that day's balance
    or at the balance it has later, whichever is larger; else only what is so late now.

    :returns: ``cohort_on, months_on_book, as_of, late_minor, disbursed_minor, rate, loans``.
    """
    cohorts = loans.filter(pl.col("disbursed_on").is_not_null()).select(
        "loan_id", "disbursed_minor", cohort_on=pl.col("disbursed_on").dt.truncate("1mo")
    )
    size = cohorts.group_by("cohort_on").agg(
        pl.col("disbursed_minor").sum(), loans=pl.len().cast(pl.Int64)
    )
    late_now = pl.when(pl.col("days_past_due") > over_days).then(
        pl.col("principal_outstanding_minor")
    )
    seen = (
        history.join(cohorts.select("loan_id", "cohort_on"), on="loan_id")
        .sort("loan_id", "as_of")
        .with_columns(late_minor=late_now.otherwise(0))
    )
    if ever:
        seen = seen.with_columns(pl.col("late_minor").cum_max().over("loan_id"))
    months = (pl.col("as_of").dt.year() - pl.col("cohort_on").dt.year()).cast(pl.Int64) * 12 + (
        pl.col("as_of").dt.month() - pl.col("cohort_on").dt.month()
    ).cast(pl.Int64)
    return (
        seen.with_columns(months_on_book=months)
        .filter(pl.col("months_on_book") >= 0)
        .group_by("cohort_on", "months_on_book", "as_of")
        .agg(pl.col("late_minor").sum())
        .join(size, on="cohort_on")
        .with_columns(rate=pl.col("late_minor") / pl.col("disbursed_minor").replace(0, None))
        .select(
            "cohort_on", "months_on_book", "as_of", "late_minor", "disbursed_minor", "rate", "loans"
        )
        .sort("cohort_on", "months_on_book")
    )
