"""``daihou import FORMAT PATH...``: take a tape into a book, reconcile it, keep its bad rows."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.cli.acting import ByUser, user_or_machine
from daihou.errors import DaihouError

if TYPE_CHECKING:
    import polars as pl

    from daihou.core.events import Event
    from daihou.core.terms import Contract
    from daihou.tapes.protocol import Format, Tape
    from daihou.tapes.reconciliation import Reconciliation
    from daihou.web.access.models import User
    from daihou.web.ledger.models import Book
    from daihou.web.ledger.operations import PostResult

app = typer.Typer(add_completion=False)
LOANS_AT_ONCE = 500
EXCEPTIONS_KEPT = 10_000


@app.command("import")
def import_(
    format_name: Annotated[str, typer.Argument(metavar="FORMAT", help="native, kiva, abs-ee …")],
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    book: Annotated[str | None, typer.Option(help="By default named as the format.")] = None,
    user: ByUser = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Import a tape (导入): bad rows go to an errors file, importing twice changes nothing."""
    document = import_tape(format_name=format_name, paths=paths, book=book, user=user)
    output.emit(document, as_json=as_json)


def import_tape(
    *,
    format_name: str,
    paths: Sequence[Path],
    book: str | None = None,
    user: str | None = None,
) -> dict[str, Any]:
    """Read, post and reconcile a tape.

    :raises TapeRefused: where a file cannot be read at all; then nothing is posted.
    :raises DaihouError: ``import.no_loans`` where a new book would have no loan.
    """
    from daihou.tapes.registry import format_named

    chosen = format_named(format_name)
    name = book or chosen.name
    with _spinner(f"{name}: 读取 reading"):
        tape = _read(chosen, paths, name)  # First: it refuses at once what is too large.
        digests = _digests(paths)
    from django.db import transaction

    from daihou.web.ledger.models import Book
    from daihou.web.ledger.operations import post_tape

    known = Book.objects.filter(name=name).first()  # None: the right on all books.
    acting_user = user_or_machine(user, permission="tape.import", book=known)
    with _spinner(f"{name}: 入账 posting"), transaction.atomic():
        ledger = _book(name=name, chosen=chosen, tape=tape, acting_user=acting_user)
        result = post_tape(book=ledger, tape=tape, acting_user=acting_user, sources=digests)
    with _spinner(f"{name}: 核对 reconciling"):
        compared = _reconcile(ledger, tape)
    return _report(ledger, tape=tape, result=result, compared=compared, acting_user=acting_user)


def _read(chosen: "Format", paths: Sequence[Path], name: str) -> "Tape":
    from daihou.web.postgres.database import ensure_database

    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise DaihouError("file.missing", file=", ".join(missing))
    ensure_database()
    from daihou.tapes.checking import refuse_currency
    from daihou.web.ledger.models import Book

    currency = Book.objects.filter(name=name).values_list("currency", flat=True).first()
    tape = chosen.read(paths, currency=currency)
    return tape if currency is None else refuse_currency(tape, currency=currency)


def _book(*, name: str, chosen: "Format", tape: "Tape", acting_user: "User") -> "Book":
    from daihou.web.ledger.errors import LedgerRefused
    from daihou.web.ledger.models import Book
    from daihou.web.ledger.operations import create_book

    found = Book.objects.filter(name=name).first()
    if found is not None:
        return found
    if tape.loans.is_empty():
        raise DaihouError("import.no_loans", book=name, rejected=tape.errors.height)
    first = tape.loans.row(0, named=True)
    try:
        return create_book(
            name=name,
            currency=first["currency"],
            minor_digits=first["minor_digits"],
            time_zone=chosen.time_zone,
            source_format=chosen.name,
            acting_user=acting_user,
        )
    except LedgerRefused as refused:
        if refused.code != "book.exists":  # Another import made it while this one waited.
            raise
        return Book.objects.get(name=name)


def _reconcile(ledger: "Book", tape: "Tape") -> "Reconciliation":
    from daihou.tapes.reconciliation import reconcile

    statements = _comparable(ledger, tape.statements)
    refs = statements.get_column("loan_ref").unique(maintain_order=True).to_list()
    return reconcile(
        unit=tape.unit,
        statements=statements,
        loans=_loans(ledger, refs),
        tolerance_minor=tape.tolerance_minor,
    )


def _comparable(ledger: "Book", statements: "pl.DataFrame") -> "pl.DataFrame":
    """Leave out stated figures of loans of which the book holds no schedule, or nothing at all."""
    import polars as pl

    from daihou.tapes.canonical import UNSCHEDULED_ON
    from daihou.tapes.positions import COMPARED
    from daihou.web.loans.models import Loan

    is_stated = pl.col("figure").is_in(list(COMPARED))
    if statements.filter(is_stated).is_empty():
        return statements
    planned = Loan.objects.filter(book=ledger).exclude(schedule__due_on=[UNSCHEDULED_ON])
    refs = list(planned.values_list("loan_ref", flat=True))
    return statements.filter(~is_stated | pl.col("loan_ref").is_in(refs))


def _loans(ledger: "Book", refs: Sequence[str]) -> Iterator[tuple["Contract", tuple["Event", ...]]]:
    """Give the book's own loans: what was posted, not what was read."""
    from daihou.web.ledger.queries import load_loans
    from daihou.web.loans.models import Loan

    for start in range(0, len(refs), LOANS_AT_ONCE):
        some = refs[start : start + LOANS_AT_ONCE]
        ids = Loan.objects.filter(book=ledger, loan_ref__in=some).values_list("pk", flat=True)
        yield from load_loans(book=ledger, loan_ids=ids).values()


def _report(
    ledger: "Book",
    *,
    tape: "Tape",
    result: "PostResult",
    compared: "Reconciliation",
    acting_user: "User",
) -> dict[str, Any]:
    from daihou.tapes.findings import count_rejected, with_errors, write_errors
    from daihou.web import home
    from daihou.web.ledger.import_reports import keep_import_report

    whole = with_errors(tape, [result.errors])
    rejected, errors_file = count_rejected(whole), None
    if rejected:
        folder = home.home() / "imports"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        errors_file = folder / f"{ledger.name}-{result.batch_id}-errors.csv"
        write_errors(whole, errors_file)
    reconciliation = compared.as_json()
    notes = _count_notes(whole)
    last_on = tape.statements.get_column("as_of").max()
    kept = {
        **reconciliation,
        "as_of": "" if last_on is None else str(last_on),
        "exceptions": [
            {**item, "as_of": str(item["as_of"])}
            for item in reconciliation["exceptions"][:EXCEPTIONS_KEPT]
        ],
    }
    keep_import_report(
        batch_id=result.batch_id,
        errors_file="" if errors_file is None else str(errors_file),
        summary={"reconciliation": kept, "notes": notes},
        acting_user=acting_user,
    )
    for code, count in notes.items():
        output.note(f"note[{code}]: {count}")
    return {
        "book": ledger.name,
        "loans": result.loans_new,
        "events": result.events_new,
        "rejected_rows": rejected,
        "errors_file": errors_file,
        "reconciliation": reconciliation,
    }


def _count_notes(tape: "Tape") -> dict[str, int]:
    return dict(tape.notes.group_by("code", maintain_order=True).len().iter_rows())


def _digests(paths: Sequence[Path]) -> list[dict[str, object]]:
    """Name every file with its size and digest, for the record."""
    from daihou.tapes.reading import files_of

    found: list[dict[str, object]] = []
    for path in files_of(paths):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append({"file": path.name, "size": path.stat().st_size, "sha256": digest})
    return found


def _spinner(words: str) -> Any:
    return output.stderr().status(words)
