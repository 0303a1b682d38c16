"""A contact somebody wants to make, as it is handed to ``operations``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from daihou.collect.requests import Agency, Channel, Content, Purpose, Recipient, VisitPlan
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan
from daihou.web.parties.models import ContactPoint, Party


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """``party`` owes the ``loans``; ``contact_point`` says who is reached, and where.

    ``content`` is what the guard reads, ``payload`` what the channel is handed (rendered text and
    the like): it is kept encrypted, only until it has left. ``case_number`` is the case's id.
    """

    book: Book
    party: Party
    loans: tuple[Loan, ...]
    contact_point: ContactPoint
    channel: Channel
    purpose: Purpose
    content: Content
    recipient: Recipient = Recipient.DEBTOR
    case_number: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    agency: Agency | None = None
    visit: VisitPlan | None = None
    is_recorded: bool = False

    @property
    def about(self) -> tuple[int, ...]:
        """Name what its facts are about: its point and its loans."""
        return (self.contact_point.pk, *(loan.pk for loan in self.loans))
