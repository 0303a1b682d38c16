"""Changes of the ledger. Each is one transaction under the book's row lock with one audit row."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import polars as pl
from django.db import connection, transaction
from django.utils import timezone
from psycopg import Connection

from daihou.tapes.protocol import Tape
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger import facts as rows_of
from daihou.web.ledger.calendars_in import put_calendars
from daihou.web.ledger.contracts_in import ERROR_COLUMNS, put_contracts
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.events_in import put_events
from daihou.web.ledger.models import Book, ImportBatch, ImportErrorCount, LoanDrift
from daihou.web.ledger.parties_in import put_parties
from daihou.web.parties.merging import follow_new_loans

SHARD_LOANS = 125_000
SHARDS_MOST = 1024
BOOK_NAME = re.compile(r"\w[\w.\- ]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResult:
    """``errors`` has the columns of ``canonical.Errors``: rows that the ledger refused."""

    batch_id: int
    loans_new: int
    loans_known: int
    events_new: int
    events_known: int
    drifted: int
    errors: pl.DataFrame


def create_book(
    *,
    name: str,
    currency: str,
    minor_digits: int = 2,
    time_zone: str = "UTC",
    source_format: str = "",
    shard_count: int = 1,
    acting_user: User,
) -> Book:
    """Add an empty book.

    :raises LedgerRefused: ``book.name_invalid``, ``book.exists``.
    """
    if not BOOK_NAME.fullmatch(name):
        raise LedgerRefused("book.name_invalid", name=name)
    with transaction.atomic():
        book, is_new = Book.objects.get_or_create(
            name=name,
            defaults={
                "currency": currency,
                "minor_digits": minor_digits,
                "time_zone": time_zone,
                "source_format": source_format,
                "shard_count": shard_count,
            },
        )
        if not is_new:
            raise LedgerRefused("book.exists", name=name)
        audit.record(
            acting_user=acting_user,
            action="book.create",
            target_type="book",
            target_id=book.pk,
            details={"name": name, "currency": currency},
        )
    return book


def lock_book(*, book_id: int) -> Book:
    """Return the book with its row locked: whoever holds it gives out the next sequences."""
    return Book.objects.select_for_update().get(pk=book_id)


def post_tape(
    *,
    book: Book,
    tape: Tape,
    acting_user: User,
    sources: Sequence[Mapping[str, object]] = (),
) -> PostResult:
    """Post a tape's good rows, whole or not at all; what was posted before changes nothing.

    ``sources`` names the files with their digests, for the record.
    """
    with transaction.atomic():
        locked = lock_book(book_id=book.pk)
        result = _post(book=locked, tape=tape, acting_user=acting_user, sources=sources)
    book.refresh_from_db()
    return result


def _post(
    *, book: Book, tape: Tape, acting_user: User, sources: Sequence[Mapping[str, object]]
) -> PostResult:
    raw = cast("Connection[Any]", connection.connection)
    _set_shard_count(book=book, loans=tape.loans.height)
    people = put_parties(raw, book=book, tape=tape, acting_user=acting_user)
    contracts = put_contracts(
        raw,
        book=book,
        contracts=rows_of.contracts(tape=tape),
        parties=people,
        calendars=put_calendars(raw, book=book, rows=tape.calendars),
    )
    follow_new_loans(book_id=book.pk)
    inserted_at = timezone.now()
    by_knowledge = tape.payments["known_at"].null_count() * 2 < tape.payments.height
    events = put_events(
        raw,
        book=book,
        facts=rows_of.facts(tape=tape, time_zone=book.time_zone),
        loans=contracts.loans,
        inserted_at=inserted_at,
        by_knowledge=by_knowledge,
    )
    errors = pl.concat([contracts.errors, events.errors, _dues_alone(tape)])
    batch = ImportBatch.objects.create(
        book=book,
        format_name=tape.format_name,
        sources=list(sources)
        or [{"file": source.file, "table": source.table} for source in tape.sources],
        imported_at=inserted_at,
        acting_user=acting_user,
        loans_new=contracts.new_count,
        loans_known=contracts.known_count,
        events_new=events.new_count,
        events_known=events.known_count,
        rows_rejected=tape.errors.height + errors.height,
        first_sequence=events.first_sequence,
        last_sequence=events.last_sequence,
        is_by_knowledge=by_knowledge,
        stated_on=max(tape.stated["as_of"], default=None),
    )
    _note_errors(
        batch=batch, codes=[*tape.errors["code"], *errors["code"]], drifts=contracts.drifts
    )
    audit.record(
        acting_user=acting_user,
        action="tape.post",
        target_type="import_batch",
        target_id=batch.pk,
        details={
            "book": book.name,
            "format": tape.format_name,
            "loans": contracts.new_count,
            "events": events.new_count,
            "rejected": batch.rows_rejected,
        },
    )
    return PostResult(
        batch_id=batch.pk,
        loans_new=contracts.new_count,
        loans_known=contracts.known_count,
        events_new=events.new_count,
        events_known=events.known_count,
        drifted=contracts.drifts.height,
        errors=errors,
    )


def _set_shard_count(*, book: Book, loans: int) -> None:
    """Give a book its number of shards with its first loans; it stays as it is after."""
    wanted = min(SHARDS_MOST, -(-loans // SHARD_LOANS))
    if book.shard_count == 1 and wanted > 1 and not book.loans.exists():
        book.shard_count = wanted
        book.save(update_fields=["shard_count"])


def _dues_alone(tape: Tape) -> pl.DataFrame:
    """Refuse dues without their loan's row: a schedule is taken in with its contract only."""
    alone = tape.dues.join(tape.loans, on="loan_ref", how="anti")
    return alone.with_columns(
        pl.lit("loan_ref").alias("column"), pl.lit("due.without_contract").alias("code")
    ).select(ERROR_COLUMNS)


def _note_errors(*, batch: ImportBatch, codes: Sequence[str], drifts: pl.DataFrame) -> None:
    ImportErrorCount.objects.bulk_create(
        ImportErrorCount(batch=batch, code=code, row_count=count)
        for code, count in sorted(Counter(codes).items())
    )
    LoanDrift.objects.bulk_create(
        (
            LoanDrift(batch=batch, loan_id=row["loan_id"], fields=sorted(row["fields"]))
            for row in drifts.iter_rows(named=True)
        ),
        batch_size=5_000,
    )
