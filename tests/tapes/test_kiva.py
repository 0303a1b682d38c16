"""Goal: the Kiva book is right. Method: plain Python over the raw files alone."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from daihou.core.position import position
from daihou.tapes.contracts import contracts_of
from daihou.tapes.findings import count_rejected
from daihou.tapes.kiva import Kiva
from daihou.tapes.reconciliation import reconcile

DAYS = [date(2006, 8, 31), date(2006, 12, 31), date(2007, 6, 30), date(2007, 12, 31)]
LAST = date(2008, 12, 31)


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "data" / "kiva"


@pytest.fixture(scope="module")
def tape(folder):
    return Kiva().read([folder])


@pytest.fixture(scope="module")
def loans(tape):
    return {contract.loan_ref: (contract, events) for contract, events in contracts_of(tape)}


def cents(amount):
    return int(Decimal(str(amount)) * 100)


def day(text):
    return date.fromisoformat(text[:10])


@pytest.fixture(scope="module")
def raw(folder):
    """Read dues and payments by loan with nothing but loops."""
    dues, paid = defaultdict(list), defaultdict(list)
    for row in pl.read_parquet(folder / "local_payments.parquet").iter_rows(named=True):
        dues[str(row["loan_id"])].append((day(row["due_date"]), cents(row["amount"])))
    for row in pl.read_parquet(folder / "payments.parquet").iter_rows(named=True):
        paid[str(row["loan_id"])].append((day(row["processed_date"]), cents(row["amount"])))
    return dues, paid


def first_in_first_out(dues, paid, as_of):
    """Tell the oldest due day before ``as_of`` that the money so far does not cover."""
    left = sum(amount for on, amount in paid if on <= as_of)
    for on, amount in sorted(dues):
        if on >= as_of:
            return 0
        if amount > left:
            return (as_of - on).days
        left -= amount
    return 0


def test_every_schedule_sums_to_the_loan_amount(tape, folder):
    amounts = pl.read_parquet(folder / "loans.parquet").select(
        pl.col("id").cast(pl.String), pl.col("loan_amount") * 100
    )
    wanted = dict(amounts.iter_rows())
    sums = tape.dues.group_by("loan_ref").agg(pl.col("principal_minor").sum())

    assert {ref: wanted[ref] for ref, _ in sums.iter_rows()} == dict(sums.iter_rows())
    assert sums.height == tape.loans.height == 498


def test_what_cannot_be_taken_is_kept_and_what_is_odd_is_noted(tape):
    notes = dict(tape.notes.group_by("code").len().iter_rows())

    assert count_rejected(tape) == 2
    assert tape.errors["column"].unique().to_list() == ["disbursal_date"]
    assert notes == {"loan.no_schedule": 209, "payment.before_disbursement": 3}


def test_refunded_and_deleted_loans_keep_their_dues_and_their_word(tape):
    over = tape.loans.filter(pl.col("source_tag").is_in(["refunded", "deleted"]))

    assert over.height == 42
    assert over.join(tape.dues, on="loan_ref", how="anti").is_empty()


@pytest.mark.parametrize("as_of", DAYS)
def test_lateness_is_first_in_first_out(loans, raw, as_of):
    dues, paid = raw
    started = {r: pair for r, pair in loans.items() if pair[0].start_on <= as_of and r in dues}
    wanted = {ref: first_in_first_out(dues[ref], paid[ref], as_of) for ref in started}
    ours = {
        ref: position(contract=contract, events=events, as_of=as_of).days_past_due
        for ref, (contract, events) in started.items()
    }

    assert ours == wanted
    assert sum(days > 0 for days in wanted.values()) > 20


def test_all_overpayments_are_found(tape, loans, raw):
    _, paid = raw
    owed = {ref: contract.principal_minor for ref, (contract, _) in loans.items()}
    wanted = {
        ref: over
        for ref in owed
        if (over := sum(amount for _, amount in paid[ref]) - owed[ref]) > 0
    }
    ours = {
        ref: unapplied
        for ref, (contract, events) in loans.items()
        if (unapplied := position(contract=contract, events=events, as_of=LAST).unapplied_minor)
    }
    compared = reconcile(unit="loans", statements=tape.statements, loans=loans.values())
    listed = compared.exceptions.filter(pl.col("cause") == "overpayment")

    assert ours == wanted
    assert len(wanted) == 70
    assert {ref: -ours for ref, ours in listed.select("loan", "ours_minor").iter_rows()} == wanted
    assert set(compared.exceptions["cause"]) == {"overpayment", "refund", "adjustment"}
    assert compared.agree + compared.exceptions.height == compared.total == 498


def test_a_day_is_a_day_in_utc(tape, folder):
    row = pl.read_parquet(folder / "payments.parquet").filter(
        pl.col("processed_date").str.slice(11, 2) >= "20"
    )
    first = row.row(0, named=True)
    mine = tape.payments.filter(pl.col("source_ref") == str(first["payment_id"]))

    assert mine.item(0, "effective_on") == day(first["processed_date"])
    assert day(first["processed_date"]) + timedelta(days=1) != mine.item(0, "effective_on")
