"""The permit of a visit: asked of ``contacts`` for two collectors who identify themselves."""

from dataclasses import replace
from datetime import datetime

from daihou.collect.requests import Channel, Outcome as ContactOutcome, Purpose, VisitPlan
from daihou.web.access.models import User
from daihou.web.cases.contacting import SAID
from daihou.web.cases.queries import late_loans, loans_of
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Permit
from daihou.web.visits.models import Outcome, Visit

AT_THE_DOOR = replace(SAID, template_key="visit.at_the_door")  # Before anything else.
TOLD_AS = {
    Outcome.MET: ContactOutcome.EFFECTIVE,
    Outcome.MET_OTHER: ContactOutcome.WRONG_PERSON,
    Outcome.NOBODY: ContactOutcome.UNANSWERED,
    Outcome.MOVED: ContactOutcome.WRONG_PERSON,
    Outcome.WRONG_ADDRESS: ContactOutcome.WRONG_PERSON,
    Outcome.REFUSED: ContactOutcome.REFUSED,
    Outcome.UNSAFE: ContactOutcome.UNANSWERED,
}


def check(*, visit: Visit, at: datetime, acting_user: User) -> None:
    """Ask whether a visit would be permitted at an instant; nothing is reserved.

    :raises ContactRefused: ``contact.refused`` with the decision.
    """
    decision = contacts.preview(contact=contact_of(visit), acting_user=acting_user, at=at)
    if not decision.is_allowed:
        raise ContactRefused("contact.refused", decision=decision)


def ask(*, visit: Visit, at: datetime, acting_user: User) -> Permit:
    """Take the permit to knock.

    :raises ContactRefused: as ``contacts.operations.ask``.
    """
    return contacts.ask(contact=contact_of(visit), acting_user=acting_user, at=at)


def record(*, permit: Permit, told: Outcome, at: datetime, acting_user: User) -> None:
    """Hand the end of a visit to its permit, so that the counters know."""
    contacts.record_outcome(permit=permit, outcome=TOLD_AS[told], at=at, acting_user=acting_user)


def contact_of(visit: Visit) -> Contact:
    """Describe a visit as the guard reads it: about the loans that are late."""
    loans = late_loans(loans=list(loans_of(case=visit.case)))
    return Contact(
        book=visit.book,
        party=visit.case.party,
        loans=tuple(loans),
        contact_point=visit.contact_point,
        channel=Channel.VISIT,
        purpose=Purpose.COLLECTION,
        content=AT_THE_DOOR,
        case_number=visit.case_id,
        visit=VisitPlan(
            collector_ids=(str(visit.lead_id), str(visit.companion_id)),
            shows_identification=True,
            asks_before_entering=True,
            records=True,
        ),
        is_recorded=True,
    )
