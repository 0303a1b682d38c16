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
from benchmarks.native_tape import BUSINESS_DATE, write_tape

DAIHOU = Path(sys.executable).with_name("daihou")


def measure(*, loan_count: int) -> dict[str, object]:
    """Import the history, the first night, a day's payments, a plain night, a month end."""
    with homes.thrown_away("bench") as folder:
        return _measured(folder=folder, loan_count=loan_count)


def _measured(*, folder: Path, loan_count: int) -> dict[str, object]:
    tape = folder / "tape"
    figures: dict[str, object] = {"rows": write_tape(folder=tape, loan_count=loan_count)}
    month_end = BUSINESS_DATE + timedelta(days=1)
    commands = {
        "database_start": ["db", "start"],
        "import": ["import", "native", str(tape / "history")],
        "first_night": ["eod", "--through", str(BUSINESS_DATE - timedelta(days=1))],
        "import_of_the_day": ["import", "native", str(tape / "today")],
        "plain_night": ["eod", "--through", str(BUSINESS_DATE)],
        "month_end_night": ["eod", "--through", str(month_end)],
    }
    for name, words in commands.items():
        figures[name] = _timed(words)
        print(f"{name}: {figures[name]}", file=sys.stderr, flush=True)
    return figures


def _timed(words: list[str]) -> dict[str, object]:
    begun = time.perf_counter()
    done = subprocess.run([DAIHOU, *words, "--json"], check=True, stdout=subprocess.PIPE)
    seconds = round(time.perf_counter() - begun, 2)
    said = json.loads(done.stdout)
    kept = ("loans", "events", "rejected_rows", "changed", "seconds")
    return {"process_seconds": seconds} | {name: said[name] for name in kept if name in said}
