"""Goal: what spares a night its work changes nothing. Method: the same nights with and without it.

A process keeps the tables of a small book between nights, and a tape that says when its money
became known lies in the ledger in that order, so that a night looks at what it learns alone.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from polars.testing import assert_frame_equal

from daihou.core.position import position
from daihou.engine import replay
from daihou.web.access.queries import system_user
from daihou.web.ledger import end_of_day, extract, operations, queries, shard_work
from daihou.web.ledger.models import EndOfDayRun, Event, ImportBatch
from tests.web.ledger_books import loan, payment, random_tape, tape

FIRST = date(2025, 1, 27)
NIGHTS = 36


@pytest.fixture
def unblocked(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        yield


def make_book(given, *, name="demo"):
    book = operations.create_book(
        name=name, currency="CNY", shard_count=2, acting_user=system_user()
    )
    operations.post_tape(book=book, tape=given, acting_user=system_user())
    return book


def run(book, through):
    book.refresh_from_db()
    return end_of_day.run_end_of_day(book=book, through=through, acting_user=system_user())


def without_knowledge(given):
    return replace(given, payments=given.payments.with_columns(known_at=None))


def test_kept_tables_are_those_on_disk_and_spare_reading_them(unblocked, monkeypatch):
    book = make_book(random_tape(11, loan_count=12))
    folder = queries.engine_book(book=book)
    reads = []
    real = shard_work.EngineBook.read_shard
    monkeypatch.setattr(
        shard_work.EngineBook,
        "read_shard",
        lambda self, **asked: reads.append(asked) or real(self, **asked),
    )
    compared = 0
    for number in range(NIGHTS):
        on = FIRST + timedelta(days=number)
        run(book, on)
        assert reads == []
        for shard in range(2):
            kept = shard_work._KEPT[folder.root, shard].tables
            for (_, ours), (_, read) in zip(
                kept.items(), real(folder, shard=shard, business_date=on).items(), strict=True
            ):
                assert_frame_equal(ours, read)
                compared += read.height
    assert compared > 1_000

    shard_work._KEPT.clear()
    run(book, FIRST + timedelta(days=NIGHTS))
    assert len(reads) == 2


def test_tables_kept_of_another_version_are_not_used(unblocked):
    book = make_book(random_tape(12, loan_count=12))
    run(book, FIRST)
    root = queries.engine_book(book=book).root
    stale = dict(shard_work._KEPT)
    run(book, FIRST + timedelta(days=1))
    for place, held in stale.items():
        files = dict.fromkeys(held.files, "0" * 64)
        day = FIRST + timedelta(days=1)
        shard_work._KEPT[place] = replace(held, business_date=day, files=files)
    run(book, FIRST + timedelta(days=2))

    assert {place[0] for place in stale} == {root}
    assert_is_core(book, FIRST + timedelta(days=2))


def assert_is_core(book, on):
    frame = replay.positions(book=queries.engine_book(book=book), as_of=on)
    ours = {row["loan_ref"]: row for row in frame.iter_rows(named=True)}
    known_at = queries.cut_off_at(book=book, business_date=on)
    for loan_ref, row in ours.items():
        contract, events = queries.load_loan(book=book, loan_ref=loan_ref)
        found = position(contract=contract, events=events, as_of=on, known_at=known_at)
        names = ("principal_outstanding_minor", "days_past_due", "unapplied_minor")
        assert [row[name] for name in names] == [getattr(found, name) for name in names], loan_ref
    return ours


def test_a_tape_that_tells_when_it_was_known_is_looked_at_a_night_at_a_time(unblocked, monkeypatch):
    book = make_book(random_tape(13))
    assert ImportBatch.objects.get().is_by_knowledge
    known = list(Event.objects.order_by("sequence").values_list("recorded_at", flat=True))
    assert known == sorted(known)
    looked_at = []
    real = end_of_day.count_new

    def counting(connection, *, knowledge):
        (first, before), (after, last) = knowledge.spans
        looked_at.append((before - first + 1) + (last - after + 1))
        return real(connection, knowledge=knowledge)

    monkeypatch.setattr(end_of_day, "count_new", counting)
    taken = []
    for number in range(NIGHTS):
        on = FIRST + timedelta(days=number)
        if number == 20:
            late = payment("L0001", on, 7_000, known_at=datetime(2025, 2, 16, 9, tzinfo=UTC))
            more = tape(loans=[loan("M1", disbursed_on=on)], payments=[late])
            operations.post_tape(book=book, tape=more, acting_user=system_user())
        taken.append(run(book, on).events)
        if number % 7 == 6:
            assert_is_core(book, on)
    assert looked_at[1:20] == taken[1:20]
    assert sum(looked_at) <= sum(taken) + 2 * (NIGHTS - 20)  # The later tape is looked at again.

    final = run(book, date(2025, 9, 1))
    assert sum(taken) + final.events == Event.objects.count()
    assert_is_core(book, date(2025, 9, 1))


def test_a_tape_that_says_little_of_its_knowledge_stays_in_loan_order(unblocked):
    given = random_tape(13, loan_count=10)
    book = make_book(without_knowledge(given))
    assert not ImportBatch.objects.get().is_by_knowledge
    loans = list(Event.objects.order_by("sequence").values_list("loan_id", flat=True))
    assert loans == sorted(loans)
    run(book, FIRST)
    knowledge = end_of_day.knowledge_of(run=EndOfDayRun.objects.get())
    assert knowledge.unknown is None
    assert extract.count_new(end_of_day._raw(), knowledge=knowledge)[1] is not None
