"""The whole way through PostgreSQL: import native tapes, run nights of the whole book.

Every figure is a whole process, as a user runs it, on an embedded server with a home of its own.
"""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from benchmarks import homes
from benchmarks.native_tape import BUSINESS_DATE, add_persons, write_tape

DAIHOU = Path(sys.executable).with_name("daihou")


def measure(*, loan_count: int, with_cases: bool) -> dict[str, object]:
    """Import the history, the first night, a day's payments, a plain night, a month end.

    With cases the loans have persons: those overdue get cases on the first night, which follow on
    every other.
    """
    with homes.thrown_away("bench") as folder:
        return _measured(folder=folder, loan_count=loan_count, with_cases=with_cases)


def _measured(*, folder: Path, loan_count: int, with_cases: bool) -> dict[str, object]:
    tape = folder / "tape"
    figures: dict[str, object] = {"rows": write_tape(folder=tape, loan_count=loan_count)}
    rule = {"entry_rule": ["cases", "rule", "--from", "2026-01-01"]} if with_cases else {}
    if with_cases:
        add_persons(folder=tape)
    month_end = BUSINESS_DATE + timedelta(days=1)
    commands = {
        "database_start": ["db", "start"],
        "import": ["import", "native", str(tape / "history")],
        **rule,
        "first_night": ["eod", "--through", str(BUSINESS_DATE - timedelta(days=1))],
        "import_of_the_day": ["import", "native", str(tape / "today")],
        "plain_night": ["eod", "--through", str(BUSINESS_DATE)],
        "month_end_night": ["eod", "--through", str(month_end)],
    }
    for name, words in commands.items():
        figures[name] = _timed(words)
        print(f"{name}: {figures[name]}", file=sys.stderr, flush=True)
    return {**figures, **_parts()}


def _parts() -> dict[str, object]:
    """Tell how long each night took to compute and publish, to post, and to let cases follow."""
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.web.accounting.models import Journal
    from daihou.web.cases.models import Case, CaseNight
    from daihou.web.ledger.models import EndOfDayRun

    parts = []
    for run in EndOfDayRun.objects.order_by("pk"):
        night = CaseNight.objects.filter(run=run).first()
        seconds = {
            "night": run.seconds,
            "posting": Journal.objects.get(run=run).seconds,
            "cases": None if night is None else night.seconds,
        }
        parts.append({"through": str(run.through_on), "seconds": seconds})
    return {"parts_of_nights": parts, "open_cases": Case.objects.filter(state="open").count()}


def _timed(words: list[str]) -> dict[str, object]:
    begun = time.perf_counter()
    done = subprocess.run([DAIHOU, *words, "--json"], check=True, stdout=subprocess.PIPE)
    seconds = round(time.perf_counter() - begun, 2)
    said = json.loads(done.stdout)
    kept = ("loans", "events", "rejected_rows", "changed", "seconds")
    return {"process_seconds": seconds} | {name: said[name] for name in kept if name in said}
