"""Goal: every notice of the next days is planned once, on its day. Method: against the dues."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from daihou.core.changes import Change
from daihou.core.events import Event, Kind
from daihou.core.terms import Rate, RatePer
from daihou.engine import replay
from daihou.web.access.queries import system_user
from daihou.web.documents import notices
from daihou.web.documents.errors import DocumentRefused
from daihou.web.ledger.queries import engine_book
from daihou.web.ledger.recording import record_event
from tests.web.shown_book import ENDS_ON, make_shown_book

DAYS = 30


@pytest.fixture(scope="module")
def book(running_database, django_db_blocker, tmp_path_factory):
    from tests.database import scratch

    with (
        pytest.MonkeyPatch.context() as patch,
        scratch(
            folder=tmp_path_factory.mktemp("notices"), monkeypatch=patch, blocker=django_db_blocker
        ),
    ):
        yield make_shown_book(loan_count=60)


@pytest.fixture(scope="module")
def planned(book):
    return list(notices.plan(book=book, from_on=ENDS_ON, days=DAYS))


def of(planned, kind):
    return [each for each in planned if each.kind == kind]


def test_reminders_come_before_every_unpaid_instalment(book, planned):
    dues = replay.dues(book=engine_book(book=book), as_of=ENDS_ON).to_dicts()
    active = set(
        replay.positions(book=engine_book(book=book), as_of=ENDS_ON)
        .filter(status="active")["loan_id"]
        .to_list()
    )
    wanted = set()
    for due in dues:
        left = sum(
            due[f"{name}_due_minor"] - due[f"{name}_paid_minor"] for name in notices.COMPONENTS
        )
        for days in notices.BEFORE_DUE:
            on = due["due_on"] - timedelta(days=days)
            soon = ENDS_ON <= on < ENDS_ON + timedelta(days=DAYS)
            if left > 0 and soon and due["due_on"] >= ENDS_ON and due["loan_id"] in active:
                wanted.add((on, due["loan_ref"], days, due["due_on"], left))
    found = {
        (each.on, each.loan_ref, each.mark_days, each.about_on, each.amount_minor)
        for each in of(planned, "reminder")
    }
    assert len(found) > 20
    assert found == wanted


def test_the_overdue_are_told_at_their_marks(book, planned):
    positions = replay.positions(book=engine_book(book=book), as_of=ENDS_ON)
    late = {
        row["loan_ref"]: row["oldest_unpaid_due_on"]
        for row in positions.filter(status="active").to_dicts()
        if row["oldest_unpaid_due_on"] is not None
    }
    sure = [each for each in of(planned, "overdue") if not each.is_conditional]
    assert sure
    for each in sure:
        assert (each.on - late[each.loan_ref]).days == -each.mark_days
        assert -each.mark_days in notices.AFTER_DUE
    for each in of(planned, "overdue"):
        if each.is_conditional:
            assert each.loan_ref not in late
            assert each.about_on >= ENDS_ON


def test_each_notice_is_planned_once_and_in_order(planned):
    keys = [(each.on, each.kind, each.loan_ref, each.about_on, each.mark_days) for each in planned]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))


def test_a_rate_change_is_told_a_week_before(book):
    loan_ref = book.loans.order_by("loan_ref").first().loan_ref
    record_event(
        book=book,
        loan_ref=loan_ref,
        event=Event(
            kind=Kind.RATE_CHANGED,
            effective_on=date(2026, 7, 15),
            recorded_at=datetime(2026, 6, 30, tzinfo=UTC),
            sequence=0,
            key="rate",
            change=Change(rate=Rate(value=Decimal("0.10"), per=RatePer.YEAR)),
        ),
        acting_user=system_user(),
    )
    planned = notices.plan(book=book, from_on=ENDS_ON, days=DAYS)
    (told,) = of(planned, "rate_change")
    assert (told.on, told.about_on, told.loan_ref) == (
        date(2026, 7, 8),
        date(2026, 7, 15),
        loan_ref,
    )


@pytest.mark.parametrize("days", [0, -1, 93])
def test_a_span_without_sense_is_refused(book, days):
    with pytest.raises(DocumentRefused) as refused:
        list(notices.plan(book=book, from_on=ENDS_ON, days=days))
    assert refused.value.code == "notice.days_wrong"
