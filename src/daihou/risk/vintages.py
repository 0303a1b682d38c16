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
    late = late_balances(history=history, loans=loans, over_days=over_days, ever=ever)
    return curves_of(late=late, loans=loans)


def late_balances(
    *, history: pl.DataFrame, loans: pl.DataFrame, over_days: int = 30, ever: bool = False
) -> pl.DataFrame:
    """Sum what is so late by cohort and month end: ``cohort_on, as_of, late_minor``.

    Sums of parts of a book, each with whole loans, add up to those of the book.
    """
    is_late = pl.col("days_past_due") > over_days
    seen = history.join(_cohorts(loans).select("loan_id", "cohort_on"), on="loan_id").with_columns(
        late_minor=pl.when(is_late).then("principal_outstanding_minor").otherwise(0)
    )
    if ever:
        so_far = pl.col("late_minor").cum_max().over("loan_id")
        seen = seen.sort("loan_id", "as_of").with_columns(so_far)
    return seen.group_by("cohort_on", "as_of").agg(pl.col("late_minor").sum())


def curves_of(*, late: pl.DataFrame, loans: pl.DataFrame) -> pl.DataFrame:
    """Draw the curves of ``vintage_curves`` from late balances, those of parts of a book, too."""
    size = (
        _cohorts(loans)
        .group_by("cohort_on")
        .agg(pl.col("disbursed_minor").sum(), loans=pl.len().cast(pl.Int64))
    )
    months = (pl.col("as_of").dt.year() - pl.col("cohort_on").dt.year()).cast(pl.Int64) * 12 + (
        pl.col("as_of").dt.month() - pl.col("cohort_on").dt.month()
    ).cast(pl.Int64)
    return (
        late.group_by("cohort_on", "as_of")
        .agg(pl.col("late_minor").sum())
        .with_columns(months_on_book=months)
        .filter(pl.col("months_on_book") >= 0)
        .join(size, on="cohort_on")
        .with_columns(rate=pl.col("late_minor") / pl.col("disbursed_minor").replace(0, None))
        .select(
            "cohort_on", "months_on_book", "as_of", "late_minor", "disbursed_minor", "rate", "loans"
        )
        .sort("cohort_on", "months_on_book")
    )


def _cohorts(loans: pl.DataFrame) -> pl.DataFrame:
    return loans.filter(pl.col("disbursed_on").is_not_null()).select(
        "loan_id", "disbursed_minor", cohort_on=pl.col("disbursed_on").dt.truncate("1mo")
    )
