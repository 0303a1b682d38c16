"""Goal: the database itself refuses changed history. Method: SQL by the application's own role."""

import pytest
from django.db import DatabaseError, connection, transaction

from daihou.web.access.queries import system_user
from daihou.web.ledger import operations
from daihou.web.ledger.models import Book, Event
from daihou.web.loans.models import Loan
from tests.web.ledger_books import START, loan, tape

pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    made = []
    for name in ("one", "two"):
        book = operations.create_book(name=name, currency="CNY", acting_user=system_user())
        given = tape(loans=[loan("A", key=f"start:{name}")])
        operations.post_tape(book=book, tape=given, acting_user=system_user())
        made.append(book)
    return made


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_event SET amount_minor = 1",
        "DELETE FROM ledger_event",
        "TRUNCATE ledger_event",
        "UPDATE ledger_event SET source_ref = 'x'",
        "TRUNCATE ledger_delinquencyevent",
        "DELETE FROM loans_loan",
        "TRUNCATE loans_loan CASCADE",
        "UPDATE loans_loan SET principal_minor = 1",
        "UPDATE loans_loan SET shard = 1",
        "UPDATE loans_contractterms SET terms = '{}'",
        "ALTER TABLE ledger_event DISABLE TRIGGER ALL",
        "DROP TABLE ledger_event",
    ],
)
def test_history_is_not_changed(books, statement):
    before = list(Event.objects.values()), list(Loan.objects.values())
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert (list(Event.objects.values()), list(Loan.objects.values())) == before


def test_a_loans_tag_may_change(books):
    assert Loan.objects.update(source_tag="refunded") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"kind": "gift"},
        {"component": "tips"},
        {"key": ""},
        {"key": "start:one"},
        {"sequence": 1},
        {"sequence": 9},
        {"loan": "other"},
        {"loan": "none"},
    ],
)
def test_an_event_that_cannot_be_is_not_inserted(books, change):
    one, two = books
    loans = {
        "own": Loan.objects.get(book=one).pk,
        "other": Loan.objects.get(book=two).pk,
        "none": 10**9,
    }
    change = dict(change)
    fields = {
        "book": one,
        "loan_id": loans[change.pop("loan", "own")],
        "sequence": 2,
        "kind": "payment_received",
        "effective_on": START,
        "recorded_at": "2025-01-06T00:00:00Z",
        "inserted_at": "2025-01-06T00:00:00Z",
        "amount_minor": 5,
        "key": "new",
    }
    Book.objects.filter(pk=one.pk).update(next_sequence=3)
    with pytest.raises(DatabaseError), transaction.atomic():
        Event.objects.create(**(fields | change))
    Event.objects.create(**(fields | {"loan_id": loans["own"]}))

    assert Event.objects.filter(book=one).count() == 2
