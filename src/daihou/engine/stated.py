"""Overlay loans: from the stated day on the core system's figures are the loan's.

Units   See ``columns``.
Shape   Rows of ``STATED`` replace figures of loans, positions, history and events.
Errors  None: a missing tape freezes the loan at its last stated day and marks it stale.
Source  design.md, "Overlay mode".
"""

from datetime import date

import polars as pl

from daihou.engine import columns as c, frames

ONE_DAY = pl.duration(days=1)
REPLACED = (
    "principal_outstanding_minor",
    "overdue_minor",
    "days_past_due",
    "unapplied_minor",
)
SPLIT_ORDER = ("fee", "penalty", "interest", "principal")  # As core: fees first.


def latest(*, stated: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Return each loan's last row stated by the day, with the day it was first stated closed."""
    return (
        stated.lazy()
        .filter(pl.col("stated_on") <= as_of)
        .sort("loan_id", "stated_on")
        .group_by("loan_id", maintain_order=True)
        .agg(
            pl.exclude("is_closed").last(),
            pl.col("is_closed").last().fill_null(value=False),
            closed_on=pl.col("stated_on").filter(pl.col("is_closed")).min(),
        )
        .with_columns(closed_on=pl.when("is_closed").then("closed_on"))
        .collect()
    )


def over_positions(*, positions: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Replace the figures of the loans in ``rows`` (``latest``) within ``POSITIONS``."""
    if not rows.height:
        return positions
    of_source = rows.select(
        "loan_id",
        "is_closed",
        source_on="stated_on",
        source_closed_on="closed_on",
        source_next_due_on="next_due_on",
        **{f"source_{name}": name for name in REPLACED},
        **_split_overdue(),
    )
    is_stated = pl.col("source_on").is_not_null()
    has_sum = pl.col("source_overdue_minor").is_not_null()
    is_moved = is_stated & pl.col("next_due_on").ne_missing(pl.col("source_next_due_on"))
    closed = pl.col("is_closed").fill_null(value=False)
    days = pl.coalesce("source_days_past_due", "days_past_due").cast(pl.Int32)
    oldest_on = pl.when(days > 0).then(pl.col("source_on") - pl.duration(days=days))
    joined = positions.lazy().join(of_source.lazy(), on="loan_id", how="left")
    replaced = joined.with_columns(
        *(
            pl.coalesce(f"source_{name}", name).cast(c.POSITIONS.schema[name]).alias(name)
            for name in REPLACED
        ),
        *(
            pl.when(has_sum)
            .then(f"source_overdue_{part}_minor")
            .otherwise(f"overdue_{part}_minor")
            .alias(f"overdue_{part}_minor")
            for part in c.COMPONENTS
        ),
        oldest_unpaid_due_on=pl.when(is_stated).then(oldest_on).otherwise("oldest_unpaid_due_on"),
        accrued_interest_minor=pl.when(is_stated).then(0).otherwise("accrued_interest_minor"),
        next_due_on=pl.when(is_stated).then("source_next_due_on").otherwise("next_due_on"),
        next_due_minor=pl.when(is_moved).then(0).otherwise("next_due_minor"),
        status=_status(is_stated=is_stated, closed=closed),
        closed_on=pl.when(is_stated)
        .then(pl.when(closed).then(pl.coalesce("closed_on", "source_closed_on")))
        .otherwise("closed_on"),
        stated_on="source_on",
        is_stale=(pl.col("source_on") < pl.col("as_of")).fill_null(value=False),
    ).with_columns(bucket=frames.bucket_expression(pl.col("days_past_due")))
    return frames.with_persons(replaced)


def _split_overdue() -> dict[str, pl.Expr]:
    """Lay a stated sum on the components, fees first; principal takes what is left."""
    left = pl.col("overdue_minor")
    parts = {"compound_interest": pl.lit(0, dtype=pl.Int64)}
    for part in SPLIT_ORDER:
        owed = pl.col(f"{part}_outstanding_minor").fill_null(0)
        parts[part] = left if part == SPLIT_ORDER[-1] else pl.min_horizontal(left, owed)
        left = left - parts[part]
    return {f"source_overdue_{part}_minor": split for part, split in parts.items()}


def _status(*, is_stated: pl.Expr, closed: pl.Expr) -> pl.Expr:
    """Give the stated status; a loan written off stays so until the source says it is closed."""
    return (
        pl.when(is_stated & closed)
        .then(pl.lit("closed").cast(c.STATUS))
        .when(is_stated & (pl.col("status") != "written_off"))
        .then(pl.lit("active").cast(c.STATUS))
        .otherwise("status")
    )


def over_history(*, history: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Replace the figures of the loans in ``rows`` (``latest``) within ``HISTORY`` of one day."""
    names = ("principal_outstanding_minor", "overdue_minor", "days_past_due")
    facts = rows.select("loan_id", "is_closed", **{f"source_{name}": name for name in names})
    closed = pl.when("is_closed").then(pl.lit("closed")).otherwise(pl.lit("active"))
    return (
        history.join(facts, on="loan_id", how="left", maintain_order="left")
        .with_columns(
            *(
                pl.coalesce(f"source_{name}", name).cast(c.HISTORY.schema[name]).alias(name)
                for name in names
            ),
            status=pl.when(pl.col("is_closed").is_not_null())
            .then(closed.cast(c.STATUS))
            .otherwise("status"),
        )
        .with_columns(bucket=frames.bucket_expression(pl.col("days_past_due")))
        .select(c.HISTORY.names)
    )


def over_loans(*, loans: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Replace the facts of the loans in ``rows`` (``latest``) within ``LOANS``."""
    if not rows.height:
        return loans
    days = pl.col("days_past_due")
    facts = rows.select(
        "loan_id",
        source_on="stated_on",
        source_closed_on="closed_on",
        source_oldest=pl.when(days > 0).then(pl.col("stated_on") - pl.duration(days=days)),
        source_unapplied="unapplied_minor",
        source_principal="principal_outstanding_minor",
    )
    is_stated = pl.col("source_on").is_not_null()
    return (
        loans.join(facts, on="loan_id", how="left", maintain_order="left")
        .with_columns(
            stated_on="source_on",
            next_change_on=pl.when(is_stated).then(None).otherwise("next_change_on"),
            oldest_unpaid_due_on=pl.when(is_stated)
            .then("source_oldest")
            .otherwise("oldest_unpaid_due_on"),
            closed_on=pl.when(is_stated).then("source_closed_on").otherwise("closed_on"),
            unapplied_minor=pl.coalesce("source_unapplied", "unapplied_minor"),
            principal_outstanding_minor=pl.coalesce(
                "source_principal", "principal_outstanding_minor"
            ),
        )
        .select(c.LOANS.names)
    )


def over_events(
    *,
    events: pl.DataFrame,
    stated: pl.DataFrame,
    new: pl.DataFrame,
    from_on: date,
    to_on: date,
) -> pl.DataFrame:
    """Replace the engine's events of stated loans by those the stated figures tell.

    A row learnt late counts for the first day of the window. Before its first row a loan was M0.
    """
    if not stated.height:
        return events
    places = pl.col("days_past_due").fill_null(0)
    now = ((places + 29) // 30).clip(0, len(c.BUCKETS) - 1).cast(pl.Int8)
    closed = pl.col("is_closed").fill_null(value=False)
    known = pl.struct("loan_id", "stated_on").is_in(
        new.select(pl.struct("loan_id", "stated_on").alias("row"))["row"].implode()
    )
    steps = (
        stated.lazy()
        .filter(pl.col("stated_on") <= to_on)
        .sort("loan_id", "stated_on")
        .with_columns(to_bucket=now, is_closed=closed, is_new=known)
        .with_columns(
            from_bucket=pl.col("to_bucket").shift(1).over("loan_id").fill_null(0),
            was_closed=pl.col("is_closed").shift(1).over("loan_id").fill_null(value=False),
            business_date=pl.max_horizontal("stated_on", pl.lit(from_on) + ONE_DAY),
            oldest_unpaid_due_on=pl.when(places > 0).then(
                pl.col("stated_on") - pl.duration(days=places)
            ),
        )
        .filter((pl.col("stated_on") > from_on) | pl.col("is_new"))
    )
    kind = (
        pl.when(pl.col("from_bucket") == 0)
        .then(pl.lit("entered_bucket"))
        .when(pl.col("to_bucket") == 0)
        .then(pl.lit("cured"))
        .otherwise(pl.lit("rolled"))
    )
    moved = steps.filter(pl.col("from_bucket") != pl.col("to_bucket")).with_columns(kind=kind)
    ended = steps.filter(pl.col("is_closed") & ~pl.col("was_closed")).with_columns(
        kind=pl.lit("closed"),
        from_bucket=pl.lit(0, dtype=pl.Int8),
        to_bucket=pl.lit(0, dtype=pl.Int8),
    )
    raised = (
        pl.concat([moved, ended])
        .with_columns(pl.col("kind").cast(pl.Enum(c.EVENT_KINDS)))
        .select(c.EVENTS.names)
        .unique(c.EVENTS.key, keep="last", maintain_order=True)
        .collect()
    )
    ours = events.join(stated.select("loan_id").unique(), on="loan_id", how="anti")
    return frames.in_order(c.EVENTS, [ours, raised])
