"""What follows from what was told: a permit's outcome, a stop order, an address that is wrong.

Runs in the transaction in which the word is kept, so that a word told twice counts once.
"""

from datetime import datetime
from typing import Any

from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel, Outcome
from daihou.web.access.models import User
from daihou.web.cases import working
from daihou.web.channels.models import ChannelKind, Delivery, Heard, HeardKind
from daihou.web.contacts import operations as contacts, stops
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import Permit
from daihou.web.parties import queries as parties, reach
from daihou.web.parties.models import ContactPoint, Party

STOPS = {  # What a robot heard that no machine may go on with.
    "stop": StopKind.CEASE,
    "dispute": StopKind.DISPUTE,
    "attorney": StopKind.ATTORNEY,
    "deceased": StopKind.HOLD,
    "already_paid": StopKind.ALREADY_PAID,
}


def permit_of(*, delivery: Delivery) -> Permit | None:
    """Find the permit under which something was sent."""
    return permit(ref=delivery.permit_ref)


def permit(*, ref: str) -> Permit | None:
    """Find a permit by the reference it goes out under."""
    if not (ref.isascii() and ref.isdigit()):
        return None
    found = Permit.objects.filter(pk=int(ref)).select_related("recipient_party", "outbox")
    return found.first()


def party_of(*, delivery: Delivery) -> Party | None:
    """Find whom something was sent to."""
    permit = permit_of(delivery=delivery)
    return permit.recipient_party if permit is not None else None


def people_at(*, field: str, blind_index: bytes) -> list[Party]:
    """Find everybody who has an address, each person once."""
    found = Party.objects.filter(
        personal_data__field=field, personal_data__blind_index=blind_index
    ).distinct()
    roots = {party.pk: party for party in (parties.root_of(party=each) for each in found)}
    return [roots[pk] for pk in sorted(roots)]


def of_receipt(*, row: Heard, delivery: Delivery, outcome: Outcome, acting_user: User) -> None:
    """Settle the permit's outcome; one that is known stays as it is.

    Of a call that was taken the switch knows only that somebody spoke: who, the collector says.
    """
    permit = permit_of(delivery=delivery)
    is_talk = delivery.channel == ChannelKind.VOICE and outcome is Outcome.EFFECTIVE
    if permit is None or is_talk:
        return
    settle(
        permit=permit,
        outcome=outcome,
        at=row.at,
        acting_user=acting_user,
        details={"seconds": row.seconds, "reference": delivery.provider_ref},
    )
    if outcome is Outcome.WRONG_PERSON:
        point = permit.outbox.contact_point
        if point is not None and point.wrong_party_at is None:
            reach.mark_wrong_party(
                point=point,
                at=row.at,
                reason=f"channel {row.account.code}",
                acting_user=acting_user,
            )


def settle(
    *,
    permit: Permit,
    outcome: Outcome,
    at: datetime,
    acting_user: User,
    details: dict[str, Any] | None = None,
) -> bool:
    """Record an outcome; tell whether it was news."""
    try:
        contacts.record_outcome(
            permit=permit, outcome=outcome, at=at, acting_user=acting_user, details=details
        )
    except ContactFault as fault:
        if fault.code != "contact.outcome_known":
            raise
        return False
    return True


def of_word(*, row: Heard, party: Party, text: str, acting_user: User) -> None:
    """Stop what she asked to be stopped; put the case of whoever wrote at the head of the queue."""
    if row.kind != HeardKind.OPT_OUT:
        working.answered(book=row.account.book, party=party, at=row.at, acting_user=acting_user)
    evidence = f"{row.account.code} {row.notice_ref}"[:200]
    if row.kind in {HeardKind.OPT_OUT, HeardKind.COMPLAINT}:
        stops.order(
            party=party,
            kind=StopKind.OPT_OUT,
            at=row.at,
            acting_user=acting_user,
            scope=stops.Scope(
                channels=frozenset({Channel(row.account.channel)}),
                contact_point=_point(row, party),
            ),
            note=text,
            evidence=evidence,
        )
    elif row.kind == HeardKind.HAND_OVER and text in STOPS:
        stops.order(
            party=party,
            kind=STOPS[text],
            at=row.at,
            acting_user=acting_user,
            note=text,
            evidence=evidence,
        )


def _point(row: Heard, party: Party) -> ContactPoint | None:
    """Name the address she wrote from, where it is known as hers; else the whole channel stops."""
    found = ContactPoint.objects.filter(
        party_id__in=parties.family_ids(party=party), digest=bytes(row.address_key)
    )
    return found.first()
