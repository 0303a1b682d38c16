"""The board's figures of one book on one day, as plain values that a cache can hold.

Units   ``*_minor`` are minor units of the book's currency; rates are fractions and always stand
        beside the numerator and denominator they come from.
Shape   Frames as ``engine.replay`` gives them; every result is a JSON document.
Source  field/collections.md §5.3 for the formulas; the frames' own functions are in ``risk``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from daihou.risk.ageing import ageing
from daihou.risk.buckets import STATES
from daihou.risk.first_payment_default import first_payment_default
from daihou.risk.roll_rates import OPEN, roll_matrix
from daihou.risk.vintages import curves_of

COHORTS_SHOWN = 12
OVER_DAYS = 30  # So late is what the vintage curves count.
DAY_1_WINDOW_DAYS = 30
HEAT_STEPS = 10

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFrames:
    """What the board is drawn from: positions of two days, the dues, and the book's history."""

    as_of: date
    compared_on: date
    positions: pl.DataFrame
    before: pl.DataFrame
    instalments: pl.DataFrame  # decisive_instalments: loan_id, … due_on, paid_on, due_minor
    late: pl.DataFrame  # risk.vintages.late_balances at month ends, over OVER_DAYS
    days: pl.DataFrame  # daily_totals of the last months


def board(*, frames: BoardFrames) -> Document:
    """Compute everything the board shows."""
    return {
        "as_of": frames.as_of.isoformat(),
        "compared_on": frames.compared_on.isoformat(),
        "tiles": tiles(frames=frames),
        "buckets": ageing(frames.positions).to_dicts(),
        "matrix": matrix(before=frames.before, after=frames.positions),
        "vintages": vintages(frames=frames),
        "first_payment": first_payment(frames=frames),
        "days": _plain(frames.days.to_dicts()),
    }


def tiles(*, frames: BoardFrames) -> Document:
    """Sum up the book: loans, balances, people past due, instalments missed on their day."""
    active = frames.positions.filter(pl.col("status") == "active")
    late = active.filter(pl.col("days_past_due") > 0)
    return {
        "loans": active.height,
        "principal_outstanding_minor": _sum(active, "principal_outstanding_minor"),
        "late_loans": late.height,
        "late_principal_minor": _sum(late, "principal_outstanding_minor"),
        "overdue_minor": _sum(late, "overdue_minor"),
        "persons": _persons(active),
        "late_persons": _persons(late),
        "day_1": day_1(instalments=frames.instalments, as_of=frames.as_of),
        "stale_loans": stale(frames.positions, as_of=frames.as_of).height,
    }


def day_1(*, instalments: pl.DataFrame, as_of: date) -> Document:
    """Of the instalments that fell due in the last 30 days: how much was unpaid at day's end."""
    due = day_1_instalments(instalments=instalments, as_of=as_of)
    missed = due.filter(pl.col("is_missed"))
    return {
        "from_on": (as_of - timedelta(days=DAY_1_WINDOW_DAYS)).isoformat(),
        "missed_instalments": missed.height,
        "due_instalments": due.height,
        "missed_minor": _sum(missed, "due_minor"),
        "due_minor": _sum(due, "due_minor"),
    }


def decisive_instalments(*, instalments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Keep what the board counts: each loan's first instalment, and those of the last 30 days."""
    owed = instalments.filter(pl.col("due_minor") > 0)
    is_first = pl.col("due_on") == pl.col("due_on").min().over("loan_id")
    return owed.filter(is_first | _fell_due_lately(as_of))


def day_1_instalments(*, instalments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Mark the instalments of the last 30 days that were still owed when their day ended."""
    return instalments.filter(_fell_due_lately(as_of), pl.col("due_minor") > 0).with_columns(
        is_missed=(pl.col("paid_on") > pl.col("due_on")).fill_null(value=True)
    )


def _fell_due_lately(as_of: date) -> pl.Expr:
    from_on = as_of - timedelta(days=DAY_1_WINDOW_DAYS)
    return pl.col("due_on").is_between(from_on, as_of, closed="left")


def stale(positions: pl.DataFrame, *, as_of: date) -> pl.DataFrame:
    """Keep the active loans whose source has not stated its figures up to this day."""
    if "stated_on" not in positions.columns:
        return positions.clear()
    return positions.filter(pl.col("stated_on") < as_of, pl.col("status") == "active")


def matrix(*, before: pl.DataFrame, after: pl.DataFrame) -> Document:
    """Lay out the roll matrix as rows of cells, with loans and principal, shares and their base."""
    pairs = {
        (row["from_state"], row["to_state"]): row
        for row in roll_matrix(before=before, after=after).to_dicts()
    }
    seen = {state for pair in pairs for state in pair}
    rows = []
    for start in (state for state in OPEN if any(pair[0] == state for pair in pairs)):
        cells = [_cell(pairs.get((start, end)), end=end) for end in STATES if end in seen]
        base = next(pair for key, pair in pairs.items() if key[0] == start)
        rows.append(
            {
                "state": start,
                "loans": base["of_loans"],
                "principal_minor": base["of_principal_minor"],
                "cells": cells,
            }
        )
    return {"states": [state for state in STATES if state in seen], "rows": rows}


def _cell(pair: Document | None, *, end: str) -> Document:
    if pair is None:
        return {"state": end, "loans": 0, "principal_minor": 0, "loan_rate": 0, "rate": 0}
    return {
        "state": end,
        "loans": pair["loans"],
        "principal_minor": pair["principal_minor"],
        "loan_rate": pair["loan_rate"],
        "rate": pair["principal_rate"],
        "heat": heat(pair["principal_rate"]),
        "loan_heat": heat(pair["loan_rate"]),
    }


def heat(rate: float) -> int:
    """Grade a share into steps of colour; what is there at all is never the blank step.

    >>> [heat(rate) for rate in (0, 0.001, 0.5, 1)]
    [0, 1, 6, 10]
    """
    return min(HEAT_STEPS, int(rate * HEAT_STEPS) + 1) if rate > 0 else 0


def vintages(*, frames: BoardFrames) -> Document:
    """Draw the last cohorts: principal more than 30 days late, by months on book."""
    curves = curves_of(late=frames.late, loans=frames.positions)
    cohorts = curves["cohort_on"].unique().sort()[-COHORTS_SHOWN:].to_list()
    shown = curves.filter(pl.col("cohort_on").is_in(cohorts))
    highest = max((rate for rate in shown["rate"] if rate), default=0)
    return {
        "over_days": OVER_DAYS,
        "cohorts": [_cohort(shown, cohort_on=cohort_on, highest=highest) for cohort_on in cohorts],
    }


def _cohort(curves: pl.DataFrame, *, cohort_on: date, highest: float) -> Document:
    mine = curves.filter(pl.col("cohort_on") == cohort_on)
    points = mine.select("months_on_book", "as_of", "late_minor", "rate").to_dicts()
    return {
        "month": f"{cohort_on:%Y-%m}",
        "loans": mine["loans"][0],
        "disbursed_minor": mine["disbursed_minor"][0],
        "points": _plain(
            point | {"heat": heat((point["rate"] or 0) / highest) if highest else 0}
            for point in points
        ),
    }


def first_payment(*, frames: BoardFrames) -> list[Document]:
    """First-payment default by month of disbursement, latest months last."""
    found = first_payment_default(
        instalments=frames.instalments, loans=frames.positions, as_of=frames.as_of
    )
    rows = found.tail(COHORTS_SHOWN).to_dicts()
    return [{"month": f"{row.pop('cohort_on'):%Y-%m}"} | row for row in rows]


def daily_totals(*, history: pl.DataFrame) -> pl.DataFrame:
    """Sum a history frame by day: principal, late principal, overdue amount, late loans."""
    active = pl.col("status") == "active"
    late = active & (pl.col("days_past_due") > 0)
    principal = pl.col("principal_outstanding_minor")
    return (
        history.lazy()
        .group_by("as_of")
        .agg(
            loans=active.sum().cast(pl.Int64),
            principal_outstanding_minor=principal.filter(active).sum(),
            late_loans=late.sum().cast(pl.Int64),
            late_principal_minor=principal.filter(late).sum(),
            overdue_minor=pl.col("overdue_minor").filter(late).sum(),
        )
        .sort("as_of")
        .collect()
    )


def _persons(positions: pl.DataFrame) -> int:
    """Count people; a loan whose borrower is not known counts as one of its own."""
    who = pl.coalesce("person_id", -pl.col("loan_id") - 1)
    return positions.select(who.n_unique()).item() if positions.height else 0


def _sum(frame: pl.DataFrame, name: str) -> int:
    return int(frame[name].sum() or 0)


def _plain(rows: Iterable[Document]) -> list[Document]:
    return [
        {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}
        for row in rows
    ]
