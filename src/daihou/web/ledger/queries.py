"""Reads of the ledger: a loan as ``core`` takes it, a book's folder, what imports reported."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from daihou.core import codec
from daihou.core.changes import Change
from daihou.core.events import Event, Kind
from daihou.core.terms import Component, Contract, FreeDue, Method, Terms
from daihou.engine.book import Book as EngineBook
from daihou.web import home
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book, Event as EventRow, ImportBatch
from daihou.web.loans.models import Loan, LoanSchedule


def load_loan(*, book: Book, loan_ref: str) -> tuple[Contract, tuple[Event, ...]]:
    """Return a loan's contract and all its events in ledger order.

    :raises LedgerRefused: ``loan.unknown``.
    """
    loan = (
        Loan.objects.filter(book=book, loan_ref=loan_ref)
        .select_related("terms", "schedule")
        .first()
    )
    if loan is None:
        raise LedgerRefused("loan.unknown", loan_ref=loan_ref, book=book.name)
    rows = EventRow.objects.filter(loan_id=loan.pk).order_by("sequence")
    return contract_of(book=book, loan=loan), tuple(map(event_of, rows))


def load_loans(
    *, book: Book, loan_ids: Iterable[int]
) -> dict[int, tuple[Contract, tuple[Event, ...]]]:
    """Return contracts and events of several loans by loan id."""
    ids = list(loan_ids)
    loans = Loan.objects.filter(book=book, pk__in=ids).select_related("terms", "schedule")
    events = load_events(loan_ids=ids)
    return {loan.pk: (contract_of(book=book, loan=loan), events[loan.pk]) for loan in loans}


def load_events(*, loan_ids: Iterable[int]) -> dict[int, tuple[Event, ...]]:
    """Return all events of several loans in ledger order, by loan id."""
    events: dict[int, list[Event]] = {loan_id: [] for loan_id in loan_ids}
    for row in EventRow.objects.filter(loan_id__in=list(events)).order_by("loan_id", "sequence"):
        events[row.loan_id].append(event_of(row))
    return {loan_id: tuple(found) for loan_id, found in events.items()}


def contract_of(*, book: Book, loan: Loan) -> Contract:
    terms = decoded_terms(json.dumps(loan.terms.terms, sort_keys=True))
    schedule = getattr(loan, "schedule", None)
    if terms.method is Method.FREE and schedule is not None:
        terms = replace(terms, free_dues=_free_dues(schedule))
    return Contract(
        loan_ref=loan.loan_ref,
        currency=book.currency,
        minor_digits=book.minor_digits,
        principal_minor=loan.principal_minor,
        start_on=loan.start_on,
        terms=terms,
    )


@lru_cache(maxsize=4096)
def decoded_terms(text: str) -> Terms:
    return codec.decode_text(Terms, text)


def event_of(row: EventRow) -> Event:
    return Event(
        kind=Kind(row.kind),
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        sequence=row.sequence,
        key=row.key,
        source_ref=row.source_ref,
        amount_minor=row.amount_minor,
        component=Component(row.component) if row.component else None,
        instalment_no=row.instalment_no,
        due_on=row.due_on,
        target_key=row.target_key,
        channel=row.channel,
        figures=tuple(sorted((row.figures or {}).items())),
        change=None if row.change is None else codec.decode(Change, row.change),
    )


def _free_dues(schedule: LoanSchedule) -> tuple[FreeDue, ...]:
    columns = (
        schedule.due_on,
        schedule.principal_minor,
        schedule.interest_minor,
        schedule.fee_minor,
    )
    return tuple(
        FreeDue(due_on=due_on, principal_minor=principal, interest_minor=interest, fee_minor=fee)
        for due_on, principal, interest, fee in zip(*columns, strict=True)
    )


def engine_book(*, book: Book) -> EngineBook:
    """Return the folder of the book's shards."""
    root = home.home() / "books" / book.name
    return EngineBook(root=root, currency=book.currency, shard_count=book.shard_count)


def cut_off_at(*, book: Book, business_date: date) -> datetime:
    """Return the last instant whose knowledge belongs to a business date.

    The cut-off time if the book has one, else the end of the day, in the book's time zone.
    """
    zone = ZoneInfo(book.time_zone)
    if book.cut_off is not None:
        return datetime.combine(business_date, book.cut_off, zone)
    return datetime.combine(business_date, time.max, zone)


def reconciliations(*, book: Book, as_of: date) -> list[dict[str, Any]]:
    """Return what each import's reconciliation said of days up to ``as_of``, newest first."""
    batches = ImportBatch.objects.filter(book=book).order_by("-pk")
    found = [
        {"batch": batch.pk, "format": batch.format_name, **batch.summary["reconciliation"]}
        for batch in batches
        if "reconciliation" in batch.summary
    ]
    return [item for item in found if str(item.get("as_of", "")) <= as_of.isoformat()]
