"""Goal: every ratio has its true numerator and denominator. Method: small books counted by hand."""

from datetime import date

import polars as pl
import pytest

from daihou.risk import ageing, collection_levels, first_payment_default, roll_rates, vintages

JAN, FEB, MAR = date(2025, 1, 31), date(2025, 2, 28), date(2025, 3, 31)


def book(rows):
    names = ["loan_id", "person_id", "status", "bucket", "principal_outstanding_minor"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(overdue_minor=pl.col("principal_outstanding_minor") // 10)


BEFORE = book(
    [
        (1, 1, "active", "M0", 100),
        (2, 1, "active", "M0", 300),
        (3, 2, "active", "M1", 80),
        (4, 3, "closed", "M0", 0),
        (5, 4, "written_off", "M6+", 50),
    ]
)
AFTER = book(
    [
        (1, 1, "active", "M0", 90),
        (2, 1, "active", "M1", 300),
        (3, 2, "active", "M2", 80),
        (4, 3, "closed", "M0", 0),
        (5, 4, "written_off", "M6+", 50),
        (6, 5, "active", "M0", 500),
    ]
)


def test_ageing_keeps_empty_buckets_and_leaves_closed_loans_out():
    got = {row["bucket"]: row for row in ageing.ageing(BEFORE).iter_rows(named=True)}
    assert list(got) == list(ageing.ROWS)
    assert (got["M0"]["loans"], got["M0"]["persons"]) == (2, 1)
    assert got["M0"]["principal_outstanding_minor"] == 400
    assert got["M3"]["loans"] == 0
    assert sum(row["loans"] for row in got.values()) == 4
    assert sum(row["principal_share"] for row in got.values()) == pytest.approx(1)


def test_ageing_counts_loans_without_a_person_one_by_one():
    nobody = BEFORE.with_columns(person_id=pl.lit(None, pl.Int64))
    assert ageing.ageing(nobody)["persons"].sum() == 4


def test_ageing_of_an_empty_book_has_no_share():
    assert ageing.ageing(BEFORE.clear())["principal_share"].sum() == 0


def test_roll_matrix_divides_by_the_state_that_was_left():
    got = roll_rates.roll_matrix(before=BEFORE, after=AFTER)
    rolled = got.row(by_predicate=(pl.col("from_state") == "M0") & (pl.col("to_state") == "M1"),
                     named=True)  # fmt: skip
    assert (rolled["loans"], rolled["of_loans"]) == (1, 2)
    assert (rolled["principal_minor"], rolled["of_principal_minor"]) == (300, 400)
    assert rolled["principal_rate"] == 0.75
    shares = got.group_by("from_state").agg(pl.col("loan_rate").sum())["loan_rate"]
    assert shares.to_list() == pytest.approx([1.0] * len(shares))
    assert "closed" not in got["from_state"]


def test_a_loan_never_vanishes():
    with pytest.raises(ValueError, match="missing on the later day"):
        roll_rates.roll_matrix(before=AFTER, after=BEFORE)


def test_flow_rate_is_upper_balance_over_earlier_lower_balance():
    got = roll_rates.flow_rates(before=BEFORE, after=AFTER)
    first = got.row(0, named=True)
    assert (first["numerator_minor"], first["denominator_minor"]) == (300, 400)
    assert got.row(3, named=True)["rate"] is None


HISTORY = pl.DataFrame(
    [
        (JAN, 1, 0, 100), (FEB, 1, 31, 90), (MAR, 1, 0, 0),
        (FEB, 2, 30, 200), (MAR, 2, 61, 200),
    ],
    schema=["as_of", "loan_id", "days_past_due", "principal_outstanding_minor"],
    orient="row",
)  # fmt: skip
LOANS = pl.DataFrame(
    {
        "loan_id": [1, 2],
        "disbursed_on": [date(2025, 1, 3), date(2025, 2, 20)],
        "disbursed_minor": [100, 200],
    }
)


@pytest.mark.parametrize(
    ("ever", "rates"), [(False, [0, 0.9, 0, 0, 1]), (True, [0, 0.9, 0.9, 0, 1])]
)
def test_vintage_counts_from_the_month_of_booking(ever, rates):
    got = vintages.vintage_curves(history=HISTORY, loans=LOANS, ever=ever)
    assert got["months_on_book"].to_list() == [0, 1, 2, 0, 1]
    assert got["rate"].to_list() == rates
    assert got["disbursed_minor"].to_list() == [100, 100, 100, 200, 200]


FIRSTS = pl.DataFrame(
    [
        (1, 1, date(2025, 2, 3), date(2025, 2, 3), 10),
        (1, 2, date(2025, 3, 3), None, 10),
        (2, 1, date(2025, 3, 20), date(2025, 3, 21), 30),
        (3, 1, date(2025, 3, 31), None, 50),
    ],
    schema=["loan_id", "instalment_no", "due_on", "paid_on", "due_minor"],
    orient="row",
)


def test_first_payment_default_leaves_out_what_is_not_yet_due_k_days():
    loans = pl.concat([LOANS, LOANS.head(1).with_columns(loan_id=pl.lit(3, pl.Int64))])
    got = first_payment_default.first_payment_default(
        instalments=FIRSTS, loans=loans, as_of=MAR, late_days=1
    )
    assert got["matured_loans"].to_list() == [1, 1]
    assert got["late_loans"].to_list() == [0, 1]
    assert got["amount_rate"].to_list() == [0, 1]
    later = first_payment_default.first_payment_default(
        instalments=FIRSTS, loans=loans, as_of=MAR, late_days=2
    )
    assert later["late_loans"].to_list() == [0, 0]


def test_levels_multiply_to_current_to_m2():
    dues = pl.DataFrame(
        [
            (1, date(2025, 1, 5), date(2025, 1, 5), 800),
            (2, date(2025, 1, 6), date(2025, 2, 5), 150),
            (3, date(2025, 1, 7), None, 50),
            (3, date(2025, 2, 7), None, 50),  # Its loan is late already.
        ],
        schema=["loan_id", "due_on", "paid_on", "due_minor"],
        orient="row",
    )
    frame = collection_levels.collection_levels(instalments=dues, as_of=MAR)
    assert frame["month_on"].to_list() == [date(2025, 1, 1)]
    got = frame.row(0, named=True)
    assert (got["unpaid_day_1_minor"], got["unpaid_day_30_minor"]) == (200, 50)
    assert got["current_to_m2"] == pytest.approx(
        got["day_1_delinquency"] * (1 - got["collection_30"])
    )


def test_a_level_over_nothing_is_no_figure():
    dues = pl.DataFrame(
        [
            (1, date(2025, 1, 5), date(2025, 1, 5), 800),
            (2, date(2025, 2, 6), date(2025, 2, 6), 0),
        ],
        schema=["loan_id", "due_on", "paid_on", "due_minor"],
        orient="row",
    )
    frame = collection_levels.collection_levels(instalments=dues, as_of=MAR)
    rates = frame.select("day_1_delinquency", "collection_30", "current_to_m2").rows()
    assert rates == [(0, None, 0), (None, None, None)]
