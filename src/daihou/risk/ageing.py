"""The book by bucket (账龄分布) on one day.

Units   ``*_minor`` are sums of minor units of the book's one currency; ``*_share`` are fractions.
Shape   ``positions`` as ``engine.replay.positions`` gives them: one row per loan ever disbursed.
        The result has one row per bucket, M0 to M6+, then written_off; empty buckets stay.
Source  Bucket bounds: design.md, "Words". Closed loans are no part of the book.
"""

import polars as pl

from daihou.risk.buckets import BUCKETS, State, state

ROWS = (*BUCKETS, "written_off")


def ageing(positions: pl.DataFrame) -> pl.DataFrame:
    """Count and sum the loans of each bucket.

    >>> frame = pl.DataFrame({
    ...     "loan_id": [1, 2], "person_id": [1, 1], "status": ["active", "active"],
    ...     "bucket": ["M0", "M1"], "principal_outstanding_minor": [768, 256],
    ...     "overdue_minor": [0, 100]})
    >>> ageing(frame).filter(pl.col("loans") > 0).select("bucket", "principal_share").rows()
    [('M0', 0.75), ('M1', 0.25)]
    """
    person = pl.col("person_id")  # A loan without one is counted as a person of its own.
    found = (
        positions.lazy()
        .with_columns(bucket=state())
        .filter(pl.col("bucket") != "closed")
        .group_by("bucket")
        .agg(
            loans=pl.len().cast(pl.Int64),
            persons=(person.drop_nulls().n_unique() + person.null_count()).cast(pl.Int64),
            principal_outstanding_minor=pl.col("principal_outstanding_minor").sum(),
            overdue_minor=pl.col("overdue_minor").sum(),
        )
    )
    every = pl.LazyFrame({"bucket": ROWS}, schema={"bucket": State})
    total = pl.col("principal_outstanding_minor").sum()
    return (
        every.join(found, on="bucket", how="left", maintain_order="left")
        .with_columns(pl.exclude("bucket").fill_null(0))
        .with_columns(
            principal_share=pl.when(total > 0)
            .then(pl.col("principal_outstanding_minor") / total)
            .otherwise(0)
        )
        .collect()
    )
