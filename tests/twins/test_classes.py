"""Goal: the column of class floors is what core says of each loan, whatever it has been through.

Method: one random book with loans late for months that pay again; every loan on several days.
"""

from datetime import date

import polars as pl
import pytest

from daihou.core.classes import ClassRules, five_level_floor
from daihou.engine import replay
from daihou.engine.book import Book, apply
from daihou.engine.tables import ShardTables
from tests.twins import books
from tests.twins.test_kernel_and_core import run_night

RULES = ClassRules(
    valid_from=date(2023, 7, 1),
    special_mention_after_days=0,
    substandard_after_days=90,
    doubtful_after_days=270,
    loss_after_days=360,
    observation_periods=2,
    observation_months=12,
    cure_periods=2,
    cure_months=2,  # Short, so that many cures end within the book.
)
DAYS = [date(2024, 3, 31), date(2024, 8, 15), date(2025, 1, 10), books.END_ON]


@pytest.fixture(scope="module")
def random_book():
    return books.random_book(seed=7, count=1_500)


@pytest.fixture(scope="module")
def stored(random_book, tmp_path_factory):
    book = Book(root=tmp_path_factory.mktemp("classes"), currency="CNY", shard_count=1)
    tables, result = run_night(ShardTables(), books.facts(*random_book), None, books.END_ON)
    assert apply(before=ShardTables(), changed=result.changed).loans.equals(tables.loans)
    files = book.write_shard(
        shard=0, business_date=books.END_ON, before=ShardTables(), result=result
    )
    book.publish(business_date=books.END_ON, ledger_sequence=1, files=[files])
    return book


@pytest.mark.parametrize("as_of", DAYS, ids=str)
def test_every_floor_is_cores(stored, random_book, as_of):
    frame = replay.positions(book=stored, as_of=as_of, class_rules=RULES)
    ours = dict(zip(frame["loan_id"], frame["class_floor"], strict=True))
    for loan in random_book[1]:
        if loan.loan_id not in ours:
            continue
        other = books.as_other(loan)
        found = five_level_floor(
            contract=other.contract, events=other.events, as_of=as_of, rules=RULES
        )
        assert ours[loan.loan_id] == found.level.value, loan.contract.loan_ref
    days = frame.filter(pl.col("status") == "active")
    assert set(days["class_floor"].unique()) >= {"normal", "special_mention", "substandard"}


def test_some_loans_are_worse_than_their_days_alone(stored):
    frame = replay.positions(book=stored, as_of=DAYS[1], class_rules=RULES)
    cured = frame.filter((pl.col("days_past_due") <= 90) & (pl.col("class_floor") == "substandard"))
    assert cured.height


def test_without_rules_there_is_no_such_column(stored):
    assert "class_floor" not in replay.positions(book=stored, as_of=DAYS[0]).columns
