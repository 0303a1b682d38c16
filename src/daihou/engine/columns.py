"""The contract of every table of the book: name, type, unit, nullability and key, declared once.

Units   ``*_minor`` counts minor currency units; ``*_on`` is a day (date32: days since 1970-01-01);
        ``*_carry`` is the numerator over the rule's own denominator of what is not yet a unit.
Shape   A shard is six tables sorted by loan: ``loans`` (one row each), ``dues`` (one row per
        instalment), ``payments`` (plain money in), ``rules`` (few, shared by loans), ``others``
        (contract and events of loans only ``core`` can fold) and ``stated`` (overlay figures).
Errors  ``ColumnsRefused`` with a stable code, raised by ``check`` and ``check_shard`` at both ends.
Source  design.md, "The way of the data" and "The seam".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from daihou.core.classes import FiveLevel

AnyType: TypeAlias = DataType | DataTypeClass
Wanted: TypeAlias = Mapping[str, Sequence[str]]  # Columns by table.

COMPONENTS = ("principal", "interest", "fee", "penalty", "compound_interest")
EVENT_KINDS = (
    "entered_bucket",  # 转为逾期: from M0 into a bucket.
    "rolled",  # 迁徙: from a bucket into another one, worse or better.
    "cured",  # 回正: back to M0.
    "first_payment_missed",  # 首期逾期: the day after the first due date.
    "matured_unpaid",  # 到期未清: the day after the last due date.
    "closed",  # 结清.
)
BUCKETS = ("M0", "M1", "M2", "M3", "M4", "M5", "M6", "M6+")
STATUSES = ("pending", "active", "closed", "written_off")
BUCKET = pl.Enum(BUCKETS)
STATUS = pl.Enum(STATUSES)
CLASS_FLOOR = pl.Enum([level.value for level in FiveLevel])


class ColumnsRefused(ValueError):
    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    dtype: AnyType
    unit: str
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]  # Rows are unique by it and sorted by it.

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> dict[str, AnyType]:
        return {column.name: column.dtype for column in self.columns}

    def empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema=self.schema)


def _id(name: str, *, nullable: bool = False) -> Column:
    return Column(name=name, dtype=pl.Int64, unit="identity", nullable=nullable)


def _day(name: str, *, nullable: bool = False) -> Column:
    return Column(name=name, dtype=pl.Date, unit="day", nullable=nullable)


def _minor(name: str, *, nullable: bool = False) -> Column:
    return Column(name=name, dtype=pl.Int64, unit="minor units", nullable=nullable)


def _number(name: str, unit: str, dtype: AnyType = pl.Int64, *, nullable: bool = False) -> Column:
    return Column(name=name, dtype=dtype, unit=unit, nullable=nullable)


# What the ledger gives of a loan. A row of a known loan replaces its columns.
LOAN_FACTS = Table(
    name="loan_facts",
    columns=(
        _id("loan_id"),
        Column(name="loan_ref", dtype=pl.String, unit="reference, unique in the book"),
        _id("person_id", nullable=True),
        _id("rule_id"),  # Of the rules table: a digest, so shards need no shared counter.
        Column(name="is_plain", dtype=pl.Boolean, unit="the kernel may fold it"),
        _day("disbursed_on"),
        _minor("disbursed_minor"),
    ),
    key=("loan_id",),
)
LOANS = Table(
    name="loans",
    columns=(
        *LOAN_FACTS.columns,
        _day("folded_on"),  # Everything below is true at the end of this day …
        _day("next_change_on", nullable=True),  # … and stays true before this day (None: for good).
        _day("oldest_unpaid_due_on", nullable=True),  # Of all instalments, future ones too.
        _day("last_paid_on", nullable=True),
        _day("closed_on", nullable=True),
        _day("written_off_on", nullable=True),
        _day("stated_on", nullable=True),
        _minor("unapplied_minor"),
        _minor("principal_outstanding_minor"),
    ),
    key=("loan_id",),
)
DUE_FACTS = Table(
    name="due_facts",
    columns=(
        _id("loan_id"),
        _number("instalment_no", "number", pl.Int16),
        _day("start_on"),
        _day("due_on"),
        _minor("principal_due_minor"),
        _minor("interest_due_minor"),
        _minor("fee_due_minor"),
    ),
    key=("loan_id", "instalment_no"),
)
DUES = Table(
    name="dues",
    columns=(
        *DUE_FACTS.columns,  # Amounts due are net of what was waived.
        _minor("penalty_due_minor"),
        _minor("compound_interest_due_minor"),
        _number("penalty_carry", "numerator"),
        _number("compound_interest_carry", "numerator"),
        _day("accrued_through_on"),
        *(_minor(f"{component}_paid_minor") for component in COMPONENTS),
        _day("paid_on", nullable=True),
    ),
    key=("loan_id", "instalment_no"),
)
PAYMENTS = Table(
    name="payments",
    columns=(
        _id("loan_id"),
        _day("effective_on"),
        _number("sequence", "place in the ledger"),
        _minor("amount_minor"),
    ),
    key=("loan_id", "effective_on", "sequence"),
)
RULES = Table(
    name="rules",
    columns=(
        _id("rule_id"),
        _number("normal_steps", "timing × 8 + component", pl.List(pl.Int64)),
        _number("normal_mode", "0 horizontal, 1 vertical"),
        _number("normal_surplus", "0 hold, 1 next, 2 last, 3 spread"),
        _number("late_steps", "timing × 8 + component", pl.List(pl.Int64)),
        _number("late_mode", "0 horizontal, 1 vertical"),
        _number("late_surplus", "0 hold, 1 next, 2 last, 3 spread"),
        _number("late_from_days", "days", nullable=True),
        _number("grace_days", "days"),
        _minor("tolerance_minor"),
        _number("rounds_half_even", "0 or 1"),
        _number("accrues_span", "0 each day, 1 span"),
        _number("stop_after_days", "days", nullable=True),
        _number("penalty_numerator", "of one day in a common year"),
        _number("penalty_leap_numerator", "of one day in a leap year"),
        _number("penalty_denominator", "of one day"),
        _number("compound_numerator", "of one day in a common year"),
        _number("compound_leap_numerator", "of one day in a leap year"),
        _number("compound_denominator", "of one day"),
    ),
    key=("rule_id",),
)
OTHERS = Table(
    name="others",
    columns=(
        _id("loan_id"),
        Column(name="contract_json", dtype=pl.String, unit="daihou.core.codec"),
        Column(name="events_json", dtype=pl.String, unit="daihou.core.codec"),
    ),
    key=("loan_id",),
)
STATED = Table(
    name="stated",
    columns=(
        _id("loan_id"),
        _day("stated_on"),
        _minor("principal_outstanding_minor", nullable=True),
        _minor("interest_outstanding_minor", nullable=True),
        _minor("fee_outstanding_minor", nullable=True),
        _minor("penalty_outstanding_minor", nullable=True),
        _minor("overdue_minor", nullable=True),
        _number("days_past_due", "days", nullable=True),
        _day("next_due_on", nullable=True),
        _minor("unapplied_minor", nullable=True),
        Column(name="is_closed", dtype=pl.Boolean, unit="the source says so", nullable=True),
    ),
    key=("loan_id", "stated_on"),
)
EVENTS = Table(
    name="events",
    columns=(
        _day("business_date"),
        _id("loan_id"),
        Column(name="kind", dtype=pl.Enum(EVENT_KINDS), unit="what happened"),
        _number("from_bucket", "place in BUCKETS", pl.Int8),
        _number("to_bucket", "place in BUCKETS", pl.Int8),
        _day("oldest_unpaid_due_on", nullable=True),
    ),
    key=("business_date", "loan_id", "kind"),
)
POSITIONS = Table(
    name="positions",
    columns=(
        _id("loan_id"),
        Column(name="loan_ref", dtype=pl.String, unit="reference"),
        _id("person_id", nullable=True),
        Column(name="currency", dtype=pl.String, unit="ISO 4217"),
        _day("as_of"),
        Column(name="status", dtype=STATUS, unit="active, closed or written_off"),
        Column(name="bucket", dtype=BUCKET, unit="one of BUCKETS"),
        _number("days_past_due", "days", pl.Int32),
        _day("oldest_unpaid_due_on", nullable=True),  # Past due ones only.
        _minor("overdue_minor"),
        # Of a stated loan: the source's sum laid on what it says is owed, fees first.
        *(_minor(f"overdue_{component}_minor", nullable=True) for component in COMPONENTS),
        _minor("principal_outstanding_minor"),
        _minor("unapplied_minor"),
        _minor("accrued_interest_minor"),
        _day("next_due_on", nullable=True),
        _minor("next_due_minor"),
        _day("disbursed_on"),
        _minor("disbursed_minor"),
        _day("closed_on", nullable=True),
        _day("stated_on", nullable=True),
        Column(name="is_stale", dtype=pl.Boolean, unit="stated before as_of"),
        _number("person_days_past_due", "days", pl.Int32),
    ),
    key=("loan_id",),
)
CLASSED_POSITIONS = Table(
    name="positions",
    columns=(
        *POSITIONS.columns,
        Column(name="class_floor", dtype=CLASS_FLOOR, unit="the best of five levels allowed"),
    ),
    key=("loan_id",),
)
HISTORY = Table(
    name="history",
    columns=(
        _day("as_of"),
        _id("loan_id"),
        Column(name="status", dtype=STATUS, unit="active, closed or written_off"),
        Column(name="bucket", dtype=BUCKET, unit="one of BUCKETS"),
        _number("days_past_due", "days", pl.Int32),
        _minor("principal_outstanding_minor"),
        _minor("overdue_minor"),
    ),
    key=("as_of", "loan_id"),
)

SHARD_TABLES = (LOANS, DUES, PAYMENTS, RULES, OTHERS, STATED)


def check(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return the frame when it keeps the contract: columns, types, nulls, sorted unique key.

    :raises ColumnsRefused: ``columns.schema``, ``columns.null``, ``columns.order``.
    """
    if dict(frame.schema) != table.schema:
        detail = f"{table.name} has {dict(frame.schema)}, not {table.schema}"
        raise ColumnsRefused("columns.schema", detail)
    for column in table.columns:
        if not column.nullable and frame[column.name].null_count():
            raise ColumnsRefused("columns.null", f"{table.name}.{column.name}")
    if frame.height > 1 and not _strictly_increases(frame, table.key):
        raise ColumnsRefused("columns.order", f"{table.name} by {', '.join(table.key)}")
    return frame


def _strictly_increases(frame: pl.DataFrame, key: tuple[str, ...]) -> bool:
    """Compare each row with the one before, by columns: a query costs more than a small frame."""
    increases = pl.Series([False]).new_from_index(0, frame.height - 1)
    for name in reversed(key):
        this, last = frame[name].slice(1), frame[name].slice(0, frame.height - 1)
        increases = (this > last) | ((this == last) & increases)
    return bool(increases.all())
