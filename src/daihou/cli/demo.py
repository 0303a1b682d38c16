"""``daihou demo``: a seeded consumer book, a year of its nights, then the web page."""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime, time as clock, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from daihou.cli import output

if TYPE_CHECKING:
    from daihou.engine.book import Book as EngineBook
    from daihou.tapes.protocol import Tape
    from daihou.web.access.models import User
    from daihou.web.ledger.models import Book

app = typer.Typer()

BOOK = "demo"
USER = "demo"
ROLES = {
    USER: ("manager", "compliance"),  # Decides on what the other asks for.
    "demo-2": ("finance", "manager", "admin"),
}
NIGHTS = 365
TIME_ZONE = "Asia/Shanghai"
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
    logins = [_login(name, acting_user=acting_user) for name in ROLES]
    if data is None:
        books, staff = _invented(loans=loans, seed=seed, acting_user=acting_user)
    else:
        books, staff = _real(folder=data), []
    said = [
        f"log in as {each['user']} · {each['password']} · {each['role']}"
        for each in (*logins, *staff)
    ]
    output.emit(
        {"books": books, "log_in": logins[0], "second": logins[1], "staff": staff},
        as_json=as_json,
        text="\n".join([*map(_line, books), *said]),
    )
    if serve and not as_json:
        from daihou.cli.serve import serve as serve_pages

        serve_pages(with_worker=True, sandbox="" if data else BOOK)


def _invented(
    *, loans: int, seed: int, acting_user: "User"
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Make the book, live its nights and its last days; run again, only the nights since."""
    from django.utils import timezone

    from daihou.cli import demo_staff
    from daihou.web.ledger import queries
    from daihou.web.ledger.models import Book

    started = time.perf_counter()
    now = timezone.now()
    ends_on = last_day(now)
    book = Book.objects.filter(name=BOOK).first()
    if book is None:
        book = _book_of_invented_loans(
            loans=loans, seed=seed, ends_on=ends_on, acting_user=acting_user
        )
    staff = demo_staff.known()
    done: dict[str, int] = {}
    if staff:
        nights = _nights(book=book, ends_on=ends_on, acting_user=acting_user)
    else:
        staff = demo_staff.hire(at=now, acting_user=acting_user)
        nights, done = _with_desk(
            book=book, seed=seed, ends_on=ends_on, now=now, acting_user=acting_user
        )
    _examples(book=book, now=now)
    levels = _levels(queries.engine_book(book=book), ends_on=ends_on)
    seconds = round(time.perf_counter() - started, 1)
    told = {"book": book.name, "nights": nights, "seconds": seconds, "levels": levels}
    return [{**told, **({"desk": done} if done else {})}], [asdict(each) for each in staff]


def last_day(now: datetime) -> date:
    """Return the day before an instant at the book's place: figures older remind nobody."""
    return now.astimezone(ZoneInfo(TIME_ZONE)).date() - timedelta(days=1)


def _book_of_invented_loans(*, loans: int, seed: int, ends_on: date, acting_user: "User") -> "Book":
    from daihou.simulate.portfolio import Portfolio, consumer_tape
    from daihou.web.ledger.operations import create_book, post_tape

    starts_on = ends_on - timedelta(days=NIGHTS - 1)
    portfolio = Portfolio(loan_count=loans, seed=seed, starts_on=starts_on, ends_on=ends_on)
    output.note(f"{loans} loans, seed {seed}: people take them and pay, or do not …")
    tape = _told_through(ends_on, consumer_tape(portfolio))
    book = create_book(
        name=BOOK,
        currency="CNY",
        time_zone=TIME_ZONE,
        source_format="simulated",
        acting_user=acting_user,
    )
    post_tape(book=book, tape=tape, acting_user=acting_user)
    return book


def _told_through(day: date, tape: "Tape") -> "Tape":
    """Leave out what banks will tell of only later: nobody knows it yet."""
    import polars as pl

    told = pl.col("known_at").dt.date() <= day
    return replace(tape, payments=tape.payments.filter(told), events=tape.events.filter(told))


def _with_desk(
    *, book: "Book", seed: int, ends_on: date, now: datetime, acting_user: "User"
) -> tuple[int, dict[str, int]]:
    """Run the nights, and work the desk on the mornings before the last of them."""
    from daihou.cli.demo_calls import Desk
    from daihou.cli.demo_day import Days
    from daihou.web.access.models import User

    everybody = User.objects.filter(username__startswith=USER)
    staff = {user.username: user for user in everybody}
    desk = Desk(book=book, seed=seed, staff=staff)
    days = Days(desk=desk, ends_on=ends_on, system=acting_user)
    nights = _nights(book=book, ends_on=ends_on, acting_user=acting_user, morning=days.morning)
    days.morning_after(now)
    return nights, dict(sorted(desk.done.items()))


def _no_work(on: date) -> None:
    """Let a day pass without a desk."""


def _nights(
    *,
    book: "Book",
    ends_on: date,
    acting_user: "User",
    morning: Callable[[date], None] = _no_work,
) -> int:
    """Run one end of day for every day of the year that has not had one."""
    from rich.progress import Progress

    from daihou.web.ledger.end_of_day import run_end_of_day

    starts_on = ends_on - timedelta(days=NIGHTS - 1)
    first_on = max(starts_on, (book.business_date or date.min) + timedelta(days=1))
    days = [first_on + timedelta(days=n) for n in range((ends_on - first_on).days + 1)]
    with Progress(console=output.stderr(), disable=not days) as bar:
        task = bar.add_task("日终 end of day", total=len(days))
        for day in days:
            morning(day)
            at = datetime.combine(day + timedelta(days=1), clock(), ZoneInfo(TIME_ZONE))
            run_end_of_day(book=book, through=day, acting_user=acting_user, at=at)
            bar.update(task, advance=1, description=f"日终 end of day {day}")
    book.refresh_from_db()
    return len(days)


def _levels(book: "EngineBook", *, ends_on: date) -> dict[str, float]:
    """Give the market's three levels over all months that have matured."""
    from daihou.engine import replay
    from daihou.risk.collection_levels import collection_levels
    from daihou.risk.instalments import instalments

    dues = instalments(replay.dues(book=book, as_of=ends_on))
    months = collection_levels(instalments=dues, as_of=ends_on)
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
    shown |= shown.pop("levels", {}) | shown.pop("desk", {})
    return f"{book['book']}: " + " · ".join(f"{name} {value}" for name, value in shown.items())


def _login(name: str, *, acting_user: "User") -> dict[str, str]:
    """Make a person who may look at everything and decide; her password is shown once."""
    from daihou.cli.demo_staff import SHOWN_BEFORE
    from daihou.web.access import operations
    from daihou.web.access.models import User

    role = ", ".join(ROLES[name])
    if User.objects.filter(username=name).exists():
        return {"user": name, "password": SHOWN_BEFORE.format(name=name), "role": role}
    _, password = operations.add_user(
        username=name, roles=list(ROLES[name]), acting_user=acting_user
    )
    return {"user": name, "password": password, "role": role}


def _examples(*, book: "Book", now: datetime) -> None:
    """Put examples on the desk of the invented book, unless they are there."""
    from django.db import transaction

    from daihou.cli.demo_examples import add_examples, are_there
    from daihou.web.access.models import User

    if are_there(book=book):
        return
    assert book.business_date is not None
    checker, maker = (User.objects.get(username=name) for name in ROLES)
    with transaction.atomic():
        add_examples(book=book, on=book.business_date, at=now, maker=maker, checker=checker)
