"""Goal: columns post what core posts, to the day and cent. Method: the twins' random book."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daihou.engine import end_of_day, posting
from daihou.engine.book import apply
from daihou.engine.tables import ShardTables
from tests.twins import books

LOAN_COUNT = 300
SEEDS = (7, 20261)


@pytest.fixture(scope="module", params=SEEDS)
def shard(request):
    new, loans = books.random_book(seed=request.param, count=LOAN_COUNT)
    facts = books.facts(new, loans)
    result = end_of_day.run_shard(
        tables=ShardTables(), new=facts, currency="CNY", from_on=None, to_on=books.END_ON
    )
    return apply(before=ShardTables(), changed=result.changed), loans


def by_loan(tables):
    """Let every loan be a product of its own, so that sums are those of single loans."""
    ids = tables.loans["loan_id"]
    opened = pl.Series("opened", [False]).new_from_index(0, len(ids))
    return pl.DataFrame({"loan_id": ids, "product": ids, "opened": opened})


def as_core_alone(tables, loans):
    rows = [books.as_other(loan) for loan in loans]
    encoded = [
        posting.others.encode(loan_id=r.loan_id, contract=r.contract, events=r.events) for r in rows
    ]
    return ShardTables(
        loans=tables.loans.with_columns(is_plain=False),
        others=pl.DataFrame(encoded, schema=posting.c.OTHERS.schema),
    )


def test_columns_move_what_core_moves(shard):
    tables, loans = shard
    facts = by_loan(tables)
    ours = posting.post_shard(tables=tables, loan_facts=facts, as_of=books.END_ON)
    alone = as_core_alone(tables, loans)
    core = posting.post_shard(tables=alone, loan_facts=facts, as_of=books.END_ON)
    assert ours.movements.height > 10_000
    assert_frame_equal(ours.movements, core.movements)
    assert_frame_equal(ours.figures, core.figures)


def test_figures_are_those_of_core(shard):
    tables, loans = shard
    facts = by_loan(tables)
    ours = posting.shard_figures(tables=tables, loan_facts=facts, as_of=books.END_ON)
    alone = as_core_alone(tables, loans)
    core = posting.shard_figures(tables=alone, loan_facts=facts, as_of=books.END_ON)
    walked = posting.post_shard(tables=tables, loan_facts=facts, as_of=books.END_ON)
    assert ours["penalty"].sum()
    assert_frame_equal(walked.figures, ours)
    assert_frame_equal(ours, core)


def test_days_after_a_day_are_the_rest_of_all_days(shard):
    tables, _ = shard
    facts = by_loan(tables)
    whole = posting.post_shard(tables=tables, loan_facts=facts, as_of=books.END_ON)
    for days in (1, 40):
        after = books.END_ON - days * books.DAY
        late = posting.post_shard(tables=tables, loan_facts=facts, as_of=books.END_ON, after=after)
        assert_frame_equal(late.movements, whole.movements.filter(pl.col("on") > after))
        assert_frame_equal(late.figures, whole.figures)
