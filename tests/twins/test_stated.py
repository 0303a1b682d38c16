"""Goal: the overlay lays the same figures on a loan in engine and core, each component of them.

Method: random loans, each stated once at random (sums only, all parts, closed, nothing overdue);
every figure of ``core.position`` beside replay's, on the stated day and later.
"""

from dataclasses import replace
from datetime import timedelta
from random import Random

import polars as pl
import pytest

from daihou.core.events import Event, Kind
from daihou.core.position import position
from daihou.engine import columns as c, end_of_day, replay
from daihou.engine.book import Book
from daihou.engine.tables import ShardTables
from tests.twins import books

LOAN_COUNT = 300
STATED_ON = books.END_ON - timedelta(days=20)
COMPARED = (
    "days_past_due",
    "oldest_unpaid_due_on",
    "principal_outstanding_minor",
    "unapplied_minor",
    "accrued_interest_minor",
    "next_due_on",
    "next_due_minor",
    "stated_on",
    "is_stale",
)


def random_figures(random):
    owed = {
        f"{part}_outstanding_minor": random.choice([0, random.randrange(50_000)])
        for part in ("principal", "interest", "fee", "penalty")
    }
    return owed | {
        "overdue_minor": random.choice([0, random.randrange(200_000), sum(owed.values())]),
        "days_past_due": random.choice([0, 1, 30, 31, 91]),
        "unapplied_minor": random.choice([0, 7]),
        "next_due_on": random.choice([0, (STATED_ON + timedelta(days=9)).toordinal()]),
        "closed": random.choice([0, 0, 1]),
    }


def stated_row(loan_id, figures):
    row = {"loan_id": loan_id, "stated_on": STATED_ON, "is_closed": figures["closed"] == 1}
    next_due = figures["next_due_on"]
    told = {name: value for name, value in figures.items() if name in c.STATED.names}
    on = books.date.fromordinal(next_due) if next_due else None
    return row | told | {"next_due_on": on}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Give the stored book and the loans with their stated event."""
    random = Random(7)
    products, loans = books.random_book(seed=7, count=LOAN_COUNT)
    figures = {loan.loan_id: random_figures(random) for loan in loans}
    rows = [stated_row(loan_id, figures[loan_id]) for loan_id in figures]
    new = replace(books.facts(products, loans), stated=pl.DataFrame(rows, schema=c.STATED.schema))
    result = end_of_day.run_shard(
        tables=ShardTables(), new=new, currency="CNY", from_on=None, to_on=books.END_ON
    )
    book = Book(root=tmp_path_factory.mktemp("book"), currency="CNY", shard_count=1)
    files = book.write_shard(
        shard=0, business_date=books.END_ON, before=ShardTables(), result=result
    )
    book.publish(business_date=books.END_ON, ledger_sequence=1, files=[files])
    return book, [(loan, figures[loan.loan_id]) for loan in loans]


def core_position(loan, figures, as_of):
    last = loan.events[-1]
    stated = Event(
        kind=Kind.STATED,
        effective_on=STATED_ON,
        recorded_at=last.recorded_at,
        sequence=last.sequence + 500,
        key=f"stated-{loan.loan_id}",
        figures=tuple(sorted(figures.items())),
    )
    return position(contract=loan.contract, events=[*loan.events, stated], as_of=as_of)


@pytest.mark.parametrize("days_later", [0, 20])
def test_stated_figures_are_the_same_in_engine_and_core(told, days_later):
    book, loans = told
    as_of = STATED_ON + timedelta(days=days_later)
    rows = {
        row["loan_id"]: row
        for row in replay.positions(book=book, as_of=as_of).iter_rows(named=True)
    }
    splits = set()
    for loan, figures in loans:
        ours, theirs = rows[loan.loan_id], core_position(loan, figures, as_of)
        assert {name: ours[name] for name in COMPARED} == {
            name: getattr(theirs, name) for name in COMPARED
        }, loan.loan_id
        parts = {part: ours[f"overdue_{part}_minor"] for part in c.COMPONENTS}
        assert parts == {str(part): theirs.overdue_minor[part] for part in theirs.overdue_minor}
        assert ours["overdue_minor"] == sum(parts.values()) == figures["overdue_minor"]
        assert (ours["status"], ours["bucket"]) == (theirs.status.value, theirs.bucket.value)
        splits.add(tuple(amount > 0 for amount in parts.values()))
    assert len(splits) > 8
