"""Measure what posting adds to a night: ``python -m benchmarks.posting --loans 200000``.

The tapes and nights are those of ``benchmarks.run --database``; beside each night stands what its
journal took, from reading the shards to the commit. The embedded server has a home of its own.
"""

import argparse
import json
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import homes, machine
from benchmarks.native_tape import BUSINESS_DATE, write_tape

if TYPE_CHECKING:
    from datetime import date


def main() -> None:
    """Parse the command line, measure in a home that is thrown away, print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=100_000)
    arguments = parser.parse_args()
    with homes.thrown_away("posting") as folder:
        from daihou.web.postgres.database import ensure_database

        ensure_database()
        figures = measure(folder=folder, loan_count=arguments.loans)
    print(json.dumps({"machine": machine.describe(), **figures}, indent=1))


def measure(*, folder: Path, loan_count: int) -> dict[str, Any]:
    """Import, run the first night, two nights of a day's payments and quiet, and a quiet week."""
    from daihou.cli.importing import import_tape

    rows = write_tape(folder=folder / "tape", loan_count=loan_count)
    import_tape(format_name="native", paths=[folder / "tape" / "history"], book="bench")
    figures: dict[str, Any] = {"rows": rows}
    figures["first"] = _night(BUSINESS_DATE - timedelta(days=1))
    import_tape(format_name="native", paths=[folder / "tape" / "today"], book="bench")
    for name, days in (("plain", 0), ("month_end", 1), ("quiet", 2), ("week", 9)):
        figures[name] = _night(BUSINESS_DATE + timedelta(days=days))
    return figures


def _night(through: "date") -> dict[str, Any]:
    """Run a night and tell its posting from the rest."""
    from daihou.web.access.queries import system_user
    from daihou.web.accounting.models import Journal
    from daihou.web.ledger import end_of_day
    from daihou.web.ledger.models import Book

    real, took = end_of_day.post_newest, [0.0]

    def timed(**asked: Any) -> object:
        begun = time.perf_counter()
        found = real(**asked)
        took[0] = time.perf_counter() - begun
        return found

    end_of_day.post_newest = timed
    try:
        begun = time.perf_counter()
        end_of_day.run_end_of_day(
            book=Book.objects.get(name="bench"), through=through, acting_user=system_user()
        )
        whole = time.perf_counter() - begun
    finally:
        end_of_day.post_newest = real
    journal = Journal.objects.latest("pk")
    found = {
        "night_seconds": round(whole - took[0], 2),
        "posting_seconds": round(took[0], 2),
        "added_share": round(took[0] / (whole - took[0]), 3),
        "entries": journal.entry_count,
        "is_proved": journal.proof.is_passed,
    }
    print(f"{through}: {found}", file=sys.stderr, flush=True)
    return found


if __name__ == "__main__":
    main()
