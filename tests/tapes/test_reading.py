"""Goal: a file that cannot be read is refused with one clear code. Method: broken files."""

from datetime import date, datetime

import polars as pl
import pytest
import xlsxwriter

from daihou.tapes import reading
from daihou.tapes.native import Native
from daihou.tapes.protocol import TapeRefused

HEAD = "party_ref,name\n"


def refusal(path):
    with pytest.raises(TapeRefused) as refused:
        reading.read_tables(path)
    return refused.value.code


def test_an_empty_file(tmp_path):
    for name in ("loans.csv", "loans.parquet", "loans.xlsx"):
        (tmp_path / name).write_bytes(b"")
        assert refusal(tmp_path / name) == "file.empty"


def test_a_truncated_parquet(tmp_path):
    path = tmp_path / "loans.parquet"
    pl.DataFrame({"loan_ref": ["L1"] * 1000}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    assert refusal(path) == "file.damaged"


def test_a_parquet_damaged_inside(tmp_path):
    path = tmp_path / "loans.parquet"
    pl.DataFrame({"loan_ref": [str(n) for n in range(10_000)]}).write_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(b"PAR1" + b"\0" * (len(whole) - 8) + b"PAR1")
    assert refusal(path) == "file.damaged"


def test_a_workbook_that_is_none(tmp_path):
    path = tmp_path / "loans.xlsx"
    path.write_bytes(b"PK\x03\x04 no workbook")
    assert refusal(path) == "file.damaged"


def test_a_file_too_large_to_hold_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "payments.csv"
    with path.open("wb") as file:
        file.truncate(2 * 2**30)  # Sparse: two gibibytes without using the disk.
    assert refusal(path) == "file.too_large"


def test_a_row_with_more_fields_than_the_header_is_named(tmp_path):
    path = tmp_path / "parties.csv"
    path.write_text(HEAD + "A,x\n" + "B,x,y\n")
    with pytest.raises(TapeRefused) as refused:
        reading.read_tables(path)
    assert refused.value.code == "file.ragged"
    assert refused.value.params == {"file": "parties.csv", "row": 2, "found": 3, "wanted": 2}


def test_an_unknown_kind_of_file(tmp_path):
    (tmp_path / "loans.doc").write_bytes(b"x")
    assert refusal(tmp_path / "loans.doc") == "file.kind_unknown"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_text_is_read_whatever_the_encoding(tmp_path, encoding):
    (tmp_path / "parties.csv").write_bytes((HEAD + "P1,张三\nP2,李四\n").encode(encoding))

    tape = Native().read([tmp_path])

    assert tape.parties["name"].to_list() == ["张三", "李四"]


def test_a_line_in_another_encoding_is_an_error_that_can_be_read(tmp_path):
    lines = [HEAD.encode(), "P1,张三\n".encode(), "P2,李四\n".encode("gb18030"), b"P3,Lee\n"]
    (tmp_path / "parties.csv").write_bytes(b"".join(lines))

    tape = Native().read([tmp_path])

    assert tape.parties["party_ref"].to_list() == ["P1", "P3"]
    assert tape.errors.select("source_row", "code").rows() == [(2, "text.encoding")]
    assert tape.sources[0].rows.item(1, "name") == "李四"


def workbook(path, rows, formula=None):
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        sheet = book.add_worksheet("payments")
        for number, row in enumerate([("loan_ref", "effective_on", "amount"), *rows]):
            for place, value in enumerate(row):
                sheet.write(number, place, value)
        if formula:
            sheet.write_formula(formula, "=1+1", None, 2)


def test_dates_and_numbers_of_a_workbook(tmp_path):
    rows = [("L1", date(2024, 3, 1), 12.34), ("L1", datetime(2024, 3, 2), 5)]
    workbook(tmp_path / "tape.xlsx", rows)

    tape = Native().read([tmp_path], currency="CNY")

    assert tape.payments["effective_on"].to_list() == [date(2024, 3, 1), date(2024, 3, 2)]
    assert tape.payments["amount_minor"].to_list() == [1234, 500]


def test_a_formula_in_a_workbook_is_an_error_with_its_cell(tmp_path):
    rows = [("L1", date(2024, 3, 1), 1), ("L1", date(2024, 3, 2), 2)]
    workbook(tmp_path / "tape.xlsx", rows, formula="C3")

    tape = Native().read([tmp_path], currency="CNY")

    assert tape.payments.height == 1
    assert tape.errors.select("source_row", "column", "code").rows() == [
        (2, "amount", "cell.formula")
    ]


def test_an_excel_serial_number_is_no_date(tmp_path):
    workbook(tmp_path / "tape.xlsx", [("L1", 45352, 1)])

    tape = Native().read([tmp_path], currency="CNY")

    assert tape.errors["code"].to_list() == ["date.excel_serial"]
