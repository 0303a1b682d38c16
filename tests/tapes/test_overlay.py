"""Goal: stated balances stay as stated and are compared to the cent. Method: small tapes."""

from datetime import date

import polars as pl
import pytest

from daihou.core.position import position
from daihou.tapes.contracts import contracts_of
from daihou.tapes.lendingclub import LendingClub
from daihou.tapes.positions import Positions
from daihou.tapes.reconciliation import reconcile

LOANS = "loan_ref,currency,principal,disbursed_on\nL1,CNY,1000,2024-01-31\nL2,CNY,50,2024-01-31\n"
DUES = "loan_ref,instalment_no,due_on,principal\nL1,1,2024-02-29,400\nL1,2,2024-03-31,600\n"
HEAD = "loan_ref,as_of,principal_outstanding,overdue,days_past_due\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "loans.csv").write_text(LOANS)
    (tmp_path / "dues.csv").write_text(DUES)
    (tmp_path / "payments.csv").write_text("loan_ref,effective_on,amount\nL1,2024-03-02,399.99\n")
    return tmp_path


def compared(folder):
    tape = Positions().read([folder])
    return tape, reconcile(unit=tape.unit, statements=tape.statements, loans=contracts_of(tape))


def test_each_difference_is_listed_with_the_cent(folder):
    (folder / "positions.csv").write_text(HEAD + "L1,2024-03-02,600.00,0,0\n")

    tape, found = compared(folder)

    assert (found.unit, found.total, found.agree) == ("stated figures", 3, 0)
    assert found.exceptions.select("figure", "ours_minor", "theirs_minor").rows() == [
        ("stated_principal", 60_001, 60_000),
        ("stated_overdue", 1, 0),
        ("stated_days", 2, 0),
    ]
    assert tape.errors.is_empty()


def test_what_agrees_agrees(folder):
    (folder / "positions.csv").write_text(HEAD + "L1,2024-03-01,1000,400,1\n")

    _, found = compared(folder)

    assert (found.total, found.agree) == (3, 3)


def test_without_a_schedule_nothing_is_compared(folder):
    (folder / "positions.csv").write_text(HEAD + "L2,2024-03-01,50,0,0\n")

    tape, found = compared(folder)

    assert (found.total, tape.stated.height) == (0, 1)


def test_two_positions_of_one_day_are_an_error_of_the_second(folder):
    (folder / "positions.csv").write_text(HEAD + "L1,2024-03-01,1,0,0\nL1,2024-03-01,2,0,0\n")

    tape, _ = compared(folder)

    assert tape.stated["principal_outstanding_minor"].to_list() == [100]
    assert tape.errors["code"].to_list() == ["key.conflict"]


def test_stated_figures_are_the_loans_until_the_next_tape(folder):
    (folder / "positions.csv").write_text(HEAD + "L1,2024-03-02,600.00,0,0\n")
    tape, _ = compared(folder)
    contract, events = next(iter(contracts_of(tape)))

    at = position(contract=contract, events=events, as_of=date(2024, 3, 2))
    later = position(contract=contract, events=events, as_of=date(2024, 3, 5))

    assert (at.principal_outstanding_minor, at.is_stale) == (60_000, False)
    assert (later.principal_outstanding_minor, later.is_stale) == (60_000, True)


def test_lendingclubs_totals_agree_but_for_charge_offs(shared):
    tape = LendingClub().read([shared / "data" / "lendingclub_small"])
    found = reconcile(unit=tape.unit, statements=tape.statements, loans=contracts_of(tape))

    assert (tape.stated.height, tape.errors.height) == (10_000, 0)
    assert (found.total, found.agree) == (10_000, 9_993)
    assert found.exceptions["cause"].to_list() == ["charge_off"] * 7


def test_lendingclubs_money_is_the_sum_of_its_parts(shared):
    folder = shared / "data" / "lendingclub_small"
    raw = pl.read_parquet(folder / "loans_full_schema.parquet")
    tape = LendingClub().read([folder])

    assert abs(tape.payments["amount_minor"].sum() - round(raw["paid_total"].sum() * 100)) < 500
