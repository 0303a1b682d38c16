"""Goal: the kernel gives what core gives, every cent and every event, whichever way it is run.

Method: one random book of 10,000 loans with every method, order, mode, surplus, rounding and day
count, planted days past due and late news; each figure of ``core.position`` beside replay's.
"""

from collections import Counter
from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daihou.core import terms as t
from daihou.engine import columns as c, end_of_day, frames, others, replay
from daihou.engine.book import Book, apply
from daihou.engine.tables import NewFacts, ShardTables
from tests.twins import books

SEED = 20260
AS_OF = date(2024, 5, 17)
NIGHT_COUNT = 40
LOAN_COUNT = 10_000
NOT_IN_CORE = ["penalty_carry", "compound_interest_carry", "loan_ref"]
NOT_A_FACT = ["folded_on"]  # A loan nothing happens to is not folded again.


@pytest.fixture(scope="module")
def random_book():
    return books.random_book(seed=SEED, count=LOAN_COUNT)


@pytest.fixture(scope="module")
def stored(random_book, tmp_path_factory):
    """Keep the whole book on disk at once, everything known, as of the last day."""
    book = Book(root=tmp_path_factory.mktemp("book"), currency="CNY", shard_count=1)
    new = books.facts(*random_book)
    result = run_night(ShardTables(), new, None, books.END_ON)[1]
    files = book.write_shard(
        shard=0, business_date=books.END_ON, before=ShardTables(), result=result
    )
    book.publish(business_date=books.END_ON, ledger_sequence=1, files=[files])
    return book


def run_night(tables, new, from_on, to_on):
    result = end_of_day.run_shard(
        tables=tables, new=new, currency="CNY", from_on=from_on, to_on=to_on
    )
    return apply(before=tables, changed=result.changed), result


def core_figures(loans, as_of):
    pairs = [(other, other.at(as_of)) for other in map(books.as_other, loans)]
    facts = pl.DataFrame(
        [(loan.loan_id, loan.contract.loan_ref, loan.loan_id // 2) for loan in loans],
        schema={"loan_id": pl.Int64, "loan_ref": pl.String, "person_id": pl.Int64},
        orient="row",
    )
    started = [others.position_row(o, f) for o, f in pairs if f.disbursed_on is not None]
    positions = end_of_day.other_positions(facts, started).sort("loan_id")
    rows = [row for other, found in pairs for row in others.due_rows(other, found)]
    return positions, others.whole_frame(rows, c.DUES)


def assert_replay_is_core(book, loans, as_of):
    positions, dues = core_figures(loans, as_of)
    ids = [loan.loan_id for loan in loans]
    ours = replay.positions(book=book, as_of=as_of).filter(pl.col("loan_id").is_in(ids))
    ours = frames.with_persons(ours.lazy())
    assert_frame_equal(ours, positions)
    started = pl.col("loan_id").is_in(positions["loan_id"].implode())
    ours = replay.dues(book=book, as_of=as_of).filter(started)
    assert_frame_equal(ours.drop(NOT_IN_CORE), dues.drop(NOT_IN_CORE[:2]))


def test_every_figure_of_ten_thousand_loans_is_the_same(stored, random_book):
    assert_replay_is_core(stored, random_book[1], AS_OF)


@pytest.mark.parametrize("months", [1, 3, 5, 8, 14])
def test_figures_are_the_same_through_the_life_of_a_loan(stored, random_book, months):
    as_of = books.START_ON + timedelta(days=31 * months)
    assert_replay_is_core(stored, random_book[1][::20], as_of)


def test_history_is_positions_day_after_day(stored):
    days = [AS_OF - timedelta(days=45 * n) for n in range(4)]
    found = replay.history(book=stored, dates=days)
    assert found["as_of"].unique().sort().to_list() == sorted(days)
    for day in days:
        expected = replay.positions(book=stored, as_of=day).select(c.HISTORY.names)
        assert_frame_equal(found.filter(pl.col("as_of") == day), expected)


def test_the_book_holds_every_rule_and_every_planted_day(random_book):
    products, loans = random_book
    rules = [
        rule
        for terms in products.values()
        for rule in (terms.allocation.normal, terms.allocation.late)
        if rule
    ]
    penalties = [terms.penalty for terms in products.values() if terms.penalty]
    assert {terms.method for terms in products.values()} == set(t.Method)
    assert {terms.day_count for terms in products.values()} == set(t.DayCount)
    assert {terms.rounding for terms in products.values()} == set(t.Rounding)
    assert {rule.surplus for rule in rules} == set(books.PLAIN_SURPLUS)
    assert {rule.mode for rule in rules} == set(t.Mode)
    assert {penalty.rounding for penalty in penalties} == set(t.AccrualRounding)
    late = Counter(
        (loan.known_on[event.key] - event.effective_on).days
        for loan in loans
        for event in loan.payments
    )
    assert 0.45 < sum(late[n] for n in (1, 2, 3)) / late.total() < 0.55
    for days in books.PLANTED_DAYS:
        paid_then = [
            loan
            for loan in loans
            if loan.loan_id % 5 == 0 and loan.loan_id // 5 % 9 == books.PLANTED_DAYS.index(days)
        ]
        assert len(paid_then) > 200


@pytest.fixture(scope="module")
def nights(random_book):
    """Run forty nights, each with the payments that became known that day."""
    products, loans = random_book
    first_on = AS_OF - timedelta(days=NIGHT_COUNT)
    new = books.facts(
        products, loans, known=lambda loan, event: loan.known_on[event.key] <= first_on
    )
    tables, _ = run_night(ShardTables(), new, None, first_on)
    raised, start = [], tables
    for night in range(1, NIGHT_COUNT + 1):
        day = first_on + timedelta(days=night)
        paid = books.payments(loans, lambda loan, event, on=day: loan.known_on[event.key] == on)
        tables, result = run_night(tables, NewFacts(payments=paid), day - books.DAY, day)
        raised.append(result.events)
    return start, tables, pl.concat(raised)


def test_late_news_night_by_night_ends_where_one_fold_ends(nights, random_book):
    products, loans = random_book
    everything = books.facts(
        products, loans, known=lambda loan, event: loan.known_on[event.key] <= AS_OF
    )
    at_once, _ = run_night(ShardTables(), everything, None, AS_OF)
    assert_frame_equal(nights[1].loans.drop(NOT_A_FACT), at_once.loans.drop(NOT_A_FACT))
    assert_frame_equal(nights[1].payments, at_once.payments)


def test_events_of_late_news_are_those_core_would_raise(nights, random_book):
    start, _, raised = nights
    loans = random_book[1][7::80]
    expected = []
    stored_at = {row["loan_id"]: row for row in start.loans.iter_rows(named=True)}
    for loan in loans:
        row = stored_at[loan.loan_id]
        known = others.Known(
            oldest_unpaid_due_on=row["oldest_unpaid_due_on"], closed_on=row["closed_on"]
        )
        for night in range(1, NIGHT_COUNT + 1):
            day = AS_OF - timedelta(days=NIGHT_COUNT - night)
            told = tuple(e for e in loan.events if loan.known_on.get(e.key, day) <= day)
            other = others.Other(loan_id=loan.loan_id, contract=loan.contract, events=told)
            events, found = others.events_of(other, known, day - books.DAY, day)
            expected += events
            known = others.Known(
                oldest_unpaid_due_on=others.first_unpaid_on(
                    found, loan.contract.terms.tolerance_minor
                ),
                closed_on=found.closed_on,
            )
    ids = [loan.loan_id for loan in loans]
    ours = raised.filter(pl.col("loan_id").is_in(ids)).sort(c.EVENTS.key)
    theirs = others.frame(expected, c.EVENTS.names, c.EVENTS).sort(c.EVENTS.key)
    assert ours.height > 50
    assert_frame_equal(ours, theirs)


def test_catching_up_raises_the_events_of_every_night(random_book):
    products, loans = random_book
    some = loans[::4]
    first_on = AS_OF - timedelta(days=90)
    tables, _ = run_night(ShardTables(), books.facts(products, some), None, first_on)
    _, at_once = run_night(tables, NewFacts(), first_on, AS_OF)
    raised = []
    for night in range(1, 91):
        day = first_on + timedelta(days=night)
        tables, result = run_night(tables, NewFacts(), day - books.DAY, day)
        raised.append(result.events)
    assert set(at_once.events["kind"].unique()) == set(c.EVENT_KINDS)
    assert_frame_equal(frames.in_order(c.EVENTS, raised), at_once.events)


def test_catching_up_raises_the_events_core_would_raise(random_book):
    products, loans = random_book
    some = loans[3::60]
    first_on = books.START_ON - books.DAY
    _, result = run_night(ShardTables(), books.facts(products, some), first_on, AS_OF)
    expected = [
        event
        for other in map(books.as_other, some)
        for event in others.events_of(other, others.Known(), first_on, AS_OF)[0]
    ]
    theirs = others.frame(expected, c.EVENTS.names, c.EVENTS).sort(c.EVENTS.key)
    assert_frame_equal(result.events, theirs)
