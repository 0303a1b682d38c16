"""Tell how far a loan is behind as a peer counts it: by grace, ranges and pauses of its own."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from daihou.conformance.loan import Pause, PeerLoan
from daihou.conformance.tables import money
from daihou.core.position import GivenBack, Position

RANGES = ((1, 3), (4, 30), (31, 60), (61, 90), (91, 120), (121, 150), (151, 180), (181, 240))
RANGE_NAMES = {1: "RANGE_1", **{first: f"RANGE_{first - 1}" for first, _ in RANGES[1:]}}


def delinquency(loan: PeerLoan, now: Position) -> dict[str, object]:
    """Grade by days past due less the product's grace, as the peer's nine ranges do."""
    grace = timedelta(days=loan.case.terms["grace_on_arrears_days"])
    oldest_on = _oldest_on(now)
    if oldest_on is None or oldest_on >= loan.today:
        return {"range": "NO_DELINQUENCY", "delinquent_date": None}
    delinquent_on = oldest_on + grace
    return {
        "range": range_of((loan.today - delinquent_on).days),
        "delinquent_date": delinquent_on.isoformat(),
    }


def loan_delinquency(loan: PeerLoan, now: Position) -> dict[str, object]:
    """Give the loan's past due and delinquent days with their amount."""
    oldest_on = now.oldest_unpaid_due_on
    grade = delinquency(loan, now)
    grace_days = loan.case.terms["grace_on_arrears_days"]
    return {
        "classification": grade["range"],
        "delinquentamount": money(sum(now.overdue_minor.values())),
        "delinquentdate": grade["delinquent_date"],
        "delinquentdays": max(0, now.days_past_due - grace_days) if oldest_on else 0,
        "pastduedays": now.days_past_due,
    }


def range_of(days: int) -> str:
    """Name the range of a number of delinquent days.

    >>> range_of(0), range_of(3), range_of(4), range_of(31), range_of(999)
    ('NO_DELINQUENCY', 'RANGE_1', 'RANGE_3', 'RANGE_30', 'RANGE_240')
    """
    if days < 1:
        return "NO_DELINQUENCY"
    firsts = [first for first, _ in RANGES if first <= days]
    return "RANGE_240" if days > RANGES[-1][1] else RANGE_NAMES[firsts[-1]]


def instalment_delinquency(loan: PeerLoan, now: Position) -> list[dict[str, object]]:
    """Add up what is overdue by range; grace counts for the loan alone, not by instalment."""
    names = [*RANGE_NAMES.values(), "RANGE_240"]
    amounts: dict[str, int] = {}
    if delinquency(loan, now)["range"] not in names:
        return []
    for each in now.instalments:
        left_minor = sum(owed.outstanding_minor for owed in each.components.values())
        name = range_of((loan.today - each.due_on).days)
        if left_minor and name in names:
            amounts[name] = amounts.get(name, 0) + left_minor
    return [
        {"rangeid": f"{names.index(name) + 1}.00", "range": name, "amount": money(amount_minor)}
        for name, amount_minor in sorted(amounts.items(), key=lambda each: names.index(each[0]))
    ]


def _oldest_on(now: Position) -> date | None:
    """Find the oldest unpaid day: what was charged back counts from its own day on."""
    days = [each.effective_on for each in now.given_back if _is_open(each, now)]
    if now.oldest_unpaid_due_on is not None:
        days.append(now.oldest_unpaid_due_on)
    return min(days, default=None)


def _is_open(back: GivenBack, now: Position) -> bool:
    """Tell whether less came in since on the instalment of a charge-back than it raised it by."""
    numbers = {part.instalment_no for part in back.owed_again}
    paid_since = sum(
        part.amount_minor
        for each in now.applied
        for part in each.parts
        if part.instalment_no in numbers and part.applied_on >= back.effective_on
    )
    return paid_since < sum(part.amount_minor for part in back.owed_again)


def pause(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    start_on, end_on = (date.fromisoformat(step[name]) for name in ("start", "end"))
    loan.pauses.append(Pause(start_on=start_on, end_on=end_on, planned_end_on=end_on))


def resume(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """End the pauses that run on this day."""
    on = date.fromisoformat(step["start"])
    for each in loan.pauses:
        if each.start_on <= on <= each.end_on:
            each.end_on = on
    loan.resumed_on.append(on)


def pauses(loan: PeerLoan) -> list[dict[str, object]]:
    return [
        {
            "active": each.start_on <= loan.today <= each.end_on,
            "pauseperiodstart": each.start_on.isoformat(),
            "pauseperiodend": each.end_on.isoformat(),
        }
        for each in loan.pauses
    ]


def pause_actions(loan: PeerLoan) -> list[dict[str, object]]:
    paused = [
        ("PAUSE", each.start_on.isoformat(), each.planned_end_on.isoformat())
        for each in loan.pauses
    ]
    resumed = [("RESUME", on.isoformat(), None) for on in loan.resumed_on]
    return [
        {"action": action, "startdate": start, "enddate": end}
        for action, start, end in (*paused, *resumed)
    ]
