"""Goal: the book is what core says, however its days were run. Method: seeded tapes, two ways."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from daihou.core.position import position
from daihou.engine import replay
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import end_of_day, gates, halting, operations, queries
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import (
    Book,
    BookVersion,
    DelinquencyEvent,
    EndOfDayRun,
    Position,
    RunState,
)
from daihou.web.loans.models import Loan
from tests.web.ledger_books import START, free_dues, loan, payment, random_tape, tape

NOT_FREE = date(2025, 5, 10)


@pytest.fixture
def unblocked(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        yield


def make_book(given, *, name="demo", shard_count=3, **fields):
    book = operations.create_book(
        name=name, currency="CNY", shard_count=shard_count, acting_user=system_user()
    )
    Book.objects.filter(pk=book.pk).update(**fields)
    book.refresh_from_db()
    operations.post_tape(book=book, tape=given, acting_user=system_user())
    return book


def run(book, through, **given):
    book.refresh_from_db()
    return end_of_day.run_end_of_day(book=book, through=through, acting_user=system_user(), **given)


def published(book):
    """What the desk sees, by loan, without how it came about."""
    names = ("status", "bucket", "oldest_unpaid_due_on", "principal_outstanding_minor")
    rows = Position.objects.filter(book=book).order_by("loan__loan_ref")
    return {row.loan.loan_ref: tuple(getattr(row, name) for name in names) for row in rows}


def expected(book, on):
    found = {}
    known_at = queries.cut_off_at(book=book, business_date=on)
    for row in Loan.objects.filter(book=book).order_by("loan_ref"):
        contract, events = queries.load_loan(book=book, loan_ref=row.loan_ref)
        at = position(contract=contract, events=events, as_of=on, known_at=known_at)
        if at.oldest_unpaid_due_on is not None:
            found[row.loan_ref] = (
                at.status.value,
                at.bucket.value,
                at.oldest_unpaid_due_on,
                at.principal_outstanding_minor,
            )
    return found


def raised(book):
    rows = DelinquencyEvent.objects.filter(book=book).select_related("loan")
    return sorted(
        (row.loan.loan_ref, row.happened_on, row.kind, row.bucket_from, row.bucket_to)
        for row in rows
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_published_is_what_core_says(unblocked, seed):
    book = make_book(random_tape(seed))
    for on in (date(2025, 2, 20), date(2025, 2, 21), date(2025, 3, 31), date(2025, 5, 2)):
        result = run(book, on)
        for loan_ref, facts in expected(book, on).items():
            assert published(book).get(loan_ref, (None,))[2:] == facts[2:], (loan_ref, on)
        assert set(published(book)) == set(expected(book, on))
        assert result.business_date == on


@pytest.mark.parametrize("seed", [4, 5])
def test_a_catch_up_is_the_same_as_its_days(unblocked, seed):
    given = random_tape(seed)
    prompt = replace(given, payments=given.payments.with_columns(known_at=None))
    slow, quick = make_book(prompt, name="slow"), None
    first, last = date(2025, 2, 27), date(2025, 3, 20)
    for number in range((last - first).days + 1):
        run(slow, first + timedelta(days=number))
    days = (published(slow), raised(slow), _positions(slow, last))
    keyed = replace(
        prompt,
        loans=prompt.loans.with_columns(key=prompt.loans["key"] + "'"),
    )
    quick = make_book(keyed, name="quick")
    run(quick, first)
    run(quick, last)

    facts = [{ref: row[2:] for ref, row in rows.items()} for rows in (days[0], published(quick))]
    assert facts[0] == facts[1]
    assert days[1] == raised(quick)
    assert days[2].equals(_positions(quick, last))


def _positions(book, on):
    frame = replay.positions(book=queries.engine_book(book=book), as_of=on)
    return frame.drop("loan_id", "person_id").sort("loan_ref")


def test_money_known_after_the_cut_off_waits_for_the_next_run(unblocked):
    on = date(2025, 3, 10)
    late = payment("A", on, 30_000, known_at=datetime(2025, 3, 10, 20, tzinfo=UTC))
    book = make_book(tape(loans=[loan("A")], payments=[late]), cut_off=time(18, 0))
    first = run(book, on)
    assert published(book)["A"][1] == "M2"
    assert first.events == 1
    assert BookVersion.objects.get().held_from == 2

    second = run(book, on + timedelta(days=1))
    assert second.events == 1
    assert published(book) == {}
    assert BookVersion.objects.latest("pk").held_from is None


def test_a_late_file_is_replayed_from_its_effective_day(unblocked):
    book = make_book(tape(loans=[loan("A"), loan("B")]))
    run(book, date(2025, 3, 10))
    operations.post_tape(
        book=book,
        tape=tape(loans=[], payments=[payment("A", date(2025, 2, 6), 30_000)]),
        acting_user=system_user(),
    )
    result = run(book, date(2025, 3, 11))

    assert result.events == 1
    assert set(published(book)) == {"B"}
    frame = replay.positions(book=queries.engine_book(book=book), as_of=date(2025, 2, 20))
    late = dict(frame.select("loan_ref", "days_past_due").iter_rows())
    assert late == {"A": 0, "B": 14}


def test_a_loan_that_starts_later_brings_what_was_known_before(unblocked):
    early = payment("A", date(2025, 1, 10), 30_000)
    book = make_book(
        tape(loans=[loan("A", disbursed_on=date(2025, 2, 1)), loan("B")], payments=[early])
    )
    run(book, date(2025, 1, 20))
    assert _positions(book, date(2025, 1, 20))["loan_ref"].to_list() == ["B"]
    run(book, date(2025, 2, 10))

    assert _unapplied(book, date(2025, 2, 10)) == {"A": 30_000, "B": 0}


def _unapplied(book, on):
    return dict(_positions(book, on).select("loan_ref", "unapplied_minor").iter_rows())


def test_running_again_without_news_changes_nothing(unblocked):
    book = make_book(random_tape(6))
    run(book, NOT_FREE)
    digest = BookVersion.objects.get().manifest_digest
    again = run(book, NOT_FREE)

    assert (again.run_id, again.events, again.changed) == (None, 0, 0)
    assert again.loans == 30
    assert BookVersion.objects.get().manifest_digest == digest


def test_news_of_the_same_day_make_a_new_version_of_it(unblocked):
    book = make_book(tape(loans=[loan("A")]))
    run(book, date(2025, 3, 10))
    paid = payment("A", date(2025, 3, 9), 30_000)
    operations.post_tape(
        book=book, tape=tape(loans=[loan("B")], payments=[paid]), acting_user=system_user()
    )
    result = run(book, date(2025, 3, 10))

    assert result.loans == 2
    assert set(published(book)) == {"B"}
    assert BookVersion.objects.count() == 2


def test_a_lost_folder_is_rebuilt_from_the_ledger(unblocked):
    book = make_book(random_tape(7))
    run(book, NOT_FREE)
    before = raised(book)
    shutil.rmtree(queries.engine_book(book=book).root)
    result = run(book, NOT_FREE + timedelta(days=1))

    assert [alarm["code"] for alarm in result.alarms] == ["book.rebuilt"]
    assert set(published(book)) == set(expected(book, NOT_FREE + timedelta(days=1)))
    assert set(before) <= set(raised(book))


def test_the_past_is_refused(unblocked):
    book = make_book(tape(loans=[loan("A")]))
    run(book, date(2025, 3, 10))
    with pytest.raises(LedgerRefused) as refused:
        run(book, date(2025, 3, 9))

    assert refused.value.code == "end_of_day.before_book"


def test_a_book_without_events_is_refused(unblocked):
    book = operations.create_book(name="empty", currency="CNY", acting_user=system_user())
    with pytest.raises(LedgerRefused) as refused:
        run(book, date(2025, 3, 9))

    assert refused.value.code == "end_of_day.no_events"


def test_only_one_run_at_a_time(unblocked, monkeypatch):
    book = make_book(tape(loans=[loan("A")]))
    monkeypatch.setattr(end_of_day, "LOCK_WAIT", "50ms")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [end_of_day.LOCK_CLASS, book.pk])
    try:
        with pytest.raises(LedgerRefused) as refused:
            run(book, date(2025, 3, 10))
    finally:
        other.close()

    assert refused.value.code == "end_of_day.running"
    assert run(book, date(2025, 3, 10)).loans == 1


def test_a_pool_of_processes_gives_the_same_bytes(unblocked):
    book = make_book(random_tape(8))
    run(book, NOT_FREE)
    alone = BookVersion.objects.latest("pk").manifest_digest
    root = queries.engine_book(book=book).root
    shutil.rmtree(root)
    run(book, NOT_FREE, processes=2)

    assert BookVersion.objects.latest("pk").manifest_digest == alone


def crowd(*, paying):
    """A book of 120 loans whose first due date is 6 February; the first ``paying`` pay then."""
    dues = [
        due
        for number in range(120)
        for due in free_dues(
            f"L{number}", principal_minor=1_200, count=1, first_on=date(2025, 2, 6)
        )
    ]
    agreed = {"method": "free", "rate": None, "rate_per": None, "instalment_count": None}
    return tape(
        loans=[loan(f"L{number}", principal_minor=1_200, **agreed) for number in range(120)],
        dues=dues,
        payments=[payment(f"L{number}", date(2025, 2, 6), 1_500) for number in range(paying)],
    )


def test_a_jump_halts_the_run_until_someone_answers_for_it(unblocked):
    book = make_book(crowd(paying=10), jump_band=Decimal("0.5"))
    run(book, date(2025, 2, 5))
    with pytest.raises(gates.GateFailed) as failed:
        run(book, date(2025, 2, 7))
    halted = EndOfDayRun.objects.latest("pk")
    assert failed.value.code == "gate.jump"
    assert (halted.state, halted.halt_code) == (RunState.HALTED, "gate.jump")
    assert halted.halt_detail == {"before": 0, "after": 10_000, "band": "0.5000"}
    assert not Position.objects.exists()
    book.refresh_from_db()
    assert book.business_date == date(2025, 2, 5)
    with pytest.raises(LedgerRefused) as refused:
        run(book, date(2025, 2, 7))
    assert refused.value.code == "end_of_day.halted"

    halting.resume(run=halted, acting_user=system_user())
    with pytest.raises(gates.GateFailed):
        run(book, date(2025, 2, 7))
    with pytest.raises(LedgerRefused):
        halting.resume(run=halted, acting_user=system_user(), override_reason=" ")
    halting.resume(run=halted, acting_user=system_user(), override_reason="a holiday")
    result = run(book, date(2025, 2, 7))

    assert result.run_id == halted.pk
    assert len(published(book)) == 110
    halted.refresh_from_db()
    assert [item["reason"] for item in halted.overrides] == ["a holiday"]
    assert AuditRow.objects.filter(action="end_of_day.resume").count() == 2


@pytest.mark.parametrize(
    ("name", "code"),
    [("events", "gate.events"), ("events_minor", "gate.money"), ("loans", "gate.loans")],
)
def test_what_does_not_add_up_halts_the_run(unblocked, monkeypatch, name, code):
    book = make_book(random_tape(9))
    real = gates.totals_of
    monkeypatch.setattr(
        gates, "totals_of", lambda counts: (t := real(counts)) | {name: t[name] - 1}
    )
    with pytest.raises(gates.GateFailed) as failed:
        run(book, NOT_FREE)

    assert failed.value.code == code
    assert not Position.objects.exists()
    assert not BookVersion.objects.exists()


def test_a_missing_overlay_tape_is_an_alarm_and_its_loans_are_stale(unblocked):
    said = {
        "loan_ref": "A",
        "as_of": date(2025, 3, 9),
        "principal_outstanding_minor": 100_000,
        "interest_outstanding_minor": 0,
        "fee_outstanding_minor": 0,
        "penalty_outstanding_minor": 0,
        "overdue_minor": 9_000,
        "days_past_due": 12,
        "next_due_on": date(2025, 4, 6),
        "unapplied_minor": 0,
        "is_closed": False,
        "key": "stated:A",
    }
    book = make_book(tape(loans=[loan("A")], stated=[said]))
    assert run(book, date(2025, 3, 9)).alarms == ()
    assert Position.objects.get().stated_on == date(2025, 3, 9)
    assert not Position.objects.get().is_stale
    result = run(book, date(2025, 3, 11))

    assert [dict(alarm) for alarm in result.alarms] == [
        {"code": "tape.stale", "stated_on": "2025-03-09", "days": 2}
    ]
    assert Position.objects.get().is_stale


def test_a_person_is_as_late_as_the_oldest_of_her_loans(unblocked):
    hers = [
        loan("A", party_ref="she"),
        loan("B", party_ref="she", disbursed_on=START + timedelta(days=28)),
        loan("C", party_ref="he", disbursed_on=START + timedelta(days=28)),
    ]
    book = make_book(tape(loans=hers))
    run(book, date(2025, 3, 10))
    oldest = dict(Position.objects.values_list("loan__loan_ref", "person_oldest_unpaid_due_on"))

    assert oldest == {"A": date(2025, 2, 6), "B": date(2025, 2, 6), "C": date(2025, 3, 3)}
