"""Goal: what a tape holds is booked once and compared with the book. Method: the command itself."""

import csv

import pytest

from daihou.cli import importing
from daihou.errors import DaihouError
from daihou.tapes.protocol import TapeRefused
from daihou.web.ledger.models import Book, Event, ImportBatch

pytestmark = pytest.mark.django_db
LOANS = "loan_ref,currency,principal,disbursed_on\nL1,CNY,1000,2024-01-31\n"
DUES = "loan_ref,instalment_no,due_on,principal\nL1,1,2024-02-29,400\nL1,2,2024-03-31,600\n"
PAYMENTS = "loan_ref,effective_on,amount\n"
KEYS = ["book", "loans", "events", "rejected_rows", "errors_file", "reconciliation"]


@pytest.fixture(autouse=True)
def server_runs(monkeypatch):
    monkeypatch.setattr("daihou.web.postgres.database.ensure_database", lambda: None)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "loans.csv").write_text(LOANS)
    (tmp_path / "dues.csv").write_text(DUES)
    (tmp_path / "payments.csv").write_text(PAYMENTS + "L1,2024-02-29,400\nL9,2024-02-29,1\n")
    return tmp_path


def take(folder, **kwargs):
    return importing.import_tape(format_name="native", paths=[folder], **kwargs)


def test_the_result_has_its_stable_keys(folder):
    result = take(folder)

    assert list(result) == KEYS
    assert list(result["reconciliation"]) == ["unit", "total", "agree", "exceptions"]
    assert (result["book"], result["loans"], result["events"]) == ("native", 1, 2)


def test_importing_twice_changes_nothing(folder):
    take(folder)
    before = list(Event.objects.order_by("sequence").values_list("sequence", "key"))

    again = take(folder)

    assert (again["loans"], again["events"]) == (0, 0)
    assert list(Event.objects.order_by("sequence").values_list("sequence", "key")) == before


def test_a_row_of_an_unknown_loan_is_kept_and_can_be_mended(folder):
    result = take(folder)
    with result["errors_file"].open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    text = result["errors_file"].read_text(encoding="utf-8-sig").replace("L9", "L1")
    mended = folder / "mended.csv"
    mended.write_text(text)

    again = importing.import_tape(format_name="native", paths=[mended])

    assert [(row["row_number"], row["code"], row["loan_ref"]) for row in rows] == [
        ("2", "loan.unknown", "L9")
    ]
    assert (result["rejected_rows"], again["events"], again["rejected_rows"]) == (1, 1, 0)


def test_payments_alone_go_to_the_book_that_is_there(folder, tmp_path_factory):
    take(folder, book="mine")
    later = tmp_path_factory.mktemp("later")
    (later / "payments.csv").write_text(PAYMENTS + "L1,2024-03-31,600\n")

    assert take(later, book="mine")["events"] == 1


def test_another_currency_than_the_books_is_refused(folder, tmp_path_factory):
    take(folder)
    other = tmp_path_factory.mktemp("other")
    (other / "loans.csv").write_text(LOANS.replace("L1,CNY", "L2,USD"))

    result = take(other)

    assert (result["loans"], result["rejected_rows"]) == (0, 1)
    assert "currency" in result["errors_file"].read_text(encoding="utf-8-sig")


def test_a_file_that_cannot_be_read_leaves_nothing_behind(folder):
    (folder / "payments.parquet").write_bytes(b"PAR1 and no more")

    with pytest.raises(TapeRefused) as refused:
        take(folder)

    assert refused.value.code == "file.damaged"
    assert not Book.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_posting_that_breaks_leaves_no_book_behind(folder, monkeypatch):
    monkeypatch.setattr("daihou.web.ledger.operations.put_events", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        take(folder)

    assert not Book.objects.exists()


def test_a_book_made_by_another_import_meanwhile_is_taken(folder, monkeypatch):
    take(folder)
    nothing_yet = Book.objects.none()
    monkeypatch.setattr(Book.objects, "filter", lambda **_: nothing_yet)

    assert take(folder)["events"] == 0


def test_a_new_book_needs_a_loan(tmp_path):
    (tmp_path / "payments.csv").write_text(PAYMENTS + "L1,2024-03-31,600\n")

    with pytest.raises(DaihouError) as refused:
        take(tmp_path)

    assert refused.value.code == "import.no_loans"


def test_the_batch_keeps_what_was_found(folder):
    (folder / "positions.csv").write_text(
        "loan_ref,as_of,principal_outstanding,days_past_due\nL1,2024-02-29,599.99,0\n"
    )
    result = importing.import_tape(format_name="positions", paths=[folder])
    batch = ImportBatch.objects.get()

    kept = batch.summary["reconciliation"]
    assert (kept["total"], kept["agree"], kept["as_of"]) == (3, 2, "2024-02-29")
    assert result["reconciliation"]["exceptions"][0]["ours_minor"] == 60_000
    assert batch.errors_file == str(result["errors_file"])


def test_a_later_days_positions_are_compared_with_the_schedule_held(folder, tmp_path_factory):
    (folder / "loans.csv").write_text(LOANS + "L2,CNY,50,2024-01-31\n")
    take(folder)
    later = tmp_path_factory.mktemp("later")
    (later / "positions.csv").write_text(
        "loan_ref,as_of,principal_outstanding,days_past_due\n"
        "L1,2024-03-01,599.99,0\nL2,2024-03-01,50,0\nL7,2024-03-01,50,0\n"
    )

    found = importing.import_tape(format_name="positions", paths=[later], book="native")

    assert (found["events"], found["rejected_rows"]) == (2, 1)
    assert (found["reconciliation"]["total"], found["reconciliation"]["agree"]) == (3, 2)
    assert found["reconciliation"]["exceptions"][0]["loan"] == "L1"


@pytest.mark.parametrize(
    ("name", "place", "loans", "total"),
    [("kiva", "kiva", 498, 498), ("superlender", "superlender", 18_434, 14_870)],
)
def test_the_real_books_are_taken_in_and_compared(shared, name, place, loans, total):
    result = importing.import_tape(format_name=name, paths=[shared / "data" / place])
    found = result["reconciliation"]

    assert (result["loans"], found["total"]) == (loans, total)
    assert found["agree"] + len(found["exceptions"]) == total
