"""Goal: nobody is debited without a mandate, too often or too much. Method: plan, send, answer."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.limitation.models import Evidence
from daihou.web.loans.models import Loan
from daihou.web.payments import mandates
from daihou.web.payments.debit_plan import plan_debits, send_batch
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import DebitAttempt, DebitBatch, Receipt
from daihou.web.payments.posting import post_open
from tests.web.payment_channels import Provider, make_book, make_channel, movement

RUN_ON = date(2025, 2, 6)
SIGNED = "cd" * 32


@pytest.fixture
def book(db, monkeypatch):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    return make_book(loans=("A", "B"))


@pytest.fixture
def provider(book):
    return Provider(make_channel(book, "bank_debit"))


def sign(provider, ref="A", **more):
    given = {
        "reference": f"M-{ref}",
        "account": "6222020200112233445",
        "evidence_digest": SIGNED,
        "signed_on": date(2025, 1, 6),
    } | more
    loan = Loan.objects.get(book=provider.channel.book, loan_ref=ref)
    return mandates.add_mandate(
        channel=provider.channel, loan=loan, acting_user=system_user(), **given
    )


def plan(provider, on=RUN_ON):
    return plan_debits(
        channel=provider.channel, run_on=on, acting_user=system_user(), at=timezone.now()
    )


def send(batch):
    return send_batch(batch=batch, acting_user=system_user(), at=timezone.now())


def answer(provider, attempt, *, at=RUN_ON, reference="b1", **told):
    paid_at = datetime(at.year, at.month, at.day, 12, tzinfo=UTC)
    given = {"order_ref": attempt.reference, "amount_minor": attempt.amount_minor} | told
    provider.tell(movement(reference, paid_at=paid_at, **given))
    post_open(book=provider.channel.book, acting_user=system_user())
    attempt.refresh_from_db()
    return attempt


def fail(provider, attempt, code="INSUFFICIENT_FUNDS"):
    return answer(provider, attempt, reference=attempt.reference, kind="failure", failure_code=code)


def test_only_loans_with_a_mandate_in_force_are_debited(provider):
    sign(provider)
    planned = plan(provider)
    attempt = DebitAttempt.objects.select_related("loan").get()
    assert (planned.count, attempt.loan.loan_ref, attempt.due_on) == (1, "A", RUN_ON)
    content = send(planned.batch).decode()
    assert attempt.reference in content
    assert content == send(planned.batch).decode()
    assert plan(provider).left_out == {"unanswered": 1}


def test_before_it_is_signed_and_after_it_ended_a_mandate_debits_nothing(provider):
    sign(provider, signed_on=date(2025, 2, 7))
    ended = sign(provider, "B")
    mandates.end_mandate(mandate=ended, ended_on=RUN_ON, acting_user=system_user())
    assert plan(provider).count == 0


def test_a_mandate_that_ended_after_the_plan_stops_the_batch(provider):
    mandate = sign(provider)
    batch = plan(provider).batch
    mandates.end_mandate(mandate=mandate, ended_on=RUN_ON, acting_user=system_user())
    with pytest.raises(PaymentRefused) as refused:
        send(batch)
    assert refused.value.code == "debit.mandate_ended"


def test_the_database_refuses_a_debit_without_a_mandate(provider):
    mandate = sign(provider, signed_on=date(2025, 2, 7))
    batch = DebitBatch.objects.create(
        channel=provider.channel,
        run_on=RUN_ON,
        planned_at=timezone.now(),
        acting_user=system_user(),
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        DebitAttempt.objects.create(
            batch=batch,
            mandate=mandate,
            loan=mandate.loan,
            due_on=RUN_ON,
            attempt_no=1,
            amount_minor=1,
            reference="x",
        )


def test_a_debit_that_succeeds_is_posted_like_every_payment(provider):
    sign(provider)
    batch = plan(provider).batch
    send(batch)
    attempt = answer(provider, batch.attempts.get())
    assert (attempt.state, attempt.paid_minor) == ("paid", attempt.amount_minor)
    assert Receipt.objects.get().state == "posted"
    assert not Evidence.objects.exists()
    assert plan(provider).left_out == {"nothing_due": 1}


def test_a_debit_of_arrears_is_evidence_for_the_limitation_clock(provider):
    sign(provider)
    later = date(2025, 2, 20)
    attempt = answer(provider, plan(provider, on=later).batch.attempts.get(), at=later)
    found = Evidence.objects.get(loan=attempt.loan)
    assert (found.ground, found.on) == ("auto_debit", later)
    assert "b1" in found.reference


def test_a_failure_is_retried_on_the_pay_day_and_no_more_often_than_the_cap(provider):
    sign(provider)
    attempt = fail(provider, plan(provider).batch.attempts.get())
    assert (attempt.state, attempt.retry_on) == ("failed", date(2025, 2, 10))
    assert plan(provider, on=date(2025, 2, 7)).left_out == {"retried_later": 1}
    for on in (date(2025, 2, 10), date(2025, 2, 20)):
        attempt = fail(provider, plan(provider, on=on).batch.attempts.get())
    assert (attempt.attempt_no, attempt.retry_on) == (3, None)
    assert plan(provider, on=date(2025, 3, 1)).left_out == {"attempts_used_up": 1}


def test_a_closed_account_is_not_tried_again(provider):
    sign(provider)
    attempt = fail(provider, plan(provider).batch.attempts.get(), code="ACCOUNT_CLOSED")
    assert attempt.retry_on is None
    assert plan(provider, on=date(2025, 2, 20)).left_out == {"retried_later": 1}


def test_a_part_payment_counts_and_the_rest_is_tried_later(provider):
    sign(provider)
    attempt = plan(provider).batch.attempts.get()
    answer(provider, attempt, amount_minor=1_000)
    assert (attempt.state, attempt.paid_minor) == ("partly_paid", 1_000)
    rest = plan(provider, on=attempt.retry_on).batch.attempts.get()
    assert rest.amount_minor == attempt.amount_minor - 1_000


def test_a_late_failure_never_takes_back_what_was_paid(provider):
    sign(provider)
    attempt = answer(provider, plan(provider).batch.attempts.get())
    assert fail(provider, attempt).state == "paid"


def test_money_that_comes_after_a_failure_wins(provider):
    sign(provider)
    attempt = fail(provider, plan(provider).batch.attempts.get())
    assert answer(provider, attempt).state == "paid"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"evidence_digest": ""}, "mandate.evidence_missing"),
        ({"reference": "M-A"}, "mandate.exists"),
    ],
)
def test_a_mandate_without_proof_or_twice_is_refused(provider, wrong, code):
    sign(provider)
    with pytest.raises(PaymentRefused) as refused:
        sign(provider, "B", **wrong)
    assert refused.value.code == code


def test_a_debit_above_what_the_mandate_allows_is_left_out(provider):
    sign(provider, most_minor=100)
    assert plan(provider).left_out == {"above_mandate": 1}
