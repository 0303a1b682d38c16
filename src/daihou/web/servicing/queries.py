"""Read what servicing did to a loan: requests, events they recorded, quotes, offers."""

from django.db.models import Max, QuerySet

from daihou.web.approvals.models import Approval
from daihou.web.approvals.queries import of_target
from daihou.web.ledger.models import Book, Event
from daihou.web.loans.models import Loan
from daihou.web.servicing.building import KEY
from daihou.web.servicing.models import Quote, SettlementOffer


def last_sequence(*, loan_id: int) -> int:
    """Return the place in the ledger of a loan's last event."""
    found: int | None = Event.objects.filter(loan_id=loan_id).aggregate(last=Max("sequence"))[
        "last"
    ]
    return found or 0


def recorded_keys(*, approval: Approval) -> tuple[str, ...]:
    """Return the keys of the events that a request led to, in their order."""
    rows = Event.objects.filter(
        loan_id=int(approval.target_id), key__startswith=f"{KEY}:{approval.pk}:"
    )
    return tuple(rows.order_by("sequence").values_list("key", flat=True))


def requests_of(*, book: Book, loan: Loan) -> QuerySet[Approval]:
    """Query everything asked for a loan, newest first."""
    return of_target(book=book, target_type="loan", target_id=loan.pk).filter(
        kind__startswith=f"{KEY}."
    )


def quotes_of(*, loan: Loan) -> QuerySet[Quote]:
    return Quote.objects.filter(loan=loan).order_by("-pk")


def offers_of(*, loan: Loan) -> QuerySet[SettlementOffer]:
    return SettlementOffer.objects.filter(loan=loan).order_by("-pk")
