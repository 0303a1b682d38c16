"""``daihou privacy``: a new key for personal data, approved exports, what we hold of a person."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.cli.acting import user_who_may
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.access.models import User
    from daihou.web.parties.models import Party

app = typer.Typer(no_args_is_help=True, help="Keys, exports and answers about personal data.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
To = Annotated[Path, typer.Option("--to", help="The file to write; it must not be there yet.")]


@app.command()
def rotate(*, as_json: AsJson = False) -> None:
    """Make a new key and encrypt everything with it; go on where an earlier run was stopped.

    Old keys are destroyed as soon as nothing needs them: run it again where some were kept.
    """
    acting_user = _begin()
    from django.utils import timezone

    from daihou.web.privacy import rotation

    done = rotation.rotate(at=timezone.now(), acting_user=acting_user, progress=_say)
    output.emit(
        {
            "key_id": done.key_id,
            "rows": {name: count for name, count in done.rows.items() if count},
            "retired": list(done.retired),
            "kept": list(done.kept),
        },
        as_json=as_json,
    )


@app.command()
def ask(
    references: Annotated[list[str], typer.Argument(help="Of persons of the book.")],
    *,
    book: Annotated[str, typer.Option("--book")],
    field: Annotated[list[str], typer.Option("--field", help="name, phone, id_number, …")],
    reason: str,
    user: str,
    as_json: AsJson = False,
) -> None:
    """Ask for an export; a second person decides on it in the inbox of approvals."""
    _begin()
    from daihou.cli.books import open_book
    from daihou.web.privacy import exporting

    ledger = open_book(book).ledger
    asking = user_who_may(user, permission="personal_data.export", target=ledger)
    approval = exporting.request_export(
        book=ledger, references=references, fields=field, reason=reason, acting_user=asking
    )
    output.emit(
        {"approval": approval.pk, "persons": len(approval.payload["parties"])}, as_json=as_json
    )


@app.command()
def export(approval: int, *, to: To, user: str, as_json: AsJson = False) -> None:
    """Write an approved export for the user who asked for it, for her eyes only (mode 0600)."""
    _begin()
    from django.utils import timezone

    from daihou.web.privacy import exporting

    by = user_who_may(user, permission="personal_data.export")
    rows = exporting.take(approval_id=approval, at=timezone.now(), acting_user=by)
    _write_private(to, exporting.as_csv(rows).encode("utf-8-sig"))
    output.emit({"file": str(to), "rows": len(rows)}, as_json=as_json)


@app.command()
def answer(party: int, *, reason: str, to: To, user: str, as_json: AsJson = False) -> None:
    """Write what we hold of a person as JSON, to be handed to her (mode 0600)."""
    _begin()
    from daihou.web.privacy import answering

    by = user_who_may(user, permission="personal_data.answer")
    held = answering.answer(party=_party(party), reason=reason, acting_user=by)
    _write_private(to, answering.as_json(held).encode())
    output.emit({"file": str(to), "parts": list(held)}, as_json=as_json)


@app.command()
def delete(party: int, *, reason: str, user: str, as_json: AsJson = False) -> None:
    """Delete a person's data and every text about her; loans, contacts and the log stay."""
    _begin()
    from daihou.web.privacy import deleting

    found = _party(party)
    by = user_who_may(user, permission="party.delete_personal_data")
    deleted = deleting.delete(party=found, reason=reason, acting_user=by)
    emptied = deleting.empty_texts()
    output.emit({"values": deleted, "texts": emptied}, as_json=as_json)


def _say(name: str, count: int) -> None:
    if count:
        output.note(f"{name}: {count}")


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as exception:
        raise DaihouError("file.exists", path=path) from exception
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def _party(party_id: int) -> "Party":
    from daihou.web.parties.models import Party

    found = Party.objects.filter(pk=party_id).first()
    if found is None:
        raise DaihouError("party.unknown", party_id=party_id)
    return found


def _begin() -> "User":
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access import queries

    return queries.system_user()
