"""Turn the terms of a product into the row of integers that the kernel reads.

Units   A daily rate is a numerator over its own reduced denominator; see ``columns.RULES``.
Shape   One row per distinct rule; ``rule_id`` is a digest of the row, the same in every shard.
Errors  ``ColumnsRefused`` ``rule.width`` where 64 bits would not hold the arithmetic.
Source  design.md, "Money": what does not fit the integer width is refused at load, never wrapped.
"""

import hashlib
import json
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import polars as pl

from daihou.core.accrual import compound_rate, penalty_rate
from daihou.core.terms import (
    AccrualRounding,
    AllocationRule,
    Component,
    Mode,
    Rounding,
    Surplus,
    Terms,
    Timing,
)
from daihou.engine import columns as c, kernel
from daihou.engine.layout import Minor

Row: TypeAlias = dict[str, int | list[int] | None]

KERNEL_SURPLUS = (
    Surplus.HOLD,
    Surplus.NEXT_INSTALMENT,
    Surplus.LAST_INSTALMENT,
    Surplus.SPREAD,
)
MOST_DAYS = 36_525  # A century past due.
MOST_MINOR = 2**62  # Half of what 64 bits hold: a half is looked for in twice the rest.


def terms_are_plain(*, terms: Terms) -> bool:
    """Tell whether the kernel knows the rule: a loan is plain when its terms and its events are."""
    rules = (terms.allocation.normal, terms.allocation.late)
    return all(rule is None or rule.surplus in KERNEL_SURPLUS for rule in rules)


@lru_cache(maxsize=4096)
def rule_id_of(terms: Terms) -> int:
    """Return the identity of the rule these terms give; equal rules have one."""
    text = json.dumps(rule_row(terms), sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big", signed=True)


def rule_row(terms: Terms) -> Row:
    """Return the columns of ``RULES`` but for the identity."""
    allocation, penalty = terms.allocation, terms.penalty
    row: Row = {
        **_allocation_row("normal", allocation.normal),
        **_allocation_row("late", allocation.late or allocation.normal),
        "late_from_days": allocation.late_from_days,
        "grace_days": terms.grace_days,
        "tolerance_minor": terms.tolerance_minor,
        "rounds_half_even": int(terms.rounding is Rounding.HALF_EVEN),
        "accrues_span": int(penalty is not None and penalty.rounding is AccrualRounding.SPAN),
        "stop_after_days": None if penalty is None else penalty.stop_after_days,
    }
    for name, rate in (("penalty", penalty_rate(terms)), ("compound", compound_rate(terms))):
        row[f"{name}_numerator"] = 0 if rate is None else rate.common_numerator
        row[f"{name}_leap_numerator"] = 0 if rate is None else rate.leap_numerator
        row[f"{name}_denominator"] = 1 if rate is None else rate.denominator
        if rate is not None and rate.denominator * MOST_DAYS > MOST_MINOR:
            detail = f"{name} denominator {rate.denominator} over {MOST_DAYS} days"
            raise c.ColumnsRefused("rule.width", detail)
    return row


def rules_frame(terms: list[Terms]) -> pl.DataFrame:
    """Return the deduplicated rules of these terms (``columns.RULES``)."""
    rows = {rule_id_of(item): {"rule_id": rule_id_of(item), **rule_row(item)} for item in terms}
    ordered = [rows[rule_id] for rule_id in sorted(rows)]
    return c.check(pl.DataFrame(ordered, schema=c.RULES.schema), c.RULES)


def rules_matrix(rules: pl.DataFrame) -> Minor:
    """Lay the rules out for the kernel, one row each."""
    matrix = np.zeros((max(rules.height, 1), kernel.RULE_WIDTH), dtype=np.int64)
    places = {
        "grace_days": kernel.GRACE_DAYS,
        "tolerance_minor": kernel.TOLERANCE,
        "rounds_half_even": kernel.HALF_EVEN,
        "accrues_span": kernel.SPAN,
        "stop_after_days": kernel.STOP_DAYS,
        "late_from_days": kernel.LATE_FROM,
        "penalty_numerator": kernel.PENALTY_NUM,
        "penalty_leap_numerator": kernel.PENALTY_LEAP,
        "penalty_denominator": kernel.PENALTY_DEN,
        "compound_numerator": kernel.COMPOUND_NUM,
        "compound_leap_numerator": kernel.COMPOUND_LEAP,
        "compound_denominator": kernel.COMPOUND_DEN,
    }
    for i, row in enumerate(rules.iter_rows(named=True)):
        for name, place in places.items():
            matrix[i, place] = kernel.NEVER if row[name] is None else row[name]
        for name, base in (("normal", kernel.NORMAL_BASE), ("late", kernel.LATE_BASE)):
            steps = row[f"{name}_steps"]
            matrix[i, base + kernel.MODE] = row[f"{name}_mode"]
            matrix[i, base + kernel.SURPLUS] = row[f"{name}_surplus"]
            matrix[i, base + kernel.STEP_COUNT] = len(steps)
            matrix[i, base + kernel.STEPS : base + kernel.STEPS + len(steps)] = steps
    return matrix


def check_widths(*, dues: pl.DataFrame, loans: pl.DataFrame, rules: pl.DataFrame) -> None:
    """Refuse dues on which a rule's arithmetic would pass 64 bits.

    :raises ColumnsRefused: ``rule.width``.
    """
    numerators = rules.select(
        "rule_id",
        penalty=pl.max_horizontal("penalty_numerator", "penalty_leap_numerator"),
        compound=pl.max_horizontal("compound_numerator", "compound_leap_numerator"),
    ).filter((pl.col("penalty") > 0) | (pl.col("compound") > 0))
    if not numerators.height or not dues.height:
        return
    widest = (
        dues.lazy()
        .group_by("loan_id")
        .agg(pl.col("principal_due_minor", "interest_due_minor").max())
        .join(loans.lazy().select("loan_id", "rule_id"), on="loan_id")
        .group_by("rule_id")
        .agg(pl.col("principal_due_minor", "interest_due_minor").max())
        .join(numerators.lazy(), on="rule_id")
        .collect()
    )
    for row in widest.iter_rows(named=True):
        most = max(
            row["principal_due_minor"] * row["penalty"],
            row["interest_due_minor"] * row["compound"],
        )
        if most > MOST_MINOR // MOST_DAYS:
            raise c.ColumnsRefused("rule.width", f"rule {row['rule_id']}: {most} a day")


def _allocation_row(name: str, rule: AllocationRule) -> Row:
    timings, components = list(Timing), list(Component)
    steps = [timings.index(s.timing) * 8 + components.index(s.component) for s in rule.steps]
    known = rule.surplus if rule.surplus in KERNEL_SURPLUS else Surplus.HOLD
    return {
        f"{name}_steps": steps,
        f"{name}_mode": list(Mode).index(rule.mode),
        f"{name}_surplus": KERNEL_SURPLUS.index(known),
    }
