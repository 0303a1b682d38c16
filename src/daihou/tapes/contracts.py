"""Build ``core`` contracts and events from canonical frames.

Units   As ``canonical``.
Shape   ``contracts_of`` gives one contract and its events per loan of a tape, in the tape's order;
        what names no time of knowledge counts as known when its day ended (UTC).
Errors  ``TermsRefused`` and its like, from ``core``.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

import polars as pl

from daihou.core import codec
from daihou.core.changes import Change
from daihou.core.events import Event, Kind
from daihou.core.terms import (
    STATUTORY_ORDER,
    AccrualRounding,
    AllocationRule,
    AllocationTerms,
    Calendar,
    Component,
    Contract,
    DayCount,
    FreeDue,
    HolidayShift,
    InterestBasis,
    Method,
    Mode,
    MonthEnd,
    PenaltyTerms,
    PeriodUnit,
    Rate,
    RatePer,
    Rounding,
    Step,
    Surplus,
    Terms,
    TermsRefused,
    Timing,
    rule_in_order,
)
from daihou.tapes.canonical import STATED_FIGURES
from daihou.tapes.protocol import Tape

Row = Mapping[str, Any]
Calendars = Mapping[str, Calendar]
NO_CALENDARS: Final[Calendars] = {}
_WORDS: Final[Mapping[str, type[Any]]] = {
    "method": Method,
    "day_count": DayCount,
    "interest_basis": InterestBasis,
    "unit": PeriodUnit,
    "month_end": MonthEnd,
    "holiday_shift": HolidayShift,
    "rounding": Rounding,
}
_PLAIN: Final = (
    "instalment_count",
    "every",
    "first_due_on",
    "multiple_minor",
    "balloon_minor",
    "principal_grace_count",
    "interest_grace_count",
    "instalment_fee_minor",
    "grace_days",
    "tolerance_minor",
)


def rule_of(*, order: str | None, mode: str | None, surplus: str | None) -> AllocationRule:
    """Build an allocation rule from its columns.

    ``order`` is the five components, applied in the same order whatever the timing, or all fifteen
    steps in their own order ("past_due:fee, due:fee, …").
    """
    chosen_mode, chosen_surplus = Mode(mode or Mode.HORIZONTAL), Surplus(surplus or Surplus.HOLD)
    names = [name.strip() for name in order.split(",")] if order else list(STATUTORY_ORDER)
    if any(":" in name for name in names):
        pairs = [name.split(":") for name in names]
        steps = tuple(Step(timing=Timing(t), component=Component(c)) for t, c in pairs)
        return AllocationRule(steps=steps, mode=chosen_mode, surplus=chosen_surplus)
    components = [Component(name) for name in names]
    return rule_in_order(components, mode=chosen_mode, surplus=chosen_surplus)


def calendars_of(rows: pl.DataFrame) -> dict[str, Calendar]:
    """Build the calendars of rows of ``canonical.Calendars``, by name."""
    days = rows.group_by("calendar", maintain_order=True).agg("closed_on")
    return {
        name: Calendar(name=name, closed_on=frozenset(closed_on))
        for name, closed_on in days.iter_rows()
    }


def terms_of(
    row: Row, *, dues: tuple[FreeDue, ...] = (), calendars: Calendars = NO_CALENDARS
) -> Terms:
    """Build the terms of one canonical loan; what is empty takes the default.

    :raises TermsRefused: ``calendar.unknown``.
    """
    given: dict[str, Any] = {
        name: kind(row[name]) for name, kind in _WORDS.items() if row[name] is not None
    }
    given |= {name: row[name] for name in _PLAIN if row[name] is not None}
    if row["down_payment_rate"] is not None:
        given["down_payment_rate"] = Decimal(row["down_payment_rate"])
    if row["calendar"] is not None:
        if row["calendar"] not in calendars:
            raise TermsRefused("calendar.unknown")
        given["calendar"] = calendars[row["calendar"]]
    return Terms(
        rate=_rate(row["rate"] or "0", row["rate_per"]),
        allocation=_allocation(row),
        penalty=_penalty(row),
        free_dues=dues,
        **given,
    )


def _rate(value: str, per: str | None) -> Rate:
    return Rate(value=Decimal(value), per=RatePer(per or RatePer.YEAR))


def _allocation(row: Row) -> AllocationTerms:
    mode, surplus, late = row["allocation_mode"], row["surplus"], row["late_allocation_order"]
    return AllocationTerms(
        normal=rule_of(order=row["allocation_order"], mode=mode, surplus=surplus),
        late=rule_of(order=late, mode=mode, surplus=surplus) if late else None,
        late_from_days=row["late_from_days"],
    )


def _penalty(row: Row) -> PenaltyTerms | None:
    rate, multiple, compound = row["penalty_rate"], row["penalty_multiple"], row["compound_rate"]
    if rate is None and multiple is None and compound is None:
        return None
    return PenaltyTerms(
        rate=None if rate is None else _rate(rate, row["penalty_rate_per"]),
        multiple=None if multiple is None else Decimal(multiple),
        compound_rate=None if compound is None else _rate(compound, row["compound_rate_per"]),
        rounding=AccrualRounding(row["penalty_rounding"] or AccrualRounding.EACH_DAY),
        stop_after_days=row["penalty_stop_after_days"],
    )


def contracts_of(tape: Tape) -> Iterator[tuple[Contract, tuple[Event, ...]]]:
    """Give every loan of the tape with its events, ready for ``core.position``."""
    calendars = calendars_of(tape.calendars)
    dues = _by_loan(tape.dues.sort("loan_ref", "instalment_no"))
    frames = {
        "payments": _by_loan(tape.payments),
        "events": _by_loan(tape.events),
        "stated": _by_loan(tape.stated),
    }
    for row in tape.loans.iter_rows(named=True):
        ref = row["loan_ref"]
        free = tuple(
            FreeDue(
                due_on=due["due_on"],
                principal_minor=due["principal_minor"],
                interest_minor=due["interest_minor"],
                fee_minor=due["fee_minor"],
            )
            for due in dues.get(ref, ())
        )
        contract = Contract(
            loan_ref=ref,
            currency=row["currency"],
            minor_digits=row["minor_digits"],
            principal_minor=row["principal_minor"],
            start_on=row["disbursed_on"],
            terms=terms_of(row, dues=free, calendars=calendars),
        )
        found = {name: by_loan.get(ref, []) for name, by_loan in frames.items()}
        yield contract, _events(row, **found)


def _by_loan(frame: pl.DataFrame) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in frame.iter_rows(named=True):
        rows.setdefault(row["loan_ref"], []).append(row)
    return rows


def _events(
    loan: Row, *, payments: list[Row], events: list[Row], stated: list[Row]
) -> tuple[Event, ...]:
    made = [
        _event(loan, kind=loan["kind_of_start"], on=loan["disbursed_on"], sequence=1)
        | {"amount_minor": loan["principal_minor"]}
    ]
    for row in payments:
        made.append(
            _event(row, kind=Kind.PAYMENT_RECEIVED, on=row["effective_on"], sequence=len(made) + 1)
            | {"amount_minor": row["amount_minor"], "channel": row["channel"] or ""}
        )
    for row in events:
        component = row["component"]
        made.append(
            _event(row, kind=row["kind"], on=row["effective_on"], sequence=len(made) + 1)
            | {name: row[name] for name in ("instalment_no", "due_on", "target_key")}
            | {
                "amount_minor": row["amount_minor"] or 0,
                "component": None if component is None else Component(component),
                "change": codec.decode_text(Change, row["change"]) if row["change"] else None,
            }
        )
    for row in stated:
        made.append(
            _event(row, kind=Kind.STATED, on=row["as_of"], sequence=len(made) + 1)
            | {"figures": figures_of(row)}
        )
    return tuple(Event(**fields) for fields in made)


def _event(row: Row, *, kind: str, on: date, sequence: int) -> dict[str, Any]:
    known_at = row["known_at"] or datetime.combine(on, time.max, tzinfo=UTC)
    return {
        "kind": Kind(kind),
        "effective_on": on,
        "recorded_at": known_at,
        "sequence": sequence,
        "key": row["key"],
        "source_ref": row.get("source_ref") or "",
    }


def figures_of(row: Row) -> tuple[tuple[str, int], ...]:
    """Give the stated figures as an event carries them."""
    figures = [(name, int(row[name])) for name in STATED_FIGURES]
    next_due_on = row["next_due_on"]
    figures.append(("next_due_on", 0 if next_due_on is None else next_due_on.toordinal()))
    figures.append(("closed", int(row["is_closed"])))
    return tuple(figures)
