"""Refuse a tape's changes of the plan that their loans cannot take.

A night folds every event it finds: what ``core`` refuses for the loan as it stands must be an error
row before it is stored. Only loans that such a change is about are folded.

Shape   ``rows`` are facts with ``loan_id``; the rows to keep and the errors come back.
Errors  Rows of ``canonical.Errors`` with the codes of ``core.refusals.check_change``.
"""

from typing import Any

import polars as pl

from daihou.core.calendar import CalendarRefused
from daihou.core.events import Event, EventRefused, Kind
from daihou.core.position import position
from daihou.core.refusals import NEEDS_A_LOAN, check_change
from daihou.core.schedule import ScheduleRefused
from daihou.core.terms import Contract, TermsRefused
from daihou.web.ledger.contradictions import Kept, event_of_row, without
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loans

FITTED = sorted(kind.value for kind in NEEDS_A_LOAN | {Kind.UNDONE})
REFUSED = (EventRefused, ScheduleRefused, TermsRefused, CalendarRefused)


def without_unfit(*, book: Book, rows: pl.DataFrame) -> Kept:
    """Refuse changes that have no object on their day, and those that cannot be planned."""
    loan_ids = rows.filter(pl.col("kind").is_in(FITTED))["loan_id"].unique().sort()
    if loan_ids.is_empty():
        return without(rows, [])
    held = load_loans(book=book, loan_ids=loan_ids.to_list())
    told = rows.filter(pl.col("loan_id").is_in(loan_ids.implode()))
    found: list[tuple[int, str, str]] = []
    for (loan_id,), of_loan in told.sort("effective_on", "row_no").group_by("loan_id"):
        contract, events = held[int(str(loan_id))]
        given = [
            (row["row_no"], event_of_row(row, sequence=book.next_sequence + place))
            for place, row in enumerate(of_loan.iter_rows(named=True))
        ]
        found += _faults(contract, events, given)
    return without(rows, found)


def _faults(
    contract: Contract, held: tuple[Event, ...], given: list[tuple[int, Event]]
) -> list[tuple[int, str, str]]:
    fitted = [(number, event) for number, event in given if event.kind in FITTED]
    known = [*held, *(event for _, event in given if event.kind not in FITTED)]
    found = []
    for number, event in fitted:
        code = _code(contract, known, event)
        if code is None:
            known.append(event)
        else:
            found.append((number, "change", code))
    return found


def _code(contract: Contract, known: list[Event], event: Event) -> str | None:
    """Check one change, then that all that is known by then can still be folded to its end."""
    told = [*known, event]
    try:
        check_change(contract=contract, events=known, event=event)
        last_on = max(each.effective_on for each in told)
        position(contract=contract, events=told, as_of=last_on, with_rows=False)
    except REFUSED as refused:
        return _code_of(refused)
    return None


def _code_of(refused: Any) -> str:
    return str(refused.code)
