"""The end of day of one shard: new facts in, changed rows, events and positions out. Pure.

Units   See ``columns``.
Shape   One call covers the days after ``from_on`` through ``to_on``: a night or a catch-up.
Errors  ``ColumnsRefused`` when a frame breaks its contract, ``EndOfDayRefused`` when money does not
        add up or the days do not follow each other.
Source  design.md, "The way of the data"; docs/algorithms/end-of-day.md.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from daihou.engine import arrays, columns as c, frames, others, stated as overlay
from daihou.engine.layout import Minor
from daihou.engine.tables import NewFacts, ShardResult, ShardTables

NOTHING_BEFORE = {"unapplied_minor": 0, "principal_outstanding_minor": 0}


class EndOfDayRefused(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folded:
    """What one way of folding gave for the touched loans it knows."""

    loans: pl.DataFrame
    dues: pl.DataFrame
    events: pl.DataFrame
    positions: pl.DataFrame
    money: tuple[int, int, int]  # In, allocated, unapplied.


def run_shard(
    *, tables: ShardTables, new: NewFacts, currency: str, from_on: date | None, to_on: date
) -> ShardResult:
    """Fold the loans that can change in ``(from_on, to_on]``; a first version has no ``from_on``.

    Of ``tables.dues`` the columns of ``DUE_FACTS`` suffice.

    :raises ColumnsRefused: ``columns.*``, ``shard.unaligned``.
    :raises EndOfDayRefused: ``end_of_day.days``, ``end_of_day.money``.
    """
    if from_on is not None and from_on >= to_on:
        raise EndOfDayRefused("end_of_day.days", f"{to_on} does not come after {from_on}")
    for table, frame in tables.items():
        is_narrow = table is c.DUES and frame.columns == list(c.DUE_FACTS.names)
        c.check(frame, c.DUE_FACTS if is_narrow else table)
    new.check()
    loans = merge_loans(tables.loans, new.loans, to_on)
    _check_loans_known(new, loans)
    rules = frames.in_order(c.RULES, [tables.rules, new.rules]).unique("rule_id", keep="first")
    rules = rules.sort("rule_id")
    if from_on is None:
        earliest_on = loans["disbursed_on"].min()
        from_on = (earliest_on if isinstance(earliest_on, date) else to_on) - timedelta(days=1)
        from_on = min(from_on, to_on - timedelta(days=1))
    touched = loans.filter(is_touched(new, to_on))
    window = (from_on, to_on)
    plain = _fold_plain(touched.filter("is_plain"), tables, new, rules, window, currency)
    rest = _fold_others(touched.filter(~pl.col("is_plain")), tables, new, window)
    return _result(tables, new, loans.height, (plain, rest), window)


def _check_loans_known(new: NewFacts, loans: pl.DataFrame) -> None:
    for name in ("dues", "payments", "others", "stated"):
        strangers = getattr(new, name).join(loans, on="loan_id", how="anti")
        if strangers.height:
            detail = f"{name} of loan {strangers['loan_id'][0]}, which the shard does not hold"
            raise c.ColumnsRefused("shard.unaligned", detail)


def merge_loans(loans: pl.DataFrame, new: pl.DataFrame, to_on: date) -> pl.DataFrame:
    """Bring new facts of loans into the table: new loans, and new facts of known ones."""
    if not new.height:
        return loans
    known = loans.drop(c.LOAN_FACTS.names[1:])
    merged = new.join(known, on="loan_id", how="left").with_columns(
        pl.col("folded_on").fill_null(to_on),
        *(pl.col(name).fill_null(value) for name, value in NOTHING_BEFORE.items()),
    )
    kept = loans.join(new, on="loan_id", how="anti")
    return frames.in_order(c.LOANS, [kept, merged.select(c.LOANS.names)])


def is_touched(new: NewFacts, to_on: date) -> pl.Expr:
    """Tell which rows of ``LOANS`` the night must fold: told of, or due for a change by then."""
    told = [new.loans, new.payments, new.others, new.stated, new.dues]
    loan_ids = pl.concat([frame["loan_id"] for frame in told]).unique()
    due = (pl.col("next_change_on") <= to_on).fill_null(value=False)
    return due | pl.col("loan_id").is_in(loan_ids.implode())


def rows_of(frame: pl.DataFrame, loan_ids: Minor) -> pl.DataFrame:
    """Return the rows of these loans (ascending) of a table sorted by loan."""
    keys = frame["loan_id"].to_numpy()
    first = np.searchsorted(keys, loan_ids, side="left")
    count = np.searchsorted(keys, loan_ids, side="right") - first
    if int(count.sum()) == frame.height:
        return frame
    ends = np.cumsum(count)
    places = np.arange(ends[-1] if ends.size else 0) + np.repeat(first - (ends - count), count)
    return frame.select(pl.all().gather(places))


def _fold_plain(
    touched: pl.DataFrame,
    tables: ShardTables,
    new: NewFacts,
    rules: pl.DataFrame,
    window: tuple[date, date],
    currency: str,
) -> _Folded:
    from_no, to_no = (arrays.day_number(day) for day in window)
    loan_ids = touched["loan_id"].to_numpy()
    stale = rows_of(tables.dues.select(c.DUE_FACTS.names), loan_ids)
    dues = stale
    if new.dues.height:
        kept = stale.join(new.dues.select("loan_id").unique(), on="loan_id", how="anti")
        dues = frames.in_order(c.DUE_FACTS, [kept, new.dues])
    payments = rows_of(tables.payments, loan_ids)
    if new.payments.height:
        told = new.payments.join(touched.select("loan_id"), on="loan_id", how="semi")
        payments = frames.in_order(c.PAYMENTS, [payments, told])
    shard = arrays.shard_arrays(loans=touched, dues=dues, payments=payments, rule_rows=rules)
    into = arrays.fold_arrays(
        shard=shard,
        chosen=np.arange(touched.height),
        snapshots=(to_no,),
        window=(from_no, to_no),
        keeps_dues=True,
    )
    details = into.details
    return _Folded(
        loans=frames.loans(facts=touched, into=into, folded_on=to_no),
        dues=frames.dues(facts=dues, into=into, folded_on=to_no),
        events=frames.events(loan_ids=shard.loan_ids, into=into),
        positions=frames.positions(loans=touched, into=into, as_of=to_no, currency=currency),
        money=(
            int(details.money_in.sum()),
            int(details.allocated.sum()),
            int(details.unapplied.sum()),
        ),
    )


def _fold_others(
    touched: pl.DataFrame, tables: ShardTables, new: NewFacts, window: tuple[date, date]
) -> _Folded:
    rows = merge_others(tables.others, new.others).join(
        touched.select("loan_id"), on="loan_id", how="semi"
    )
    if rows.height != touched.height:
        missing = touched.join(rows, on="loan_id", how="anti")["loan_id"]
        raise c.ColumnsRefused("shard.unaligned", f"loan {missing[0]} is not plain, has no events")
    known = touched.select("oldest_unpaid_due_on", "closed_on").iter_rows()
    loan_rows, raised, position_rows = [], [], []
    due_rows: list[others.Row] = []
    with others.without_collector():
        for other, facts in zip(others.decode(rows.sort("loan_id")), known, strict=True):
            before = others.Known(oldest_unpaid_due_on=facts[0], closed_on=facts[1])
            events, end = others.events_of(other, before, *window)
            raised += events
            loan_rows.append(others.loan_row(other, end))
            due_rows += others.due_rows(other, end)
            if end.disbursed_on is not None:
                position_rows.append(others.position_row(other, end))
    own = [name for name in c.LOANS.names if name not in c.LOAN_FACTS.names[1:]]
    found = others.frame(loan_rows, own, c.LOANS)
    loans = touched.select(c.LOAN_FACTS.names).join(found, on="loan_id", how="inner")
    return _Folded(
        loans=loans.sort("loan_id").select(c.LOANS.names),
        dues=others.whole_frame(due_rows, c.DUES),
        events=others.frame(raised, c.EVENTS.names, c.EVENTS),
        positions=other_positions(touched, position_rows),
        money=(0, 0, 0),
    )


def merge_others(known: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Let new contracts and events replace what the shard held of the same loans."""
    kept = known.join(new.select("loan_id"), on="loan_id", how="anti")
    return frames.in_order(c.OTHERS, [kept, new])


def other_positions(loans: pl.DataFrame, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return ``POSITIONS`` of loans folded by ``core``, of what ``others.position_row`` gave."""
    left_out = {"loan_ref", "person_id", "person_days_past_due"}
    names = [name for name in c.POSITIONS.names if name not in left_out]
    frame = others.frame(rows, names, c.POSITIONS)
    named = frame.lazy().join(loans.lazy().select("loan_id", "loan_ref", "person_id"), on="loan_id")
    return frames.with_persons(named)


def _result(
    tables: ShardTables,
    new: NewFacts,
    loan_count: int,
    parts: tuple[_Folded, _Folded],
    window: tuple[date, date],
) -> ShardResult:
    from_on, to_on = window
    money_in, allocated, unapplied = parts[0].money
    if money_in != allocated + unapplied:
        detail = f"{money_in} came in, {allocated} allocated, {unapplied} unapplied"
        raise EndOfDayRefused("end_of_day.money", detail)
    loans = frames.in_order(c.LOANS, [part.loans for part in parts])
    positions = frames.in_order(c.POSITIONS, [part.positions for part in parts])
    events = frames.in_order(c.EVENTS, [part.events for part in parts])
    stated = frames.in_order(c.STATED, [tables.stated, new.stated])
    if stated.height:
        stated = stated.unique(c.STATED.key, keep="last", maintain_order=True)
        stated_here = stated.join(loans.select("loan_id"), on="loan_id", how="semi")
        rows = overlay.latest(stated=stated_here, as_of=to_on)
        loans = overlay.over_loans(loans=loans, rows=rows)
        positions = overlay.over_positions(positions=positions, rows=rows).sort("loan_id")
        events = overlay.over_events(
            events=events, stated=stated_here, new=new.stated, from_on=from_on, to_on=to_on
        )
    late = pl.col("days_past_due") > 0
    changed = ShardTables(
        loans=c.check(loans, c.LOANS),
        dues=c.check(frames.in_order(c.DUES, [part.dues for part in parts]), c.DUES),
        payments=new.payments,
        rules=new.rules.join(tables.rules, on="rule_id", how="anti").sort("rule_id"),
        others=new.others,
        stated=new.stated,
    )
    past_due = positions.filter(late)
    fine = loans.join(past_due, on="loan_id", how="anti")["loan_id"]
    return ShardResult(
        changed=changed,
        events=c.check(events, c.EVENTS),
        positions=c.check(past_due, c.POSITIONS),
        fine_loan_ids=fine,
        counts={
            "loans": loan_count,
            "folded": loans.height,
            "payments": new.payments.height,
            "events": events.height,
            "past_due": past_due.height,
            "money_in_minor": money_in,
            "allocated_minor": allocated,
            "unapplied_minor": unapplied,
        },
    )
