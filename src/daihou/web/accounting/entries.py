"""Movements of a book through the rules of a view, as sums per day, product, account and cause."""

from typing import Any

import polars as pl
from psycopg import Connection

from daihou.core.posting import Move, Rules, State
from daihou.core.terms import Component
from daihou.web.ledger.copying import copy_out

ENTRY = {
    "view": pl.String,
    "value_on": pl.Date,
    "product": pl.Int64,
    "role": pl.String,  # With the view before it: "lender/cash".
    "cause": pl.String,
    "amount_minor": pl.Int64,
}
NAMES = ("cause", "move", "component", "state")
ERA = "era"  # Between two days on which rules change nothing about a posting changes.


def entries_now(movements: pl.DataFrame, *, rules: Rules) -> pl.DataFrame:
    """Post movements in one view (``ENTRY``); debits are positive."""
    era = pl.sum_horizontal(*(pl.col("on") >= day for day in rules.days)).cast(pl.Int64)
    sums = movements.with_columns(era.alias(ERA))
    found = []
    for *names, begun in sums.select(*NAMES, ERA).unique().sort(*NAMES, ERA).iter_rows():
        on = rules.days[max(0, begun - 1)]
        for role, sign, cause in _sides(rules, names, on):
            found.append((*names, begun, f"{rules.view}/{role}", sign, cause))
    schema: dict[str, Any] = dict.fromkeys(NAMES, pl.String)
    schema |= {ERA: pl.Int64, "role": pl.String, "sign": pl.Int64, "shown": pl.String}
    sides = pl.DataFrame(found, schema=schema, orient="row")
    posted = sums.join(sides, on=[*NAMES, ERA], how="inner")
    return (
        posted.group_by(pl.col("on").alias("value_on"), "product", "role", "shown")
        .agg((pl.col("amount_minor") * pl.col("sign")).sum())
        .filter(pl.col("amount_minor") != 0)
        .with_columns(pl.lit(rules.view).alias("view"), pl.col("shown").alias("cause"))
        .select(*ENTRY)
    )


def _sides(rules: Rules, names: list[str], on: Any) -> list[tuple[str, int, str]]:
    """List the roles one movement touches, which way, and the cause its entries bear."""
    told, move, component, state = names
    kind, _, taken_back_by = told.partition("<")
    cause = rules.cause_of(kind)
    lines = rules.lines(
        cause=cause,
        move=Move(move),
        component=Component(component) if component else None,
        state=State(state),
        on=on,
    )
    shown = rules.cause_of(taken_back_by) if taken_back_by else cause
    return [(role, sign, shown) for line in lines for role, sign in zip(line, (1, -1), strict=True)]


def entries_posted(connection: Connection[Any], *, book_id: int, after: Any) -> pl.DataFrame:
    """Sum up what stands posted for the days after one (``ENTRY``)."""
    return copy_out(
        connection,
        query=(
            "SELECT e.view, e.value_on, coalesce(e.product_id, 0), e.view || '/' || a.role,"
            " e.cause, sum(e.debit_minor) - sum(e.credit_minor)"
            " FROM accounting_journalentry e JOIN accounting_account a ON a.id = e.account_id"
            " WHERE e.book_id = %s AND e.value_on > coalesce(%s::date, '-infinity'::date)"
            " GROUP BY e.view, e.value_on, e.product_id, a.role, e.cause"
        ),
        params=[book_id, after],
        schema=ENTRY,
    )
