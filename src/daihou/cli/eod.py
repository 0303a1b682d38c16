"""``daihou eod``: bring a book to the end of a business day."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output
from daihou.cli.acting import ByUser, user_or_machine
from daihou.errors import DaihouError

if TYPE_CHECKING:
    from daihou.web.access.models import User
    from daihou.web.ledger.end_of_day import EndOfDayResult, Progress
    from daihou.web.ledger.models import Book

app = typer.Typer(add_completion=False)
WORDS = {"compute": "计算 computing", "publish": "发布 publishing"}


@app.command()
def eod(
    through: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last business day to be closed."),
    ] = None,
    book: Annotated[str | None, typer.Option(help="The book; may be left out if one.")] = None,
    override: Annotated[
        str | None,
        typer.Option(help="Let a halted run pass the gate that halted it, for this reason."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Let a halted run ask its gates once more.")
    ] = False,
    halt: Annotated[
        str | None,
        typer.Option(help="Make the run under way stop before its next shard, for this reason."),
    ] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes to compute with; by default what pays.")
    ] = None,
    user: ByUser = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Run the end of day (日终) through a date; killed, it goes on where it was."""
    if halt is not None:
        output.emit(_halt(book=book, reason=halt, user=user), as_json=as_json)
        return
    if through is None:
        raise DaihouError("end_of_day.through_missing")
    if resume or override is not None:
        _let_go_on(book=book, reason=override, user=user)
    document = age(book=book, through=through.date(), processes=processes, user=user)
    output.emit(document, as_json=as_json)


def age(
    *, book: str | None, through: date, processes: int | None = None, user: str | None = None
) -> dict[str, Any]:
    """Bring a book to the end of a day, show how it goes, and return what is reported."""
    ledger, acting_user = _opened(book, user)
    from daihou.web.ledger.end_of_day import run_end_of_day

    with _progress(ledger.name) as show:
        result = run_end_of_day(
            book=ledger,
            through=through,
            acting_user=acting_user,
            on_progress=show,
            processes=processes,
        )
    _say_alarms(result)
    return {
        "book": ledger.name,
        "business_date": result.business_date,
        "loans": result.loans,
        "events": result.events,
        "changed": result.changed,
        "seconds": result.seconds,
    }


def _opened(book: str | None, user: str | None) -> "tuple[Book, User]":
    """Find the book, and for whom its night is run."""
    from daihou.cli.books import open_book

    ledger = open_book(book).ledger
    return ledger, user_or_machine(user, permission="end_of_day.run", book=ledger)


def _let_go_on(*, book: str | None, reason: str | None, user: str | None) -> None:
    ledger, acting_user = _opened(book, user)
    from daihou.web.ledger import halting

    run = halting.halted_run(book=ledger)
    halting.resume(run=run, acting_user=acting_user, override_reason=reason)


def _halt(*, book: str | None, reason: str, user: str | None) -> dict[str, Any]:
    ledger, acting_user = _opened(book, user)
    from daihou.web.ledger import halting

    run = halting.ask_to_halt(book=ledger, reason=reason, acting_user=acting_user)
    state = "halted" if run.halt_code else "asked"
    return {"book": ledger.name, "through": run.through_on, "state": state, "reason": reason}


@contextmanager
def _progress(name: str) -> "Iterator[Callable[[Progress], None]]":
    """Show a bar per phase on standard error while the work is done."""
    from rich.progress import Progress as Bar

    with Bar(console=output.stderr(), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(progress: "Progress") -> None:
            if progress.phase not in tasks:
                words = f"{name} {WORDS[progress.phase]}"
                tasks[progress.phase] = bar.add_task(words, total=progress.total)
            bar.update(tasks[progress.phase], completed=progress.done, total=progress.total)

        yield show


def _say_alarms(result: "EndOfDayResult") -> None:
    from daihou.errors import message

    for alarm in result.alarms:
        lines = message(code=str(alarm["code"]), params=alarm) or (alarm["code"], alarm["code"])
        output.note(f"alarm[{alarm['code']}]: {lines[1]}")
