"""What goes into and comes out of one shard's end of day, as checked frames.

Units   See ``columns``.
Shape   ``ShardTables`` is the state of a shard, ``NewFacts`` what the ledger has learnt since,
        ``ShardResult`` the rows that changed with what is to be published.
Errors  ``ColumnsRefused``: ``columns.*`` per table, ``shard.unaligned`` across tables.
Source  design.md: "The seam asserts strictly increasing loan ids, aligned dues, no unmatched …".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from daihou.engine import columns as c


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTables:
    loans: pl.DataFrame = field(default_factory=c.LOANS.empty)
    dues: pl.DataFrame = field(default_factory=c.DUES.empty)
    payments: pl.DataFrame = field(default_factory=c.PAYMENTS.empty)
    rules: pl.DataFrame = field(default_factory=c.RULES.empty)
    others: pl.DataFrame = field(default_factory=c.OTHERS.empty)
    stated: pl.DataFrame = field(default_factory=c.STATED.empty)

    def items(self) -> tuple[tuple[c.Table, pl.DataFrame], ...]:
        return tuple((table, getattr(self, table.name)) for table in c.SHARD_TABLES)

    def only(self, wanted: c.Wanted) -> "ShardTables":
        """Return the tables as ``Book.read_shard`` gives them where it is asked for these columns.

        >>> ShardTables().only({"dues": ("loan_id", "due_on")}).dues.columns
        ['loan_id', 'due_on']
        """
        return ShardTables(
            **{
                table.name: frame.select(wanted.get(table.name, table.names))
                for table, frame in self.items()
                if wanted.get(table.name) != ()
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFacts:
    """What the ledger has learnt of one shard since its last version.

    ``loans`` holds new loans and loans that stopped being plain; ``dues`` the instalments of the
    new plain ones; ``others`` contract and all events of each not plain loan that was touched.
    """

    loans: pl.DataFrame = field(default_factory=c.LOAN_FACTS.empty)
    dues: pl.DataFrame = field(default_factory=c.DUE_FACTS.empty)
    payments: pl.DataFrame = field(default_factory=c.PAYMENTS.empty)
    rules: pl.DataFrame = field(default_factory=c.RULES.empty)
    others: pl.DataFrame = field(default_factory=c.OTHERS.empty)
    stated: pl.DataFrame = field(default_factory=c.STATED.empty)

    def check(self) -> "NewFacts":
        """Return the facts when each frame keeps its contract.

        :raises ColumnsRefused: ``columns.*``.
        """
        facts = (c.LOAN_FACTS, c.DUE_FACTS, c.PAYMENTS, c.RULES, c.OTHERS, c.STATED)
        for table, name in zip(facts, (t.name for t in c.SHARD_TABLES), strict=True):
            c.check(getattr(self, name), table)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardResult:
    """The rows that changed in one night (or one catch-up) of one shard.

    ``changed`` replaces the rows of its loans and adds payments. ``positions`` holds the touched
    loans that are past due at the end of the last day, ``fine_loan_ids`` the other touched ones:
    publish the first, remove the second, and what is published is complete.
    """

    changed: ShardTables
    events: pl.DataFrame  # columns.EVENTS
    positions: pl.DataFrame  # columns.POSITIONS
    fine_loan_ids: pl.Series
    counts: Mapping[str, int]


def check_shard(tables: ShardTables) -> ShardTables:
    """Return the tables when each keeps its contract and every row belongs to a loan.

    :raises ColumnsRefused: ``columns.*``, ``shard.unaligned``.
    """
    for table, frame in tables.items():
        c.check(frame, table)
    loan_ids = tables.loans["loan_id"]
    for name in ("dues", "payments", "others", "stated"):
        strangers = (
            getattr(tables, name)
            .select("loan_id")
            .unique()
            .filter(~pl.col("loan_id").is_in(loan_ids.implode()))
        )
        if strangers.height:
            detail = f"{name} of loan {strangers['loan_id'].min()}, which the shard does not hold"
            raise c.ColumnsRefused("shard.unaligned", detail)
    unruled = tables.loans.filter(~pl.col("rule_id").is_in(tables.rules["rule_id"].implode()))
    if unruled.height:
        raise c.ColumnsRefused("shard.unaligned", f"loan {unruled['loan_id'][0]} has no rule")
    return tables
