"""Pages of the desk on a large book: ``python -m benchmarks.desk --loans 1000000``.

Three loans in ten begin a person of their own, so 1,000,000 loans are 300,000 persons; about one
person in three is overdue and has a case. The server runs with two processes, its pages are asked
for one after the other, as one collector does, then by four at once. ``--home`` keeps the book for
the next run.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from http.cookiejar import CookieJar
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener
from zoneinfo import ZoneInfo

import polars as pl

from benchmarks import homes, machine, payments_load
from benchmarks.native_tape import BUSINESS_DATE, add_persons, write_tape

DAIHOU = Path(sys.executable).with_name("daihou")
PORT = 8497
SITE = f"http://127.0.0.1:{PORT}"
BOOK = "bench"
COLLECTORS = 50
SEEN = 300  # Pages of each kind.
QUEUES = (
    "",
    "?sort=amount",
    "?sort=age",
    "?owner=me",
    "?stages=M3",
    "?owner=me&sort=amount",
)


def main() -> None:
    """Parse the command line, measure, print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=100_000)
    parser.add_argument("--home", type=Path, help="Keep the book here for the next run.")
    given = parser.parse_args()
    home = homes.kept(given.home.resolve()) if given.home else homes.thrown_away("desk")
    with home as folder:
        figures = measure(folder=folder, loan_count=given.loans)
    print(json.dumps({"machine": machine.describe(), **figures}, indent=1))


def measure(*, folder: Path, loan_count: int) -> dict[str, Any]:
    """Make the book where it is not there yet, then time the pages."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.cases.models import Case
    from daihou.web.ledger.models import Book

    figures: dict[str, Any] = {}
    if not Book.objects.filter(name=BOOK).exists():
        figures["made"] = make(folder=folder, loan_count=loan_count)
    book = Book.objects.get(name=BOOK)
    cases = Case.objects.filter(book=book, state="open")
    figures["open_cases"] = cases.count()
    chosen = random.Random(1).sample(list(cases.values_list("pk", flat=True)), SEEN)
    password = password_of("desk-0")
    with served() as server:
        opener = _log_in("desk-0", password)
        base = f"/books/{BOOK}/cases/"
        queues = [f"{base}{QUEUES[number % len(QUEUES)]}" for number in range(SEEN)]
        pages = [f"{base}{pk}/" for pk in chosen]
        for name, paths in (("queue", queues), ("case", pages)):
            _ask(opener, paths[:20])  # Plans, caches and processes are warm afterwards.
            before = _processor_seconds(server)
            figures[name] = _ask(opener, paths)
            used = _processor_seconds(server)
            figures[name]["processor_milliseconds"] = {
                part: round((used[part] - before[part]) / len(paths) * 1000, 1) for part in used
            }
            figures[f"{name}_four_at_once"] = _ask(opener, paths, at_once=4)
    return figures


def make(*, folder: Path, loan_count: int) -> dict[str, Any]:
    """Import the tape, let cases open with the night, staff the desk, assign."""
    from daihou.cli.importing import import_tape
    from daihou.web.access.queries import system_user
    from daihou.web.cases import assigning, operations
    from daihou.web.ledger.end_of_day import run_end_of_day
    from daihou.web.ledger.models import Book

    now = _now()
    yesterday = now.date() - timedelta(days=1)
    _tape(folder=folder / "tape", loan_count=loan_count, yesterday=yesterday)
    seconds: dict[str, Any] = {}

    def timed(name: str, act: Callable[[], object]) -> None:
        begun = time.perf_counter()
        act()
        seconds[name] = round(time.perf_counter() - begun, 2)
        print(f"{name}: {seconds[name]} s", file=sys.stderr, flush=True)

    paths = [folder / "tape" / "history"]
    timed("import", lambda: import_tape(format_name="native", paths=paths, book=BOOK))
    book, system = Book.objects.get(name=BOOK), system_user()
    first_on = yesterday - timedelta(days=400)
    operations.set_entry_rule(book=book, effective_on=first_on, acting_user=system)
    timed("night", lambda: run_end_of_day(book=book, through=yesterday, acting_user=system))
    timed("staff", _staff)
    book.refresh_from_db()
    timed("assign", lambda: assigning.assign(book=book, at=now, acting_user=system))
    return seconds


def _tape(*, folder: Path, loan_count: int, yesterday: date) -> None:
    """Write the native tape with its days moved, so that it ends yesterday, and persons on it."""
    write_tape(folder=folder, loan_count=loan_count)
    later = pl.duration(days=(yesterday - BUSINESS_DATE).days)
    moved = {"loans": "disbursed_on", "dues": "due_on", "payments": "effective_on"}
    for name, column in moved.items():
        path = folder / "history" / f"{name}.parquet"
        frame = pl.read_parquet(path).with_columns((pl.col(column) + later).alias(column))
        if name == "payments":
            frame = frame.filter(pl.col("effective_on") <= yesterday)
        frame.write_parquet(path, compression="zstd")
    add_persons(folder=folder)


def _staff() -> None:
    """Add collectors in teams, certified, with room for all cases."""
    from daihou.web.access import operations as access
    from daihou.web.access.models import User
    from daihou.web.access.queries import system_user
    from daihou.web.cases import staffing
    from daihou.web.cases.models import Team
    from daihou.web.training import operations as training
    from daihou.web.training.models import CheckKind, Course

    system, today = system_user(), _now().date()
    teams = [staffing.put_team(name=f"bench {number}", acting_user=system) for number in range(10)]
    assert all(isinstance(team, Team) for team in teams)
    for number in range(COLLECTORS):
        user, _ = access.add_user(
            username=f"desk-{number}", roles=["collector"], acting_user=system
        )
        staffing.put_collector(
            user=user, team=teams[number % len(teams)], capacity=10_000, acting_user=system
        )
    user = User.objects.get(username="desk-0")
    shared: dict[str, Any] = {
        "user": user,
        "evidence": "benchmark",
        "today": today,
        "acting_user": system,
    }
    for course in Course.objects.all():
        training.record_certificate(course=course, issued_on=today, **shared)
    for kind in CheckKind.values:
        training.record_check(kind=kind, is_good=True, on=today, **shared)


def _now() -> datetime:
    return datetime.now(tz=ZoneInfo("Asia/Shanghai"))  # noqa: TID251  The desk's own clock.


def password_of(username: str) -> str:
    from daihou.web.access import operations
    from daihou.web.access.models import User
    from daihou.web.access.queries import system_user

    user = User.objects.get(username=username)
    return operations.reset_password(user=user, acting_user=system_user())


@contextmanager
def served() -> Iterator[int]:
    """Serve the book, and give the server's process."""
    words = ("serve", "--port", str(PORT), "--workers", "2")
    server = subprocess.Popen(
        [DAIHOU, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        payments_load.await_port(PORT)
        time.sleep(3)
        yield server.pid
    finally:
        server.terminate()
        server.wait()


def _processor_seconds(server: int) -> dict[str, float]:
    """Tell what the processes of the web server and of the database have used so far."""
    from daihou.web.postgres.server import here

    postmaster = int((here().data / "postmaster.pid").read_text().split()[0])
    return {"web": _used(server), "database": _used(postmaster)}


def _used(pid: int) -> float:
    """Sum the processor seconds of a process and all below it, those that ended among them."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(_used(int(child)) for child in children)


def _log_in(username: str, password: str) -> OpenerDirector:
    jar = CookieJar()
    opener = build_opener(HTTPCookieProcessor(jar))
    queue = urlencode({"next": f"/books/{BOOK}/cases/"})  # Not the board, which sums up a book.
    with opener.open(f"{SITE}/account/login/?{queue}", timeout=60) as page:
        address = page.url
    token = next(str(cookie.value) for cookie in jar if cookie.name == "csrftoken")
    sent = {"login": username, "password": password, "csrfmiddlewaretoken": token}
    asked = Request(  # noqa: S310  Our own server.
        address, data=urlencode(sent).encode(), headers={"Referer": address}
    )
    with opener.open(asked, timeout=60) as page:
        if page.url == address:
            raise SystemExit("not logged in")
    return opener


def _ask(opener: OpenerDirector, paths: list[str], *, at_once: int = 1) -> dict[str, Any]:
    """Get pages, and return how long they took, whole, as the browser waits for them."""

    def get(path: str) -> float:
        begun = time.perf_counter()
        with opener.open(f"{SITE}{path}", timeout=60) as page:
            page.read()
        return (time.perf_counter() - begun) * 1000

    def some(mine: list[str]) -> list[float]:
        return [get(path) for path in mine]

    with ThreadPoolExecutor(at_once) as pool:
        parts = list(pool.map(some, [paths[number::at_once] for number in range(at_once)]))
    taken = sorted(chain.from_iterable(parts))
    return {
        "pages": len(taken),
        "milliseconds": {
            "p50": round(statistics.median(taken), 1),
            "p95": round(taken[int(len(taken) * 0.95)], 1),
            "most": round(taken[-1], 1),
        },
    }


if __name__ == "__main__":
    main()
