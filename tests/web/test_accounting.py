"""Goal: the general ledger is the positions, night by night. Method: random books through nights."""

from datetime import date, timedelta

import polars as pl
import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.db.models import F, Sum

from daihou.core import posting
from daihou.web.access.queries import system_user
from daihou.web.accounting import nightly, periods
from daihou.web.accounting.errors import AccountingRefused
from daihou.web.accounting.models import Account, AccountingPeriod, Journal, JournalEntry, Proof
from daihou.web.ledger import end_of_day, operations, queries
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from tests.web.ledger_books import START, loan, payment, random_tape, tape

FIRST = date(2025, 1, 27)
DAY = timedelta(days=1)


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
