"""Compare what the source says with what the events come to.

Units   ``*_minor`` is an int64 count of minor units.
Shape   A statement names a loan, a day and a figure. Ours is read from one fold of the loan's own
        contract and events by ``core.position``; the source's balances never enter it.
Errors  none; a difference is an exception of the result. So is a statement whose month needed an
        adjustment (an event whose key says so), even where the two then agree.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import polars as pl

from daihou.core.events import Event, Kind
from daihou.core.position import Position, position
from daihou.core.terms import Component, Contract

FIGURES: Final = ("owed", "balance", "stated_principal", "stated_overdue", "stated_days")
ADJUSTMENT: Final = "adjustment:"  # How the key of an event taken from the source's balance begins.
OURS: Final = {
    "loan_ref": pl.String,
    "as_of": pl.Date,
    "figure": pl.String,
    "ours_minor": pl.Int64,
    "adjusted_minor": pl.Int64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    unit: str
    total: int
    agree: int
    exceptions: pl.DataFrame  # loan, as_of, figure, cause, ours_minor, theirs_minor

    def as_json(self) -> dict[str, Any]:
        columns = ("loan", "as_of", "figure", "cause", "ours_minor", "theirs_minor")
        return {
            "unit": self.unit,
            "total": self.total,
            "agree": self.agree,
            "exceptions": self.exceptions.select(columns).to_dicts(),
        }


def reconcile(
    *,
    unit: str,
    statements: pl.DataFrame,
    loans: Iterable[tuple[Contract, Sequence[Event]]],
    tolerance_minor: int = 0,
) -> Reconciliation:
    """Compare every statement with the loan's own fold."""
    wanted = _wanted(statements)
    records = [
        record
        for contract, events in loans
        if contract.loan_ref in wanted
        for record in _ours(contract, events, wanted[contract.loan_ref])
    ]
    ours = pl.DataFrame(records, schema=OURS, orient="row")
    compared = statements.join(
        ours, on=["loan_ref", "as_of", "figure"], how="left", maintain_order="left"
    ).with_columns(
        # Without that month's adjustment: what the events alone come to.
        ours_minor=pl.col("ours_minor") + pl.col("adjusted_minor"),
        is_adjusted=(pl.col("adjusted_minor") != 0).fill_null(value=True),
    )
    differs = (pl.col("ours_minor") - pl.col("theirs_minor")).abs() > tolerance_minor
    exceptions = compared.filter(pl.col("is_adjusted") | differs)
    return Reconciliation(
        unit=unit,
        total=compared.height,
        agree=compared.height - exceptions.height,
        exceptions=exceptions.select(
            pl.col("loan_ref").alias("loan"),
            "as_of",
            "figure",
            pl.col("cause").fill_null("difference"),
            "ours_minor",
            "theirs_minor",
        ),
    )


def _wanted(statements: pl.DataFrame) -> dict[str, list[tuple[date, str]]]:
    wanted: dict[str, list[tuple[date, str]]] = {}
    for loan_ref, as_of, figure in statements.select("loan_ref", "as_of", "figure").iter_rows():
        wanted.setdefault(loan_ref, []).append((as_of, figure))
    return wanted


def _ours(
    contract: Contract, events: Sequence[Event], wanted: Sequence[tuple[date, str]]
) -> Iterator[tuple[str, date, str, int, int]]:
    facts = [event for event in events if event.kind is not Kind.STATED]
    last_on = max(as_of for as_of, _ in wanted)
    folded = position(contract=contract, events=facts, as_of=last_on)
    adjusted = _adjustments(facts)
    days = sorted({as_of for as_of, figure in wanted if figure == "balance"})
    balance = dict(zip(days, _balance_by_day(folded, facts, days), strict=True))
    for as_of, figure in wanted:
        if figure == "balance":
            written_off = balance[as_of] if adjusted.get(as_of, (0, False))[1] else 0
            change = adjusted.get(as_of, (0, False))[0]
            ours = 0 if _is_written_off(facts, as_of) else balance[as_of]
            yield contract.loan_ref, as_of, figure, ours, written_off - change
        else:
            at = (
                folded
                if as_of == last_on
                else position(contract=contract, events=facts, as_of=as_of)
            )
            yield contract.loan_ref, as_of, figure, _figure(at, figure), 0


def _figure(at: Position, figure: str) -> int:
    match figure:
        case "owed":
            owed = sum(instalment.outstanding_minor for instalment in at.instalments)
            return owed - at.unapplied_minor
        case "stated_principal":
            return at.principal_outstanding_minor
        case "stated_overdue":
            return sum(at.overdue_minor.values())
        case "stated_days":
            return at.days_past_due
    raise AssertionError(figure)


def _adjustments(events: Sequence[Event]) -> Mapping[date, tuple[int, bool]]:
    """Sum, by day, what came from the source's own balance, and whether it wrote the loan off."""
    found: dict[date, tuple[int, bool]] = {}
    for event in events:
        if event.key.startswith(ADJUSTMENT):
            amount_minor, is_written_off = found.get(event.effective_on, (0, False))
            found[event.effective_on] = (
                amount_minor + event.amount_minor,
                is_written_off or event.kind is Kind.WRITTEN_OFF,
            )
    return found


def _is_written_off(events: Sequence[Event], as_of: date) -> bool:
    return any(event.kind is Kind.WRITTEN_OFF and event.effective_on <= as_of for event in events)


def _balance_by_day(
    folded: Position, events: Sequence[Event], days: Sequence[date]
) -> Iterator[int]:
    """Roll principal less unapplied money forward over the fold's money flow, day by day."""
    moves: list[tuple[date, int]] = []
    for event in events:
        is_start = event.kind in {Kind.OPENED, Kind.DISBURSED}
        is_added = event.kind is Kind.CHARGE_ADDED and event.component is Component.PRINCIPAL
        if is_start or is_added:
            moves.append((event.effective_on, event.amount_minor))
    for flow in folded.applied:
        moves.append((flow.effective_on, -flow.amount_minor))
        moves += [
            (part.applied_on, part.amount_minor)
            for part in flow.parts
            if part.component is not Component.PRINCIPAL
        ]
    moves.sort(key=lambda move: move[0])
    left, at = 0, 0
    for day in days:
        while at < len(moves) and moves[at][0] <= day:
            left += moves[at][1]
            at += 1
        yield left
