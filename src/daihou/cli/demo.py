"""``daihou demo``: a seeded consumer book, a year of its nights, then the web page."""

import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daihou.cli import output

if TYPE_CHECKING:
    from daihou.engine.book import Book as EngineBook
    from daihou.web.access.models import User
    from daihou.web.ledger.models import Book

app = typer.Typer()

BOOK = "demo"
USER = "demo"
ROLES = {
    USER: ("manager", "compliance"),  # Decides on what the other asks for.
    "demo-2": ("finance", "manager", "admin"),
}
STARTS_ON = date(2025, 7, 1)
ENDS_ON = date(2026, 6, 30)
REAL_BOOKS = (
    ("kiva", "kiva", date(2008, 12, 31)),
    ("abs-ee", "abs_auto_ally", date(2020, 12, 31)),
    ("superlender", "superlender", date(2017, 8, 31)),
)


@app.command()
def demo(
    loans: Annotated[int, typer.Option(min=100, max=1_000_000, help="How many loans.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same book.")] = 1,
    data: Annotated[
        Path | None, typer.Option(help="Show the real books of this folder instead.")
    ] = None,
    serve: Annotated[
        bool, typer.Option(help="Serve the web page at the end; never with --json.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Make a book, run its nights with a progress bar, show the web page (演示)."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.access.queries import system_user

    acting_user = system_user()
    books = (
        _invented(loans=loans, seed=seed, acting_user=acting_user)
        if data is None
        else _real(folder=data)
    )
    logins = [_login(name, acting_user=acting_user) for name in ROLES]
    if data is None:
        _examples()
    said = [f"log in as {each['user']} · {each['password']}" for each in logins]
    text = "\n".join([*map(_line, books), *said])
    output.emit(
        {"books": books, "log_in": logins[0], "second": logins[1]}, as_json=as_json, text=text
    )
    if serve and not as_json:
        from daihou.cli.serve import serve as serve_pages

        serve_pages()


def _invented(*, loans: int, seed: int, acting_user: "User") -> list[dict[str, Any]]:
    from daihou.web.ledger import queries
    from daihou.web.ledger.models import Book

    started = time.perf_counter()
    book = Book.objects.filter(name=BOOK).first()
    if book is None:
        book = _book_of_invented_loans(loans=loans, seed=seed, acting_user=acting_user)
    nights = _nights(book=book, acting_user=acting_user)
    levels = _levels(queries.engine_book(book=book))
    seconds = round(time.perf_counter() - started, 1)
    return [{"book": book.name, "nights": nights, "seconds": seconds, "levels": levels}]


def _book_of_invented_loans(*, loans: int, seed: int, acting_user: "User") -> "Book":
    from daihou.simulate.portfolio import Portfolio, consumer_tape
    from daihou.web.ledger.operations import create_book, post_tape

    portfolio = Portfolio(loan_count=loans, seed=seed, starts_on=STARTS_ON, ends_on=ENDS_ON)
    output.note(f"{loans} loans, seed {seed}: people take them and pay, or do not …")
    tape = consumer_tape(portfolio)
    book = create_book(
        name=BOOK,
        currency="CNY",
        time_zone="Asia/Shanghai",
        source_format="simulated",
        acting_user=acting_user,
    )
    post_tape(book=book, tape=tape, acting_user=acting_user)
    return book


def _nights(*, book: "Book", acting_user: "User") -> int:
    """Run one end of day for every day of the year that has not had one."""
    from rich.progress import Progress

    from daihou.web.ledger.end_of_day import run_end_of_day

    first_on = max(STARTS_ON, (book.business_date or date.min) + timedelta(days=1))
    days = [first_on + timedelta(days=n) for n in range((ENDS_ON - first_on).days + 1)]
    with Progress(console=output.stderr(), disable=not days) as bar:
        task = bar.add_task("日终 end of day", total=len(days))
        for day in days:
            run_end_of_day(book=book, through=day, acting_user=acting_user)
            bar.update(task, advance=1, description=f"日终 end of day {day}")
    return len(days)


def _levels(book: "EngineBook") -> dict[str, float]:
    """Give the market's three levels over all months that have matured."""
    from daihou.engine import replay
    from daihou.risk.collection_levels import collection_levels
    from daihou.risk.instalments import instalments

    dues = instalments(replay.dues(book=book, as_of=ENDS_ON))
    months = collection_levels(instalments=dues, as_of=ENDS_ON)
    names = ("due_minor", "unpaid_day_1_minor", "unpaid_day_30_minor")
    due, day_1, day_30 = (int(months[name].sum()) for name in names)
    return {
        "day_1_delinquency": round(day_1 / due, 4),
        "collection_30": round(1 - day_30 / day_1, 4),
        "current_to_m2": round(day_30 / due, 5),
    }


def _real(*, folder: Path) -> list[dict[str, Any]]:
    """Import and age the real books, each as its own command would."""
    from daihou.cli.eod import age
    from daihou.cli.importing import import_tape

    return [
        {**import_tape(format_name=name, paths=[folder / place]), **age(book=name, through=through)}
        for name, place, through in REAL_BOOKS
    ]


def _line(book: dict[str, Any]) -> str:
    shown = {name: value for name, value in book.items() if name not in {"book", "reconciliation"}}
    shown |= shown.pop("levels", {})
    return f"{book['book']}: " + " · ".join(f"{name} {value}" for name, value in shown.items())


def _login(name: str, *, acting_user: "User") -> dict[str, str]:
    """Make a person who may look at everything and decide; her password is shown once."""
    from daihou.web.access import operations
    from daihou.web.access.models import User

    if User.objects.filter(username=name).exists():
        return {"user": name, "password": f"as shown the first time; daihou user password {name}"}
    _, password = operations.add_user(
        username=name, roles=list(ROLES[name]), acting_user=acting_user
    )
    return {"user": name, "password": password}


def _examples() -> None:
    """Put examples on the desk of the invented book, unless they are there."""
    from django.db import transaction
    from django.utils import timezone

    from daihou.cli.demo_examples import add_examples
    from daihou.web.access.models import User
    from daihou.web.ledger.models import Book
    from daihou.web.payments.models import Channel

    book = Book.objects.get(name=BOOK)
    if Channel.objects.filter(book=book).exists():
        return
    checker, maker = (User.objects.get(username=name) for name in ROLES)
    with transaction.atomic():
        add_examples(book=book, on=ENDS_ON, at=timezone.now(), maker=maker, checker=checker)
