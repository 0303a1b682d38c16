"""Goal: one event is recorded once, and the desk sees it at once. Method: threads, core's fold."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection

from daihou.core.events import Event, EventRefused, Kind
from daihou.core.position import position
from daihou.core.schedule import ScheduleRefused
from daihou.core.terms import Component
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations, queries
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Event as EventRow, Position
from daihou.web.ledger.recording import record_event, record_events
from tests.web.ledger_books import loan, payment, tape

NIGHT = date(2025, 3, 10)


@pytest.fixture
def book(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        book = operations.create_book(name="demo", currency="CNY", acting_user=system_user())
        given = tape(
            loans=[loan("A"), loan("B")], payments=[payment("B", date(2025, 2, 6), 11_002)]
        )
        operations.post_tape(book=book, tape=given, acting_user=system_user())
        yield book


def paid(key="p1", amount_minor=30_000, on=NIGHT, **more):
    return Event(
        kind=Kind.PAYMENT_RECEIVED,
        effective_on=on,
        recorded_at=datetime(on.year, on.month, on.day, 10, tzinfo=UTC),
        sequence=0,
        key=key,
        amount_minor=amount_minor,
        **more,
    )


def record(book, event, ref="A"):
    return record_event(book=book, loan_ref=ref, event=event, acting_user=system_user())


def night(book, through=NIGHT):
    run_end_of_day(book=book, through=through, acting_user=system_user())


def published(ref="A"):
    return Position.objects.get(loan__loan_ref=ref)


def folded(book, as_of, ref="A"):
    contract, events = queries.load_loan(book=book, loan_ref=ref)
    return position(contract=contract, events=events, as_of=as_of)


def test_the_published_position_follows_in_the_same_transaction(book):
    night(book)
    assert published().bucket == "M2"
    recorded = record(book, paid())
    row, expected = published(), folded(book, NIGHT)

    assert recorded.is_new
    assert (row.business_date, row.ledger_sequence) == (NIGHT, recorded.event.sequence)
    assert (row.bucket, row.oldest_unpaid_due_on) == ("M0", None)
    assert row.overdue_minor == sum(expected.overdue_minor.values()) == 0
    assert row.principal_outstanding_minor == expected.principal_outstanding_minor
    assert AuditRow.objects.filter(action="event.record").count() == 1


def test_nothing_older_replaces_newer(book):
    night(book)
    record(book, paid(on=NIGHT + timedelta(days=1)))
    newer = published()
    assert newer.business_date == NIGHT + timedelta(days=1)
    from daihou.web.ledger.publishing import refresh

    queries_book = type(book).objects.get(pk=book.pk)
    refresh(book=queries_book, loan_ids=[newer.loan_id], as_of=NIGHT)

    assert published().business_date == NIGHT + timedelta(days=1)
    assert published().bucket == "M0"


def test_a_payment_that_overtakes_the_night_stays_published(book, monkeypatch):
    from daihou.web.ledger import end_of_day

    night(book)
    real = end_of_day._ask_gates

    def pay_meanwhile(**given):
        record(book, paid(on=NIGHT + timedelta(days=1)))
        real(**given)

    monkeypatch.setattr(end_of_day, "_ask_gates", pay_meanwhile)
    night(book, NIGHT + timedelta(days=1))

    assert published().bucket == "M0"
    assert published().oldest_unpaid_due_on is None
    assert published("B").bucket == "M1"
    monkeypatch.setattr(end_of_day, "_ask_gates", real)
    night(book, NIGHT + timedelta(days=2))
    assert not Position.objects.filter(loan__loan_ref="A").exists()


def test_one_key_from_many_threads_is_one_event(book):
    gate = Barrier(8)

    def attempt(_):
        try:
            gate.wait()
            return record(book, paid()).is_new
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))

    assert sorted(outcomes) == [False] * 7 + [True]
    assert EventRow.objects.filter(key="p1").count() == 1
    assert AuditRow.objects.filter(action="event.record").count() == 1


def test_many_keys_from_many_threads_get_a_sequence_without_gaps(book):
    def attempt(number):
        try:
            return record(book, paid(key=f"p{number}", amount_minor=100 + number)).event.sequence
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        sequences = list(pool.map(attempt, range(24)))

    assert sorted(sequences) == list(range(4, 28))
    in_order = EventRow.objects.filter(sequence__gte=4).order_by("sequence")
    assert [row.inserted_at for row in in_order] == sorted(row.inserted_at for row in in_order)


@pytest.mark.parametrize(
    ("event", "ref", "code"),
    [
        (paid(amount_minor=1), "A", "event.key_conflict"),
        (paid(), "B", "event.key_conflict"),
        (paid(channel="branch"), "A", "event.key_conflict"),
        (paid(key="p2"), "X", "loan.unknown"),
    ],
)
def test_refuses_by_code_and_writes_nothing(book, event, ref, code):
    record(book, paid())
    with pytest.raises(LedgerRefused) as refused:
        record(book, event, ref)

    assert refused.value.code == code
    assert EventRow.objects.filter(sequence__gt=4).count() == 0


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (paid(amount_minor=0), "event.amount_not_positive"),
        (paid(amount_minor=-5), "event.amount_not_positive"),
        (paid(amount_minor=2**63), "event.amount_too_large"),
        (
            replace(paid(amount_minor=0), kind=Kind.PAYMENT_REVERSED, target_key="none"),
            "event.unknown_target",
        ),
    ],
)
def test_core_refuses_before_anything_is_written(book, event, code):
    with pytest.raises(EventRefused) as refused:
        record(book, event)

    assert refused.value.code == code
    assert EventRow.objects.count() == 3


def test_a_reversal_brings_the_arrears_back(book):
    night(book)
    record(book, paid())
    undone = replace(paid(key="r1", amount_minor=0), kind=Kind.PAYMENT_REVERSED, target_key="p1")
    record(book, undone)

    assert published().bucket == "M2"
    night(book, NIGHT + timedelta(days=1))
    assert published().oldest_unpaid_due_on == date(2025, 2, 6)


def test_a_later_tranche_is_recorded_and_one_that_cannot_be_planned_is_not(book):
    tranche = replace(paid("t1", 60_000, date(2025, 2, 6)), kind=Kind.DISBURSED)
    record(book, tranche)
    assert folded(book, NIGHT).disbursed_minor == 180_000

    too_late = replace(tranche, key="t2", effective_on=date(2026, 2, 6))
    with pytest.raises(ScheduleRefused) as refused:
        record(book, too_late)
    assert refused.value.code == "tranche.after_last_due"
    assert not EventRow.objects.filter(key="t2").exists()


def test_several_events_are_recorded_together_or_not_at_all(book):
    night(book)
    fee = replace(paid("f1", 500), kind=Kind.CHARGE_ADDED, component=Component.FEE, due_on=NIGHT)
    both = record_events(
        book=book, loan_ref="A", events=[fee, paid("p1", 30_500)], acting_user=system_user()
    )
    assert [each.event.sequence for each in both] == [4, 5]
    assert published().ledger_sequence == 5
    again = record_events(
        book=book, loan_ref="A", events=[paid("p2"), fee], acting_user=system_user()
    )
    assert [(each.is_new, each.event.sequence) for each in again] == [(True, 6), (False, 4)]

    with pytest.raises(EventRefused):
        record_events(
            book=book,
            loan_ref="A",
            events=[paid("p3"), paid("p4", 0)],
            acting_user=system_user(),
        )
    assert EventRow.objects.order_by("sequence").last().sequence == 6
