"""First-payment default (首逾率) FPD_k, with its matured denominator.

Units   ``late_days`` counts days after the first due date; amounts are minor units.
Shape   ``instalments``: one row per instalment, ``loan_id, instalment_no, due_on, paid_on``
        (null while anything is owed), ``due_minor``; ``loans``: ``loan_id, disbursed_on``.
Source  field/collections.md §5.3: loans whose first instalment is at least k days late, over loans
        whose first instalment fell due at least k days ago.
"""

from datetime import date

import polars as pl


def first_payment_default(
    *, instalments: pl.DataFrame, loans: pl.DataFrame, as_of: date, late_days: int = 1
) -> pl.DataFrame:
    """Compute FPD_k by month of disbursement.

    :returns: ``cohort_on, late_loans, matured_loans, rate``, and by amount ``late_minor,
        matured_minor, amount_rate``.
    """
    first = first_payments(instalments=instalments, as_of=as_of, late_days=late_days).join(
        loans.select("loan_id", "disbursed_on"), on="loan_id"
    )
    return (
        first.with_columns(cohort_on=pl.col("disbursed_on").dt.truncate("1mo"))
        .group_by("cohort_on")
        .agg(
            late_loans=pl.col("is_late").sum().cast(pl.Int64),
            matured_loans=pl.len().cast(pl.Int64),
            late_minor=pl.col("due_minor").filter(pl.col("is_late")).sum(),
            matured_minor=pl.col("due_minor").sum(),
        )
        .with_columns(
            rate=pl.col("late_loans") / pl.col("matured_loans"),
            amount_rate=pl.col("late_minor") / pl.col("matured_minor"),
        )
        .select(
            "cohort_on", "late_loans", "matured_loans", "rate",
            "late_minor", "matured_minor", "amount_rate",
        )
        .sort("cohort_on")
    )  # fmt: skip


def first_payments(*, instalments: pl.DataFrame, as_of: date, late_days: int = 1) -> pl.DataFrame:
    """Keep each loan's first instalment once it is matured, and mark it ``is_late``."""
    matured_on = pl.col("due_on") + pl.duration(days=late_days)
    settled_on = pl.col("paid_on").fill_null(as_of + pl.duration(days=1))
    return (
        instalments.filter(pl.col("due_minor") > 0)
        .sort("loan_id", "due_on", "instalment_no")
        .unique("loan_id", keep="first", maintain_order=True)
        .filter(matured_on <= as_of)
        .with_columns(is_late=settled_on >= matured_on)
    )
