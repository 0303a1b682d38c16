"""Goal: only what a provider proves is taken, once. Method: twins sign; the hook is called."""

from datetime import timedelta

import pytest
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.ledger.models import Event as EventRow
from daihou.web.payments.models import (
    BreakKind,
    ChannelNotice,
    Receipt,
    ReconciliationBreak,
    SuspenseItem,
)
from daihou.web.payments.posting import post_open
from daihou.web.payments.sandbox.twins import Message
from tests.web.payment_channels import Provider, make_book, make_channel, movement

ADAPTERS = ("wechat_pay", "alipay", "bank_debit")


@pytest.fixture
def book(db, monkeypatch, tmp_path):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    return make_book()


def kept():
    return ChannelNotice.objects.count(), Receipt.objects.count(), EventRow.objects.count()


def post(book):
    return post_open(book=book, acting_user=system_user())


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_proven_notice_becomes_a_receipt_and_one_event(book, adapter):
    provider = Provider(make_channel(book, adapter))
    answer = provider.tell(movement(remark="三月还款", payer_account="6222020200112233445"))
    assert answer.status_code in {200, 204}
    receipt = Receipt.objects.get()
    assert (receipt.state, receipt.amount_minor, receipt.order_ref) == ("received", 11_002, "A")
    assert receipt.payer_masked.endswith("3445")
    assert b"6222020200112233445" not in bytes(receipt.notice.body)

    assert post(book).posted == 1
    receipt.refresh_from_db()
    event = EventRow.objects.get(book=book, key=receipt.event_key)
    assert (receipt.state, receipt.loan.loan_ref) == ("posted", "A")
    assert (event.kind, event.amount_minor, event.effective_on) == (
        "payment_received",
        11_002,
        receipt.paid_on,
    )


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_notice_told_again_and_again_counts_once(book, adapter):
    provider = Provider(make_channel(book, adapter))
    for _ in range(5):
        assert provider.tell(movement()).status_code in {200, 204}
        post(book)
    assert Receipt.objects.count() == 1
    assert EventRow.objects.filter(kind="payment_received").count() == 1


def tampered(message):
    return Message(headers=message.headers, body=message.body.replace(b"1", b"2", 1))


def unsigned(message):
    keep = {k: v for k, v in message.headers.items() if not k.endswith("signature")}
    return Message(headers=keep, body=message.body)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_wrong_signature_is_refused_and_leaves_nothing(book, adapter):
    provider = Provider(make_channel(book, adapter))
    before = kept()
    assert provider.send(tampered(provider.sign(movement()))).status_code in {401, 422}
    other = Provider(make_channel(book, adapter, code="other"))
    message = other.sign(movement())
    assert provider.send(message).status_code == 401
    assert kept() == before


@pytest.mark.parametrize("adapter", ["wechat_pay", "bank_debit"])
def test_an_old_a_future_and_a_replayed_notice_are_refused(book, adapter):
    provider = Provider(make_channel(book, adapter))
    before = kept()
    now = timezone.now()
    old = provider.sign(movement(), sent_at=now - timedelta(minutes=6))
    early = provider.sign(movement(), sent_at=now + timedelta(minutes=6))
    assert (provider.send(old).status_code, provider.send(early).status_code) == (401, 422)
    assert provider.send(unsigned(provider.sign(movement()))).status_code == 401
    assert kept() == before

    message = provider.sign(movement())
    assert provider.send(message).status_code in {200, 204}
    once = kept()
    replayed = provider.send(message)
    assert replayed.status_code == 401
    assert b"notice.replayed" in replayed.content
    assert kept() == once


def test_an_alipay_form_a_day_old_is_taken_and_one_of_two_days_is_not(book):
    provider = Provider(make_channel(book, "alipay"))
    now = timezone.now()
    assert provider.tell(movement(), sent_at=now - timedelta(days=2)).status_code == 401
    assert provider.tell(movement(), sent_at=now - timedelta(hours=24)).content == b"success"


def test_another_amount_under_the_same_reference_is_refused_and_raised_once(book):
    provider = Provider(make_channel(book))
    provider.tell(movement())
    for _ in range(3):
        answer = provider.tell(movement(amount_minor=99))
        assert (answer.status_code, b"payment.reference_conflict" in answer.content) == (409, True)
    found = ReconciliationBreak.objects.get()
    assert found.kind == BreakKind.CONFLICTING_NOTICE
    assert (found.bill_minor, found.receipt_minor) == (99, 11_002)
    assert Receipt.objects.get().amount_minor == 11_002


def test_money_of_the_future_is_refused(book):
    provider = Provider(make_channel(book))
    answer = provider.tell(movement(paid_at=timezone.now() + timedelta(days=1)))
    assert (answer.status_code, b"payment.in_future" in answer.content) == (422, True)
    assert Receipt.objects.count() == 0


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"order_ref": "nobody"}, "payment.unmatched"),
        ({"currency": "USD"}, "payment.currency_mismatch"),
        ({"paid_at": timezone.now() - timedelta(days=3000)}, "payment.before_disbursement"),
    ],
)
def test_money_that_no_loan_can_take_waits_in_suspense(book, told, code):
    provider = Provider(make_channel(book))
    provider.tell(movement(**told))
    done = post(book)
    item = SuspenseItem.objects.get()
    assert (done.posted, done.suspended) == (0, 1)
    assert (item.code, item.left_minor, item.receipt.state) == (code, 11_002, "suspended")
    assert not EventRow.objects.filter(kind="payment_received").exists()


def test_what_is_too_large_or_to_nobody_or_not_a_post_is_refused(book):
    provider = Provider(make_channel(book))
    large = Message(headers=provider.sign(movement()).headers, body=b"x" * 70_000)
    assert provider.send(large).status_code == 413
    assert provider.client.get(f"/hooks/{provider.channel.code}/").status_code == 405
    assert provider.client.post("/hooks/nobody/", data=b"", content_type="a/b").status_code == 404


def test_a_refund_takes_the_payment_back_also_when_it_comes_first(book):
    provider = Provider(make_channel(book))
    back = movement("f1", kind="refund", target_reference="r1")
    provider.tell(back)
    assert post(book).waiting == 1
    provider.tell(movement())
    post(book)
    assert Receipt.objects.get(reference="f1").state == "posted"
    kinds = set(
        EventRow.objects.filter(book=book, loan__loan_ref="A").values_list("kind", flat=True)
    )
    assert kinds == {"disbursed", "payment_received", "payment_reversed"}


def test_part_refunds_are_charged_back_and_never_more_than_was_paid(book):
    provider = Provider(make_channel(book))
    provider.tell(movement())
    for number in range(3):
        told = movement(f"f{number}", kind="refund", amount_minor=5_000, target_reference="r1")
        provider.tell(told)
        post(book)
    states = list(
        Receipt.objects.filter(kind="refund").order_by("reference").values_list("state", "code")
    )
    assert states == [("posted", ""), ("posted", ""), ("suspended", "refund.above_payment")]
    assert EventRow.objects.filter(kind="charged_back").count() == 2
