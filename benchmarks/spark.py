"""The night of a generated book on Spark, beside the process pool: same tasks, same bytes."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import generate, night as measured
from daihou.engine import night, spark
from daihou.engine.book import Book

REPEATS = 2
WORKERS = 2


def measure(*, book: Book, size: generate.Size, staged: Path) -> dict[str, object]:
    """Run the night in the pool and on ``local[2]``; a session and its first run cost extra."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    tasks = measured.stage_night(book=book, size=size, staged=staged)
    pool_seconds, pool = _best(lambda: night.run_in_pool(tasks, workers=WORKERS))
    begun = time.perf_counter()
    session = (
        SparkSession.builder.master(f"local[{WORKERS}]")
        .appName("daihou")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    session_seconds = time.perf_counter() - begun
    try:
        begun = time.perf_counter()
        spark.run_on_spark(session, tasks)
        first_seconds = time.perf_counter() - begun
        seconds, outcomes = _best(lambda: spark.run_on_spark(session, tasks))
    finally:
        session.stop()
    return {
        "pool_seconds": round(pool_seconds, 2),
        "spark_seconds": round(seconds, 2),
        "times_the_pool": round(seconds / pool_seconds, 2),
        "session_seconds": round(session_seconds, 2),
        "first_run_seconds": round(first_seconds, 2),
        "byte_equal": [each.digest for each in pool] == [each.digest for each in outcomes],
    }


def _best(run: Callable[[], list[night.Outcome]]) -> tuple[float, list[night.Outcome]]:
    seconds, outcomes = [], []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        outcomes = run()
        seconds.append(time.perf_counter() - begun)
    return min(seconds), outcomes
