"""Goal: suspended money leaves by two people's will only, and adds up. Method: the operations."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from daihou.core.events import EventRefused
from daihou.core.position import position
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.approvals.errors import ApprovalRefused
from daihou.web.ledger import payments_in, queries
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.models import Event as EventRow, Position
from daihou.web.loans.models import Loan
from daihou.web.payments import posting, suggestions, suspense
from daihou.web.payments.errors import PaymentRefused
from daihou.web.payments.models import SuspenseItem
from daihou.web.payments.posting import post_open
from tests.web.payment_channels import Provider, make_book, make_channel, movement


@pytest.fixture
def book(db, monkeypatch, tmp_path):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    return make_book(loans=("A", "B", "C"))


@pytest.fixture
def provider(book):
    return Provider(make_channel(book))


@pytest.fixture
def people(make_user):
    return make_user("finance", username="maker"), make_user("finance", username="checker")


def suspended(provider, reference="r1", **told):
    provider.tell(movement(reference, **{"order_ref": "nobody"} | told))
    post_open(book=provider.channel.book, acting_user=system_user())
    return SuspenseItem.objects.select_related("book", "receipt").latest("pk")


def approve(approval, by):
    return approvals.decide(approval=approval, verdict="approved", reason="seen", acting_user=by)


def test_money_goes_onto_loans_once_another_person_has_approved(provider, people):
    maker, checker = people
    item = suspended(provider)
    asked = suspense.request_apply(
        item=item, parts=[("A", 6_000), ("B", 5_002)], reason="her letter", acting_user=maker
    )
    assert not EventRow.objects.filter(kind="payment_received").exists()
    with pytest.raises(ApprovalRefused) as refused:
        approve(asked, maker)
    assert refused.value.code == "approval.by_maker"

    approve(asked, checker)
    item.refresh_from_db()
    assert (item.state, item.left_minor) == ("settled", 0)
    paid = EventRow.objects.filter(kind="payment_received").order_by("amount_minor")
    assert [(row.amount_minor, row.effective_on) for row in paid] == [
        (5_002, item.receipt.paid_on),
        (6_000, item.receipt.paid_on),
    ]
    assert set(item.uses.values_list("event_key", flat=True)) == {row.key for row in paid}


def test_a_request_about_money_that_has_moved_since_is_stale(provider, people):
    maker, checker = people
    item = suspended(provider)
    first = suspense.request_apply(item=item, parts=[("A", 100)], reason="a", acting_user=maker)
    second = suspense.request_return(item=item, amount_minor=50, reason="b", acting_user=maker)
    approve(first, checker)
    with pytest.raises(ApprovalRefused) as refused:
        approve(second, checker)
    assert refused.value.code == "approval.stale"


def test_what_is_returned_leaves_suspense_and_no_loan_changes(provider, people):
    maker, checker = people
    item = suspended(provider)
    before = EventRow.objects.count()
    asked = suspense.request_return(
        item=item, amount_minor=11_002, reason="wrong payee", acting_user=maker
    )
    approve(asked, checker)
    item.refresh_from_db()
    assert (item.left_minor, EventRow.objects.count()) == (0, before)


def test_overpaid_money_is_refunded_out_of_its_loan(provider, people, book):
    maker, checker = people
    run_end_of_day(book=book, through=date(2026, 1, 9), acting_user=system_user())
    late = datetime(2026, 1, 10, 10, tzinfo=UTC)
    item = suspended(provider, order_ref="A", amount_minor=200_000, paid_at=late)
    assert (item.code, item.loan.loan_ref) == ("payment.overpaid", "A")
    held = Position.objects.get(loan=item.loan)
    assert (held.status, held.unapplied_minor) == ("closed", item.left_minor)

    asked = suspense.request_return(
        item=item, amount_minor=item.left_minor, reason="hers", acting_user=maker
    )
    approve(asked, checker)
    contract, events = queries.load_loan(book=book, loan_ref="A")
    after = position(contract=contract, events=events, as_of=timezone.now().date())
    assert (after.status, after.unapplied_minor) == ("closed", 0)


def test_what_two_payments_leave_over_is_all_in_suspense(provider, book):
    run_end_of_day(book=book, through=date(2026, 1, 9), acting_user=system_user())
    late = datetime(2026, 1, 10, 10, tzinfo=UTC)
    for reference in ("r1", "r2"):
        told = movement(reference, order_ref="A", amount_minor=100_000, paid_at=late)
        provider.tell(told)
    post_open(book=book, acting_user=system_user())
    suspended(provider, "r3", order_ref="A", paid_at=late)
    items = SuspenseItem.objects.filter(loan__loan_ref="A")
    held = Position.objects.get(loan__loan_ref="A")
    assert items.count() == 2
    assert sum(item.left_minor for item in items) == held.unapplied_minor


def test_a_receipt_that_its_loan_cannot_take_holds_up_no_other(provider, book, monkeypatch):
    def refuse(*, payments, **rest):
        if "B" in payments["source_ref"]:
            raise EventRefused("event.total_too_large")
        return payments_in.record_payments(payments=payments, **rest)

    monkeypatch.setattr(posting, "record_payments", refuse)
    for number, ref in enumerate(["A", "A", "B", "C", "A"]):
        provider.tell(movement(f"r{number}", order_ref=ref))
    done = post_open(book=book, acting_user=system_user(), batch=3)
    assert (done.posted, done.suspended) == (4, 1)
    assert SuspenseItem.objects.get().code == "event.total_too_large"


REFUSED = [
    ([("A", 11_003)], "suspense.too_much"),
    ([("A", 0)], "entry.amount_wrong"),
    ([("Z", 1)], "suspense.loan_unknown"),
    ([("A", 1), ("A", 2)], "suspense.loan_twice"),
]


@pytest.mark.parametrize(("parts", "code"), REFUSED)
def test_what_cannot_be_is_not_even_asked_for(provider, people, parts, code):
    item = suspended(provider)
    with pytest.raises(PaymentRefused) as refused:
        suspense.request_apply(item=item, parts=parts, reason="r", acting_user=people[0])
    assert refused.value.code == code


def test_money_of_another_currency_can_only_go_back(provider, people):
    item = suspended(provider, order_ref="A", currency="USD")
    with pytest.raises(PaymentRefused) as refused:
        suspense.request_apply(item=item, parts=[("A", 1)], reason="r", acting_user=people[0])
    assert refused.value.code == "payment.currency_mismatch"


def test_the_database_refuses_money_that_vanishes(provider):
    item = suspended(provider)
    with pytest.raises(IntegrityError), transaction.atomic():
        vanish(item)


def vanish(item):
    SuspenseItem.objects.filter(pk=item.pk).update(left_minor=1)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_suggestions_say_why_and_the_likeliest_is_first(provider, book):
    run_end_of_day(book=book, through=date(2025, 3, 9), acting_user=system_user())
    provider.tell(movement("r0", order_ref="C", payer_account="acc-1"))
    item = suspended(provider, amount_minor=77, remark="还款 三月", payer_account="acc-1")
    found = suggestions.suggestions(item=item)
    assert [(each.loan.loan_ref, each.reasons) for each in found] == [("C", ("paid_before",))]
    due_minor = Position.objects.get(loan__loan_ref="B").overdue_minor
    again = suspended(provider, "r3", amount_minor=due_minor, payer_account="acc-1")
    assert [(each.loan.loan_ref, each.reasons) for each in suggestions.suggestions(item=again)] == [
        ("C", ("paid_before",)),
        ("A", ("amount",)),
        ("B", ("amount",)),
    ]


def test_the_payers_word_then_the_law_divides_among_loans(book):
    loans = list(Loan.objects.filter(book=book).order_by("loan_ref"))
    today = date(2025, 2, 20)
    free = suggestions.propose(book=book, loans=loans, amount_minor=30_000, as_of=today)
    said = suggestions.propose(
        book=book, loans=loans, amount_minor=30_000, as_of=today, designated=["C"]
    )
    assert sum(part for _, part in free.parts) + free.left_minor == 30_000
    assert len({part for _, part in free.parts}) == 1  # Alike in everything: shared alike.
    assert {loan.loan_ref: part for loan, part in said.parts} == {"C": 30_000}
