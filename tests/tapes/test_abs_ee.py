"""Goal: Ally's pools roll forward to the cent by events alone. Method: the source's balances."""

from datetime import date

import polars as pl
import pytest

from daihou.core.position import Status, position
from daihou.tapes.abs_ee import AbsEe, month_end
from daihou.tapes.contracts import contracts_of
from daihou.tapes.reconciliation import reconcile

CAUSES = {"charge_off", "adjustment", "overpayment", "refund"}


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "data" / "abs_auto_ally"


@pytest.fixture(scope="module")
def tape(folder):
    return AbsEe().read([folder])


def part_of(tape, *, every):
    """Take every n-th loan with all that is its own."""
    refs = tape.loans["loan_ref"].gather_every(every).implode()
    frames = {
        name: tape.frame(name).filter(pl.col("loan_ref").is_in(refs))
        for name in ("loans", "dues", "payments", "events")
    }
    return tape.with_frames(frames), tape.statements.filter(pl.col("loan_ref").is_in(refs))


def test_every_loan_and_every_stated_month_is_there(tape, folder):
    months = pl.read_parquet(folder / "loan_months.parquet")

    assert tape.loans.height == 3_513
    assert tape.statements.height == months["BAL"].drop_nulls().len() == 105_582
    assert tape.errors.is_empty()


def test_money_in_is_the_money_paid(tape, folder):
    months = pl.read_parquet(folder / "loan_months.parquet")
    paid = round(months["PMT"].drop_nulls().sum() * 100)
    settled = tape.payments.filter(pl.col("effective_on") == date(2017, 5, 31))

    assert tape.payments["amount_minor"].sum() - settled["amount_minor"].sum() == paid
    assert settled.height == 59


def roll_forward(tape, every):
    part, statements = part_of(tape, every=every)
    return reconcile(
        unit=tape.unit,
        statements=statements,
        loans=contracts_of(part),
        tolerance_minor=tape.tolerance_minor,
    )


def test_balances_roll_forward_within_a_cent(tape):
    found = roll_forward(tape, every=12)

    assert found.total > 8_000
    assert found.agree / found.total >= 0.997
    assert set(found.exceptions["cause"]) <= CAUSES
    assert found.agree + found.exceptions.height == found.total


@pytest.mark.long
def test_all_balances_roll_forward_within_a_cent(tape):
    found = roll_forward(tape, every=1)

    assert found.total == 105_582
    assert found.exceptions.group_by("cause").len().sort("cause").rows() == [
        ("adjustment", 93),
        ("charge_off", 110),
        ("refund", 1),
    ]


def test_what_is_taken_from_the_sources_balance_never_agrees(tape):
    adjusted = tape.events.filter(pl.col("key").str.starts_with("adjustment:"))
    stated = tape.statements.select("loan_ref", "as_of", "cause")
    matched = adjusted.join(
        stated, left_on=["loan_ref", "effective_on"], right_on=["loan_ref", "as_of"]
    )

    assert matched["cause"].is_in(["charge_off", "adjustment"]).all()
    assert adjusted.height - matched.height == 5  # Written off in a month without a balance.


def test_the_rolled_balance_is_the_position_of_that_day(tape):
    part, statements = part_of(tape, every=400)
    loans = list(contracts_of(part))
    found = reconcile(unit="", statements=statements, loans=loans, tolerance_minor=-1)
    ours = {(row["loan"], row["as_of"]): row for row in found.exceptions.iter_rows(named=True)}
    for contract, events in loans:
        for months in (1, 6, 20):
            row = ours.get((contract.loan_ref, month_end(date(2017, 5, 31), months=months)))
            if row is None or row["cause"] != "difference":
                continue
            at = position(contract=contract, events=events, as_of=row["as_of"])
            assert at.principal_outstanding_minor - at.unapplied_minor == row["ours_minor"]


def test_paid_off_loans_close_and_charged_off_loans_do_not(tape):
    part, _ = part_of(tape, every=20)
    off = set(part.events.filter(pl.col("kind") == "written_off")["loan_ref"])
    last = dict(
        tape.statements.sort("as_of")
        .group_by("loan_ref")
        .last()
        .select("loan_ref", "theirs_minor")
        .iter_rows()
    )
    seen = set()
    for contract, events in contracts_of(part):
        at = position(contract=contract, events=events, as_of=date(2020, 12, 31))
        seen.add(at.status)
        if contract.loan_ref in off:
            assert at.status is Status.WRITTEN_OFF
        elif last.get(contract.loan_ref, 0) == 0:
            assert (at.status, at.days_past_due) == (Status.CLOSED, 0)
        else:
            assert at.status is Status.ACTIVE
    assert seen == {Status.WRITTEN_OFF, Status.CLOSED, Status.ACTIVE}


def test_three_missed_months_after_regular_ones_are_two_months_past_due(tape, folder):
    """After level payments only, the first of three zero months ends 61 days before the third."""
    level = pl.concat(
        pl.read_parquet(path).select(
            "assetNumber",
            pl.col("reportingPeriodScheduledPaymentAmount").alias("level"),
            pl.col("nextReportingPeriodPaymentAmountDue").alias("next"),
        )
        for path in sorted(folder.glob("loans_*.parquet"))
    )
    is_zero = (pl.col("PMT") == 0).cast(pl.Int8)
    is_level = (pl.col("PMT") - pl.col("level")).abs() < 0.01
    missed = (
        pl.read_parquet(folder / "loan_months.parquet")
        .join(level, on="assetNumber")
        .sort("assetNumber", "month")
        .with_columns(
            zeros=is_zero.cum_sum().over("assetNumber"),
            levels=is_level.cast(pl.Int8).cum_sum().over("assetNumber"),
        )
        .filter(
            (pl.col("zeros") == 3)
            & (pl.col("levels") == pl.col("month") - 3)
            & (pl.col("next") == pl.col("level"))
            & (pl.col("PMT") == 0)
            & (pl.col("BAL") > 0)
        )
    )
    refs = missed["assetNumber"].cast(pl.String).implode()
    part = tape.with_frames(
        {
            name: tape.frame(name).filter(pl.col("loan_ref").is_in(refs))
            for name in ("loans", "dues", "payments", "events")
        }
    )
    month_of = dict(missed.select(pl.col("assetNumber").cast(pl.String), "month").iter_rows())
    days = []
    for contract, events in contracts_of(part):
        as_of = month_end(date(2017, 5, 31), months=month_of[contract.loan_ref])
        days.append(position(contract=contract, events=events, as_of=as_of).days_past_due)

    assert len(days) > 10
    assert sum(59 <= count <= 62 for count in days) / len(days) > 0.85
