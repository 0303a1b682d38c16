"""A book whose overdue persons have cases, and people who work them; a test file imports it."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from daihou.web.access import operations as access
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.cases import operations
from daihou.web.cases.models import Case
from daihou.web.ledger import operations as ledger
from daihou.web.ledger.end_of_day import run_end_of_day
from tests.web.ledger_books import loan, payment, tape

NIGHT = date(2025, 5, 20)
NOW = datetime(2025, 5, 21, 1, 0, tzinfo=UTC)  # Nine in the morning in Shanghai.
INSTALMENT = 11_002  # Of each loan of 120,000 over twelve months.
PAID_TWICE = (date(2025, 2, 6), date(2025, 3, 6))


def make_collected_book(*, name="desk", rule=None):
    """Make a book of six persons on the morning after its end of day of ``NIGHT``.

    A, B and C owe instalments 3 and 4 (44 days); C has a second loan, paid to the day; D never
    paid a thing (103 days); E paid everything that fell due; F owes but has no person.
    """
    book = ledger.create_book(name=name, currency="CNY", acting_user=system_user())
    book.time_zone = "Asia/Shanghai"
    book.save()
    refs = ("A", "B", "C", "C2", "D", "E", "F")
    people = {"C2": {"party_ref": "person-C"}, "F": {"party_ref": None}}
    paid = {
        "C2": (*PAID_TWICE, date(2025, 4, 6), date(2025, 5, 6)),
        "D": (),
        "E": (*PAID_TWICE, date(2025, 4, 6), date(2025, 5, 6)),
    }
    given = tape(
        loans=[loan(ref, **people.get(ref, {})) for ref in refs],
        payments=[payment(ref, on, INSTALMENT) for ref in refs for on in paid.get(ref, PAID_TWICE)],
    )
    ledger.post_tape(book=book, tape=given, acting_user=system_user())
    operations.set_entry_rule(
        book=book, effective_on=date(2025, 1, 1), acting_user=system_user(), **(rule or {})
    )
    run_end_of_day(book=book, through=NIGHT, acting_user=system_user())
    Case.objects.filter(book=book).update(next_action_at=NOW)  # The run went by the real clock.
    book.refresh_from_db()
    return book


def night(book, on):
    """Run one more end of day in the transaction of a test, which keeps the tables of the last."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged_position, staged_event")
    run_end_of_day(book=book, through=on, acting_user=system_user())
    book.refresh_from_db()


def make_user(username, *roles):
    user = User.objects.filter(username=username).first()
    if user is None:
        user, _ = access.add_user(
            username=username, roles=list(roles or ("collector",)), acting_user=system_user()
        )
    return user


def case_of(book, ref):
    """Return the newest case of a loan's person, as the database has it."""
    return Case.objects.filter(book=book, case_loans__loan__loan_ref=ref).latest("pk")


@pytest.fixture
def collected(db):
    return make_collected_book()


@pytest.fixture
def collector(db):
    return make_user("collector")
