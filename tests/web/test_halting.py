"""Goal: a person's halt stops a run between shards and loses nothing; principal is held to money.

Method: the halt is asked for on a connection of its own while the run shows its progress.
"""

from datetime import date
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection

from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import end_of_day, gates, halting, operations
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import BookVersion, EndOfDayRun, EndOfDayStep, RunState, StepState
from tests.web.ledger_books import loan, payment, random_tape, tape

ON = date(2025, 4, 10)


@pytest.fixture
def unblocked(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        yield


def make_book(given, *, name="demo"):
    book = operations.create_book(
        name=name, currency="CNY", shard_count=3, acting_user=system_user()
    )
    operations.post_tape(book=book, tape=given, acting_user=system_user())
    return book


def run(book, through, **given):
    book.refresh_from_db()
    return end_of_day.run_end_of_day(book=book, through=through, acting_user=system_user(), **given)


def ask_on_another_connection(book):
    def ask():
        halting.ask_to_halt(book=book, reason=" the bank called ", acting_user=system_user())
        connection.close()

    asking = Thread(target=ask)
    asking.start()
    asking.join()


@pytest.mark.parametrize("phase", ["compute", "publish"])
def test_a_person_halts_a_run_between_two_shards_and_it_goes_on(unblocked, phase):
    given = random_tape(9, loan_count=12)
    undisturbed = make_book(given, name="undisturbed")
    run(undisturbed, ON)
    wanted = BookVersion.objects.get().totals
    book = make_book(given)

    def stop_after_the_first(progress):
        if (progress.phase, progress.done) == (phase, 1):
            ask_on_another_connection(book)

    with pytest.raises(LedgerRefused) as refused:
        run(book, ON, on_progress=stop_after_the_first)
    halted = halting.halted_run(book=book)
    assert (refused.value.code, refused.value.params["reason"]) == (
        "end_of_day.halted",
        "the bank called",
    )
    assert (halted.halt_code, halted.halt_detail["reason"]) == (
        "halt.by_person",
        "the bank called",
    )
    done = EndOfDayStep.objects.filter(run=halted, state=StepState.DONE).count()
    assert done == (1 if phase == "publish" else 0)
    with pytest.raises(LedgerRefused):
        run(book, ON)

    halting.resume(run=halted, acting_user=system_user())
    assert run(book, ON).run_id == halted.pk
    assert BookVersion.objects.get(book=book).totals == wanted
    assert AuditRow.objects.filter(action="end_of_day.ask_to_halt").count() == 1


def test_a_run_nobody_works_on_is_halted_at_once(unblocked, monkeypatch):
    book = make_book(random_tape(9, loan_count=12))
    with pytest.raises(LedgerRefused) as refused:
        halting.ask_to_halt(book=book, reason="too early", acting_user=system_user())
    assert refused.value.code == "end_of_day.not_running"

    def dies(**_):
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(end_of_day, "publish_shard", dies)
        with pytest.raises(MemoryError):
            run(book, ON)
    with pytest.raises(LedgerRefused) as refused:
        halting.ask_to_halt(book=book, reason=" ", acting_user=system_user())
    assert refused.value.code == "end_of_day.reason_missing"
    halting.ask_to_halt(book=book, reason="look first", acting_user=system_user())

    assert EndOfDayRun.objects.get().state == RunState.HALTED
    halting.resume(run=EndOfDayRun.objects.get(), acting_user=system_user())
    assert run(book, ON).loans == 12


def test_months_of_paying_and_lending_trip_no_gate_and_vanished_principal_does(
    unblocked, monkeypatch
):
    loans, payments = [], []
    for number in range(160):
        ref, started_on = f"L{number}", date(2025, 1, 6 + number % 20)
        loans.append(loan(ref, instalment_count=3, disbursed_on=started_on))
        payments += [payment(ref, started_on.replace(month=month), 41_300) for month in (2, 3, 4)]
    book = make_book(tape(loans=loans, payments=payments))
    for on in (date(2025, 1, 20), date(2025, 2, 15), date(2025, 3, 15), date(2025, 4, 1)):
        run(book, on)
    version = BookVersion.objects.latest("pk")
    assert version.totals["active"] == 160

    real = gates.totals_of
    monkeypatch.setattr(
        gates,
        "totals_of",
        lambda counts: real(counts) | {"own_after_minor": 0, "paid_in_minor": 0},
    )
    with pytest.raises(gates.GateFailed) as failed:
        run(book, date(2025, 4, 2))
    assert failed.value.code == "gate.principal"
    assert Decimal(failed.value.params["band"]) == book.jump_band
