"""Goal: the twins would find a mistake. Method: make each mistake of a kept list, on purpose.

The expected figures are those of the compiled kernel, which the other twin test holds equal to
core; here the same text runs without the compiler, first unchanged, then with each change.
"""

from datetime import date

import numpy as np
import pytest

from daihou.engine import arrays, end_of_day
from daihou.engine.tables import ShardTables
from tests.twins import books
from tests.twins.mutants import MUTANTS, mutated

LOAN_COUNT = 440
KNOWN_ON = date(2024, 2, 20)
RUNS = (  # Days at which figures are compared; events are those of the days since KNOWN_ON.
    (date(2024, 1, 15), date(2024, 3, 31), date(2024, 5, 20)),
    (date(2024, 4, 30), date(2025, 2, 10)),
)


@pytest.fixture(scope="module")
def shard():
    products, loans = books.random_book(seed=91, count=LOAN_COUNT, product_count=56)
    facts = books.facts(products, loans)
    known = end_of_day.run_shard(
        tables=ShardTables(), new=facts, currency="CNY", from_on=None, to_on=KNOWN_ON
    )
    return arrays.shard_arrays(
        loans=known.changed.loans,
        dues=facts.dues,
        payments=facts.payments,
        rule_rows=facts.rules,
    )


def fold(shard, chosen, days):
    numbers = [arrays.day_number(day) for day in days]
    return arrays.fold_arrays(
        shard=shard,
        chosen=chosen,
        snapshots=numbers,
        window=(arrays.day_number(KNOWN_ON), numbers[-1]),
        keeps_dues=True,
    )


def is_same(ours, theirs):
    count = int(theirs.events.raised[0])
    if int(ours.events.raised[0]) != count:
        return False
    for group, expected in zip(ours, theirs, strict=True):
        for mine, right in zip(group, expected, strict=True):
            filled = count if group is ours.events and len(right) > 2 else len(right)
            if not np.array_equal(mine[:filled], right[:filled]):
                return False
    return True


@pytest.fixture(scope="module")
def expected(shard):
    """Fold block by block, so that a mutant is let go at the first block that tells."""
    blocks = np.array_split(np.arange(LOAN_COUNT), 22)
    return [(block, days, fold(shard, block, days)) for block in blocks for days in RUNS]


def is_killed(shard, expected, mutant, monkeypatch):
    monkeypatch.setattr("daihou.engine.kernel.fold", mutant)
    return any(not is_same(fold(shard, block, days), right) for block, days, right in expected)


def test_the_text_unchanged_gives_what_the_compiled_kernel_gives(shard, expected, monkeypatch):
    assert not is_killed(shard, expected, mutated("", ""), monkeypatch)


@pytest.mark.parametrize(("name", "before", "after"), MUTANTS, ids=[m[0] for m in MUTANTS])
def test_a_mistake_is_found(shard, expected, monkeypatch, name, before, after):
    assert is_killed(shard, expected, mutated(before, after), monkeypatch), name
