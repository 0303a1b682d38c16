"""What moved on the loans of a shard, by day and product: columns where the kernel can, else core.

Units   See ``columns``; ``amount_minor`` is that of ``core.posting.Movement``.
Shape   ``post_shard`` gives one row per day, product, cause, move, component and state, and the
        sub-ledger's figures by product; ``shard_figures`` those figures by the night's own fold.
Errors  What ``arrays`` and ``core`` refuse passes through.
Source  docs/algorithms/posting.md; tests/twins holds both ways equal.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from daihou.core.events import Kind
from daihou.core.posting import ACCRUAL, SUSPENSE, Move, State, movements_and_figures, sub_ledger
from daihou.core.terms import Component
from daihou.engine import arrays, columns as c, end_of_day, kernel, layout, others, posting_kernel
from daihou.engine.tables import ShardTables

MOVEMENTS = {
    "on": pl.Date,
    "product": pl.Int64,
    "cause": pl.String,  # As ``core.posting.Movement``; who took it back comes after a "<".
    "move": pl.String,
    "component": pl.String,
    "state": pl.String,
    "amount_minor": pl.Int64,
}
KEY = tuple(name for name in MOVEMENTS if name != "amount_minor")
MEASURES = (*(component.value for component in Component), "unapplied")
FIGURES = {"product": pl.Int64} | dict.fromkeys(MEASURES, pl.Int64)
INCOME = tuple(component.value for component in Component)[1:]
READ_COLUMNS: c.Wanted = {
    "loans": ("loan_id", "rule_id", "is_plain", "disbursed_on", "disbursed_minor"),
    "dues": c.DUE_FACTS.names,
    "stated": (),  # Figures another system stated move nothing.
}
DAYS_AT_ONCE = 400  # As many days times products are summed in one piece of memory.


class Out(NamedTuple):
    """Where the kernel adds what moved, and from which day on of each loan."""

    through: layout.Days
    first_day: layout.Days
    emit_after: layout.Days
    product: layout.Minor
    figures: layout.Minor
    sums: layout.Minor  # [day, product, slot]
    held: layout.Minor  # [product, place in MEASURES]
    unused: layout.Minor


def _slots() -> list[tuple[str, str, str]]:
    """Name cause, move and component of each slot of the kernel."""
    of_cause = [
        *((Move.EARNED.value, name) for name in INCOME),
        *((Move.ADVANCED.value, name) for name in ("interest", "fee")),
        *((Move.PAID.value, component.value) for component in Component),
        (Move.HELD.value, ""),
        (Move.LENT.value, "principal"),
        (Move.LENT_OTHERWISE.value, "principal"),
    ]
    causes = (ACCRUAL, Kind.DISBURSED.value, Kind.PAYMENT_RECEIVED.value, SUSPENSE)
    return [(cause, move, component) for cause in causes for move, component in of_cause]


SLOTS = _slots()
# What waits and then is spent leaves the account through what it pays.
NO_MOVEMENT = [SLOTS.index((SUSPENSE, Move.HELD.value, ""))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPosting:
    """What moved (``MOVEMENTS``), and where it left the loans (``FIGURES``)."""

    movements: pl.DataFrame
    figures: pl.DataFrame


def post_shard(
    *,
    tables: ShardTables,
    loan_facts: pl.DataFrame,
    as_of: date,
    after: date | None = None,
) -> ShardPosting:
    """Walk every loan of a shard once, and sum up what moved after a day through another.

    ``loan_facts`` says of loans their ``product`` and whether they were ``opened`` at a cut-over.
    """
    loans = _with_facts(tables.loans, loan_facts)
    plain = loans.filter("is_plain")
    parts = [
        _post_plain(plain.filter(pl.col("opened") == opened), tables, as_of, after, kind)
        for opened, kind in ((False, Kind.DISBURSED), (True, Kind.OPENED))
    ]
    rest = loans.filter(~pl.col("is_plain"))
    parts.append(_post_others(tables, rest, as_of, after))
    return ShardPosting(
        movements=total([moved for moved, _ in parts]),
        figures=by_product([figures for _, figures in parts]),
    )


def by_product(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Add up figures by product."""
    return pl.concat(parts).group_by("product").agg(pl.all().sum()).sort("product")


def total(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Add up movements by everything that names them, in order."""
    whole = pl.concat(parts).group_by(KEY).agg(pl.col("amount_minor").sum())
    return whole.filter(pl.col("amount_minor") != 0).sort(KEY)


def _with_facts(loans: pl.DataFrame, loan_facts: pl.DataFrame) -> pl.DataFrame:
    joined = loans.join(loan_facts, on="loan_id", how="left", maintain_order="left")
    return joined.with_columns(
        pl.col("product").fill_null(0), pl.col("opened").fill_null(value=False)
    )


def shard_arrays(loans: pl.DataFrame, tables: ShardTables) -> arrays.ShardArrays:
    of_loans = loans["loan_id"].to_numpy()
    return arrays.shard_arrays(
        loans=loans.select(READ_COLUMNS["loans"]),
        dues=end_of_day.rows_of(tables.dues, of_loans),
        payments=end_of_day.rows_of(tables.payments, of_loans),
        rule_rows=tables.rules,
    )


def _post_plain(
    loans: pl.DataFrame, tables: ShardTables, as_of: date, after: date | None, start: Kind
) -> tuple[pl.DataFrame, pl.DataFrame]:
    loans = loans.filter(pl.col("disbursed_on") <= as_of)
    earliest = loans["disbursed_on"].min()
    if not isinstance(earliest, date):
        return pl.DataFrame(schema=MOVEMENTS), pl.DataFrame(schema=FIGURES)
    shard = shard_arrays(loans, tables)
    first, last = arrays.day_number(earliest), arrays.day_number(as_of)
    if after is not None:
        first = max(first, arrays.day_number(after) + 1)
    products = loans["product"].unique().sort()
    place = np.searchsorted(products.to_numpy(), loans["product"].to_numpy())
    held = np.zeros((products.len(), len(MEASURES)), dtype=np.int64)
    parts = [pl.DataFrame(schema=MOVEMENTS)]
    for low in range(first, max(first, last) + 1, DAYS_AT_ONCE):
        high = min(last, low + DAYS_AT_ONCE - 1)
        held[:] = 0
        sums = _post(shard, place, (low, high), held)
        parts.append(_frame(sums, low, products, start))
    columns = {name: held[:, i] for i, name in enumerate(MEASURES)}
    figures = pl.DataFrame({"product": products, **columns}, schema=FIGURES)
    return pl.concat(parts), figures


def _post(
    shard: arrays.ShardArrays, place: layout.Minor, days: tuple[int, int], held: layout.Minor
) -> layout.Minor:
    low, high = days
    count = shard.loan_ids.size
    shape = high - low + 1, held.shape[0], posting_kernel.SLOT_COUNT
    sums = np.zeros(shape, dtype=np.int64)
    loans = layout.Loans(
        chosen=np.arange(count),
        disbursed_on=shard.disbursed_on,
        disbursed_minor=shard.disbursed_minor,
        rule=shard.rule,
        known_oldest=shard.known_oldest,
        known_closed=shard.known_closed,
        rules=shard.rules,
    )
    out = Out(
        through=np.array([high], dtype=np.int32),
        first_day=np.array([low], dtype=np.int32),
        emit_after=np.full(count, low - 1, dtype=np.int32),
        product=np.ascontiguousarray(place, dtype=np.int64),
        figures=np.zeros((2, posting_kernel.FIGURES), dtype=np.int64),
        sums=sums,
        held=held,
        unused=np.zeros(posting_kernel.SLOT_COUNT, dtype=np.int64),
    )
    work = np.zeros((max(shard.most_dues, 1), kernel.WORK_WIDTH), dtype=np.int64)
    cell = np.zeros(kernel.CELL_WIDTH, dtype=np.int64)
    posting_kernel.post(work, cell, loans, shard.dues, shard.payments, out)
    return sums


def _frame(sums: layout.Minor, low: int, products: pl.Series, start: Kind) -> pl.DataFrame:
    sums[:, :, NO_MOVEMENT] = 0
    day, product, slot = np.nonzero(sums)
    names = [
        (start.value if cause == Kind.DISBURSED else cause, move, component)
        for cause, move, component in SLOTS
    ]
    columns = list(zip(*names, strict=True))
    return pl.DataFrame(
        {
            "on": pl.Series(low + day, dtype=pl.Int32).cast(pl.Date),
            "product": products.gather(product),
            **{
                name: pl.Series(columns[i], dtype=pl.String).gather(slot)
                for i, name in enumerate(("cause", "move", "component"))
            },
            "state": pl.Series([State.NORMAL.value]).new_from_index(0, slot.size),
            "amount_minor": sums[day, product, slot],
        },
        schema=MOVEMENTS,
    )


def _post_others(
    tables: ShardTables, loans: pl.DataFrame, as_of: date, after: date | None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    sums: dict[tuple[Any, ...], int] = {}
    rows = []
    for other, product in _with_products(tables, loans):
        moved, figures = movements_and_figures(
            contract=other.contract, events=other.events, as_of=as_of, after=after
        )
        rows.append((product, *(figures[name] for name in MEASURES)))
        for each in moved:
            cause = f"{each.cause}<{each.taken_back_by}" if each.taken_back_by else each.cause
            component = each.component.value if each.component is not None else ""
            place = (each.on, product, cause, each.move.value, component, each.state.value)
            sums[place] = sums.get(place, 0) + each.amount_minor
    found = [(*place, amount_minor) for place, amount_minor in sums.items()]
    return (
        pl.DataFrame(found, schema=MOVEMENTS, orient="row"),
        pl.DataFrame(rows, schema=FIGURES, orient="row"),
    )


def _with_products(tables: ShardTables, loans: pl.DataFrame) -> Iterator[tuple[others.Other, int]]:
    """Decode those of the loans that only ``core`` folds, each with its product."""
    product_of = dict(loans.select("loan_id", "product").iter_rows())
    with others.without_collector():
        for other in others.decode(tables.others):
            if other.loan_id in product_of:
                yield other, product_of[other.loan_id]


def shard_figures(*, tables: ShardTables, loan_facts: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Sum up the positions of every loan of a shard by product (``FIGURES``), by the night's fold.

    It shares nothing with ``post_shard`` but what both read.
    """
    loans = _with_facts(tables.loans, loan_facts)
    plain = loans.filter(pl.col("is_plain") & (pl.col("disbursed_on") <= as_of))
    rest = _other_figures(tables, loans.filter(~pl.col("is_plain")), as_of)
    return by_product([_plain_figures(plain, tables, as_of), rest])


def _other_figures(tables: ShardTables, loans: pl.DataFrame, as_of: date) -> pl.DataFrame:
    rows = []
    for other, product in _with_products(tables, loans):
        found = sub_ledger(contract=other.contract, events=other.events, as_of=as_of)
        rows.append((product, *(found[name] for name in MEASURES)))
    return pl.DataFrame(rows, schema=FIGURES, orient="row")


def _plain_figures(loans: pl.DataFrame, tables: ShardTables, as_of: date) -> pl.DataFrame:
    shard = shard_arrays(loans, tables)
    day = arrays.day_number(as_of)
    chosen = np.arange(loans.height)
    into = arrays.fold_arrays(shard=shard, chosen=chosen, snapshots=(day,), keeps_dues=True)
    owner = np.repeat(loans["product"].to_numpy(), np.diff(shard.dues.begin))
    has_come = shard.dues.due_on <= day
    paid, due = into.paid.paid, into.paid.due
    of_dues = pl.DataFrame(
        {
            "product": owner,
            "principal": shard.dues.principal - paid[0],
            "interest": np.where(has_come, shard.dues.interest - paid[1], 0),
            "fee": np.where(has_come, shard.dues.fee - paid[2], 0),
            "penalty": due[0] - paid[3],
            "compound_interest": due[1] - paid[4],
            "unapplied": np.zeros(owner.size, dtype=np.int64),
        },
        schema=FIGURES,
    )
    nothing = np.zeros(loans.height, dtype=np.int64)
    of_loans = pl.DataFrame(
        {
            **dict.fromkeys(FIGURES, nothing),
            "product": loans["product"].to_numpy(),
            "interest": into.details.accrued_interest,
            "unapplied": into.details.unapplied,
        },
        schema=FIGURES,
    )
    return pl.concat([of_dues, of_loans]).group_by("product").agg(pl.all().sum())
