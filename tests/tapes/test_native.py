"""Goal: every bad row is found, named and kept; no good row is lost. Method: small files."""

import polars as pl
import pytest

from daihou.tapes import findings
from daihou.tapes.native import Native
from daihou.tapes.protocol import TapeRefused

LOANS = "loan_ref,currency,principal,disbursed_on\nL1,CNY,1000.00,2024-01-31\n"
DUES = "loan_ref,instalment_no,due_on,principal\nL1,1,2024-02-29,400\nL1,2,2024-03-31,600\n"
PAYMENTS = "loan_ref,effective_on,amount\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "loans.csv").write_text(LOANS)
    (tmp_path / "dues.csv").write_text(DUES)
    return tmp_path


def read(folder, **kwargs):
    return Native().read([folder], **kwargs)


def codes(tape):
    return sorted(tape.errors.get_column("code").to_list())


def test_reads_major_units_exactly_and_makes_keys_that_stay(folder):
    (folder / "payments.csv").write_text(PAYMENTS + "L1,2024-02-29,0.10\nL1,2024-02-29,0.10\n")

    first, second = read(folder), read(folder)

    assert first.payments["amount_minor"].to_list() == [10, 10]
    assert first.payments["key"].n_unique() == 2
    assert first.payments["key"].to_list() == second.payments["key"].to_list()
    assert first.loans["principal_minor"].to_list() == [100_000]
    assert codes(first) == []


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("L1,2024-03-01,-1", "amount", "amount.not_positive"),
        ("L1,2024-03-01,0", "amount", "amount.not_positive"),
        ("L1,2024-03-01,nan", "amount", "amount.not_finite"),
        ("L1,2024-03-01,-Infinity", "amount", "amount.not_finite"),
        ("L1,2024-03-01,#DIV/0!", "amount", "amount.not_finite"),
        ("L1,2024-03-01,92233720368547758.08", "amount", "amount.too_large"),
        ("L1,2024-03-01,1.005", "amount", "amount.too_fine"),
        ("L1,2024-03-01,1e3", "amount", "amount.malformed"),
        ("L1,2024-03-01,=1+1", "amount", "cell.formula"),
        ("L1,2024-03-01,", "amount", "value.missing"),
        ("L1,2024-02-31,1", "effective_on", "date.impossible"),
        ("L1,31.01.2024,1", "effective_on", "date.malformed"),
        ("L1,45350,1", "effective_on", "date.excel_serial"),
        (",2024-03-01,1", "loan_ref", "value.missing"),
        ("L\x00,2024-03-01,1", "loan_ref", "text.control_character"),
        ("L1,0024-03-01,1", "effective_on", "date.out_of_range"),
        ("L1,9999-12-31,1", "effective_on", "date.out_of_range"),
    ],
)
def test_a_bad_payment_is_named_with_row_and_column(folder, row, column, code):
    (folder / "payments.csv").write_text(f"{PAYMENTS}L1,2024-02-29,1\n{row}\n")

    tape = read(folder)
    listed = findings.describe_errors(tape).row(0, named=True)

    assert tape.payments.height == 1
    assert (listed["source_table"], listed["row_number"]) == ("payments", "2")
    assert (listed["column"], listed["code"]) == (column, code)
    assert listed["message_zh"] != listed["message_en"]


def test_the_largest_amount_is_read_to_the_last_unit(folder):
    (folder / "payments.csv").write_text(PAYMENTS + "L1,2024-03-01,92233720368547758.07\n")

    assert read(folder).payments["amount_minor"].to_list() == [2**63 - 1]


def test_a_bad_due_holds_its_contract_back_and_nothing_else(folder):
    (folder / "loans.csv").write_text(LOANS + "L2,CNY,100,2024-01-31\n")
    (folder / "dues.csv").write_text(DUES + "L2,1,2024-01-30,100\n")
    (folder / "payments.csv").write_text(PAYMENTS + "L2,2024-03-01,1\nL1,2024-03-01,1\n")

    tape = read(folder)

    assert tape.loans["loan_ref"].to_list() == ["L1"]
    assert tape.payments["loan_ref"].to_list() == ["L1"]
    assert codes(tape) == ["due.before_disbursement", "row.held_back", "row.held_back"]


@pytest.mark.parametrize(
    ("dues", "code"),
    [
        ("L1,1,2024-02-29,400\nL1,2,2024-03-31,599.99\n", "schedule.sum_differs"),
        ("L1,1,2024-03-31,400\nL1,2,2024-02-29,600\n", "due.out_of_order"),
        ("L1,1,2024-02-29,400\nL1,1,2024-03-31,600\n", "key.conflict"),
        ("L1,1,2024-02-29,1000\nL1,2,2024-03-31,0\n", "due.nothing_due"),
    ],
)
def test_a_schedule_that_does_not_hold_together_is_refused(folder, dues, code):
    (folder / "dues.csv").write_text(DUES.splitlines()[0] + "\n" + dues)

    tape = read(folder)

    assert code in codes(tape)
    assert tape.loans.is_empty()
    assert tape.dues.is_empty()


def test_a_repeated_row_counts_once_and_a_changed_one_is_an_error(folder):
    head = "loan_ref,effective_on,amount,key\n"
    row = "L1,2024-03-01,1,k1\n"
    (folder / "payments.csv").write_text(head + row + row + "L1,2024-03-01,2,k1\n")

    tape = read(folder)

    assert tape.payments["amount_minor"].to_list() == [100]
    assert codes(tape) == ["key.conflict"]
    assert "row.repeated" in tape.notes["code"].to_list()


def test_a_book_has_one_currency(folder):
    (folder / "loans.csv").write_text(
        LOANS + "L2,CNY,5,2024-01-31\nL3,USD,5,2024-01-31\n", encoding="utf-8"
    )

    assert codes(read(folder)) == ["currency.mixed"]


def test_a_payment_in_another_currency_than_the_books_is_refused(folder):
    head = "loan_ref,effective_on,amount,currency\n"
    (folder / "payments.csv").write_text(head + "L1,2024-03-01,1,CNY\nL1,2024-03-01,1,USD\n")

    tape = read(folder, currency="CNY")

    assert (tape.payments.height, codes(tape)) == (1, ["currency.wrong"])


def test_a_payment_in_another_currency_than_the_loans_of_a_new_book_is_refused(folder):
    head = "loan_ref,effective_on,amount,currency\n"
    (folder / "payments.csv").write_text(head + "L1,2024-03-01,1,CNY\nL1,2024-03-01,1,USD\n")

    tape = read(folder)

    assert (tape.payments.height, codes(tape)) == (1, ["currency.wrong"])


def test_a_term_beyond_a_hundred_years_is_refused(folder):
    (folder / "dues.csv").unlink()
    (folder / "loans.csv").write_text(
        "loan_ref,currency,principal,disbursed_on,method,rate,rate_per,instalment_count,every\n"
        "L1,CNY,1,2024-01-31,equal_instalment,0.12,year,1180,1\n"
        "L2,CNY,1,2024-01-31,equal_instalment,0.12,year,3660,366\n"
    )

    tape = read(folder)

    assert (tape.loans["loan_ref"].to_list(), codes(tape)) == (["L1"], ["term.too_long"])


@pytest.mark.parametrize(
    ("terms", "is_taken"),
    [
        ("1000,equal_instalment,0.36,year,360,", True),
        ("10000000000000,equal_instalment,0.36,year,360,", True),
        ("90000000000000000,equal_instalment,0.36,year,360,", False),
        ("90000000000000000,bullet,0.36,year,,2024-06-01", False),
        ("1000000,flat,999999999,day,360,", False),
    ],
)
def test_a_schedule_that_would_not_fit_64_bits_is_refused(folder, terms, is_taken):
    (folder / "dues.csv").unlink()
    head = "loan_ref,currency,disbursed_on,principal,method,rate,rate_per,instalment_count"
    (folder / "loans.csv").write_text(f"{head},first_due_on\nL1,CNY,2024-01-31,{terms}\n")

    assert codes(read(folder)) == ([] if is_taken else ["amount.sum_too_large"])


def test_a_currency_without_decimals_takes_whole_units_only(folder):
    (folder / "loans.csv").write_text(LOANS.replace("CNY,1000.00", "JPY,1000"))
    (folder / "payments.csv").write_text(PAYMENTS + "L1,2024-03-01,5\nL1,2024-03-01,5.5\n")

    tape = read(folder)

    assert tape.loans["principal_minor"].to_list() == [1000]
    assert (tape.payments["amount_minor"].to_list(), codes(tape)) == ([5], ["amount.too_fine"])


def test_both_columns_of_an_amount_must_agree(folder):
    head = "loan_ref,effective_on,amount,amount_minor\n"
    (folder / "payments.csv").write_text(head + "L1,2024-03-01,1,100\nL1,2024-03-02,1,101\n")

    tape = read(folder)

    assert (tape.payments.height, codes(tape)) == (1, ["amount.twice"])


def test_money_before_the_disbursement_is_taken_and_noted(folder):
    (folder / "payments.csv").write_text(PAYMENTS + "L1,2024-01-30,1\n")

    tape = read(folder)

    assert tape.payments.height == 1
    assert tape.notes["code"].to_list() == ["payment.before_disbursement"]


def test_a_loan_without_a_schedule_is_taken_noted_and_never_late(folder):
    (folder / "dues.csv").unlink()

    tape = read(folder)

    assert tape.notes["code"].to_list() == ["loan.no_schedule"]
    assert tape.dues["due_on"].dt.year().to_list() == [9999]


def test_openings_keep_dues_older_than_the_cut_over(folder):
    (folder / "loans.csv").unlink()
    head = "loan_ref,currency,principal,opened_on\n"
    (folder / "openings.csv").write_text(head + "L1,CNY,1000,2024-03-15\n")

    tape = read(folder)

    assert tape.loans["kind_of_start"].to_list() == ["opened"]
    assert (tape.dues.height, codes(tape)) == (2, [])


def test_terms_are_checked_word_by_word(folder):
    (folder / "dues.csv").unlink()
    (folder / "loans.csv").write_text(
        "loan_ref,currency,principal,disbursed_on,method,rate,rate_per,instalment_count\n"
        "L1,CNY,1,2024-01-31,equal_instalment,0.12,year,12\n"
        "L2,CNY,1,2024-01-31,equal_instalments,0.12,year,12\n"
        "L3,CNY,1,2024-01-31,flat,0.12,,12\n"
        "L4,CNY,1,2024-01-31,flat,12%,year,12\n"
    )

    tape = read(folder)

    assert tape.loans["loan_ref"].to_list() == ["L1"]
    assert codes(tape) == ["number.malformed", "value.missing", "value.unknown"]


def test_the_errors_file_can_be_mended_and_imported(folder, tmp_path_factory):
    bad = PAYMENTS + "L1,2024-02-31,1\nL1,2024-03-01,x\nL1,2024-03-02,7\n"
    (folder / "payments.csv").write_text(bad)
    errors_file = tmp_path_factory.mktemp("errors") / "errors.csv"
    findings.write_errors(read(folder), errors_file)

    text = errors_file.read_text(encoding="utf-8-sig")
    errors_file.write_text(text.replace("2024-02-31", "2024-02-29").replace(",x", ",5"))
    mended = Native().read([errors_file], currency="CNY")

    assert mended.payments["amount_minor"].to_list() == [100, 500]
    assert codes(mended) == []


def test_unknown_and_missing_columns_refuse_the_file(folder):
    (folder / "payments.csv").write_text("loan_ref,effective_on,amount,colour\nL1,2024-03-01,1,x\n")
    with pytest.raises(TapeRefused) as refused:
        read(folder)
    assert refused.value.code == "column.unknown"

    (folder / "payments.csv").write_text("loan_ref,amount\nL1,1\n")
    with pytest.raises(TapeRefused) as refused:
        read(folder)
    assert (refused.value.code, refused.value.params["columns"]) == (
        "column.missing",
        "effective_on",
    )


def test_typed_parquet_is_held_to_the_same_rules(folder):
    pl.DataFrame(
        {
            "loan_ref": ["L1"] * 5,
            "effective_on": ["2024-03-01"] * 5,
            "amount": [1.1, float("nan"), float("inf"), 1.001, 1e300],
        }
    ).write_parquet(folder / "payments.parquet")

    tape = read(folder)

    assert tape.payments["amount_minor"].to_list() == [110]
    assert codes(tape) == [
        "amount.not_finite",
        "amount.not_finite",
        "amount.too_fine",
        "amount.too_large",
    ]


def test_integers_beyond_64_bits_are_refused(folder):
    frame = pl.DataFrame(
        {
            "loan_ref": ["L1", "L1"],
            "effective_on": ["2024-03-01"] * 2,
            "amount_minor": pl.Series([2**64 - 1, 5], dtype=pl.UInt64),
        }
    )
    frame.write_parquet(folder / "payments.parquet")

    tape = read(folder)

    assert (tape.payments["amount_minor"].to_list(), codes(tape)) == ([5], ["amount.too_large"])


def test_events_and_instants(folder):
    (folder / "events.csv").write_text(
        "loan_ref,kind,effective_on,amount,component,due_on,target_key,known_at\n"
        "L1,charge_added,2024-02-01,5,fee,2024-02-29,,2024-02-01T08:00:00+08:00\n"
        "L1,payment_reversed,2024-02-01,,,,,\n"
        "L1,written_off,2024-02-01,,,,,2024-02-01 08:00:00\n"
        "L1,vanished,2024-02-01,,,,,\n"
    )

    tape = read(folder)

    assert tape.events["kind"].to_list() == ["charge_added"]
    assert tape.events["known_at"].dt.hour().to_list() == [0]
    assert codes(tape) == ["time.no_zone", "value.missing", "value.unknown"]
