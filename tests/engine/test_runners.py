"""Goal: where a shard's night runs changes no byte: here, in a pool of processes, on Spark."""

import os
import shutil
import sys
import warnings
from datetime import date

import pytest

from daihou.engine import night
from daihou.engine.book import Book
from tests.twins import books

SHARDS = 4
TO_ON = date(2024, 4, 30)


@pytest.fixture(scope="module")
def random_book():
    return books.random_book(seed=12, count=400)


def staged_tasks(random_book, root):
    products, loans = random_book
    book = Book(root=root / "book", currency="CNY", shard_count=SHARDS)
    tasks = []
    for shard in range(SHARDS):
        of_shard = [loan for loan in loans if loan.loan_id % SHARDS == shard]
        night.stage(staged=root, shard=shard, new=books.facts(products, of_shard))
        tasks.append(night.Task(book=book, staged=root, shard=shard, from_on=None, to_on=TO_ON))
    return tasks


@pytest.fixture(scope="module")
def here(random_book, tmp_path_factory):
    return night.run_in_pool(staged_tasks(random_book, tmp_path_factory.mktemp("here")), workers=1)


def test_a_pool_gives_the_bytes_one_process_gives(random_book, here, tmp_path):
    seen = []
    outcomes = night.run_in_pool(
        staged_tasks(random_book, tmp_path), workers=2, on_done=lambda done: seen.append(done.shard)
    )
    assert sorted(seen) == list(range(SHARDS))
    assert outcomes == here


@pytest.fixture
def session():
    if shutil.which("java") is None:
        pytest.skip("no Java on this machine: the night on Spark did not run")
    pyspark = pytest.importorskip("pyspark.sql", reason="the extra daihou[spark] is not installed")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        built = (
            pyspark.SparkSession.builder.master("local[2]")
            .appName("daihou")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()
        )
        yield built
        built.stop()


@pytest.mark.filterwarnings("ignore")
def test_spark_gives_the_bytes_one_process_gives(random_book, here, session, tmp_path):
    from daihou.engine.spark import run_on_spark

    outcomes = run_on_spark(session, staged_tasks(random_book, tmp_path))
    assert outcomes == here
