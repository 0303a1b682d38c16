"""What a complaint holds while it is open: the narrowest stop that covers what is disputed."""

from datetime import datetime

from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel
from daihou.web.access.models import User
from daihou.web.complaints.models import Complaint, ComplaintHold, Finding, Nature, Topic
from daihou.web.contacts import stops
from daihou.web.contacts.models import Permit, StopLift, StopOrigin
from daihou.web.contacts.stops import Scope
from daihou.web.loans.models import Loan
from daihou.web.parties.models import Party

OF_DEBT = frozenset({Topic.AMOUNT, Topic.FEES, Topic.PAYMENT, Topic.CREDIT_REPORT, Topic.CONTRACT})
OF_CONTACT = frozenset({Topic.FREQUENCY, Topic.HOURS, Topic.CONDUCT})
OF_PERSON = frozenset({Topic.WRONG_PERSON, Topic.THIRD_PARTY, Topic.PRIVACY})
FOR_GOOD = OF_PERSON | {Topic.IDENTITY}  # Found to be so, it is never contacted again.


def place(*, complaint: Complaint, at: datetime, acting_user: User) -> None:
    """Hold what is disputed: the debts, the way of contact, the person, or everything of hers.

    Nobody is held where it is not known who complains, or of which debt.
    """
    loans = list(complaint.loans.all())
    permits = [link.permit for link in complaint.contacts.select_related("permit")]
    kind = StopKind.DISPUTE if complaint.nature == Nature.DISPUTE else StopKind.COMPLAINT
    for party in _parties(complaint, loans):
        order = stops.order(
            party=party,
            kind=kind,
            at=at,
            scope=_scope(complaint, party, loans, permits),
            evidence=stops.Origin(kind=StopOrigin.COMPLAINT, number=complaint.pk),
            book=complaint.book,
            acting_user=acting_user,
        )
        ComplaintHold.objects.create(complaint=complaint, order=order)


def lift(*, complaint: Complaint, reason: str, acting_user: User) -> int:
    """Lift what is held, except what was found to be for good; return how many were lifted."""
    found = complaint.finding in {Finding.UPHELD, Finding.PARTLY}
    if complaint.topic in FOR_GOOD and found:
        return 0
    lifted = StopLift.objects.values("order_id")
    held = complaint.holds.exclude(order_id__in=lifted).select_related("order")
    count = 0
    for each in held:
        stops.lift(stop=each.order, at=timezone.now(), note=reason, acting_user=acting_user)
        count += 1
    return count


def _parties(complaint: Complaint, loans: list[Loan]) -> list[Party]:
    """Who is not to be contacted: who complains, else who owes what is disputed."""
    if complaint.party is not None:
        return [complaint.party]
    owing = {loan.person_id: loan.person for loan in loans if loan.person is not None}
    return list(owing.values())


def _scope(complaint: Complaint, party: Party, loans: list[Loan], permits: list[Permit]) -> Scope:
    is_debtor = any(loan.person_id == party.pk for loan in loans)
    loan_ids = frozenset(loan.pk for loan in loans)
    if complaint.nature == Nature.DISPUTE or complaint.topic in OF_DEBT:
        return Scope(loan_ids=loan_ids)
    if complaint.topic in OF_CONTACT and permits:
        return Scope(channels=frozenset(Channel(permit.channel) for permit in permits))
    if complaint.topic in OF_PERSON:
        return Scope(only_as_recipient=True, loan_ids=loan_ids if is_debtor else frozenset())
    if complaint.topic in OF_CONTACT or complaint.topic == Topic.IDENTITY:
        return Scope()
    return Scope(loan_ids=loan_ids)
