"""Goal: what is made is kept with its origin; a book's statements come in one go, none dropped."""

import io
import json
from datetime import date

import pytest
from pypdf import PdfReader

from daihou.cli import main
from daihou.web.access.queries import system_user
from daihou.web.archive.models import File, Kind
from daihou.web.archive.operations import open_file
from daihou.web.assets.npm import ensure_installed
from daihou.web.documents import operations
from daihou.web.documents.errors import DocumentRefused
from daihou.web.documents.kinds import DocumentKind, Language
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book
from daihou.web.ledger.operations import create_book, post_tape
from daihou.web.parties.operations import PartyFacts, register_parties
from tests.web import ledger_books as books

MADE = date(2026, 7, 1)
AS_OF = date(2025, 8, 1)


@pytest.fixture
def book(scratch_database, monkeypatch):
    ensure_installed()
    return make_book()


def make_book():
    book = create_book(name="letters", currency="CNY", acting_user=system_user())
    loans = [books.loan(f"L/{n}") for n in range(5)] + [
        books.loan("LATER", disbursed_on=date(2025, 12, 1))
    ]
    paid = [books.payment("L/0", date(2025, 2, 6), 11_000)]
    post_tape(book=book, tape=books.tape(loans=loans, payments=paid), acting_user=system_user())
    register_parties(
        source="letters",
        parties=[
            PartyFacts(
                reference="person-L/0",
                kind="person",
                data={"name": ["欧阳静宜"], "id_number": ["11010519491231002X"]},
            )
        ],
        acting_user=system_user(),
    )
    return book


def make(book, kind="statement", loan_ref="L/0", **more):
    return operations.make(
        book=book,
        loan_ref=loan_ref,
        kind=DocumentKind(kind),
        language=Language.CHINESE,
        as_of=AS_OF,
        made_on=MADE,
        acting_user=system_user(),
        **more,
    )


def text_of(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_a_document_is_kept_with_what_it_was_made_from(book):
    file = make(book)
    assert (file.kind, file.name) == (Kind.PRODUCED, "statement-L-0-2025-08-01-zh.pdf")
    assert file.made_from["as_of"] == "2025-08-01"
    assert file.made_from["sequence"] > 0
    assert file.made_from["template"].startswith("statement-")
    text = text_of(b"".join(open_file(file=file, acting_user=system_user())))
    assert "欧阳静宜" in text
    assert "110***********002X" in text
    assert "11010519491231002X" not in text
    assert make(book) == file


def test_a_document_of_nobodys_loan_is_refused(book):
    with pytest.raises(LedgerRefused) as refused:
        make(book, loan_ref="none")
    assert refused.value.code == "loan.unknown"


def test_a_note_of_ten_thousand_characters_leaves_nothing_behind(book):
    with pytest.raises(DocumentRefused) as refused:
        make(book, note="x" * 10_000)
    assert refused.value.code == "document.field_too_long"
    assert not File.objects.exists()


def test_statements_of_a_book(book, tmp_path, capsys):
    out = tmp_path / "out"
    found = run(capsys, "statements", "--as-of", "2025-08-01", "--out", str(out))
    assert (found["made"], found["refused"]) == (5, [])
    assert len(list(out.glob("*.pdf"))) == 5
    assert File.objects.filter(kind=Kind.PRODUCED).count() == 5
    single = make(book)
    assert (out / single.name).read_bytes() == b"".join(
        open_file(file=single, acting_user=system_user())
    )
    run(capsys, "statements", "--as-of", "2025-08-01", "--out", str(out))
    assert File.objects.count() == 5


def test_a_statement_that_cannot_be_made_is_told_and_the_others_go_on(book, tmp_path, monkeypatch):
    whole = operations.values.statement

    def refuse_one(*, subject, as_of):
        if subject.contract.loan_ref == "L/3":
            raise DocumentRefused("document.nothing_to_show", loan_ref="L/3")
        return whole(subject=subject, as_of=as_of)

    monkeypatch.setattr(operations.values, "statement", refuse_one)
    made = list(
        operations.make_statements(
            book=Book.objects.get(),
            as_of=AS_OF,
            language=Language.ENGLISH,
            folder=tmp_path,
            made_on=MADE,
            acting_user=system_user(),
        )
    )
    assert [each.loan_ref for each in made if each.refused] == ["L/3"]
    assert [each.refused.code for each in made if each.refused] == ["document.nothing_to_show"]
    assert sum(bool(each.digest) for each in made) == 4


def test_one_document_by_command(book, tmp_path, capsys):
    out = tmp_path / "letter.pdf"
    found = run(
        capsys, "make", "schedule", "L/1", "--as-of", "2025-08-01", "--out", str(out),
        "--language", "en",
    )  # fmt: skip
    assert "Repayment schedule" in text_of(out.read_bytes())
    assert found["made_from"]["language"] == "en"


def run(capsys, *arguments):
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main.run(["documents", *arguments, "--json"])
    shown = capsys.readouterr()
    assert ended.value.code == 0, shown.err
    return json.loads(shown.out)
