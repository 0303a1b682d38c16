"""Turn contracts into the rows the kernel folds: loans, instalments and deduplicated rules.

Units   See ``columns``.
Shape   One ``contracts`` frame in (columns ``CONTRACTS``), one ``Expanded`` out; terms by key.
Errors  ``ColumnsRefused`` ``rule.width`` where 64 bits would not do, and core's own.
Source  design.md, "Money".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from daihou.core.schedule import ScheduledInstalment, build_schedule
from daihou.core.terms import Terms
from daihou.engine import columns as c, rules
from daihou.engine.rules import terms_are_plain
from daihou.engine.tables import NewFacts

__all__ = ["CONTRACTS", "Expanded", "expand", "terms_are_plain"]

CONTRACTS = c.Table(
    name="contracts",
    columns=(
        c.Column(name="loan_id", dtype=pl.Int64, unit="identity"),
        c.Column(name="loan_ref", dtype=pl.String, unit="reference, unique in the book"),
        c.Column(name="person_id", dtype=pl.Int64, unit="identity", nullable=True),
        c.Column(name="terms_key", dtype=pl.String, unit="key of the terms mapping"),
        c.Column(name="start_on", dtype=pl.Date, unit="day the schedule is counted from"),
        c.Column(name="disbursed_on", dtype=pl.Date, unit="day"),
        c.Column(name="disbursed_minor", dtype=pl.Int64, unit="minor units"),
        c.Column(name="is_plain", dtype=pl.Boolean, unit="its events are plain"),
        # A free schedule of this loan alone; null: ``core.schedule`` builds it from the terms.
        c.Column(name="due_on", dtype=pl.List(pl.Date), unit="days", nullable=True),
        c.Column(name="principal_minor", dtype=pl.List(pl.Int64), unit="minor", nullable=True),
        c.Column(name="interest_minor", dtype=pl.List(pl.Int64), unit="minor", nullable=True),
        c.Column(name="fee_minor", dtype=pl.List(pl.Int64), unit="minor", nullable=True),
    ),
    key=("loan_id",),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    loans: pl.DataFrame  # columns.LOAN_FACTS
    dues: pl.DataFrame  # columns.DUE_FACTS, of plain loans only
    rules: pl.DataFrame  # columns.RULES


def expand(
    *, contracts: pl.DataFrame, terms: Mapping[str, Terms], held: NewFacts | None = None
) -> Expanded:
    """Expand contracts into rows; ``is_plain`` of a loan is false where its terms are not plain.

    ``held`` are plain loans and their instalments as a shard has them: terms never change, so
    those of the same loan, day and amount are not planned again.

    :raises ColumnsRefused: ``columns.*``, ``rule.width``, ``contract.unknown_terms``.
    """
    c.check(contracts, CONTRACTS)
    unknown = set(contracts["terms_key"].unique()) - set(terms)
    if unknown:
        raise c.ColumnsRefused("contract.unknown_terms", ", ".join(sorted(unknown)))
    keys = list(terms)
    ruled = pl.DataFrame(
        {
            "terms_key": keys,
            "rule_id": [rules.rule_id_of(terms[key]) for key in keys],
            "terms_are_plain": [rules.terms_are_plain(terms=terms[key]) for key in keys],
        },
        schema={"terms_key": pl.String, "rule_id": pl.Int64, "terms_are_plain": pl.Boolean},
    )
    joined = contracts.join(ruled, on="terms_key", maintain_order="left").with_columns(
        is_plain=pl.col("is_plain") & pl.col("terms_are_plain")
    )
    plain = joined.filter("is_plain")
    listed = _listed_dues(plain.filter(pl.col("due_on").is_not_null()))
    planned, unplanned = _held_dues(plain.filter(pl.col("due_on").is_null()), held)
    built = _built_dues(unplanned, terms)
    dues = pl.concat([listed, planned, built]).sort("loan_id", "instalment_no")
    loans = joined.select(c.LOAN_FACTS.names)
    used = set(contracts["terms_key"].unique())
    frame = rules.rules_frame([terms[key] for key in keys if key in used])
    rules.check_widths(dues=dues, loans=loans, rules=frame)
    return Expanded(
        loans=c.check(loans, c.LOAN_FACTS), dues=c.check(dues, c.DUE_FACTS), rules=frame
    )


def _held_dues(contracts: pl.DataFrame, held: NewFacts | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the instalments that are held already, and the contracts still to be planned."""
    if held is None:
        return c.DUE_FACTS.empty(), contracts
    same = ["loan_id", "loan_ref", "disbursed_on", "disbursed_minor"]
    known = contracts.join(held.loans.filter("is_plain"), on=same, how="semi")["loan_id"]
    is_known = pl.col("loan_id").is_in(known.implode())
    return held.dues.filter(is_known), contracts.filter(~is_known)


def _listed_dues(contracts: pl.DataFrame) -> pl.DataFrame:
    """Lay out schedules given as lists: a period starts where the one before it falls due."""
    filled = contracts.filter(pl.col("due_on").list.len() > 0)
    return (
        filled.lazy()
        .select(
            "loan_id",
            "start_on",
            instalment_no=pl.int_ranges(1, pl.col("due_on").list.len() + 1, dtype=pl.Int16),
            due_on="due_on",
            principal_due_minor="principal_minor",
            interest_due_minor="interest_minor",
            fee_due_minor="fee_minor",
        )
        .explode(
            "instalment_no", "due_on", "principal_due_minor", "interest_due_minor", "fee_due_minor"
        )
        .with_columns(
            start_on=pl.when(pl.col("instalment_no") == 1)
            .then(pl.min_horizontal("start_on", "due_on"))
            .otherwise(pl.col("due_on").shift(1))
        )
        .select(c.DUE_FACTS.names)
        .collect()
    )


def _built_dues(contracts: pl.DataFrame, terms: Mapping[str, Terms]) -> pl.DataFrame:
    """Let ``core`` plan the rest, once per distinct terms, amount and start."""
    columns: dict[str, list[object]] = {name: [] for name in c.DUE_FACTS.names}
    planned: dict[tuple[str, int, date], tuple[ScheduledInstalment, ...]] = {}
    wanted = contracts.select("loan_id", "terms_key", "disbursed_minor", "start_on")
    for loan_id, key, amount_minor, start_on in wanted.iter_rows():
        place = (key, amount_minor, start_on)
        if place not in planned:
            planned[place] = build_schedule(
                terms=terms[key], principal_minor=amount_minor, start_on=start_on
            )
        instalments = planned[place]
        columns["loan_id"].extend([loan_id] * len(instalments))
        for name, field in _FIELDS.items():
            columns[name].extend([getattr(instalment, field) for instalment in instalments])
    return pl.DataFrame(columns, schema=c.DUE_FACTS.schema)


_FIELDS = {
    "instalment_no": "instalment_no",
    "start_on": "start_on",
    "due_on": "due_on",
    "principal_due_minor": "principal_minor",
    "interest_due_minor": "interest_minor",
    "fee_due_minor": "fee_minor",
}
