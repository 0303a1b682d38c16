"""Goal: what is known of Superlender's loans, and no more. Method: the raw tables."""

from datetime import date

import polars as pl
import pytest

from daihou.core.position import Status, position
from daihou.tapes.canonical import UNSCHEDULED_ON
from daihou.tapes.contracts import contracts_of
from daihou.tapes.superlender import Superlender

LAST = date(2017, 12, 31)


@pytest.fixture(scope="module")
def tape(shared):
    return Superlender().read([shared / "data" / "superlender"])


@pytest.fixture(scope="module")
def positions(tape):
    return {
        contract.loan_ref: position(contract=contract, events=events, as_of=LAST)
        for contract, events in contracts_of(tape)
    }


def test_17_to_18_percent_of_first_instalments_are_paid_late(tape, positions):
    closed = tape.loans.filter(pl.col("source_tag") == "closed")["loan_ref"]
    firsts = [positions[ref].instalments[0] for ref in closed]
    late = sum(first.paid_on > first.due_on for first in firsts)

    assert len(firsts) == 14_870
    assert 0.17 < late / len(firsts) < 0.18


def test_closed_loans_are_paid_to_the_last_kobo_by_their_closed_day(tape, positions):
    closed = tape.statements.select("loan_ref", "as_of")

    for ref, closed_on in closed.iter_rows():
        at = positions[ref]
        assert (at.status, at.unapplied_minor) == (Status.CLOSED, 0)
        assert at.closed_on <= closed_on


def test_loans_without_repayment_data_are_stated_once_and_stay_frozen(tape, positions):
    open_refs = set(tape.loans.filter(pl.col("source_tag") != "closed")["loan_ref"])
    frozen = [positions[ref] for ref in sorted(open_refs)]
    dated = tape.dues.filter(pl.col("due_on") < UNSCHEDULED_ON)

    assert len(open_refs) == 3_564
    assert not open_refs & {*tape.payments["loan_ref"], *dated["loan_ref"]}
    assert {(at.status, at.days_past_due, at.is_stale) for at in frozen} == {
        (Status.ACTIVE, 0, True)
    }
    assert {at.stated_on == at.disbursed_on for at in frozen} == {True}


def test_what_is_stated_is_the_total_due(tape, shared):
    raw = pl.read_parquet(shared / "data" / "superlender" / "trainperf.parquet").select(
        pl.col("systemloanid").cast(pl.String).alias("loan_ref"),
        total_minor=(pl.col("totaldue") * 100).round(0).cast(pl.Int64),
        agreed_minor=(pl.col("loanamount") * 100).round(0).cast(pl.Int64),
    )
    both = tape.stated.join(raw, on="loan_ref")
    stated = pl.col("principal_outstanding_minor") + pl.col("interest_outstanding_minor")

    assert both.height == 3_564
    assert both.filter(pl.col("principal_outstanding_minor") != pl.col("agreed_minor")).is_empty()
    assert both.filter(stated != pl.col("total_minor")).is_empty()


def test_dues_of_closed_loans_are_the_total_due(tape, shared):
    raw = pl.read_parquet(shared / "data" / "superlender" / "trainprevloans.parquet").select(
        pl.col("systemloanid").cast(pl.String).alias("loan_ref"),
        (pl.col("totaldue") * 100).round(0).cast(pl.Int64),
    )
    sums = tape.dues.group_by("loan_ref").agg(
        (pl.col("principal_minor") + pl.col("interest_minor")).sum().alias("sum")
    )

    assert raw.join(sums, on="loan_ref").filter(pl.col("totaldue") != pl.col("sum")).is_empty()
