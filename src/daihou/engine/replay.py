"""The whole book at any day up to its business date, from contracts and payments alone.

Units   See ``columns``.
Shape   Frames with the columns of ``POSITIONS``, ``HISTORY`` and ``DUES``; no pending loans.
Errors  ``BookRefused``: ``book.no_version``, ``book.after_business_date``.
Source  design.md, "The replay law".

Shards are folded on a thread per core: the kernel lets go of the interpreter.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import numpy as np
import polars as pl

from daihou.core.classes import ClassRules
from daihou.engine import (
    arrays,
    classes,
    columns as c,
    end_of_day,
    frames,
    layout,
    others,
    stated as overlay,
)
from daihou.engine.book import Book, BookRefused
from daihou.engine.tables import ShardTables

Part = TypeVar("Part")

ROWS_AT_ONCE = 8_000_000  # Of a shard's history.

READ_COLUMNS = {
    "loans": c.LOAN_FACTS.names,
    "dues": c.DUE_FACTS.names,
    "payments": ("loan_id", "effective_on", "sequence", "amount_minor"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shard:
    """A shard ready to replay: plain loans as arrays."""

    tables: ShardTables
    plain: pl.DataFrame
    arrays: arrays.ShardArrays


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """What a shard has to say of many days."""

    plain: tuple[layout.Minor, layout.History]
    others: pl.DataFrame
    stated: pl.DataFrame


def positions(
    *,
    book: Book,
    as_of: date,
    with_stated: bool = True,
    class_rules: ClassRules | None = None,
) -> pl.DataFrame:
    """Return the position of every loan disbursed by the end of the day (``columns.POSITIONS``).

    ``with_stated=False`` gives the engine's own figures for overlay loans too. With the class rules
    in force on the day there is a column ``class_floor`` as well (``columns.CLASSED_POSITIONS``).

    :raises BookRefused: ``book.no_version``, ``book.after_business_date``.
    """
    _check_days(book, [as_of])

    def fold(shard_no: int) -> pl.DataFrame:
        shard = _read(book, shard_no)
        day = arrays.day_number(as_of)
        chosen = np.arange(shard.plain.height)
        is_classed = class_rules is not None
        into = arrays.fold_arrays(
            shard=shard.arrays, chosen=chosen, snapshots=(day,), keeps_dues=is_classed
        )
        plain = frames.positions(loans=shard.plain, into=into, as_of=day, currency=book.currency)
        begun = [
            (other, found)
            for other in others.decode(shard.tables.others)
            if (found := other.at(as_of, with_rows=False)).disbursed_on is not None
        ]
        rows = [others.position_row(other, found) for other, found in begun]
        rest = end_of_day.other_positions(shard.tables.loans, rows)
        both = frames.in_order(c.POSITIONS, [plain, rest])
        if with_stated:
            stated = overlay.latest(stated=shard.tables.stated, as_of=as_of)
            both = overlay.over_positions(positions=both, rows=stated)
        if class_rules is None:
            return both
        worse = [
            classes.floors_of_plain(shard=shard.arrays, into=into, as_of=day, rules=class_rules),
            classes.floors_of_others(
                rows=(other for other, _ in begun), as_of=as_of, rules=class_rules
            ),
        ]
        return classes.with_floors(positions=both, found=pl.concat(worse), rules=class_rules)

    table = c.POSITIONS if class_rules is None else c.CLASSED_POSITIONS
    whole = frames.in_order(table, _each_shard(book, fold))
    return c.check(frames.with_persons(whole.lazy()), table)


def history(*, book: Book, dates: Sequence[date]) -> pl.DataFrame:
    """Return days past due and balances at several days, oldest first (``columns.HISTORY``).

    :raises BookRefused: ``book.no_version``, ``book.after_business_date``.
    """
    days = sorted(set(dates))
    _check_days(book, days)
    if not days:
        return c.HISTORY.empty()
    parts = _each_shard(book, lambda shard_no: _fold_days(_read(book, shard_no), days))
    return _as_frame(parts, days)


def each_history(
    *, book: Book, dates: Sequence[date], take: Callable[[pl.DataFrame], Part]
) -> list[Part]:
    """Take something of ``history`` shard by shard, some days at a time, on a thread per core.

    A big book's history of many days is never in memory as a whole.

    :raises BookRefused: ``book.no_version``, ``book.after_business_date``.
    """
    days = sorted(set(dates))
    _check_days(book, days)

    def fold(shard_no: int) -> list[Part]:
        shard = _read(book, shard_no)
        size = max(1, ROWS_AT_ONCE // max(1, shard.tables.loans.height))
        chunks = [days[first : first + size] for first in range(0, len(days), size)]
        return [take(_as_frame([_fold_days(shard, chunk)], chunk)) for chunk in chunks]

    return [part for parts in _each_shard(book, fold) for part in parts]


def _fold_days(shard: _Shard, days: Sequence[date]) -> _History:
    into = arrays.fold_arrays(
        shard=shard.arrays,
        chosen=np.arange(shard.plain.height),
        snapshots=[arrays.day_number(day) for day in days],
    )
    decoded = others.decode(shard.tables.others)
    rows = (row for other in decoded for row in others.history_rows(other, days))
    return _History(
        plain=(shard.arrays.loan_ids, into.history),
        others=others.whole_frame(rows, c.HISTORY),
        stated=shard.tables.stated,
    )


def _as_frame(parts: Sequence[_History], days: Sequence[date]) -> pl.DataFrame:
    numbers = np.array([arrays.day_number(day) for day in days], dtype=np.int32)
    plain = frames.history(parts=[part.plain for part in parts], days=numbers)
    rest = [part.others for part in parts if part.others.height]
    whole = pl.concat([plain, *rest]).sort("as_of", "loan_id") if rest else plain
    stated = pl.concat([part.stated for part in parts])
    return _stated_history(stated, whole, days) if stated.height else whole


def dues(*, book: Book, as_of: date) -> pl.DataFrame:
    """Return every instalment at the end of the day (``columns.DUES`` and ``loan_ref``).

    :raises BookRefused: ``book.no_version``, ``book.after_business_date``.
    """
    return pl.concat(each_dues(book=book, as_of=as_of, take=lambda frame: frame)).sort(*c.DUES.key)


def each_dues(*, book: Book, as_of: date, take: Callable[[pl.DataFrame], Part]) -> list[Part]:
    """Take something of ``dues`` shard by shard, on a thread per core.

    :raises BookRefused: ``book.no_version``, ``book.after_business_date``.
    """
    _check_days(book, [as_of])

    def fold(shard_no: int) -> Part:
        shard = _read(book, shard_no)
        day = arrays.day_number(as_of)
        into = arrays.fold_arrays(
            shard=shard.arrays,
            chosen=np.arange(shard.plain.height),
            snapshots=(day,),
            keeps_dues=True,
        )
        facts = end_of_day.rows_of(shard.tables.dues, shard.plain["loan_id"].to_numpy())
        plain = frames.dues(facts=facts, into=into, folded_on=day)
        decoded = others.decode(shard.tables.others)
        rows = (row for other in decoded for row in others.due_rows(other, other.at(as_of)))
        rest = others.whole_frame(rows, c.DUES)
        refs = shard.tables.loans.filter(pl.col("disbursed_on") <= as_of)
        both = frames.in_order(c.DUES, [plain, rest])
        named = both.join(refs.select("loan_id", "loan_ref"), on="loan_id", maintain_order="left")
        return take(named)

    return _each_shard(book, fold)


def _check_days(book: Book, days: Sequence[date]) -> None:
    newest = book.manifest().business_date
    if days and max(days) > newest:
        raise BookRefused("book.after_business_date", f"{max(days)} is after {newest}")


def _each_shard(book: Book, fold: Callable[[int], Part]) -> list[Part]:
    with others.without_collector(), ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(fold, range(book.shard_count)))


def _read(book: Book, shard_no: int) -> _Shard:
    tables = book.read_shard(shard=shard_no, columns=READ_COLUMNS)
    plain = tables.loans.filter("is_plain")
    of_plain = plain["loan_id"].to_numpy()
    return _Shard(
        tables=tables,
        plain=plain,
        arrays=arrays.shard_arrays(
            loans=plain,
            dues=end_of_day.rows_of(tables.dues, of_plain),
            payments=end_of_day.rows_of(tables.payments, of_plain),
            rule_rows=tables.rules,
        ),
    )


def _stated_history(
    stated: pl.DataFrame, whole: pl.DataFrame, days: Sequence[date]
) -> pl.DataFrame:
    """Let the stated figures replace ours, day by day."""
    parts = []
    for day in days:
        own = whole.filter(pl.col("as_of") == day)
        rows = overlay.latest(stated=stated, as_of=day)
        parts.append(overlay.over_history(history=own, rows=rows))
    return pl.concat(parts).sort("as_of", "loan_id")
