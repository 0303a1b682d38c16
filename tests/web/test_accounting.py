"""Goal: the general ledger is the positions, every night. Method: random books through nights."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from django.db import DatabaseError, transaction
from django.db.models import F, Sum

from daihou.cli import accounting as command
from daihou.core import posting
from daihou.core.changes import Change
from daihou.core.events import Event, Kind
from daihou.core.terms import Surplus
from daihou.web.access.queries import system_user
from daihou.web.accounting import closing, nightly, queries as accounting
from daihou.web.accounting.errors import AccountingRefused
from daihou.web.accounting.models import AccountingPeriod, Journal, JournalEntry, Proof
from daihou.web.ledger import end_of_day, operations, queries, recording
from daihou.web.ledger.models import EndOfDayRun
from daihou.web.loans.models import Loan
from tests.core.loans import rate
from tests.web.ledger_books import START, loan, payment, random_tape, tape

FIRST = date(2025, 1, 27)
DAY = timedelta(days=1)
UNCHANGED = "append_only|permission denied"  # By the trigger, or by the rights of the role.


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


def posted(book, view="lender", **wanted):
    rows = (
        JournalEntry.objects.filter(book=book, view=view, **wanted)
        .values_list("value_on", "account__role", "cause")
        .annotate(amount_minor=Sum(F("debit_minor") - F("credit_minor")))
    )
    return {(on, role, cause): int(amount) for on, role, cause, amount in rows if amount}


def from_core(book, as_of, view="lender"):
    """What core posts of each loan, as known at the cut-off of the day, added up."""
    rules = posting.rules_of(view)
    known_at = queries.cut_off_at(book=book, business_date=as_of)
    sums = {}
    for loan_ref in Loan.objects.filter(book=book).values_list("loan_ref", flat=True):
        contract, events = queries.load_loan(book=book, loan_ref=loan_ref)
        for entry in posting.entries(
            contract=contract, events=events, as_of=as_of, known_at=known_at, rules=rules
        ):
            place = entry.on, entry.role, entry.cause
            sums[place] = sums.get(place, 0) + entry.amount_minor
    return {place: amount for place, amount in sums.items() if amount}


def test_nights_with_late_money_post_what_core_posts(unblocked):
    book = make_book(random_tape(21))
    for number in range(0, 60, 4):
        on = FIRST + number * DAY
        run(book, on)
        assert Proof.objects.latest("pk").is_passed
        if number % 20 == 0:
            for view in ("lender", "platform", "guarantor"):
                assert posted(book, view) == from_core(book, on, view)
    late = JournalEntry.objects.filter(value_on__lte=F("journal__from_on"), view="lender")
    assert late.exists()
    assert not late.filter(corrects=None).exists()
    assert not JournalEntry.objects.exclude(corrects=None).exclude(
        corrects__value_on=F("value_on"), corrects__journal_id__lt=F("journal_id")
    )


def test_catching_up_is_night_after_night(unblocked):
    given = random_tape(22, loan_count=14)
    by_night, at_once = make_book(given, name="nights"), make_book(given, name="once")
    last = FIRST + 33 * DAY
    for number in (0, 11, 22, 33):
        run(by_night, FIRST + number * DAY)
    run(at_once, last)
    for view in ("lender", "platform", "guarantor"):
        assert posted(by_night, view) == posted(at_once, view)
    assert Journal.objects.filter(book=at_once).count() == 1


def new_book(name="small"):
    return make_book(
        tape(
            loans=[loan("A"), loan("B", method="equal_principal")],
            payments=[payment("A", START + 31 * DAY, 11_002)],
        ),
        name=name,
    )


def pay(book, ref, on, amount_minor, key, known_on):
    event = Event(
        kind=Kind.PAYMENT_RECEIVED,
        effective_on=on,
        recorded_at=datetime(known_on.year, known_on.month, known_on.day, 9, tzinfo=UTC),
        sequence=0,
        key=key,
        amount_minor=amount_minor,
    )
    recording.record_event(book=book, loan_ref=ref, event=event, acting_user=system_user())


def test_a_closed_month_is_corrected_in_the_open_one_with_a_link(unblocked):
    book = new_book()
    finance = system_user()
    run(book, date(2025, 1, 20))
    january = closing.find(book=book, month=date(2025, 1, 1))
    refuses(closing.close, "period.not_over", period=january, acting_user=finance)
    run(book, date(2025, 2, 7))
    february = closing.find(book=book, month=date(2025, 2, 1))
    refuses(closing.close, "period.earlier_open", period=february, acting_user=finance)
    closing.close(period=january, acting_user=finance)
    refuses(closing.close, "period.closed_already", period=january, acting_user=finance)

    def january_is():
        lines = accounting.trial_balance(book=book, view="lender", as_of=date(2025, 1, 31))
        return {line.account.role: line.balance_minor for line in lines}

    before = january_is()
    pay(book, "B", date(2025, 1, 15), 4_000, "late", known_on=date(2025, 2, 8))
    run(book, date(2025, 2, 8))
    assert january_is() == before
    late = JournalEntry.objects.filter(journal__through_on=date(2025, 2, 8), value_on__month=1)
    assert late.exists()
    assert {entry.on for entry in late} == {date(2025, 2, 8)}
    lender = late.filter(view="lender")
    assert all(entry.corrects.value_on == entry.value_on for entry in lender)
    by_value = accounting.trial_balance(
        book=book, view="lender", as_of=date(2025, 1, 31), by_value=True
    )
    cash = next(line for line in by_value if line.account.role == "cash")
    assert cash.balance_minor == before["cash"] + 4_000
    assert Proof.objects.latest("pk").is_passed
    known = queries.cut_off_at(book=book, business_date=date(2025, 2, 7))
    then = accounting.trial_balance(
        book=book, view="lender", as_of=date(2025, 1, 31), by_value=True, known_at=known
    )
    assert {line.account.role: line.balance_minor for line in then} == before


def refuses(operation, code, **asked):
    with pytest.raises(AccountingRefused) as refused:
        operation(**asked)
    assert refused.value.code == code


def test_the_database_refuses_what_is_unbalanced_changed_or_late(unblocked):
    book = new_book()
    run(book, date(2025, 1, 20))
    journal = Journal.objects.get()
    entry = JournalEntry.objects.filter(view="lender").first()
    for change in (
        lambda: JournalEntry.objects.filter(pk=entry.pk).update(debit_minor=1),
        entry.delete,
        lambda: Journal.objects.filter(pk=journal.pk).update(entry_count=0),
        lambda: Proof.objects.all().update(is_passed=True),
    ):
        with pytest.raises(DatabaseError, match=UNCHANGED), transaction.atomic():
            change()
    entry.pk, entry.cause = None, "invented"
    with pytest.raises(DatabaseError, match="whole already"), transaction.atomic():
        entry.save(force_insert=True)

    run(book, date(2025, 1, 21))
    of_its_own = Journal.objects.latest("pk")
    of_its_own.pk, of_its_own.entry_count = None, 1
    of_its_own.run_id = EndOfDayRun.objects.create(
        book=book,
        through_on=date(2025, 1, 22),
        after_sequence=0,
        ledger_sequence=1,
        known_at=of_its_own.known_at,
        started_at=of_its_own.posted_at,
        acting_user=system_user(),
    ).pk

    def post_one_side():
        with transaction.atomic():
            of_its_own.save(force_insert=True)
            entry.journal = of_its_own
            entry.save(force_insert=True)

    with pytest.raises(DatabaseError, match="does not balance"):
        post_one_side()

    period = AccountingPeriod.objects.get()
    with pytest.raises(DatabaseError, match=UNCHANGED), transaction.atomic():
        AccountingPeriod.objects.filter(pk=period.pk)._raw_delete("default")
    with transaction.atomic():
        AccountingPeriod.objects.filter(pk=period.pk).update(
            state="closed", closed_at=of_its_own.posted_at, closed_by=system_user()
        )
    with pytest.raises(DatabaseError, match=UNCHANGED), transaction.atomic():
        AccountingPeriod.objects.filter(pk=period.pk).update(
            state="open", closed_at=None, closed_by=None
        )


def test_a_difference_is_kept_alarms_the_run_and_keeps_the_month_open(unblocked, monkeypatch):
    book = new_book()
    run(book, date(2025, 1, 20))
    real = nightly.work

    def bent(**asked):
        worked = real(**asked)
        figures = worked.figures.with_columns(fee=pl.col("fee") + 7, penalty=pl.col("penalty") - 7)
        return replace(worked, figures=figures)

    monkeypatch.setattr(nightly, "work", bent)
    result = run(book, date(2025, 1, 31))
    proof = Proof.objects.latest("pk")
    assert not proof.is_passed
    apart = {line.measure: line.difference_minor for line in proof.lines.all()}
    assert (apart["fee"], apart["penalty"], apart["principal"]) == (-7, 7, 0)
    assert result.alarms[-1]["code"] == "accounting.proof_failed"
    january = closing.find(book=book, month=date(2025, 1, 1))
    refuses(closing.close, "period.proof_failed", period=january, acting_user=system_user())

    monkeypatch.undo()
    run(book, date(2025, 2, 1))
    assert Proof.objects.latest("pk").is_passed
    closing.close(period=january, acting_user=system_user())


@pytest.mark.parametrize("step", ["_post", "_insert", "prove"])
def test_posting_that_dies_leaves_nothing_and_posts_the_same_when_run_again(
    unblocked, monkeypatch, step
):
    book, other = new_book("dies"), new_book("lives")

    def dying(**asked):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(nightly, step, dying)
        with pytest.raises(KeyboardInterrupt):
            run(book, date(2025, 2, 7))
    assert not Journal.objects.filter(book=book).exists()
    run(other, date(2025, 2, 7))
    assert run(book, date(2025, 2, 7)).run_id is None  # The night itself was done.
    assert posted(book) == posted(other) != {}
    assert nightly.post_newest(book=book, acting_user=system_user()) is None


def test_a_refunded_sold_and_restructured_loan_is_proved_every_night(unblocked):
    book = new_book()
    run(book, date(2025, 2, 20))
    for kind, on, amount_minor, change in (
        (Kind.PREPAID, date(2025, 2, 21), 20_000, Change(surplus=Surplus.SHORTEN)),
        (Kind.RATE_CHANGED, date(2025, 2, 22), 0, Change(rate=rate("0.05"))),
        (Kind.OWNER_CHANGED, date(2025, 2, 23), 0, Change(counterparty="amc", price_minor=90_000)),
        (Kind.WRITTEN_OFF, date(2025, 2, 24), 0, None),
    ):
        event = Event(
            kind=kind,
            effective_on=on,
            recorded_at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC),
            sequence=0,
            key=kind.value,
            amount_minor=amount_minor,
            change=change,
        )
        ref = "B" if kind is Kind.WRITTEN_OFF else "A"
        recording.record_event(book=book, loan_ref=ref, event=event, acting_user=system_user())
        run(book, on)
        assert Proof.objects.latest("pk").is_passed
    assert posted(book) == from_core(book, date(2025, 2, 24))


def test_the_commands_show_prove_close_and_export(unblocked, capsys, tmp_path):
    run(new_book(), date(2025, 2, 7))
    as_of = datetime(2025, 1, 31)

    def said(command, **asked):
        command(book="small", as_json=True, **asked)
        return json.loads(capsys.readouterr().out)

    balance = said(command.trial_balance, as_of=as_of)
    assert balance["debit_minor"] == balance["credit_minor"] > 240_000
    assert sum(account["balance_minor"] for account in balance["accounts"]) == 0
    lines = said(command.journal, as_of=datetime(2025, 1, 6))["entries"]
    assert {line["cause"] for line in lines} == {"disbursement"}
    assert said(command.prove, as_of=as_of)["is_passed"]
    assert said(command.close, period=as_of)["state"] == "closed"
    for name in ("january.csv", "january.xlsx"):
        out = tmp_path / name
        told = said(command.export, as_of=as_of, since=datetime(2025, 1, 1), out=out)
        assert told["rows"] > 50
        assert out.stat().st_size > 3_000
    command.trial_balance(book="small", as_of=as_of)
    assert "1303.01" in capsys.readouterr().out
