"""Goal: every kind of event comes in by a file and has its words. Method: one tape of them all."""

import json
from datetime import date

import pytest
from django.utils import translation

from daihou.cli import importing
from daihou.core.events import Kind
from daihou.core.position import position
from daihou.engine import replay
from daihou.web.access.queries import system_user
from daihou.web.board import words
from daihou.web.ledger import queries
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.models import Book, Event

pytestmark = pytest.mark.django_db
YEARLY = {"value": "0.10", "per": "year"}
CHANGES = {
    "extended": {"through_on": "2024-09-30"},
    "deferred": {"instalment_count": 1, "interest": "goes_on"},
    "re_amortized": {"interest": "spread"},
    "due_dates_moved": {"first_due_on": "2024-06-20"},
    "rate_changed": {"rate": YEARLY},
    "term_changed": {"instalment_count": 8},
    "overdue_planned": {"first_due_on": "2024-06-25", "instalment_count": 2},
    "interest_paused": {"through_on": "2024-06-30"},
    "prepaid": {"surplus": "lower"},
    "re_aged": {"first_due_on": "2024-07-20", "instalment_count": 10, "interest": "spread"},
    "card_instalments": {"first_due_on": "2024-07-25", "instalment_count": 12, "rate": YEARLY},
    "charged_back": None,
    "refunded": None,
    "owner_changed": {"counterparty": "buyer", "price_minor": 90000},
    "compensated": {"counterparty": "guarantor"},
    "claim_recovered": None,
    "accelerated": None,
    "undone": None,
}
AMOUNTS = {"prepaid": 50, "charged_back": 20, "refunded": 5, "compensated": 70}
AMOUNTS |= {"claim_recovered": 30}
TARGETS = {"charged_back": "paid3", "undone": "accelerated"}
DAYS = {
    "compensated": "2024-05-01",
    "claim_recovered": "2024-05-02",
    "overdue_planned": "2024-05-05",
}


def _changes():
    for kind, change in CHANGES.items():
        text = json.dumps(change).replace('"', '""') if change else ""
        amount, target = AMOUNTS.get(kind, ""), TARGETS.get(kind, "")
        day = DAYS.get(kind, "2024-06-05")
        yield f'L3,{kind},{day},{amount},,,{target},{kind},"{text}"\n'


TABLES = {
    "loans": """loan_ref,currency,principal,disbursed_on,method,rate,rate_per,instalment_count
L1,CNY,1000,2024-01-31,equal_instalment,0.12,year,6
L3,CNY,1000,2024-01-31,equal_instalment,0.12,year,6
""",
    "openings": "loan_ref,currency,principal,opened_on\nL2,CNY,300,2024-02-01\n",
    "dues": "loan_ref,instalment_no,due_on,principal\nL2,1,2024-01-20,100\nL2,2,2024-03-20,200\n",
    "payments": """loan_ref,effective_on,amount,key
L1,2024-02-29,400,paid
L3,2024-02-29,400,paid3
""",
    "events": """loan_ref,kind,effective_on,amount,component,due_on,target_key,key,change
L1,payment_reversed,2024-03-08,,,,paid,e1,
L1,charge_added,2024-03-10,30,fee,2024-03-15,,charge,
L1,charge_waived,2024-03-11,10,,,charge,e2,
L1,penalty_stopped,2024-03-12,,,,,e3,
L1,penalty_started,2024-03-20,,,,,e4,
L1,written_off,2024-05-01,,,,,e5,
L1,recovered,2024-05-20,100,,,,e6,
L2,closed,2024-05-02,,,,,e7,
"""
    + "".join(_changes()),
    "positions": """loan_ref,as_of,principal_outstanding,interest_outstanding,fee_outstanding,\
penalty_outstanding,overdue,days_past_due,unapplied,is_closed
L2,2024-06-30,0,0,0,0,0,0,0,true
""",
}


def test_every_kind_comes_in_by_the_native_tape_and_is_folded(tmp_path, monkeypatch):
    monkeypatch.setattr("daihou.web.postgres.database.ensure_database", lambda: None)
    for table, text in TABLES.items():
        (tmp_path / f"{table}.csv").write_text(text)
    result = importing.import_tape(format_name="native", paths=[tmp_path])

    assert result["rejected_rows"] == 0
    assert set(Event.objects.values_list("kind", flat=True)) == set(Kind)
    book = Book.objects.get()
    statuses = []
    for ref in ("L1", "L2", "L3"):
        contract, events = queries.load_loan(book=book, loan_ref=ref)
        as_of = max(event.effective_on for event in events)
        statuses.append(position(contract=contract, events=events, as_of=as_of).status)
    assert statuses == ["written_off", "closed", "active"]


def test_a_night_takes_every_kind_in_as_core_folds_it(tmp_path, monkeypatch):
    monkeypatch.setattr("daihou.web.postgres.database.ensure_database", lambda: None)
    for table, text in TABLES.items():
        (tmp_path / f"{table}.csv").write_text(text)
    importing.import_tape(format_name="native", paths=[tmp_path])
    book, through = Book.objects.get(), date(2024, 6, 20)
    run_end_of_day(book=book, through=through, acting_user=system_user(), processes=1)

    shown = replay.positions(book=queries.engine_book(book=book), as_of=through)
    rows = {row["loan_ref"]: row for row in shown.iter_rows(named=True)}
    for ref in ("L1", "L3"):
        contract, events = queries.load_loan(book=book, loan_ref=ref)
        found = position(contract=contract, events=events, as_of=through)
        row = rows[ref]
        assert row["principal_outstanding_minor"] == found.principal_outstanding_minor
        assert row["days_past_due"] == found.days_past_due
        assert row["overdue_minor"] == sum(found.overdue_minor.values())


def test_a_change_that_its_loan_cannot_take_is_an_error_row(tmp_path, monkeypatch):
    monkeypatch.setattr("daihou.web.postgres.database.ensure_database", lambda: None)
    (tmp_path / "loans.csv").write_text(TABLES["loans"])
    (tmp_path / "events.csv").write_text(
        "loan_ref,kind,effective_on,target_key,key,change\n"
        "L1,accelerated,2023-12-31,,early,\n"
        'L1,re_amortized,2024-02-05,,nothing,"{""interest"": ""spread""}"\n'
        'L1,extended,2024-02-05,,senseless,"{""through_on"": ""2024-02-31""}"\n'
        "L1,undone,2024-02-05,loan:L1,start,\n"
        'L1,extended,2024-02-05,,good,"{""through_on"": ""2024-09-30""}"\n'
    )
    result = importing.import_tape(format_name="native", paths=[tmp_path])
    assert result["rejected_rows"] == 4
    kept = Event.objects.exclude(kind="disbursed")
    assert list(kept.values_list("key", flat=True)) == ["good"]


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_word_in_both_languages_and_its_sign(kind):
    said = set()
    for language in ("zh-hans", "en"):
        with translation.override(language):
            said.add(str(words.EVENTS[kind.value]))
    assert len(said) == 2
    assert words.EVENT_ICONS[kind.value]
