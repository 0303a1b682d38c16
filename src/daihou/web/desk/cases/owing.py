"""What is owed in a case today and why: each of its loans folded on that day.

Units   Amounts are minor units of the book's currency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from daihou.core.events import Event
from daihou.core.position import Position, Status, position
from daihou.web.board import loan_page
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import contract_of, load_events
from daihou.web.loans.models import Loan

ROWS_BEFORE, ROWS_AFTER = 1, 2  # Of a schedule, around what is unpaid and due.


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanBox:
    """One loan of the case; ``rows`` are the instalments that matter now, ``hidden`` the others."""

    loan: Loan
    page: loan_page.Page
    rows: tuple[loan_page.InstalmentRow, ...]
    hidden: int
    why: str  # The address that explains its amounts.

    @property
    def position(self) -> Position:
        return self.page.position

    @property
    def state(self) -> str:
        is_active = self.position.status.value == "active"
        return self.position.bucket.value if is_active else self.position.status.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Owing:
    boxes: tuple[LoanBox, ...]
    on: date

    @property
    def total_minor(self) -> int:
        return sum(box.page.owed.total_minor for box in self.boxes)

    @property
    def overdue_minor(self) -> int:
        return sum(box.page.owed.overdue_minor for box in self.boxes)

    @property
    def principal_minor(self) -> int:
        return sum(box.position.principal_outstanding_minor for box in self.boxes)

    @property
    def payoff_minor(self) -> int:
        return sum(box.position.payoff_minor for box in self.boxes)

    @property
    def days_past_due(self) -> int:
        return max((box.position.days_past_due for box in self.boxes), default=0)

    @property
    def by_component(self) -> tuple[tuple[str, int], ...]:
        """Sum what is owed today over the loans, component by component."""
        sums: dict[str, int] = {}
        for box in self.boxes:
            for name, amount in box.page.owed.by_component:
                sums[name] = sums.get(name, 0) + amount
        return tuple(sums.items())


def owing(*, book: Book, loans: Sequence[Loan], on: date) -> Owing:
    """Fold the loans of a case; the longest overdue first, those paid off last."""
    events = load_events(loan_ids=[loan.pk for loan in loans])
    boxes = [_box(book, loan, events[loan.pk], on) for loan in loans]
    boxes.sort(key=lambda box: (-box.position.days_past_due, box.position.status is Status.CLOSED))
    return Owing(boxes=tuple(boxes), on=on)


def _box(book: Book, loan: Loan, events: tuple[Event, ...], on: date) -> LoanBox:
    contract = contract_of(book=book, loan=loan)
    day = max(on, contract.start_on)
    found = position(contract=contract, events=events, as_of=day)
    page = loan_page.page(contract=contract, events=events, position=found)
    rows = _rows(page.instalments)
    address = reverse("desk:explain", args=[book.name, loan.loan_ref])
    return LoanBox(
        loan=loan,
        page=page,
        rows=rows,
        hidden=len(page.instalments) - len(rows),
        why=f"{address}?{urlencode({'as_of': day.isoformat()})}",
    )


def _rows(rows: Sequence[loan_page.InstalmentRow]) -> tuple[loan_page.InstalmentRow, ...]:
    """Keep what is unpaid and due, one paid row before it and the next due after it."""
    late = [
        number
        for number, row in enumerate(rows)
        if row.state in {loan_page.OVERDUE, loan_page.PARTIAL, loan_page.DUE_TODAY}
    ]
    if late:
        first, last = late[0], late[-1]
    else:
        first = last = next(
            (number for number, row in enumerate(rows) if row.state != loan_page.PAID),
            max(0, len(rows) - 1),
        )
    return tuple(rows[max(0, first - ROWS_BEFORE) : last + 1 + ROWS_AFTER])
