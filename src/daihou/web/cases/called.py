"""Note that somebody called us about a case: a contact she began, and what she said."""

from datetime import datetime

from django.db import transaction

from daihou.collect.requests import Outcome
from daihou.web.access.models import User
from daihou.web.cases.models import Case, Note
from daihou.web.cases.noting import note
from daihou.web.contacts import operations as contacts
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.telling import NOTED


@transaction.atomic
def note_call(*, case: Case, contact: Contact, text: str, at: datetime, acting_user: User) -> Note:
    """Note a call that was taken: caps that count what she began count it; what she said stays.

    :raises CaseRefused: ``case.reason_missing``, ``case.text_too_long``.
    """
    made = note(case=case, text=text, at=at, acting_user=acting_user)
    contacts.record_inbound(
        contact=contact,
        outcome=Outcome.EFFECTIVE,
        at=at,
        acting_user=acting_user,
        details={"reference": f"{NOTED}{made.pk}"},
    )
    return made
