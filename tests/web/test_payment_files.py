"""Goal: a file counts once, line by line; three accounts agree. Method: the twins' bills."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.ledger.models import Event as EventRow
from daihou.web.payments import channels, manual
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.files import take_file
from daihou.web.payments.models import (
    BreakState,
    DebitAnswer,
    Receipt,
    ReconciliationBreak,
    SuspenseItem,
)
from daihou.web.payments.reconciling import assign_break, reconcile, resolve_break, take_bill
from daihou.web.payments.sandbox.bills import write_bill
from tests.web.payment_channels import PAID_AT, make_book, make_channel, movement

ADAPTERS = ("wechat_pay", "alipay", "bank_debit")
TODAY = date(2025, 3, 12)
DAY = date(2025, 3, 10)


@pytest.fixture
def book(db):
    return make_book()


def take(channel, told, *, content=None):
    given = content if content is not None else write_bill(adapter=channel.adapter, movements=told)
    return take_file(
        channel=channel,
        content=given,
        acting_user=system_user(),
        as_of=TODAY,
        at=timezone.now(),
    )


def bill(channel, told):
    return take_bill(
        channel=channel,
        content=write_bill(adapter=channel.adapter, movements=told),
        acting_user=system_user(),
        at=timezone.now(),
    )


def run(channel):
    return reconcile(
        channel=channel,
        from_on=DAY,
        through_on=TODAY,
        acting_user=system_user(),
        at=timezone.now(),
    )


def several(count=5):
    return [movement(f"r{n}", amount_minor=1_000 + n) for n in range(count)]


def events():
    return EventRow.objects.filter(kind="payment_received")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_file_is_posted_once_however_often_it_comes(book, adapter):
    channel = make_channel(book, adapter)
    first, again = take(channel, several()), take(channel, several())
    assert (first.new, first.posted, first.known) == (5, 5, 0)
    assert (again.new, again.posted, again.known) == (0, 0, 5)
    assert sorted(events().values_list("amount_minor", flat=True)) == [1000, 1001, 1002, 1003, 1004]
    assert {r.state for r in Receipt.objects.all()} == {"posted"}


def test_refunds_failures_and_the_unmatched_of_a_file_find_their_places(book):
    channel = make_channel(book, "bank_debit")
    told = [
        movement("b0", kind="refund", amount_minor=1_000, target_reference="r0"),
        *several(2),
        movement("x", order_ref="nobody"),
        movement("o9", kind="failure", order_ref="o9", failure_code="INSUFFICIENT_FUNDS"),
    ]
    taken = take(channel, told)
    assert (taken.posted, taken.suspended, taken.failures) == (3, 1, 1)
    assert SuspenseItem.objects.get().code == "payment.unmatched"
    assert DebitAnswer.objects.get().failure_code == "INSUFFICIENT_FUNDS"
    assert EventRow.objects.filter(kind="payment_reversed").count() == 1


def test_lines_that_contradict_or_cannot_be_read_are_refused_one_by_one(book):
    channel = make_channel(book, "bank_debit")
    take(channel, several(1))
    text = write_bill(
        adapter="bank_debit",
        movements=[
            movement("r0", amount_minor=7),
            movement("r1"),
            movement("r2", paid_at=PAID_AT + timedelta(days=9)),
            movement("r3"),
        ],
    ).decode()
    broken = text.replace("r3,A,SUCCESS,110.02", "r3,A,SUCCESS,1e5").replace(
        "r1,A,SUCCESS,110.02", "r1,A,SUCCESS,110.021"
    )
    taken = take(channel, [], content=broken.encode())
    assert dict(taken.refused.iter_rows()) == {
        2: "payment.reference_conflict",
        3: "bill.amount_wrong",
        4: "payment.in_future",
        5: "bill.amount_wrong",
    }
    assert (taken.new, events().count()) == (0, 1)
    assert ReconciliationBreak.objects.get().kind == "conflicting_notice"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe\x00", "bill.malformed"), (b"a,b\n1,2\n", "bill.column_missing")],
)
def test_a_file_of_another_shape_is_refused_whole(book, content, code):
    with pytest.raises(PaymentRefused) as refused:
        take(make_channel(book, "bank_debit"), [], content=content)
    assert refused.value.code == code


def test_all_three_accounts_agree(book):
    channel = make_channel(book)
    back = movement("f1", kind="refund", amount_minor=1_001, target_reference="r1")
    told = [*several(), back]
    take(channel, told)
    bill(channel, told)
    done = run(channel)
    assert (done.bill_lines, done.receipts, done.events, done.agreed) == (6, 6, 6, 6)
    assert (done.found, len(set(done.sums.values()))) == ({}, 1)


def test_every_difference_is_a_break_of_its_kind_and_none_is_netted(book):
    channel = make_channel(book, "bank_debit")
    take(channel, several(5))
    told = several(6)
    told[0] = replace(told[0], amount_minor=9_999)
    told[1] = replace(told[1], paid_at=PAID_AT + timedelta(days=1))
    bill(channel, [*told[:3], told[2], told[5]])
    done = run(channel)
    assert done.found == {
        "amount_differs": 1,
        "day_differs": 1,
        "not_in_bill": 2,
        "not_received": 1,
        "twice_in_bill": 1,
    }
    run(channel)
    assert ReconciliationBreak.objects.count() == 6


def test_a_break_is_assigned_resolved_with_a_reason_or_cleared_by_a_later_run(book, make_user):
    channel = make_channel(book, "bank_debit")
    bill(channel, several(2))
    run(channel)
    first, second = ReconciliationBreak.objects.order_by("reference")
    clerk = make_user("finance")
    assert assign_break(found=first, to=clerk, acting_user=clerk).assigned_to == clerk
    with pytest.raises(PaymentRefused) as refused:
        resolve_break(found=first, reason=" ", acting_user=clerk)
    assert refused.value.code == "reason.missing"
    assert resolve_break(found=first, reason="paid by hand", acting_user=clerk).resolved_by == clerk
    with pytest.raises(PaymentRefused):
        resolve_break(found=first, reason="again", acting_user=clerk)

    take(channel, several(2))
    run(channel)
    second.refresh_from_db()
    assert second.state == BreakState.CLEARED


def test_the_same_bill_again_is_known(book):
    channel = make_channel(book)
    assert bill(channel, several()).is_new
    assert not bill(channel, several()).is_new


@pytest.fixture
def counter(book):
    return channels.add_channel(
        book=book, code="counter", adapter="manual", account="till", acting_user=system_user()
    )


def entry(**told):
    given = {
        "reference": "V-1",
        "amount_minor": 5_000,
        "currency": "CNY",
        "paid_on": DAY,
        "voucher_digest": "ab" * 32,
        "order_ref": "A",
    }
    return manual.Entry(**given | told)


def enter(counter, **told):
    return manual.enter_payment(
        channel=counter,
        entry=entry(**told),
        acting_user=system_user(),
        as_of=TODAY,
        at=timezone.now(),
    )


def test_a_voucher_entered_twice_is_posted_once(counter):
    assert enter(counter).state == "posted"
    assert enter(counter).state == "posted"
    assert events().count() == 1


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"amount_minor": 0}, "entry.amount_wrong"),
        ({"reference": "a b"}, "entry.reference_wrong"),
        ({"voucher_digest": "none"}, "entry.voucher_missing"),
        ({"paid_on": date(2025, 3, 13)}, "payment.in_future"),
        ({"paid_on": date(2020, 1, 1)}, "payment.before_disbursement"),
        ({"currency": "USD"}, "payment.currency_mismatch"),
        ({"order_ref": "nobody"}, "entry.loan_unknown"),
    ],
)
def test_a_voucher_that_cannot_be_true_is_refused_and_leaves_nothing(counter, told, code):
    with pytest.raises(PaymentRefused) as refused:
        enter(counter, **told)
    assert refused.value.code == code
    assert not Receipt.objects.exists()


def test_the_same_voucher_number_with_another_amount_is_refused(counter):
    enter(counter)
    with pytest.raises(PaymentRefused) as refused:
        enter(counter, amount_minor=1)
    assert refused.value.code == "payment.reference_conflict"


@pytest.mark.parametrize("wrong", ["loan_id", "channel_id"])
def test_a_receipt_of_another_books_loan_or_channel_is_refused_by_the_database(book, wrong):
    take(make_channel(book, "bank_debit"), several(1))
    stranger = make_book(name="other", loans=("Z",))
    ids = {
        "loan_id": stranger.loans.get().pk,
        "channel_id": make_channel(stranger, "bank_debit").pk,
    }
    row = Receipt.objects.filter(kind="payment").values().get()
    names = ", ".join(name for name in row if name != "id")
    moved = names.replace(wrong, "%s").replace(" reference", " reference || 'x'")
    moved = moved.replace("event_key", "event_key || 'x'")
    with pytest.raises(IntegrityError, match="in its book"), transaction.atomic():
        connection.cursor().execute(
            f"INSERT INTO payments_receipt ({names}) SELECT {moved} FROM payments_receipt",
            [ids[wrong]],
        )
    assert Receipt.objects.count() == 1


def test_a_channel_is_never_deleted(book):
    channel = make_channel(book, "alipay")
    with pytest.raises(IntegrityError), transaction.atomic():
        channel.delete()
