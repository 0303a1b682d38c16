"""``daihou audit``: the sealed log — its head, exports and proofs, and checking them anywhere."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from daihou.cli import output
from daihou.cli.acting import ByUser, user_or_machine
from daihou.errors import DaihouError, describe

app = typer.Typer(no_args_is_help=True, help="The sealed log of evidence. 存证日志")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Book = Annotated[
    str | None, typer.Option("--book", help="Rows of this book; default: of all books.")
]


@app.command()
def head(
    since: Annotated[
        Path | None, typer.Option("--since", help="An older head: prove that the log only grew.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the newest head, to be published (日志头): seal what waits, sign what there is."""
    _begin()
    from daihou.web.audit import exporting, sealing, verifying

    while sealing.seal_waiting():
        pass
    newest = exporting.newest_head()
    document: dict[str, object] = asdict(newest)
    if since is not None:
        old = verifying.read_head(path=since)
        path = exporting.growth_of(old=old.size)
        if not verifying.verify_growth(old=old, new=newest, path=path):
            raise DaihouError("audit.not_grown")
        document = {"head": document, "since": asdict(old), "path": path}
    output.emit(document, text=json.dumps(document, indent=2), as_json=as_json)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write JSON lines.")],
    *,
    book: Book = None,
    user: ByUser = None,
    as_json: AsJson = False,
) -> None:
    """Write the sealed rows with the digests of all others (导出); ``verify`` needs only this."""
    _begin()
    from daihou.cli.books import open_book
    from daihou.web.audit import exporting

    opened = open_book(book).ledger if book is not None else None
    by = user_or_machine(user, permission="audit.export", book=opened)
    found = exporting.export(path=file, book=opened, acting_user=by)
    output.emit({"file": str(file), "head": asdict(found)}, as_json=as_json)


@app.command()
def prove(
    row: Annotated[str, typer.Argument(help="Kind of row: permit, outcome, stoporder, audit, …")],
    number: Annotated[int, typer.Argument(help="Its number.")],
    file: Annotated[Path, typer.Argument(help="Where to write the proof.")],
) -> None:
    """Write one row with the proof that it stands in the log (单条存在性证明)."""
    _begin()
    from daihou.web.audit import exporting

    proof = exporting.proof_of(source=row, row_id=number)
    file.write_text(json.dumps(proof, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    output.emit({"file": str(file), "leaf": proof["leaf"]}, as_json=False)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="An export or a proof.")],
    head: Annotated[Path, typer.Argument(help="The head as it was published.")],
    as_json: AsJson = False,
) -> None:
    """Check an export or a proof against a head (核验); no database, permits decided again."""
    from daihou.web.audit import verifying

    published = verifying.read_head(path=head)
    check = verifying.verify_proof if _is_proof(file) else verifying.verify
    report = check(path=file, head=published)
    for finding in report.findings:
        output.stderr().print(describe(DaihouError(finding.code, **finding.params)).message_en)
    counts = {name: getattr(report, name) for name in ("leaves", "rows", "permits", "refusals")}
    document = {
        **counts,
        "after_head": report.after,
        "key_id": published.key_id,
        "is_good": report.is_good,
        "findings": [{"code": each.code, **each.params} for each in report.findings],
    }
    output.emit(document, as_json=as_json)
    if not report.is_good:
        raise DaihouError("audit.failed", count=len(report.findings))


def _is_proof(file: Path) -> bool:
    from daihou.web.audit.documents import PROOF_FORMAT

    with file.open(encoding="utf-8") as opened:
        return PROOF_FORMAT in opened.read(200)


def _begin() -> None:
    from daihou.web.postgres.database import ensure_database

    ensure_database()
