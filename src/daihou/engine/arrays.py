"""Frames to arrays and back: what the kernel reads and writes, with one type for each column.

Units   See ``layout``; days of a frame are ``pl.Date``, days of an array int32.
Shape   ``fold_arrays`` folds chosen loans of a shard laid out by ``shard_arrays``.
Errors  ``ColumnsRefused`` ``shard.unaligned`` when rows are not in the order of their loans.
Source  Field notes: read-only inputs of one type each, or the compiler builds the kernel twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from daihou.engine import columns as c, kernel, layout, rules

EPOCH = date(1970, 1, 1)


def day_number(day: date) -> int:
    return (day - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def days(series: pl.Series) -> layout.Days:
    """Return day numbers; ``NEVER`` for null."""
    numbers = series.to_physical()
    if numbers.null_count():
        numbers = numbers.fill_null(kernel.NEVER)
    return _frozen(numbers.to_numpy(), np.int32)


def minor(series: pl.Series) -> layout.Minor:
    return _frozen(series.to_numpy(), np.int64)


def day_series(name: str, numbers: layout.Days) -> pl.Series:
    """Return dates; null for ``NEVER``."""
    series = pl.Series(name, numbers, dtype=pl.Int32)
    return pl.select(
        pl.when(series < kernel.NEVER).then(series).cast(pl.Date).alias(name)
    ).to_series()


def offsets(loan_ids: layout.Minor, rows: layout.Minor, what: str) -> layout.Minor:
    """Return where each loan's rows begin, and the end of the last."""
    begin = np.searchsorted(rows, loan_ids, side="left")
    begin = np.append(begin, rows.size).astype(np.int64)
    if rows.size and (begin[0] != 0 or not _all_belong(loan_ids, rows, begin)):
        raise c.ColumnsRefused("shard.unaligned", f"{what} of loans the shard does not hold")
    return _frozen(begin, np.int64)


def _all_belong(loan_ids: layout.Minor, rows: layout.Minor, begin: layout.Minor) -> bool:
    if not loan_ids.size:
        return False
    return bool(np.array_equal(np.repeat(loan_ids, np.diff(begin)), rows))


Number = TypeVar("Number", bound=np.generic)


def _frozen(array: NDArray[Any], dtype: type[Number]) -> NDArray[Number]:
    frozen: NDArray[Number] = np.ascontiguousarray(array, dtype=dtype).view()
    frozen.flags.writeable = False
    return frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardArrays:
    """A shard ready to fold."""

    loan_ids: layout.Minor
    disbursed_on: layout.Days
    disbursed_minor: layout.Minor
    rule: layout.Minor
    rules: layout.Minor
    known_oldest: layout.Days
    known_closed: layout.Days
    dues: layout.Dues
    payments: layout.Payments
    most_dues: int


def shard_arrays(
    *, loans: pl.DataFrame, dues: pl.DataFrame, payments: pl.DataFrame, rule_rows: pl.DataFrame
) -> ShardArrays:
    """Lay out a shard; the frames are sorted by their keys.

    :raises ColumnsRefused: ``shard.unaligned``.
    """
    loan_ids = minor(loans["loan_id"])
    known = "oldest_unpaid_due_on" in loans.columns
    unknown = np.full(loan_ids.size, kernel.NEVER, dtype=np.int32)
    rule_ids = rule_rows["rule_id"].to_numpy()
    places = np.searchsorted(rule_ids, loans["rule_id"].to_numpy())
    begin = offsets(loan_ids, minor(dues["loan_id"]), "dues")
    return ShardArrays(
        loan_ids=loan_ids,
        disbursed_on=days(loans["disbursed_on"]),
        disbursed_minor=minor(loans["disbursed_minor"]),
        rule=_frozen(places, np.int64),
        rules=_frozen(rules.rules_matrix(rule_rows), np.int64),
        known_oldest=days(loans["oldest_unpaid_due_on"]) if known else _frozen(unknown, np.int32),
        known_closed=days(loans["closed_on"]) if known else _frozen(unknown, np.int32),
        dues=layout.Dues(
            begin=begin,
            start_on=days(dues["start_on"]),
            due_on=days(dues["due_on"]),
            principal=minor(dues["principal_due_minor"]),
            interest=minor(dues["interest_due_minor"]),
            fee=minor(dues["fee_due_minor"]),
        ),
        payments=layout.Payments(
            begin=offsets(loan_ids, minor(payments["loan_id"]), "payments"),
            on=days(payments["effective_on"]),
            amount=minor(payments["amount_minor"]),
        ),
        most_dues=int(np.diff(begin).max(initial=0)),
    )


def fold_arrays(
    *,
    shard: ShardArrays,
    chosen: layout.Minor,
    snapshots: Sequence[int],
    window: tuple[int, int] | None = None,
    keeps_dues: bool = False,
) -> layout.Into:
    """Fold chosen loans through the snapshots; events of ``(window[0], window[1]]`` if given."""
    loans = layout.Loans(
        chosen=_frozen(chosen, np.int64),
        disbursed_on=shard.disbursed_on,
        disbursed_minor=shard.disbursed_minor,
        rule=shard.rule,
        known_oldest=shard.known_oldest,
        known_closed=shard.known_closed,
        rules=shard.rules,
    )
    counts = np.diff(shard.dues.begin)[chosen]
    room = chosen.size + 1024 if window else 0
    while True:
        into = _room(
            count=chosen.size,
            snapshots=snapshots,
            row_count=int(counts.sum()) if keeps_dues else 0,
            window=window,
            event_room=room,
        )
        kernel.fold(*_scratch(shard.most_dues), loans, shard.dues, shard.payments, into)
        if window is None or into.events.raised[0] <= room:
            return into
        room = int(into.events.raised[0])


def _scratch(most_dues: int) -> tuple[layout.Minor, layout.Minor]:
    """Return what the kernel works on: a row per instalment of the loan in hand, and its cells."""
    work = np.zeros((max(most_dues, 1), kernel.WORK_WIDTH), dtype=np.int64)
    return work, np.zeros(kernel.CELL_WIDTH, dtype=np.int64)


def _room(
    *,
    count: int,
    snapshots: Sequence[int],
    row_count: int,
    window: tuple[int, int] | None,
    event_room: int,
) -> layout.Into:
    shape = (len(snapshots), count)
    none = (kernel.NEVER, -kernel.NEVER)
    return layout.Into(
        history=layout.History(
            days=np.array(snapshots, dtype=np.int32),
            oldest=np.empty(shape, dtype=np.int32),
            status=np.empty(shape, dtype=np.int8),
            principal=np.empty(shape, dtype=np.int64),
            overdue=np.empty(shape, dtype=np.int64),
        ),
        details=layout.Details(
            overdue=np.empty((5, count), dtype=np.int64),
            unapplied=np.empty(count, dtype=np.int64),
            accrued_interest=np.empty(count, dtype=np.int64),
            next_due_on=np.empty(count, dtype=np.int32),
            next_due=np.empty(count, dtype=np.int64),
            last_paid_on=np.empty(count, dtype=np.int32),
            closed_on=np.empty(count, dtype=np.int32),
            next_change_on=np.empty(count, dtype=np.int32),
            money_in=np.empty(count, dtype=np.int64),
            allocated=np.empty(count, dtype=np.int64),
        ),
        paid=layout.Paid(
            due=np.empty((2, row_count), dtype=np.int64),
            carry=np.empty((2, row_count), dtype=np.int64),
            paid=np.empty((5, row_count), dtype=np.int64),
            paid_on=np.empty(row_count, dtype=np.int32),
        ),
        events=layout.Events(
            window=np.array(window or none, dtype=np.int32),
            raised=np.zeros(1, dtype=np.int64),
            on=np.empty(event_room, dtype=np.int32),
            loan=np.empty(event_room, dtype=np.int64),
            kind=np.empty(event_room, dtype=np.int8),
            from_bucket=np.empty(event_room, dtype=np.int8),
            to_bucket=np.empty(event_room, dtype=np.int8),
            oldest=np.empty(event_room, dtype=np.int32),
        ),
    )
