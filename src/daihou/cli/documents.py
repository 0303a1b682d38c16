"""``daihou documents``: one document of a loan, statements of a book, the notices of next days."""

from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from daihou.cli import output
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.documents.kinds import Language as Known

app = typer.Typer(no_args_is_help=True, help="Make statements and letters; plan notices. 文书")

BookName = Annotated[str | None, typer.Option("--book", help="The book; may be left out if one.")]
AsOf = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day.")]
Language = Annotated[str, typer.Option(help="zh or en.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]


@app.command()
def make(
    kind: Annotated[str, typer.Argument(help="statement, schedule, payoff, settlement, …")],
    loan_ref: Annotated[str, typer.Argument(help="The loan's number.")],
    as_of: AsOf,
    out: Annotated[Path, typer.Option(help="The PDF to write.")],
    book: BookName = None,
    language: Language = "zh",
    note: Annotated[str, typer.Option(help="A remark on the document.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make one document of a loan, keep it in the archive and write it to a file (出具文书)."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.archive.operations import open_file
    from daihou.web.assets.npm import ensure_installed
    from daihou.web.documents import operations
    from daihou.web.documents.kinds import DocumentKind

    ensure_installed()
    if kind not in DocumentKind.values:
        raise DaihouError("document.kind_unknown", kind=kind)
    user = system_user()
    file = operations.make(
        book=opened.ledger,
        loan_ref=loan_ref,
        kind=DocumentKind(kind),
        language=_language(language),
        as_of=as_of.date(),
        made_on=timezone.localdate(),
        acting_user=user,
        note=note,
    )
    _write(out, b"".join(open_file(file=file, acting_user=user)))
    output.emit(
        {"file": file.pk, "digest": file.content_id, "path": out, "made_from": file.made_from},
        as_json=as_json,
    )


@app.command()
def statements(
    as_of: AsOf,
    out: Annotated[Path, typer.Option(help="The folder to write to; made if it is not there.")],
    book: BookName = None,
    language: Language = "zh",
    most: Annotated[int | None, typer.Option(min=1, help="At most so many loans.")] = None,
    keep: Annotated[bool, typer.Option(help="Keep them in the archive, too.")] = True,
    as_json: AsJson = False,
) -> None:
    """Write a statement (对账单) of every loan paid out by a day."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.assets.npm import ensure_installed
    from daihou.web.documents import operations

    ensure_installed()
    _make_folder(out)
    begun, count, refused = perf_counter(), 0, []
    for made in operations.make_statements(
        book=opened.ledger,
        as_of=as_of.date(),
        language=_language(language),
        folder=out,
        made_on=timezone.localdate(),
        acting_user=system_user(),
        is_kept=keep,
        most=most,
    ):
        count += made.refused is None
        if made.refused:
            refused.append({"loan_ref": made.loan_ref, **made.refused.as_json()})
    document = {
        "book": opened.name,
        "as_of": as_of.date(),
        "folder": out,
        "made": count,
        "refused": refused,
        "seconds": round(perf_counter() - begun, 3),
    }
    output.emit(document, as_json=as_json)


@app.command()
def notices(
    as_of: AsOf,
    days: Annotated[int, typer.Option(min=1, max=92, help="So many days from that day.")] = 7,
    book: BookName = None,
    as_json: AsJson = False,
) -> None:
    """Plan which loan gets which notice on which of the next days (日常通知); nothing is sent."""
    from daihou.cli.books import open_book

    opened = open_book(book)
    from dataclasses import asdict

    from daihou.web.documents.notices import plan

    planned = plan(book=opened.ledger, from_on=as_of.date(), days=days)
    rows = [asdict(each) for each in planned]
    document = {"book": opened.name, "as_of": as_of.date(), "days": days, "notices": rows}
    output.emit(document, as_json=as_json)


def _language(given: str) -> "Known":
    from daihou.web.documents.kinds import Language as Known

    if given not in Known.values:
        raise DaihouError("document.language_unknown", language=given)
    return Known(given)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as exception:
        raise DaihouError("document.folder_refused", path=path, text=exception) from exception


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as exception:
        raise DaihouError("document.folder_refused", path=path, text=exception) from exception
