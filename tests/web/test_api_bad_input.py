"""Goal: what may not be is refused through the API too, by code, and nothing changes.

Method: send each of it to a book of a few loans; hold everything written to what there was.
"""

import io
import zipfile

import pytest

from daihou.web.access.queries import system_user
from daihou.web.archive.models import File
from daihou.web.ledger.models import Book
from daihou.web.payments import channels
from daihou.web.payments.models import Receipt
from tests.web.api_client import KEYS, program
from tests.web.servicing_book import *  # noqa: F403
from tests.web.servicing_book import everything, sequence_of

LOAN = "/books/desk/loans/A"
TODAY = "2025-05-20"
PAID = "paid:A:2025-03-06:11002"
ASKED = {"effective_on": TODAY}
EXTEND = ("extend", ASKED | {"through_on": "2026-03-06"})
REVERSE = ("reverse_payment", ASKED)
WAIVE = ("waive", ASKED | {"components": ["penalty"], "amount_minor": 100})


@pytest.fixture
def desk(book, make_user):
    return program(make_user("manager"))


def wanted(action, asked, seen=None):
    return {
        "action": action,
        "asked": asked,
        "seen_sequence": sequence_of(Book.objects.get()) if seen is None else seen,
        "reason_code": "hardship",
        "reason": "as agreed on the phone",
    }


def kept():
    return [
        *everything(),
        list(Receipt.objects.values_list("pk")),
        list(File.objects.values_list("pk")),
    ]


def refuse(code, send):
    before = kept()
    answer = send()
    assert answer.headers["Content-Type"] == "application/problem+json", answer.content
    body = answer.json()
    assert (body["code"], 400 <= answer.status_code < 500) == (code, True), body
    assert kept() == before


@pytest.mark.parametrize(
    ("code", "loan", "action", "change"),
    [
        ("servicing.before_disbursement", "A", EXTEND, {"effective_on": "2025-01-05"}),
        ("servicing.in_future", "A", EXTEND, {"effective_on": "2199-01-01"}),
        ("servicing.loan_closed", "S", EXTEND, {}),
        ("servicing.currency_mismatch", "A", WAIVE, {"currency": "USD"}),
        ("waiver.above_owed", "A", WAIVE, {"amount_minor": 9_999_999}),
        (
            "servicing.target_not_payment",
            "A",
            ("reverse_payment", ASKED),
            {"target_key": "start:A"},
        ),
        ("api.request_invalid", "A", WAIVE, {"voucher": "x" * 10_000}),
    ],
)
def test_a_change_that_may_not_be_is_refused(desk, code, loan, action, change):
    body = wanted(action[0], action[1] | change)
    refuse(code, lambda: desk.post(f"/books/desk/loans/{loan}/requests", body))


def test_a_reversal_is_not_reversed_and_a_stale_preview_not_taken(desk, make_user):
    seen = sequence_of(Book.objects.get())
    collector, finance = program(make_user("collector")), program(make_user("finance"))
    asked = wanted("reverse_payment", ASKED | {"target_key": PAID})
    approval = collector.post(f"{LOAN}/requests", asked).json()["approval_id"]
    place = f"/books/desk/approvals/{approval}/decision"
    verdict = {"verdict": "approved", "reason": "seen"}
    decided = finance.post(place, verdict).json()
    assert decided["state"] == "carried_out", decided
    key = f"servicing:{approval}:1"
    again = wanted("reverse_payment", ASKED | {"target_key": key})
    refuse("servicing.target_not_payment", lambda: collector.post(f"{LOAN}/requests", again))
    refuse(
        "servicing.preview_stale",
        lambda: collector.post(f"{LOAN}/requests", wanted(*EXTEND, seen=seen)),
    )
    refuse("approval.decided_already", lambda: finance.post(place, verdict))


def test_the_maker_does_not_decide(desk):
    approval = desk.post(f"{LOAN}/requests", wanted(*EXTEND)).json()["approval_id"]
    place = f"/books/desk/approvals/{approval}/decision"
    refuse(
        "approval.by_maker",
        lambda: desk.post(place, {"verdict": "approved", "reason": "fine"}),
    )


def test_a_note_of_ten_thousand_characters_is_refused(desk):
    body = {"kind": "statement", "language": "en", "note": "x" * 10_000}
    refuse("api.request_invalid", lambda: desk.post(f"{LOAN}/documents", body))


def bomb():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(30 << 20))
    return made.getvalue()


def upload(desk, name, content):
    file = io.BytesIO(content)
    file.name = name
    return desk.browser.post(
        f"/api/v1{LOAN}/files",
        {"kind": "contract", "content": file},
        headers={"Authorization": f"Bearer {desk.key}", "Idempotency-Key": f"f{next(KEYS)}"},
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.docx", bomb(), "archive.bomb"),
        ("a.txt", b"<script>alert(1)</script>", "archive.script"),
        ("a.sh", b"#!/bin/sh\n", "archive.executable"),
        ("../a.png", b"%PDF-1.7", "archive.wrong_extension"),
    ],
)
def test_a_file_that_may_not_come_in_is_refused(desk, name, content, code):
    refuse(code, lambda: upload(desk, name, content))


def test_a_file_that_may_come_in_is_kept_whole(desk):
    stored = upload(desk, "a.txt", "合同".encode())
    assert stored.status_code == 201
    taken = desk.get(f"/books/desk/files/{stored.json()['id']}/content")
    assert b"".join(taken.streaming_content) == "合同".encode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"paid_on": "2199-01-01"}, "payment.in_future"),
        ({"paid_on": "2020-01-01"}, "payment.before_disbursement"),
        ({"currency": "USD"}, "payment.currency_mismatch"),
    ],
)
def test_money_that_cannot_have_come_is_refused(book, make_user, change, code):
    channels.add_channel(
        book=book, code="till", adapter="manual", account="1", acting_user=system_user()
    )
    finance = program(make_user("finance"))
    body = {
        "channel": "till",
        "reference": "V-1",
        "amount_minor": 100,
        "currency": "CNY",
        "paid_on": TODAY,
        "voucher_digest": "ab" * 32,
        "order_ref": "A",
    }
    refuse(code, lambda: finance.post("/books/desk/payments", body | change))
