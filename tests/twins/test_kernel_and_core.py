"""Goal: the kernel gives what core gives, every cent and every event, whichever way it is run.

Method: one random book of 10,000 loans with every method, order, mode, surplus, rounding and day
count; each figure of ``core.position`` beside the kernel's at one date for all, at many for some.
"""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daihou.engine import columns as c
from daihou.engine import end_of_day, frames, others
from daihou.engine.book import apply
from daihou.engine.tables import NewFacts, ShardTables
from tests.twins import books

SEED = 20260
AS_OF = date(2024, 9, 17)
LOAN_COUNT = 10_000
SAMPLE = 300
NOT_IN_CORE = ["penalty_carry", "compound_interest_carry"]


@pytest.fixture(scope="module")
def book():
    return books.random_book(seed=SEED, count=LOAN_COUNT)


def run(tables, new, from_on, to_on):
    result = end_of_day.run_shard(
        tables=tables, new=new, currency="CNY", from_on=from_on, to_on=to_on
    )
    return apply(before=tables, changed=result.changed), result


def core_positions(loans, as_of):
    pairs = [(books.as_other(loan), books.as_other(loan).at(as_of)) for loan in loans]
    facts = pl.DataFrame(
        [(loan.loan_id, loan.contract.loan_ref, loan.loan_id // 2) for loan in loans],
        schema={"loan_id": pl.Int64, "loan_ref": pl.String, "person_id": pl.Int64},
        orient="row",
    )
    found = end_of_day.other_positions(facts, pairs).sort("loan_id")
    rows = [row for other, at in pairs for row in others.due_rows(other, at)]
    return found, others.frame(rows, c.DUES.names, c.DUES)


def kernel_positions(loans, tables, as_of):
    window = (as_of - books.DAY, as_of)
    everything = NewFacts(loans=loans)  # Touch every loan.
    folded = end_of_day._fold_plain(
        end_of_day.merge_loans(tables.loans, loans, as_of),
        tables,
        everything,
        tables.rules,
        window,
        "CNY",
    )
    return folded


def test_every_figure_of_ten_thousand_loans_is_the_same(book):
    products, loans = book
    new = books.facts(products, loans)
    folded = kernel_positions(
        new.loans,
        ShardTables(dues=with_engine_columns(new.dues), payments=new.payments, rules=new.rules),
        AS_OF,
    )
    positions, dues = core_positions(loans, AS_OF)
    assert folded.positions.height == LOAN_COUNT
    assert_frame_equal(folded.positions, positions)
    started = folded.dues.drop(NOT_IN_CORE)
    assert_frame_equal(started, dues.drop(NOT_IN_CORE))


def with_engine_columns(dues):
    return dues.with_columns(
        *(
            pl.lit(0).cast(dtype).alias(name)
            for name, dtype in c.DUES.schema.items()
            if name not in dues.columns
        )
    ).select(c.DUES.names)
