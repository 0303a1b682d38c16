"""Goal: the desk shows money in, in both languages, to whom it may. Method: Django's client."""

import re
from datetime import date
from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.approvals.models import Approval
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.payments import secrets
from daihou.web.payments.models import (
    Channel,
    DebitBatch,
    Mandate,
    Receipt,
    ReconciliationBreak,
    SuspenseItem,
)
from daihou.web.payments.posting import post_open
from daihou.web.payments.sandbox import twins
from daihou.web.payments.sandbox.bills import write_bill
from daihou.web.payments.sandbox.drive import ensure_sandboxes
from tests.web.payment_channels import Provider, make_book, movement
from tests.web.test_payment_debits import sign

BASE = "/books/demo"
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"


@pytest.fixture
def book(db, monkeypatch, settings, tmp_path):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    made = make_book(loans=("A", "B"))
    run_end_of_day(book=made, through=date(2025, 3, 9), acting_user=system_user())
    made.refresh_from_db()
    return made


@pytest.fixture
def channels(book):
    return {c.adapter: c for c in ensure_sandboxes(book=book, acting_user=system_user())}


@pytest.fixture
def told(book, channels):
    provider = Provider(channels["wechat_pay"])
    provider.tell(movement("r1", remark="三月"))
    provider.tell(movement("r2", order_ref="nobody", amount_minor=7_000))
    provider.tell(movement("r1", amount_minor=1))
    post_open(book=book, acting_user=system_user())
    return provider


@pytest.fixture
def desk(client, make_user):
    client.force_login(make_user("finance"))
    return client


PAGES = ["payments/", "payments/suspense/", "payments/debits/", "reconciliation/"]


@pytest.mark.parametrize("page", [*PAGES, "reconciliation/runs/"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_is_there_empty_and_full(desk, book, channels, told, page, language):
    answer = desk.get(f"{BASE}/{page}", headers={"accept-language": language})
    assert answer.status_code == 200
    assert ("收款" in answer.content.decode()) or language == "en"


def test_a_collector_sees_payments_and_enters_none(client, make_user, book, channels, told):
    client.force_login(make_user("collector"))
    shown = client.get(f"{BASE}/payments/").content.decode()
    assert "r1" in shown
    assert "/payments/enter/" not in shown
    assert client.post(f"{BASE}/payments/enter/").status_code == 403
    assert client.get(f"{BASE}/reconciliation/").status_code == 403


def test_a_payment_is_found_by_its_loan_and_its_reference(desk, book, channels, told):
    assert "r1" in desk.get(f"{BASE}/payments/?q=A").content.decode()
    found = desk.get(f"{BASE}/payments/?q=r2&state=suspended").content.decode()
    assert "r2" in found
    assert not re.search(r"\br1\b", found)  # As a word: a token of the page may hold the letters.


def enter(desk, **more):
    given = {
        "channel": next(iter(more.pop("codes"))),
        "reference": "V-7",
        "loan": "B",
        "amount": "110.02",
        "paid_on": "2025-03-10",
        "voucher": SimpleUploadedFile("slip.pdf", PDF, content_type="application/pdf"),
    } | more
    return desk.post(f"{BASE}/payments/enter/", given, follow=True)


def counters(book):
    return book.channels.filter(adapter="manual").values_list("code", flat=True)


def test_a_voucher_is_entered_posted_and_kept(desk, book, channels):
    enter(desk, codes=counters(book))
    receipt = Receipt.objects.get(reference="V-7")
    assert (receipt.state, receipt.amount_minor, len(receipt.voucher_digest)) == (
        "posted",
        11_002,
        64,
    )


@pytest.mark.parametrize("wrong", [{"paid_on": "2999-01-01"}, {"amount": "1.001"}, {"loan": "Z"}])
def test_a_wrong_entry_is_refused_in_words_and_leaves_nothing(desk, book, channels, wrong):
    answer = enter(desk, codes=counters(book), **wrong)
    assert answer.status_code == 200
    assert not Receipt.objects.exists()


def test_suspended_money_is_divided_and_asked_for(desk, book, channels, told):
    item = SuspenseItem.objects.get()
    page = f"{BASE}/payments/suspense/{item.pk}/"
    shown = desk.get(page, {"loans": "A B", "designated": "B"}).content.decode()
    assert 'value="70.00"' in shown
    desk.post(f"{page}apply/", {"loan_0": "B", "amount_0": "70.00", "reason": "her letter"})
    asked = Approval.objects.get(kind="suspense.apply")
    assert asked.payload["parts"] == [["B", 7_000]]
    assert desk.get(page).status_code == 200
    assert desk.get(f"{BASE}/approvals/").status_code == 200


def test_a_batch_is_planned_and_its_file_handed_out(desk, book, channels):
    sign(Provider(channels["bank_debit"]))
    given = {"channel": channels["bank_debit"].code, "run_on": "2025-03-10"}
    desk.post(f"{BASE}/payments/debits/plan/", given)
    batch = DebitBatch.objects.get()
    page = f"{BASE}/payments/debits/{batch.pk}/"
    assert desk.get(page).status_code == 200
    answer = desk.post(f"{page}file/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert b"M-A" in answer.content


def test_accounts_are_compared_and_a_break_is_resolved(desk, book, channels, told):
    bill = write_bill(adapter="wechat_pay", movements=[movement("r9", amount_minor=5)])
    given = {
        "channel": channels["wechat_pay"].code,
        "bill": SimpleUploadedFile("bill.csv", bill, content_type="text/csv"),
    }
    desk.post(f"{BASE}/reconciliation/run/", given)
    found = ReconciliationBreak.objects.get(kind="not_received")
    page = f"{BASE}/reconciliation/breaks/{found.pk}/"
    assert desk.get(page).status_code == 200
    desk.post(f"{page}assign/", {"to": "finance"})
    desk.post(f"{page}resolve/", {"reason": "taken in by file"})
    found.refresh_from_db()
    assert (found.state, found.assigned_to.username) == ("resolved", "finance")
    assert found.resolved_at <= timezone.now()


@pytest.mark.parametrize("page", ["payments/suspense/99/", "payments/debits/99/"])
def test_what_is_not_there_is_not_found(desk, book, channels, page):
    assert desk.get(f"{BASE}/{page}").status_code == 404


def test_an_admin_adds_closes_and_opens_a_channel_and_sees_no_key(client, make_user, book):
    client.force_login(make_user("admin"))
    page = f"{BASE}/payments/channels/"
    assert client.get(page).status_code == 200
    given = {
        "code": "newbank",
        "adapter": "bank_debit",
        "account": "880",
        "secret_ref": "newbank",
    }
    client.post(f"{page}add/", given | {"secret_ref": "../../x"})
    client.post(f"{page}add/", given | {"secret_ref": ""})
    assert not Channel.objects.exists()
    client.post(f"{page}add/", given)
    added = Channel.objects.get()
    assert "bg-orange-lt" in client.get(page).content.decode()  # Its keys are not there yet.
    twins.make_keys(secret_ref="newbank", adapter="bank_debit")
    shown = client.get(page).content.decode()
    assert "http://testserver/hooks/newbank/" in shown
    assert "bg-orange-lt" not in shown
    held = secrets.load(secret_ref="newbank")
    assert not any(key in shown for key in (*held.platform_keys.values(), held.private_key) if key)
    client.post(f"{page}{added.pk}/", {"deed": "close"})
    added.refresh_from_db()
    assert not added.is_active
    client.post(f"{page}{added.pk}/", {"deed": "open"})
    added.refresh_from_db()
    assert added.is_active


def test_a_mandate_is_put_on_file_with_its_agreement_and_ended(desk, book, channels):
    page = f"{BASE}/payments/loans/A/mandates/"
    bank = channels["bank_debit"].code
    given = {
        "channel": bank,
        "reference": "M-7",
        "account": "6222020200112233445",
        "most": "500.00",
        "signed_on": "2025-01-06",
    }
    desk.post(f"{page}add/", given)
    assert not Mandate.objects.exists()
    paper = SimpleUploadedFile("agreement.pdf", PDF, content_type="application/pdf")
    desk.post(f"{page}add/", given | {"evidence": paper})
    signed = Mandate.objects.get()
    assert signed.evidence_digest == sha256(PDF).hexdigest()
    assert signed.most_minor == 50_000
    shown = desk.get(page).content.decode()
    assert "M-7" in shown
    assert given["account"] not in shown
    desk.post(f"{page}{signed.pk}/end/", {"ended_on": "2024-01-01"})
    desk.post(f"{page}{signed.pk}/end/", {"ended_on": "2025-03-10"})
    signed.refresh_from_db()
    assert signed.ended_on == date(2025, 3, 10)


def test_channels_and_mandates_are_changed_by_nobody_else(client, make_user, desk, book, channels):
    assert desk.get(f"{BASE}/payments/channels/").status_code == 403
    assert desk.post(f"{BASE}/payments/channels/add/").status_code == 403
    assert desk.get(f"{BASE}/payments/loans/Z/mandates/").status_code == 404
    client.force_login(make_user("collector"))
    shown = client.get(f"{BASE}/payments/loans/A/mandates/").content.decode()
    assert "/mandates/add/" not in shown
    assert client.post(f"{BASE}/payments/loans/A/mandates/add/").status_code == 403
