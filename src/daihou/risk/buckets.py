"""The words for a loan's state in every risk frame, in the order a person reads them.

Source  design.md, "Words": M1 = 1-30 days past due … M6 = 151-180, M6+ from 181.
"""

import polars as pl

BUCKETS = ("M0", "M1", "M2", "M3", "M4", "M5", "M6", "M6+")
ENDED = ("written_off", "closed")
STATES = (*BUCKETS, *ENDED)

State = pl.Enum(STATES)


def state() -> pl.Expr:
    """Build the expression for where a loan stands: its bucket while active, else how it ended."""
    bucket = pl.col("bucket").cast(pl.String)
    status = pl.col("status").cast(pl.String)
    return pl.when(status == "active").then(bucket).otherwise(status).cast(State)
