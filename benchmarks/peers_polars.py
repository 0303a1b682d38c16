"""The night of the generated book in Polars, set by set; see ``peers`` for what it stands for."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl

Numbers = Mapping[str, int]
PARTS = ("principal", "interest", "fee", "penalty")


def run(
    *, sources: Mapping[str, pl.LazyFrame], day: date, numbers: Numbers, into: Path | None
) -> dict[str, pl.DataFrame]:
    """Run the night; return its four results, written as Parquet if there is a folder."""
    touched = touched_loans(sources, day).collect(engine="streaming")
    rows = spent_rows(sources["dues"], touched.lazy(), day, numbers).collect(engine="streaming")
    facts = loan_facts(rows.lazy(), touched.lazy(), day).collect(engine="streaming")
    plans = {
        "dues": rows.lazy().drop("taken").sort("loan_id", "instalment_no"),
        "loans": changed_loans(facts.lazy(), day),
        "positions": past_due(facts.lazy(), numbers["shards"]),
        "events": raised(facts.lazy(), day),
    }
    results = dict(zip(plans, pl.collect_all(list(plans.values())), strict=True))
    if into is not None:
        for name, frame in results.items():
            frame.write_parquet(into / f"{name}.parquet", compression="zstd", compression_level=1)
    return results


def touched_loans(sources: Mapping[str, pl.LazyFrame], day: date) -> pl.LazyFrame:
    told = sources["told"].select("loan_id", "effective_on", "amount_minor")
    joined = sources["loans"].join(told, on="loan_id", how="left")
    return joined.filter(
        pl.col("amount_minor").is_not_null() | (pl.col("next_change_on") <= day)
    ).with_columns(
        at_on=pl.col("effective_on").fill_null(day),
        money=pl.col("amount_minor").fill_null(0),
        is_told=pl.col("amount_minor").is_not_null(),
    )


def spent_rows(
    dues: pl.LazyFrame, touched: pl.LazyFrame, day: date, numbers: Numbers
) -> pl.LazyFrame:
    """Bring each instalment to its payment's day, spend the payment, accrue through the day."""
    joined = dues.join(touched.select("loan_id", "at_on", "money"), on="loan_id", how="inner")
    left = {part: pl.col(f"{part}_due_minor") - pl.col(f"{part}_paid_minor") for part in PARTS}
    then, grace = pl.col("at_on"), numbers["grace"]
    days_then, days_now = _overdue_days(then, grace), _overdue_days(pl.lit(day), grace)
    undone = days_then - _overdue_days(pl.col("accrued_through_on"), grace)
    penalty_then = pl.col("penalty_due_minor") + _daily(left["principal"], numbers) * undone
    ages = pl.col("principal") + pl.col("interest") + pl.col("fee")
    unpaid_on = pl.when(ages > 0).then("due_on").min().over("loan_id")
    opened = joined.with_columns(
        **{part: left[part] for part in ("principal", "interest", "fee")},
        penalty_due_minor=penalty_then,
        penalty=penalty_then - pl.col("penalty_paid_minor"),
    ).sort("loan_id", "instalment_no")
    owed = pl.when(pl.col("due_on") <= then).then(ages + pl.col("penalty")).otherwise(0)
    is_late = ((then - unpaid_on).dt.total_days() >= numbers["late_from"]).fill_null(value=False)
    before = pl.col("owed").cum_sum().over("loan_id") - pl.col("owed")
    spent = opened.with_columns(owed=owed, is_late=is_late).with_columns(
        taken=pl.min_horizontal("owed", (pl.col("money") - before).clip(0))
    )
    parts = _split(spent)
    new_left = pl.col("principal_due_minor") - pl.col("principal_paid_minor")
    return (
        parts.with_columns(
            *(
                (pl.col(f"{part}_paid_minor") + pl.col(f"to_{part}")).alias(f"{part}_paid_minor")
                for part in PARTS
            ),
            paid_on=pl.when((pl.col("taken") > 0) & (pl.col("taken") == ages + pl.col("penalty")))
            .then("at_on")
            .otherwise("paid_on"),
        )
        .with_columns(
            penalty_due_minor=pl.col("penalty_due_minor")
            + _daily(new_left, numbers) * (days_now - days_then)
        )
        .select(
            "loan_id",
            "instalment_no",
            "start_on",
            "due_on",
            *(f"{part}_due_minor" for part in PARTS),
            *(f"{part}_paid_minor" for part in PARTS),
            "paid_on",
            "taken",
        )
    )


def _split(spent: pl.LazyFrame) -> pl.LazyFrame:
    """Lay what an instalment takes on its components, in the order in force."""
    is_late = pl.col("is_late")
    orders = (("principal", "fee"), ("interest", "penalty"), ("penalty", "interest"))
    left, steps = pl.col("taken"), []
    for late, normal in orders:
        owed = pl.when(is_late).then(pl.col(late)).otherwise(pl.col(normal))
        step = pl.min_horizontal(owed, left)
        left = left - step
        steps.append(step)
    laid = spent.with_columns(one=steps[0], two=steps[1], three=steps[2], four=left)
    places = {
        "principal": ("one", "four"),
        "interest": ("two", "three"),
        "penalty": ("three", "two"),
        "fee": ("four", "one"),
    }
    return laid.with_columns(
        **{
            f"to_{part}": pl.when(is_late).then(pl.col(late)).otherwise(pl.col(normal))
            for part, (late, normal) in places.items()
        }
    )


def loan_facts(rows: pl.LazyFrame, touched: pl.LazyFrame, day: date) -> pl.LazyFrame:
    left = {part: pl.col(f"{part}_due_minor") - pl.col(f"{part}_paid_minor") for part in PARTS}
    due_on, past = pl.col("due_on"), pl.col("due_on") < day
    ages = left["principal"] + left["interest"] + left["fee"]
    is_next = ~past & (pl.col("open") > 0)
    period = (due_on - pl.col("start_on")).dt.total_days()
    elapsed = (pl.lit(day) - pl.col("start_on")).dt.total_days()
    earned = (2 * pl.col("interest_due_minor") * elapsed + period) // (2 * period)
    runs = (pl.col("start_on") < day) & (due_on > day)
    summed = (
        rows.with_columns(**left, ages=ages)
        .with_columns(open=pl.col("ages") + pl.col("penalty"))
        .group_by("loan_id")
        .agg(
            pl.col("taken").sum(),
            pl.col("open").sum(),
            principal_left=pl.col("principal").sum(),
            oldest=due_on.filter(pl.col("ages") > 0).min(),
            first_due=due_on.min(),
            last_due=due_on.max(),
            coming=due_on.filter(~past).min(),
            **{f"overdue_{part}_minor": pl.col(part).filter(past).sum() for part in PARTS},
            next_due_on=due_on.filter(is_next).min(),
            next_due_minor=pl.col("open")
            .filter(is_next & (due_on == due_on.filter(is_next).min()))
            .sum(),
            accrued_interest_minor=(earned - pl.col("interest_paid_minor"))
            .clip(0)
            .filter(runs)
            .sum(),
        )
    )
    closes = (pl.col("open") == 0) & (pl.col("taken") > 0)
    return touched.join(summed, on="loan_id", how="inner").with_columns(
        last_paid=pl.when("is_told")
        .then(pl.max_horizontal("last_paid_on", "at_on"))
        .otherwise("last_paid_on"),
        unapplied=pl.col("unapplied_minor") + pl.col("money") - pl.col("taken"),
        closed=pl.coalesce("closed_on", pl.when(closes).then("at_on")),
        days_past_due=(pl.lit(day) - pl.col("oldest")).dt.total_days().fill_null(0).clip(0),
    )


def changed_loans(facts: pl.LazyFrame, day: date) -> pl.LazyFrame:
    days = (pl.lit(day) - pl.col("oldest")).dt.total_days()
    boundary = pl.when(days < 1).then(1).when(days <= 180).then((days + 29) // 30 * 30 + 1)
    change = pl.min_horizontal(
        pl.col("oldest") + pl.duration(days=boundary), pl.col("coming") + pl.duration(days=1)
    )
    moves = pl.col("closed").is_null() & pl.col("oldest").is_not_null()
    return facts.select(
        "loan_id",
        oldest_unpaid_due_on="oldest",
        last_paid_on="last_paid",
        closed_on="closed",
        unapplied_minor="unapplied",
        principal_outstanding_minor="principal_left",
        next_change_on=pl.when(moves).then(change),
    ).sort("loan_id")


def past_due(facts: pl.LazyFrame, shards: int) -> pl.LazyFrame:
    overdue = [f"overdue_{part}_minor" for part in PARTS]
    of_person = pl.col("days_past_due").max().over(pl.col("loan_id") % shards, "person_id")
    return (
        facts.with_columns(person_days_past_due=of_person)
        .filter(pl.col("days_past_due") > 0)
        .select(
            "loan_id",
            "loan_ref",
            "person_id",
            "days_past_due",
            *overdue,
            "accrued_interest_minor",
            "next_due_on",
            "next_due_minor",
            "disbursed_on",
            "disbursed_minor",
            "person_days_past_due",
            bucket_no=_bucket(pl.col("days_past_due")),
            oldest_unpaid_due_on="oldest",
            overdue_minor=pl.sum_horizontal(overdue),
            principal_outstanding_minor="principal_left",
            unapplied_minor="unapplied",
        )
        .sort("loan_id")
    )


def raised(facts: pl.LazyFrame, day: date) -> pl.LazyFrame:
    was = _bucket((pl.lit(day) - pl.col("oldest_unpaid_due_on")).dt.total_days() - 1)
    seen = facts.with_columns(was=was, now=_bucket(pl.col("days_past_due")))
    after = pl.lit(day)
    moved = (
        pl.when(pl.col("was") == 0)
        .then(pl.lit("entered_bucket"))
        .when(pl.col("now") == 0)
        .then(pl.lit("cured"))
        .otherwise(pl.lit("rolled"))
    )
    one_day, zero, one = pl.duration(days=1), pl.lit(0, pl.Int64), pl.lit(1, pl.Int64)
    missed = (pl.col("first_due") + one_day == after) & (pl.col("oldest") == pl.col("first_due"))
    matured = (pl.col("last_due") + one_day == after) & pl.col("oldest").is_not_null()
    ended = pl.col("closed").is_not_null() & pl.col("closed_on").is_null()
    kinds = (
        (pl.col("was") != pl.col("now"), moved, pl.col("was"), pl.col("now"), pl.col("oldest")),
        (missed, pl.lit("first_payment_missed"), zero, one, pl.col("oldest")),
        (matured, pl.lit("matured_unpaid"), pl.col("now"), pl.col("now"), pl.col("oldest")),
        (ended, pl.lit("closed"), zero, zero, pl.lit(None, pl.Date)),
    )
    parts = [
        seen.filter(which).select(
            "loan_id",
            kind=kind,
            from_bucket=from_bucket,
            to_bucket=to_bucket,
            oldest_unpaid_due_on=oldest,
        )
        for which, kind, from_bucket, to_bucket, oldest in kinds
    ]
    return pl.concat(parts).sort("loan_id", "kind")


def _overdue_days(on: pl.Expr, grace: int) -> pl.Expr:
    return ((on - pl.col("due_on")).dt.total_days() - grace).clip(0)


def _daily(unpaid: pl.Expr, numbers: Numbers) -> pl.Expr:
    """Compute a day's penalty on unpaid principal, half up."""
    denominator = numbers["denominator"]
    return (2 * unpaid * numbers["numerator"] + denominator) // (2 * denominator)


def _bucket(days: pl.Expr) -> pl.Expr:
    return (days.fill_null(0).clip(0) + 29).floordiv(30).clip(0, 7)
