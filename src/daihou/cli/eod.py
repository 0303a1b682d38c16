"""``daihou eod``: bring a book to the end of a business day."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output

if TYPE_CHECKING:
    from daihou.web.ledger.end_of_day import EndOfDayResult

app = typer.Typer(add_completion=False)
WORDS = {"compute": "计算 computing", "publish": "发布 publishing"}


@app.command()
def eod(
    through: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="The last business day to be closed."),
    ],
    book: Annotated[str | None, typer.Option(help="The book; may be left out if one.")] = None,
    override: Annotated[
        str | None,
        typer.Option(help="Let a halted run pass the gate that halted it, for this reason."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Let a halted run ask its gates once more.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Processes to compute with; by default what pays.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Run the end of day (日终) through a date; killed, it goes on where it was."""
    from rich.progress import Progress as Bar

    from daihou.cli.books import open_book

    ledger = open_book(book).ledger
    from daihou.web.access.queries import system_user
    from daihou.web.ledger import end_of_day

    acting_user = system_user()
    if resume or override is not None:
        end_of_day.resume(
            run=end_of_day.halted_run(book=ledger),
            acting_user=acting_user,
            override_reason=override,
        )
    with Bar(console=output.stderr(), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(progress: end_of_day.Progress) -> None:
            words = f"{ledger.name} {WORDS[progress.phase]}"
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(words, total=progress.total)
            bar.update(tasks[progress.phase], completed=progress.done, total=progress.total)

        result = end_of_day.run_end_of_day(
            book=ledger,
            through=through.date(),
            acting_user=acting_user,
            on_progress=show,
            processes=processes,
        )
    _report(ledger.name, result, as_json=as_json)


def _report(name: str, result: "EndOfDayResult", *, as_json: bool) -> None:
    from daihou.errors import message

    for alarm in result.alarms:
        lines = message(code=str(alarm["code"]), params=alarm) or (alarm["code"], alarm["code"])
        output.note(f"alarm[{alarm['code']}]: {lines[1]}")
    document = {
        "book": name,
        "business_date": result.business_date,
        "loans": result.loans,
        "events": result.events,
        "changed": result.changed,
        "seconds": result.seconds,
    }
    output.emit(document, as_json=as_json)
