"""What leaves the house as a file is noted first: who took which rows of which book.

Errors  ``LedgerRefused``: ``import.errors_file_missing`` where an import has no errors file, or
        the file is gone.
"""

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction

from daihou.web import home
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.ledger.errors import LedgerRefused
from daihou.web.ledger.models import Book, ImportBatch


def errors_file(*, batch: ImportBatch) -> Path:
    """Find the file of an import's refused rows: by its name, in our own folder and nowhere else.

    :raises LedgerRefused: see the module.
    """
    name = Path(batch.errors_file).name
    path = home.home() / "imports" / name
    if not name or path.is_symlink() or not path.is_file():
        raise LedgerRefused("import.errors_file_missing", file=name)
    return path


def hand_out_errors(*, batch: ImportBatch, acting_user: User) -> Path:
    """Note that somebody takes the refused rows, which may name people; return their file.

    :raises LedgerRefused: see the module.
    """
    path = errors_file(batch=batch)
    with transaction.atomic():
        audit.record(
            acting_user=acting_user,
            action="import.hand_out_errors",
            target_type="import_batch",
            target_id=batch.pk,
            details={"file": path.name, "rows": batch.rows_rejected},
        )
    return path


def hand_out_loans(
    *, book: Book, row_count: int, asked: Mapping[str, object], acting_user: User
) -> None:
    """Note that somebody takes a list of loans; ``asked`` says which, without personal data."""
    with transaction.atomic():
        audit.record(
            acting_user=acting_user,
            action="book.hand_out_loans",
            target_type="book",
            target_id=book.pk,
            details={"rows": row_count, "asked": dict(asked)},
        )
