"""Carry out a peer's changes of the plan as events of ours."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from daihou.conformance.loan import RE_AGE, RE_AMORTIZE, TERMINATION, PeerLoan, Transaction
from daihou.conformance.product import UNITS, is_progressive
from daihou.core.changes import Change, InterestTreatment
from daihou.core.events import Event, Kind
from daihou.core.terms import Rate, RatePer

ONE_DAY = timedelta(days=1)
INTEREST_HANDLING = {
    None: InterestTreatment.GOES_ON,
    "EQUAL_AMORTIZATION_PAYABLE_INTEREST": InterestTreatment.SPREAD,
}


def _note(loan: PeerLoan, name: str, event: Event) -> None:
    loan.transactions[event.key] = Transaction(
        key=event.key, name=name, on=event.effective_on, amount_minor=0
    )


def reschedule(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """Move due dates, add instalments or change the rate, from the instalment of a day on."""
    from_on = date.fromisoformat(step["from_date"])
    if step["new_interest_rate"] is not None:
        rate = Rate(value=Decimal(step["new_interest_rate"]) / 100, per=RatePer.YEAR)
        loan.add(Kind.RATE_CHANGED, from_on - ONE_DAY, change=Change(rate=rate))
    if step["adjusted_due_date"] is not None:
        _move_due_dates(loan, from_on, date.fromisoformat(step["adjusted_due_date"]))
    if step["extra_terms"] is not None:
        to_come = [
            each
            for each in loan.position().instalments
            if each.due_on > loan.today and each.start_on < each.due_on
        ]
        count = len(to_come) + int(Decimal(step["extra_terms"]))
        loan.add(Kind.TERM_CHANGED, loan.today, change=Change(instalment_count=count))


def _move_due_dates(loan: PeerLoan, from_on: date, to_on: date) -> None:
    """Move the instalment of a day and those after it.

    A cumulative schedule the peer plans anew from the start, so its first due date is a term.
    """
    dues = [each.due_on for each in loan.position().instalments if each.start_on < each.due_on]
    if not is_progressive(loan.case.terms) and min(dues) == from_on:
        terms = replace(loan.contract.terms, first_due_on=to_on)
        loan.contract = replace(loan.contract, terms=terms)
        return
    is_next = loan.today < from_on and not any(loan.today < on < from_on for on in dues)
    on = loan.today if is_next else from_on - ONE_DAY
    loan.add(Kind.DUE_DATES_MOVED, on, change=Change(first_due_on=to_on))


def re_age(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """Move all that is owed into new instalments.

    Where the interest payable is spread the peer charges none on the new instalments: a pause.
    """
    interest = INTEREST_HANDLING[step.get("interest_handling")]
    change = Change(
        first_due_on=date.fromisoformat(step["start_date"]),
        instalment_count=step["instalments"],
        every=step["every"],
        unit=UNITS[step["unit"]],
        interest=interest,
    )
    paused = None
    if interest is InterestTreatment.SPREAD:
        paused = loan.add(
            Kind.INTEREST_PAUSED, loan.today, change=Change(through_on=date.max - ONE_DAY)
        )
    event = loan.add(Kind.RE_AGED, loan.today, change=change)
    _note(loan, RE_AGE, event)
    loan.transactions[event.key].belongs_to = "" if paused is None else paused.key


def undo_re_age(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    transaction = [each for each in loan.transactions.values() if each.name == RE_AGE][-1]
    first = transaction.belongs_to or transaction.key
    transaction.before_undo = loan.before(first, transaction.on)
    for key in (transaction.key, transaction.belongs_to):
        if key:
            loan.add(Kind.UNDONE, transaction.on, target_key=key)


def re_amortize(loan: PeerLoan, _: Mapping[str, Any]) -> None:
    change = Change(interest=InterestTreatment.SPREAD)
    _note(loan, RE_AMORTIZE, loan.add(Kind.RE_AMORTIZED, loan.today, change=change))


def terminate(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    _note(loan, TERMINATION, loan.add(Kind.ACCELERATED, date.fromisoformat(step["date"])))


def pause_interest(loan: PeerLoan, step: Mapping[str, Any]) -> None:
    """Let days bear nothing: with the peer a day bears for the night before it."""
    start_on, end_on = (date.fromisoformat(step[name]) for name in ("start", "end"))
    loan.add(Kind.INTEREST_PAUSED, start_on - ONE_DAY, change=Change(through_on=end_on - ONE_DAY))
