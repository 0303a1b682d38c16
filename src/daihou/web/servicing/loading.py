"""Read a loan as servicing needs it: its row, contract and events, its cost table, who it is."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from daihou.core import codec
from daihou.core.events import Event
from daihou.core.limits import Around, ChargeFacts, CostItem, Payee
from daihou.core.quote import FeeRule
from daihou.web.ledger.models import Book
from daihou.web.ledger.queries import load_loan
from daihou.web.loans import costs
from daihou.web.loans.models import Loan as LoanRow
from daihou.web.servicing.actions import Asked
from daihou.web.servicing.building import Loan
from daihou.web.servicing.errors import ServicingRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    row: LoanRow
    loan: Loan
    cost_table: tuple[CostItem, ...] | None  # None: none was disclosed.
    fee_rule: FeeRule | None = None  # What its product charges for paying off early.


def load(*, book: Book, loan_ref: str, at: datetime) -> Loaded:
    """Read a loan as it is known at an instant, which is now.

    :raises LedgerRefused: ``loan.unknown``.
    """
    contract, events = load_loan(book=book, loan_ref=loan_ref)
    row = LoanRow.objects.select_related("product_version").get(book=book, loan_ref=loan_ref)
    business_date = book.business_date or contract.start_on
    today = max(business_date, local_day(book=book, at=at))
    loan = Loan(contract=contract, events=events, business_date=business_date, today=today)
    version = row.product_version
    items = _items(version.costs) if version else ()
    return Loaded(
        row=row,
        loan=loan,
        cost_table=costs.cost_table(items) or None,
        fee_rule=costs.fee_rule(items),
    )


def local_day(*, book: Book, at: datetime) -> date:
    """Return the day of an instant in the book's time zone."""
    return at.astimezone(ZoneInfo(book.time_zone)).date()


def _items(rows: Any) -> tuple[costs.CostItem, ...]:
    return codec.decode(tuple[costs.CostItem, ...], rows)


def around(*, loaded: Loaded, asked: Asked, events: tuple[Event, ...]) -> Around:
    """Say beside the proposed events what they do not: what a charge is for, who gets it.

    :raises ServicingRefused: ``charge.payee_unknown``.
    """
    charges: dict[str, ChargeFacts] = {}
    if asked.charge:
        if asked.payee not in {payee.value for payee in Payee}:
            raise ServicingRefused("charge.payee_unknown", payee=asked.payee)
        facts = ChargeFacts(item=asked.charge, payee=Payee(asked.payee))
        charges = {event.key: facts for event in events}
    return Around(charges=charges, cost_table=loaded.cost_table)
