"""Goal: many payments recorded at once are what each alone would be. Method: both, compared."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

import polars as pl
import pytest
from django.db import connection
from django.forms.models import model_to_dict

from daihou.core.events import Event, Kind
from daihou.engine import expand
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.ledger import operations, queries, refreshing
from daihou.web.ledger.end_of_day import run_end_of_day
from daihou.web.ledger.extract import facts_of_loans
from daihou.web.ledger.models import Event as EventRow, Position
from daihou.web.ledger.payments_in import PAYMENTS, record_payments
from daihou.web.ledger.recording import record_event
from daihou.web.loans.models import Loan
from tests.web.ledger_books import random_tape

NIGHT = date(2025, 5, 10)
AT = datetime(2025, 5, 12, 8, tzinfo=UTC)


@pytest.fixture
def books(scratch_database, django_db_blocker):
    with django_db_blocker.unblock():
        made = []
        for name in ("one", "many"):
            book = operations.create_book(name=name, currency="CNY", acting_user=system_user())
            operations.post_tape(
                book=book, tape=random_tape(5, loan_count=80), acting_user=system_user()
            )
            run_end_of_day(book=book, through=NIGHT, acting_user=system_user())
            book.refresh_from_db()
            made.append(book)
        yield made


def paid(loans, *, on=NIGHT + timedelta(days=1), amount_minor=23_000, name="p"):
    rows = [
        {
            "row_no": number,
            "loan_id": loan.pk,
            "key": f"{name}:{loan.loan_ref}",
            "effective_on": on,
            "recorded_at": AT,
            "amount_minor": amount_minor,
            "source_ref": "",
            "channel": "",
        }
        for number, loan in enumerate(loans, start=1)
    ]
    return pl.DataFrame(rows, schema=dict(PAYMENTS))


def loans_of(book):
    return list(Loan.objects.filter(book=book).order_by("loan_ref"))


def published(book):
    rows = Position.objects.filter(book=book).select_related("loan").order_by("loan__loan_ref")
    hidden = {"loan", "book", "ledger_sequence"}
    return [
        (row.loan.loan_ref, {k: v for k, v in model_to_dict(row).items() if k not in hidden})
        for row in rows
    ]


def off(row):
    return EventRow.objects.filter(loan=row, kind="written_off").exists()


def test_many_at_once_are_recorded_and_published_as_each_alone(books):
    one, many = books
    for loan in loans_of(one):
        kind = Kind.RECOVERED if off(loan) else Kind.PAYMENT_RECEIVED
        event = Event(
            kind=kind,
            effective_on=NIGHT + timedelta(days=1),
            recorded_at=AT,
            sequence=0,
            key=f"p:{loan.loan_ref}",
            amount_minor=23_000,
        )
        record_event(book=one, loan_ref=loan.loan_ref, event=event, acting_user=system_user())
    assert len(loans_of(many)) > refreshing.FEW_LOANS
    done = record_payments(book=many, payments=paid(loans_of(many)), acting_user=system_user())

    assert (done.new_count, done.known_count, done.refused.height) == (80, 0, 0)
    assert published(many) == published(one)
    kinds = EventRow.objects.filter(book=many, key__startswith="p:").values_list("kind", flat=True)
    assert set(kinds) == {"payment_received", "recovered"}
    assert AuditRow.objects.filter(action="payments.record").count() == 1


def test_the_same_again_changes_nothing_and_another_amount_is_refused(books):
    book = books[1]
    loans = loans_of(book)[:3]
    record_payments(book=book, payments=paid(loans), acting_user=system_user())
    before = EventRow.objects.filter(book=book).count(), published(book)
    again = record_payments(book=book, payments=paid(loans), acting_user=system_user())
    other = record_payments(
        book=book, payments=paid(loans, amount_minor=1), acting_user=system_user()
    )

    assert (again.new_count, again.known_count) == (0, 3)
    assert (other.new_count, set(other.refused["code"])) == (0, {"event.key_conflict"})
    assert (EventRow.objects.filter(book=book).count(), published(book)) == before


def test_money_before_the_loan_was_paid_out_and_of_another_book_is_refused(books):
    one, many = books
    early = paid(loans_of(many)[:1], on=date(2024, 1, 1))
    strange = paid(loans_of(one)[:1], name="q").with_columns(row_no=pl.lit(2, pl.Int64))
    done = record_payments(
        book=many, payments=pl.concat([early, strange]), acting_user=system_user()
    )
    assert dict(done.refused.iter_rows()) == {1: "payment.before_disbursement", 2: "loan.unknown"}
    assert done.new_count == 0


def test_instalments_that_shards_hold_are_not_planned_again(books, monkeypatch):
    one, many = books
    monkeypatch.setattr(refreshing, "FEW_LOANS", 0)
    before = published(one)
    monkeypatch.setattr(refreshing, "EVENTS_READ", 0)
    whole = record_payments(book=one, payments=paid(loans_of(one)), acting_user=system_user())

    def refuse(**_):
        raise AssertionError("planned anew")

    monkeypatch.setattr(refreshing, "EVENTS_READ", 500)
    monkeypatch.setattr(expand, "build_schedule", refuse)
    held = record_payments(book=many, payments=paid(loans_of(many)), acting_user=system_user())
    assert (held.new_count, held.refused.height) == (whole.new_count, 0)
    assert published(many) == published(one) != before


@pytest.mark.parametrize("differs", [{"loan_ref": pl.lit("x")}, {"disbursed_minor": pl.lit(1)}])
def test_instalments_held_of_another_loan_are_not_taken(books, differs):
    book = books[1]
    ids = pl.Series("loan_id", [loan.pk for loan in loans_of(book)], dtype=pl.Int64)
    held = queries.engine_book(book=book).read_facts(loan_ids=ids)
    assert held.loans.height == ids.len()
    others = replace(
        held,
        loans=held.loans.with_columns(**differs).cast(dict(held.loans.schema)),
        dues=held.dues.with_columns(pl.lit(7, pl.Int64).alias("interest_due_minor")),
    )
    read = partial(
        facts_of_loans,
        connection.connection,
        knowledge=refreshing._all_knowledge(book),
        loan_ids=ids.sort(),
    )
    assert read(held=others).dues.equals(read(held=None).dues)
    assert read(held=held).dues.equals(read(held=None).dues)
