"""Say a cumulative schedule of several tranches in our terms: as one free schedule.

The peer plans everything that was paid out first and then spends all money anew, from the first
payment on; a tranche after the last due date gets one more period. Ours never takes money back
from where it went, and refuses such a tranche. So the schedule of all tranches is given as dates
and amounts, and paid out as a whole on the first day.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import count, pairwise

from daihou.conformance.charges import instalment_of
from daihou.core.calendar import add_periods
from daihou.core.events import Event, Kind
from daihou.core.position import Position, position
from daihou.core.schedule import ScheduledInstalment, Tranche, build_tranched_schedule
from daihou.core.terms import Contract, FreeDue, Method, Terms

Schedule = tuple[ScheduledInstalment, ...]


def whole_schedule(*, terms: Terms, tranches: Sequence[Event]) -> Schedule | None:
    """Plan all tranches; None where two dues share a day, which no free schedule can say."""
    first_on = min(each.effective_on for each in tranches)
    last_due_on = _nth_due(terms, first_on, terms.instalment_count)
    planned = build_tranched_schedule(
        terms=terms,
        tranches=tuple(
            Tranche(amount_minor=each.amount_minor, paid_out_on=each.effective_on)
            for each in tranches
            if each.effective_on < last_due_on
        ),
    )
    rows = list(planned)
    for late in (each for each in tranches if each.effective_on >= last_due_on):
        dues = (_nth_due(terms, first_on, number) for number in count(terms.instalment_count))
        rows.append(
            ScheduledInstalment(
                instalment_no=len(rows) + 1,
                start_on=rows[-1].due_on,
                due_on=next(due_on for due_on in dues if due_on > late.effective_on),
                principal_minor=late.amount_minor,
                interest_minor=0,
                fee_minor=0,
            )
        )
    if any(later.due_on <= each.due_on for each, later in pairwise(rows)):
        return None
    return tuple(rows)


def _nth_due(terms: Terms, start_on: date, number: int) -> date:
    return add_periods(
        from_on=start_on,
        count=number,
        every=terms.every,
        unit=terms.unit,
        month_end=terms.month_end,
    )


def replanned_position(
    *, contract: Contract, events: Sequence[Event], as_of: date, schedule: Schedule
) -> Position:
    """Fold over the schedule of all tranches; each instalment keeps its own first day."""
    terms = replace(
        contract.terms,
        method=Method.FREE,
        down_payment_rate=None,
        free_dues=tuple(
            FreeDue(
                due_on=each.due_on,
                principal_minor=each.principal_minor,
                interest_minor=each.interest_minor,
                fee_minor=each.fee_minor,
            )
            for each in schedule
        ),
    )
    tranches = [event for event in events if event.kind is Kind.DISBURSED]
    first_on = min(each.effective_on for each in tranches)
    total_minor = sum(each.amount_minor for each in tranches)
    whole = replace(tranches[0], amount_minor=total_minor, effective_on=first_on)
    found = position(
        contract=replace(contract, terms=terms, principal_minor=total_minor, start_on=first_on),
        events=(
            whole,
            *(
                _on_its_instalment(event, schedule)
                for event in events
                if event.kind is not Kind.DISBURSED
            ),
        ),
        as_of=as_of,
    )
    starts = {each.instalment_no: each.start_on for each in schedule}
    return replace(
        found,
        instalments=tuple(
            replace(each, start_on=starts.get(each.instalment_no, each.start_on))
            for each in found.instalments
        ),
    )


def _on_its_instalment(event: Event, schedule: Schedule) -> Event:
    """Let a charge fall due with its instalment: a free schedule knows no down payment."""
    if event.kind is not Kind.CHARGE_ADDED or event.due_on is None:
        return event
    if event.due_on > schedule[-1].due_on:
        return event
    return replace(event, due_on=instalment_of(event.due_on, schedule).due_on)
