"""Goal: a file is what it says, is kept as long as it must be, and whoever looked is known."""

import io
import zipfile
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from django.db import DatabaseError, transaction

from daihou.core.events import Event, Kind as EventKind
from daihou.web import home
from daihou.web.access.queries import system_user
from daihou.web.archive import operations, queries, sniffing, spooling
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.models import Content, File, FileView, Kind, Retention, Target
from daihou.web.audit.models import AuditRow
from daihou.web.ledger.operations import create_book, post_tape
from daihou.web.ledger.recording import record_event
from daihou.web.loans.models import Loan
from tests.web import ledger_books as books

PDF = b"%PDF-1.7\n%\xe2\xe3\n1 0 obj <<>> endobj\n"
REFUSAL = r"permission denied|append_only"
ARRIVED = date(2026, 6, 30)


@pytest.fixture
def loan(db, tmp_path, monkeypatch):
    """A loan in a transaction that rolls back, beside a store of its own."""
    monkeypatch.setenv("DAIHOU_SECRETS", str(home.secrets_folder()))
    monkeypatch.setenv("DAIHOU_HOME", str(tmp_path))
    return loan_of_new_book()


def loan_of_new_book():
    book = create_book(name="files", currency="CNY", acting_user=system_user())
    post_tape(book=book, tape=books.tape(loans=[books.loan("F1")]), acting_user=system_user())
    return Loan.objects.get(book=book)


def stored_in_new_book():
    return stored(loan_of_new_book())


def owner(loan):
    return operations.Owner(target_type=Target.LOAN, target_id=loan.pk)


def stored(loan, content=PDF, name="contract.pdf", kind=Kind.CONTRACT, arrived_on=ARRIVED):
    return operations.store_file(
        book=loan.book,
        name=name,
        content=io.BytesIO(content),
        kind=kind,
        links=[owner(loan)],
        arrived_on=arrived_on,
        acting_user=system_user(),
    )


def packed(parts, compression=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


WORD = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"}
REFUSED = [
    ("a.pdf", b"", "archive.empty"),
    ("a.pdf", b"<html><script>alert(1)</script>", "archive.script"),
    ("a.txt", b"hello <SCRIPT src=x>", "archive.script"),
    ("a.svg", b'<?xml version="1.0"?><svg onload="alert(1)"/>', "archive.script"),
    ("a.txt", b"#!/bin/sh\nrm -rf /\n", "archive.executable"),
    ("a.pdf", b"MZ\x90\x00" + bytes(100), "archive.executable"),
    ("a.jpg", b"\x7fELF\x02" + bytes(100), "archive.executable"),
    ("a.zip", packed({"a.txt": "x"}), "archive.packed"),
    ("a.docx", packed({"a.txt": "x"}), "archive.packed"),
    ("a.docx", packed(WORD | {"word/vbaProject.bin": "x"}), "archive.active_content"),
    ("a.docx", packed(WORD | {"word/media/a.png": bytes(30 << 20)}), "archive.bomb"),
    ("a.docx", packed(WORD | {f"word/{n}.xml": "" for n in range(2001)}), "archive.bomb"),
    ("a.docx", b"PK\x03\x04" + bytes(50), "archive.type_unknown"),
    ("a.pdf", PDF + b"<< /S /JavaScript /JS (app.alert(1)) >>", "archive.active_content"),
    ("a.png", PDF, "archive.wrong_extension"),
    ("contract", PDF, "archive.wrong_extension"),
    ("a.pdf", b"just words", "archive.wrong_extension"),
    ("a.bin", bytes(range(256)), "archive.type_unknown"),
    ("", PDF, "archive.name_refused"),
    ("x" * 250 + ".pdf", PDF, "archive.name_refused"),
    ("a\u202egpj.pdf", PDF, "archive.name_refused"),
]


@pytest.mark.parametrize(("name", "content", "code"), REFUSED)
def test_what_may_not_come_in_is_refused_and_nothing_is_stored(loan, name, content, code):
    with pytest.raises(ArchiveRefused) as refused:
        stored(loan, content=content, name=name)
    assert refused.value.code == code
    assert not File.objects.exists()
    assert not Content.objects.exists()
    assert not list(operations.store().digests())


TAKEN = [
    ("合同.pdf", PDF, "application/pdf"),
    ("a.JPEG", b"\xff\xd8\xff\xe0" + bytes(20), "image/jpeg"),
    ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"),
    ("a.amr", b"#!AMR\n" + bytes(20), "audio/amr"),
    ("a.m4a", b"\0\0\0\x18ftypM4A " + bytes(20), "audio/mp4"),
    ("a.txt", "客户已还款".encode(), "text/plain"),
    ("a.csv", "编号,金额\n".encode("gb18030"), "text/csv"),
    ("a.docx", packed(WORD), sniffing.DOCX),
    (
        "a.xlsx",
        packed({"[Content_Types].xml": "", "xl/workbook.xml": "", "xl/printerSettings1.bin": ""}),
        sniffing.XLSX,
    ),
]


@pytest.mark.parametrize(("name", "content", "media_type"), TAKEN)
def test_takes_what_it_knows_by_its_bytes(loan, name, content, media_type):
    file = stored(loan, content=content, name=f"C:\\papers\\{name}")
    assert (file.name, file.content.media_type) == (name, media_type)
    assert file.content_id == sha256(content).hexdigest()
    assert b"".join(operations.open_file(file=file, acting_user=system_user())) == content


def test_a_file_that_is_too_long_is_refused_on_the_way(loan, monkeypatch):
    class Endless:
        asked = 0

        def read(self, size):
            self.asked += 1
            return b"x" * size

    monkeypatch.setattr(spooling, "MOST_BYTES", 3 << 20)
    endless = Endless()
    with pytest.raises(ArchiveRefused) as refused, spooling.spooled(endless, most_bytes=3 << 20):
        pytest.fail("nothing may be given")
    assert refused.value.code == "archive.too_large"
    assert endless.asked == 4
    assert "3" in str(refused.value)


def test_the_same_content_is_kept_once(loan):
    first, again = stored(loan), stored(loan, name="again.pdf")
    other = stored(loan, kind=Kind.PHOTO)
    assert first == again
    assert other.content_id == first.content_id
    assert list(operations.store().digests()) == [first.content_id]
    assert first.links.count() == 1


def test_a_file_belongs_to_something_of_its_book(loan):
    elsewhere = operations.Owner(target_type=Target.LOAN, target_id=loan.pk + 10**6)
    for links, code in (([], "archive.no_owner"), ([elsewhere], "link.unknown")):
        with pytest.raises(ArchiveRefused) as refused:
            operations.store_file(
                book=loan.book,
                name="a.pdf",
                content=io.BytesIO(PDF),
                kind=Kind.CONTRACT,
                links=links,
                arrived_on=ARRIVED,
                acting_user=system_user(),
            )
        assert refused.value.code == code
    file = stored(loan)
    party = operations.Owner(target_type=Target.PARTY, target_id=loan.person_id)
    operations.link(file=file, links=[party], acting_user=system_user())
    found = queries.files(book=loan.book, target_type="party", target_id=loan.person_id)
    assert list(found) == [file]


def test_every_look_is_noted(loan, make_user):
    file, reader = stored(loan), make_user("collector")
    for _ in range(2):
        b"".join(operations.open_file(file=file, acting_user=reader))
    assert list(FileView.objects.values_list("file", "user")) == [(file.pk, reader.pk)] * 2
    assert AuditRow.objects.filter(action="file.look", acting_user=reader).count() == 2


@pytest.mark.parametrize("model", [File, Content, FileView])
def test_nothing_is_changed_in_place(loan, model):
    file = stored(loan)
    b"".join(operations.open_file(file=file, acting_user=system_user()))
    with pytest.raises(DatabaseError, match=REFUSAL), transaction.atomic():
        model.objects.all()._raw_delete("default")
    assert model.objects.exists()


def test_a_file_goes_after_its_years_and_not_before(loan):
    voucher = stored(loan, kind=Kind.VOUCHER)
    last_on = date(2056, 6, 30)
    assert queries.kept_until(files=[voucher], as_of=ARRIVED) == {voucher.pk: last_on}
    with pytest.raises(ArchiveRefused) as refused:
        remove(voucher, as_of=last_on)
    assert refused.value.code == "archive.retained"
    assert purge(loan, as_of=last_on) == []
    assert purge(loan, as_of=date(2056, 7, 1)) == [voucher]
    assert not list(operations.store().digests())
    with pytest.raises(ArchiveRefused) as refused:
        operations.open_file(file=voucher, acting_user=system_user())
    assert refused.value.code == "archive.removed"
    assert stored(loan, kind=Kind.VOUCHER) != voucher


def test_a_contract_is_kept_as_long_as_its_loan_is_open(loan):
    contract = stored(loan)
    assert contract.retention == Retention.CUSTOMER
    assert queries.kept_until(files=[contract], as_of=date(2099, 1, 1)) == {contract.pk: None}
    close(loan, on=date(2026, 7, 15))
    assert queries.kept_until(files=[contract], as_of=date(2099, 1, 1)) == {
        contract.pk: date(2036, 7, 15)
    }


def test_nothing_on_hold_goes(loan):
    voucher = stored(loan, kind=Kind.VOUCHER)
    after = date(2057, 1, 1)
    own = operations.hold_file(file=voucher, reason="诉讼", acting_user=system_user())
    whole = operations.hold_all(
        book=loan.book, owner=owner(loan), reason="监管检查", acting_user=system_user()
    )
    for held in (own, whole):
        with pytest.raises(ArchiveRefused) as refused:
            remove(voucher, as_of=after)
        assert refused.value.code == "archive.on_hold"
        assert purge(loan, as_of=after) == []
        operations.lift(hold=held, reason="结案", acting_user=system_user())
    with pytest.raises(ArchiveRefused) as refused:
        operations.lift(hold=own, reason="again", acting_user=system_user())
    assert refused.value.code == "hold.lifted_already"
    assert purge(loan, as_of=after) == [voucher]


def test_a_content_stays_while_another_file_has_it(loan):
    voucher, photo = stored(loan, kind=Kind.VOUCHER), stored(loan, kind=Kind.PHOTO)
    remove(voucher, as_of=date(2057, 1, 1))
    assert b"".join(operations.open_file(file=photo, acting_user=system_user())) == PDF


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\0b"])
def test_a_hold_has_a_reason(loan, reason):
    with pytest.raises(ArchiveRefused) as refused:
        operations.hold_file(file=stored(loan), reason=reason, acting_user=system_user())
    assert refused.value.code == "hold.reason_missing"


def test_damage_is_found(loan):
    _, changed, gone = (
        stored(loan, content=PDF + bytes([65 + n]), name=f"{n}.pdf") for n in range(3)
    )
    place = operations.store()
    place._path(changed.content_id).write_bytes(b"something else")
    place.remove(digest=gone.content_id)
    place.put(digest="ab" * 32, content=io.BytesIO(b"nobody's"))
    *_, last = queries.verify()
    assert (last.count, last.is_whole) == (3, False)
    assert (last.damaged, last.missing) == ((changed.content_id,), (gone.content_id,))
    assert last.unknown == ("ab" * 32,)


def remove(file, *, as_of):
    operations.remove(file=file, reason="到期", as_of=as_of, acting_user=system_user())


def purge(loan, *, as_of):
    return operations.purge_due(
        book=loan.book, as_of=as_of, reason="到期", acting_user=system_user()
    )


def close(loan, *, on):
    record_event(
        book=loan.book,
        loan_ref=loan.loan_ref,
        event=Event(
            kind=EventKind.CLOSED,
            effective_on=on,
            recorded_at=datetime(2026, 7, 15, tzinfo=UTC),
            sequence=0,
            key=f"closed:{loan.loan_ref}",
        ),
        acting_user=system_user(),
    )
