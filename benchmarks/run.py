"""Run the benchmarks and print one JSON document: ``python -m benchmarks.run --size 1m``."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import database, generate, machine, night, peers, replay, spark

IN_MEMORY_LOANS = 1_000_000  # More are not held in memory whole.


def main() -> None:
    """Parse the command line and run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=sorted(generate.SIZES), default="1m")
    parser.add_argument("--folder", type=Path, help="keep the generated book here, or find it here")
    parser.add_argument(
        "--database", action="store_true", help="import and age a book through PostgreSQL instead"
    )
    parser.add_argument("--cases", action="store_true", help="with --database: let cases follow")
    parser.add_argument("--workers", type=int, default=2, help="processes of the pool")
    parser.add_argument("--spark", action="store_true", help="run the night on Spark, too")
    arguments = parser.parse_args()
    size = generate.SIZES[arguments.size]
    if arguments.folder is not None:
        measure(size, arguments.folder / size.name, arguments)
        return
    if arguments.database:
        figures = database.measure(loan_count=size.loans, with_cases=arguments.cases)
        print(json.dumps({"machine": machine.describe(), **figures}, indent=1))
        return
    with tempfile.TemporaryDirectory(prefix="daihou-bench-") as folder:
        measure(size, Path(folder), arguments)


def measure(size: generate.Size, folder: Path, arguments: argparse.Namespace) -> None:
    """Measure everything on one generated book and print the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, object] = {"machine": machine.describe(), "size": size.name}
    figures["loans"], figures["instalments"] = size.loans, size.loans * generate.COUNT
    begun = time.perf_counter()
    book = generate.make_book(size=size, root=folder / "book")
    figures["generated_in_seconds"] = round(time.perf_counter() - begun, 1)
    _say(f"a book of {size.loans} loans lies in {book.root}")
    staged = folder / "staged"
    steps = {
        "shards_to_deltas_one_process": lambda: night.shards_to_deltas(
            book=book, size=size, staged=staged, workers=1
        ),
        "shards_to_deltas_pool": lambda: night.shards_to_deltas(
            book=book, size=size, staged=staged, workers=arguments.workers
        ),
        "peers": lambda: peers.measure(
            book=book, size=size, staged=staged, in_memory=size.loans <= IN_MEMORY_LOANS
        ),
        "position_of_one_loan": replay.one_position,
    }
    if size.loans <= IN_MEMORY_LOANS:
        steps["in_memory"] = lambda: night.kernel_in_memory(book=book, size=size)
        steps["replay"] = lambda: replay.many_month_ends(folder=folder / "long")
    if arguments.spark:
        steps["spark"] = lambda: spark.measure(book=book, size=size, staged=staged)
    for name, step in steps.items():
        figures[name] = step()
        _say(f"{name}: {figures[name]}")
    print(json.dumps(figures, indent=1))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
