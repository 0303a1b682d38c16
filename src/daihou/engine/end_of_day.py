"""The end of day of one shard: new facts in, changed rows, events and positions out. Pure.

Units   See ``columns``.
Shape   One call covers the days after ``from_on`` through ``to_on``: a night or a catch-up.
Errors  ``ColumnsRefused`` when a frame breaks its contract, ``EndOfDayRefused`` when money does not add up.
Source  design.md, "The way of the data"; docs/algorithms/end-of-day.md.
"""

from datetime import date

from daihou.engine.tables import NewFacts, ShardResult, ShardTables


def run_shard(
    *, tables: ShardTables, new: NewFacts, currency: str, from_on: date | None, to_on: date
) -> ShardResult:
    """Fold the loans that can change in ``(from_on, to_on]``; ``from_on`` is None for a first version.

    :raises ColumnsRefused: ``columns.*``, ``shard.unaligned``.
    :raises EndOfDayRefused: ``end_of_day.days``, ``end_of_day.money``.
    """
    raise NotImplementedError
