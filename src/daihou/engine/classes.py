"""The five-level floor of every loan of a book on a day: an expression, history where it counts.

Units   See ``columns``.
Shape   Plain loans are classed by days past due; those that were late for so long that they may
        still be being cured are followed through their payments by the kernel and told to ``core``.
        Loans that ``core`` folds are classed by it.
Errors  What ``core`` refuses passes through.
Source  docs/algorithms/classification.md; the rules are an argument, built from dated parameters.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import polars as pl

from daihou.core.classes import (
    ClassReason,
    ClassRules,
    FiveLevel,
    History,
    Look,
    Why,
    five_level_floor,
    floor_of,
    level_of_days,
)
from daihou.engine import arrays, columns as c, kernel, layout, others

CLASS = c.CLASS_FLOOR
LONGEST_MONTH_DAYS = 31
_ACTIVE = c.STATUSES.index("active")


def floor_expression(rules: ClassRules) -> pl.Expr:
    """Return the floor that days past due and status alone make, of ``POSITIONS`` columns."""
    level = pl.sum_horizontal(
        (pl.col("days_past_due") > after).cast(pl.UInt8) for after in rules.after_days
    )
    by_days = level.cast(pl.UInt8).cat.to(CLASS)
    return (
        pl.when(pl.col("status") == "closed")
        .then(pl.lit(FiveLevel.NORMAL.value).cast(CLASS))
        .when(pl.col("status") == "written_off")
        .then(pl.lit(FiveLevel.LOSS.value).cast(CLASS))
        .otherwise(by_days)
    )


def floors_of_plain(
    *, shard: arrays.ShardArrays, into: layout.Into, as_of: int, rules: ClassRules
) -> pl.DataFrame:
    """Find the plain loans whose past makes their floor worse than their days past due.

    ``into`` holds every loan of the shard folded to the day, with its dues.
    """
    places = _once_late(shard, into, as_of, rules)
    found = [(int(shard.loan_ids[n]), _followed(shard, n, as_of, rules)) for n in places]
    return _frame(found)


def floors_of_others(
    *, rows: Iterable[others.Other], as_of: date, rules: ClassRules
) -> pl.DataFrame:
    """Class the loans that ``core`` folds."""
    return _frame(
        [
            (
                other.loan_id,
                five_level_floor(
                    contract=other.contract, events=other.events, as_of=as_of, rules=rules
                ).level,
            )
            for other in rows
        ]
    )


def with_floors(*, positions: pl.DataFrame, found: pl.DataFrame, rules: ClassRules) -> pl.DataFrame:
    """Give positions the column ``class_floor``; what was found goes before the expression.

    A loan that another system states is classed by what it states.
    """
    by_days = floor_expression(rules)
    is_stated = pl.col("stated_on").is_not_null()
    return (
        positions.join(found, on="loan_id", how="left", maintain_order="left")
        .with_columns(
            class_floor=pl.when(is_stated | pl.col("class_floor").is_null())
            .then(by_days)
            .otherwise("class_floor")
        )
        .select(c.CLASSED_POSITIONS.names)
    )


def _frame(found: Sequence[tuple[int, FiveLevel]]) -> pl.DataFrame:
    rows = [(loan_id, level.value) for loan_id, level in found]
    return pl.DataFrame(rows, schema={"loan_id": pl.Int64, "class_floor": CLASS}, orient="row")


def _once_late(
    shard: arrays.ShardArrays, into: layout.Into, as_of: int, rules: ClassRules
) -> Sequence[int]:
    """Choose active loans with an instalment that stayed unsettled long enough, not long ago.

    More than were really non-performing: what stayed may have been a penalty, which does not age.
    Left out are those that are as late now, and those surely cured since their last arrears.
    """
    due_on = shard.dues.due_on
    settled_on = np.minimum(into.paid.paid_on, as_of)
    counts = np.diff(shard.dues.begin)
    of_loan = np.repeat(np.arange(counts.size), counts)
    late = np.zeros(counts.size, dtype=bool)
    late[of_loan[settled_on - due_on > rules.substandard_after_days]] = True
    late &= into.history.status[-1] == _ACTIVE
    late &= as_of - into.history.oldest[-1] <= rules.substandard_after_days
    last_late = np.zeros(counts.size, dtype=np.int64)
    was_late = settled_on > due_on
    np.maximum.at(last_late, of_loan[was_late], settled_on[was_late])
    met = (due_on > last_late[of_loan]) & (due_on < as_of)
    periods = np.bincount(of_loan[met], minlength=counts.size)
    is_cured = (as_of - last_late > LONGEST_MONTH_DAYS * rules.cure_months) & (
        periods >= rules.cure_periods
    )
    chosen: list[int] = np.flatnonzero(late & ~is_cured).tolist()
    return chosen


def _followed(shard: arrays.ShardArrays, place: int, as_of: int, rules: ClassRules) -> FiveLevel:
    """Follow one loan through its payments and due dates, and ask ``core`` what follows."""
    dues = _own(shard.dues.begin, shard.dues.due_on, place)
    paid = _own(shard.payments.begin, shard.payments.on, place)
    told = {int(shard.disbursed_on[place]), *paid, *dues, *(due + 1 for due in dues), as_of}
    days = sorted(day for day in told if day <= as_of)
    into = arrays.fold_arrays(shard=shard, chosen=np.array([place]), snapshots=days)
    history = History(rules=rules)
    history.know(dues=[arrays.day_of(due) for due in sorted(set(dues))])
    oldest = into.history.oldest[:, 0]
    for n, day in enumerate(days):
        unpaid = int(oldest[n])
        is_over = into.history.status[n, 0] != _ACTIVE
        history.look(
            Look(
                on=arrays.day_of(day),
                first_unpaid_due_on=None
                if unpaid >= kernel.NEVER or is_over
                else arrays.day_of(unpaid),
                overdue_minor=0 if is_over else int(into.history.overdue[n, 0]),
            )
        )
    days_late = max(0, as_of - int(oldest[-1]))
    by_days = ClassReason(
        why=Why.DAYS, level=level_of_days(days_past_due=days_late, rules=rules), days=days_late
    )
    return floor_of([by_days, *history.reasons()]).level


def _own(begin: layout.Minor, values: layout.Days, place: int) -> list[int]:
    found: list[int] = values[begin[place] : begin[place + 1]].tolist()
    return found
