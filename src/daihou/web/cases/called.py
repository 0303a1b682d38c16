"""Note that somebody called us about a case: a contact she began, and what she said."""

from datetime import datetime

from django.db import transaction

from daihou.collect.requests import Channel, Outcome, Purpose
from daihou.web.access.models import User
from daihou.web.cases.contacting import contact_of, turned_to
from daihou.web.cases.models import Case, Note
from daihou.web.cases.noting import note
from daihou.web.cases.people import Asked
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.telling import NOTED
from daihou.web.parties.models import ContactPoint


@transaction.atomic
def note_call(
    *, case: Case, who: Asked, point: ContactPoint, text: str, at: datetime, acting_user: User
) -> Note:
    """Note a call that was taken from a number of somebody with a part in the case.

    Caps that count what she began count it; what she said stays.

    :raises CaseRefused: ``case.reason_missing``, ``case.text_too_long``.
    """
    made = note(case=case, text=text, at=at, acting_user=acting_user)
    contact = contact_of(
        case=case,
        loans=who.loans,
        point=point,
        channel=Channel.VOICE,
        user=acting_user,
        purpose=Purpose.SERVICE_ANSWER.value,
    )
    contacts.record_inbound(
        contact=turned_to(who.recipient, contact),
        outcome=Outcome.EFFECTIVE,
        at=at,
        acting_user=acting_user,
        details={"reference": f"{NOTED}{made.pk}"},
    )
    return made
