"""Goal: nothing passes the seam that breaks the contract; every kind of loan gets through."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from daihou.core import terms as t
from daihou.core.events import Event, Kind
from daihou.engine import columns as c, end_of_day, expand, others, replay, rules
from daihou.engine.book import Book, apply
from daihou.engine.columns import ColumnsRefused
from daihou.engine.tables import NewFacts, ShardTables, check_shard
from tests.twins import books

TO_ON = date(2024, 4, 30)


@pytest.fixture(scope="module")
def facts():
    products, loans = books.random_book(seed=3, count=50)
    return books.facts(products, loans)


def run(new, tables=None, from_on=None, to_on=TO_ON):
    return end_of_day.run_shard(
        tables=tables or ShardTables(), new=new, currency="CNY", from_on=from_on, to_on=to_on
    )


def refused(new):
    with pytest.raises(ColumnsRefused) as caught:
        run(new)
    return caught.value.code


def test_a_column_of_another_type_is_refused(facts):
    wrong = facts.loans.with_columns(pl.col("disbursed_minor").cast(pl.Float64))
    assert refused(replace(facts, loans=wrong)) == "columns.schema"


def test_a_missing_value_is_refused(facts):
    wrong = facts.dues.with_columns(due_on=pl.lit(None, dtype=pl.Date))
    assert refused(replace(facts, dues=wrong)) == "columns.null"


@pytest.mark.parametrize("name", ["loans", "dues", "payments"])
def test_rows_out_of_order_are_refused(facts, name):
    wrong = getattr(facts, name).reverse()
    assert refused(replace(facts, **{name: wrong})) == "columns.order"


@pytest.mark.parametrize("name", ["loans", "dues", "payments"])
def test_a_row_twice_is_refused(facts, name):
    frame = getattr(facts, name)
    assert refused(replace(facts, **{name: pl.concat([frame.head(1), frame])})) == "columns.order"


@pytest.mark.parametrize("name", ["dues", "payments"])
def test_a_row_of_no_loan_is_refused(facts, name):
    stranger = getattr(facts, name).tail(1).with_columns(loan_id=pl.lit(10**6, dtype=pl.Int64))
    wrong = pl.concat([getattr(facts, name), stranger])
    assert refused(replace(facts, **{name: wrong})) == "shard.unaligned"


def test_a_payment_of_a_loan_the_shard_lost_is_refused(facts):
    result = run(facts)
    tables = replace(result.changed, loans=result.changed.loans.slice(1))
    with pytest.raises(ColumnsRefused) as caught:
        check_shard(tables)
    assert caught.value.code == "shard.unaligned"


def test_days_must_follow_each_other(facts):
    with pytest.raises(end_of_day.EndOfDayRefused) as caught:
        run(NewFacts(), tables=run(facts).changed, from_on=TO_ON, to_on=TO_ON)
    assert caught.value.code == "end_of_day.days"


def test_arithmetic_that_would_not_fit_is_refused(facts):
    fine = t.Rate(value=Decimal("0.000000000123457"), per=t.RatePer.DAY)
    terms = t.Terms(method=t.Method.BULLET, rate=fine, penalty=t.PenaltyTerms(rate=fine))
    with pytest.raises(ColumnsRefused) as caught:
        rules.rules_frame([terms])
    assert caught.value.code == "rule.width"
    wide = facts.dues.with_columns(principal_due_minor=pl.lit(10**17))
    with pytest.raises(ColumnsRefused) as caught:
        rules.check_widths(dues=wide, loans=facts.loans, rules=facts.rules)
    assert caught.value.code == "rule.width"


def test_equal_rules_are_one_rule():
    yearly = t.Rate(value=Decimal("0.12"), per=t.RatePer.YEAR)
    one = t.Terms(method=t.Method.BULLET, rate=yearly)
    same = t.Terms(method=t.Method.EQUAL_INSTALMENT, rate=yearly, instalment_count=12)
    other = replace(same, grace_days=1)
    assert rules.rules_frame([one, same, other]).height == 2


def test_loans_core_folds_get_the_same_rows_as_plain_ones():
    products, loans = books.random_book(seed=8, count=60)
    plain = books.facts(products, loans)
    decoded = [
        others.encode(loan_id=loan.loan_id, contract=loan.contract, events=loan.events)
        for loan in loans
    ]
    not_plain = NewFacts(
        loans=plain.loans.with_columns(is_plain=pl.lit(value=False)),
        others=pl.DataFrame(decoded, schema=c.OTHERS.schema),
        rules=plain.rules,
    )
    ours, theirs = run(not_plain), run(plain)
    same = ["is_plain"]
    assert_frame_equal(ours.changed.loans.drop(same), theirs.changed.loans.drop(same))
    carried = ["penalty_carry", "compound_interest_carry"]
    assert_frame_equal(ours.changed.dues.drop(carried), theirs.changed.dues.drop(carried))
    assert_frame_equal(ours.events, theirs.events)
    assert_frame_equal(ours.positions, theirs.positions)
    assert ours.fine_loan_ids.equals(theirs.fine_loan_ids)


def test_a_loan_that_stops_being_plain_is_refolded(tmp_path):
    products, loans = books.random_book(seed=8, count=60)
    first = run(books.facts(products, loans))
    loan = next(one for one in loans if len(one.payments) > 2)
    paid = loan.payments[0]
    gone = Event(
        kind=Kind.PAYMENT_REVERSED,
        effective_on=TO_ON,
        recorded_at=datetime(2024, 5, 1, tzinfo=UTC),
        sequence=10**9,
        key="reversal",
        target_key=paid.key,
        amount_minor=paid.amount_minor,
    )
    told = others.encode(loan_id=loan.loan_id, contract=loan.contract, events=(*loan.events, gone))
    known = first.changed.loans.filter(pl.col("loan_id") == loan.loan_id)
    new = NewFacts(
        loans=known.select(c.LOAN_FACTS.names).with_columns(is_plain=pl.lit(value=False)),
        others=pl.DataFrame([told], schema=c.OTHERS.schema),
    )
    to_on = TO_ON + books.DAY
    result = run(new, tables=first.changed, from_on=TO_ON, to_on=to_on)
    found = result.changed.loans.row(by_predicate=pl.col("loan_id") == loan.loan_id, named=True)
    without = replace(loan, events=(loan.events[0], *loan.events[2:]))
    expected = books.as_other(without).at(to_on)
    assert found["principal_outstanding_minor"] == expected.principal_outstanding_minor
    book = Book(root=tmp_path, currency="CNY", shard_count=1)
    files = book.write_shard(shard=0, business_date=to_on, before=first.changed, result=result)
    book.publish(business_date=to_on, ledger_sequence=1, files=[files])
    position = replay.positions(book=book, as_of=to_on).row(
        by_predicate=pl.col("loan_id") == loan.loan_id, named=True
    )
    assert position["overdue_minor"] == sum(expected.overdue_minor.values())
    assert position["days_past_due"] == expected.days_past_due


def stated_row(loan_id, on, **figures):
    row = dict.fromkeys(c.STATED.names)
    return row | {"loan_id": loan_id, "stated_on": on, "is_closed": False} | figures


def test_stated_figures_are_the_loans_from_their_day_on(tmp_path):
    products, loans = books.random_book(seed=8, count=6)
    first = run(books.facts(products, loans), to_on=TO_ON)
    book = Book(root=tmp_path, currency="CNY", shard_count=1)
    files = book.write_shard(shard=0, business_date=TO_ON, before=ShardTables(), result=first)
    book.publish(business_date=TO_ON, ledger_sequence=1, files=[files])
    days = [TO_ON + n * books.DAY for n in range(4)]
    rows = [
        stated_row(
            0,
            days[1],
            days_past_due=31,
            overdue_minor=77,
            unapplied_minor=5,
            principal_outstanding_minor=900,
        ),
        stated_row(
            1,
            days[1],
            days_past_due=0,
            overdue_minor=0,
            is_closed=True,
            principal_outstanding_minor=0,
        ),
    ]
    told = NewFacts(stated=pl.DataFrame(rows, schema=c.STATED.schema))
    tables, on = first.changed, TO_ON
    raised = []
    for place, new in enumerate((told, NewFacts(), NewFacts()), start=1):
        result = run(new, tables=tables, from_on=on, to_on=days[place])
        files = book.write_shard(shard=0, business_date=days[place], before=tables, result=result)
        book.publish(business_date=days[place], ledger_sequence=1, files=[files])
        tables, on = apply(before=tables, changed=result.changed), days[place]
        raised.append(result.events.filter(pl.col("loan_id") < 2))
    before = replay.positions(book=book, as_of=days[0])
    own = replay.positions(book=book, as_of=days[3], with_stated=False)
    positions = replay.positions(book=book, as_of=days[3])
    late, closed = positions.head(2).iter_rows(named=True)
    assert (late["days_past_due"], late["bucket"], late["overdue_minor"]) == (31, "M2", 77)
    assert (late["principal_outstanding_minor"], late["unapplied_minor"]) == (900, 5)
    assert (late["stated_on"], late["is_stale"]) == (days[1], True)
    assert late["oldest_unpaid_due_on"] == days[1] - 31 * books.DAY
    assert (closed["status"], closed["closed_on"]) == ("closed", days[1])
    assert before["stated_on"].null_count() == before.height
    assert own["stated_on"].null_count() == own.height
    assert_frame_equal(positions.slice(2), own.slice(2))
    assert [frame.height > 0 for frame in raised] == [True, False, False]
    assert c.BUCKETS[raised[0].filter(pl.col("loan_id") == 0)["to_bucket"][0]] == "M2"
    found = replay.history(book=book, dates=[days[0], days[2]])
    assert found.filter((pl.col("loan_id") == 0) & (pl.col("as_of") == days[2]))[
        "days_past_due"
    ].to_list() == [31]


def test_expanding_lists_and_terms_gives_the_same_schedule():
    products, loans = books.random_book(seed=2, count=40)
    new = books.facts(products, loans)
    for loan in loans:
        mine = new.dues.filter(pl.col("loan_id") == loan.loan_id)
        position = books.as_other(loan).at(loan.disbursed.effective_on)
        plan = [(i.instalment_no, i.start_on, i.due_on) for i in position.instalments]
        assert mine.select("instalment_no", "start_on", "due_on").rows() == plan


def test_contracts_of_unknown_terms_are_refused():
    products, loans = books.random_book(seed=2, count=3)
    with pytest.raises(ColumnsRefused) as caught:
        books.facts({"none": next(iter(products.values()))}, loans)
    assert caught.value.code == "contract.unknown_terms"
    assert expand.terms_are_plain(terms=next(iter(products.values())))
