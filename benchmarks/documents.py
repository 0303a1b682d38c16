"""Statements of a book, written and kept, on one machine with its database.

    python -m benchmarks.documents [--loans 10000] [--statements 10000] [--no-keep]

A loan of the invented book has 3 to 24 instalments; half a year of payments stands on each.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from benchmarks import homes, machine

DAIHOU = Path(sys.executable).with_name("daihou")
STARTS_ON, ENDS_ON = date(2026, 1, 1), date(2026, 6, 30)
GOAL_SECONDS_OF_10_000 = 300


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=10_000)
    parser.add_argument("--statements", type=int, default=10_000)
    parser.add_argument("--no-keep", action="store_true")
    given = parser.parse_args()
    with homes.thrown_away("documents") as folder:
        figures = {"machine": machine.describe()} | measure(given, folder)
    print(json.dumps(figures, ensure_ascii=False, indent=2))


def measure(given: argparse.Namespace, folder: Path) -> dict[str, object]:
    make_book(given.loans)
    out = folder / "out"
    wanted = ["documents", "statements", "--as-of", ENDS_ON.isoformat(), "--out", str(out)]
    wanted += ["--most", str(given.statements), "--json"]
    wanted += ["--no-keep"] if given.no_keep else []
    begun, used = time.perf_counter(), _used_seconds()
    done = subprocess.run([DAIHOU, *wanted], capture_output=True, text=True, check=True)
    whole_seconds = time.perf_counter() - begun
    answer = json.loads(done.stdout)
    sizes = [path.stat().st_size for path in out.glob("*.pdf")]
    return {
        "statements": answer["made"],
        "refused": len(answer["refused"]),
        "kept": not given.no_keep,
        "seconds": round(answer["seconds"], 2),
        "seconds_with_start": round(whole_seconds, 2),
        "milliseconds_each": round(1000 * answer["seconds"] / max(1, answer["made"]), 2),
        "seconds_of_10000": round(10_000 * answer["seconds"] / max(1, answer["made"]), 1),
        "processor_milliseconds_each": round(
            1000 * (_used_seconds() - used) / max(1, answer["made"]), 2
        ),
        "goal_seconds_of_10000": GOAL_SECONDS_OF_10_000,
        "kilobytes_each": round(sum(sizes) / max(1, len(sizes)) / 1024, 1),
    }


def _used_seconds() -> float:
    """Return the processor time of all commands so far: what a busy machine cannot stretch."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def make_book(loan_count: int) -> None:
    from daihou.web import setup

    setup()
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    from daihou.simulate.portfolio import Portfolio, consumer_tape
    from daihou.web.access.queries import system_user
    from daihou.web.ledger.operations import create_book, post_tape

    user = system_user()
    book = create_book(name="letters", currency="CNY", time_zone="Asia/Shanghai", acting_user=user)
    tape = consumer_tape(
        Portfolio(loan_count=loan_count, seed=1, starts_on=STARTS_ON, ends_on=ENDS_ON)
    )
    post_tape(book=book, tape=tape, acting_user=user)


if __name__ == "__main__":
    main()
