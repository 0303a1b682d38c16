"""What follows from what was told: an outcome, a stop, a complaint, an address that is wrong.

Runs in the transaction in which the word is kept, so that a word told twice counts once.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.collect.requests import Channel, Content, Outcome, Purpose
from daihou.web.access.models import User
from daihou.web.cases import queries as cases, working
from daihou.web.channels import saying
from daihou.web.channels.models import ChannelKind, Delivery, Heard, HeardKind
from daihou.web.complaints import operations as complaints
from daihou.web.complaints.models import Intake, Nature
from daihou.web.contacts import operations as contacts, stops
from daihou.web.contacts.contact import Contact
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
COMPLAINT = "complaint"  # As a robot names it.
INTAKES = {
    ChannelKind.VOICE: Intake.PHONE,
    ChannelKind.ROBOT: Intake.PHONE,
    ChannelKind.SMS: Intake.SMS,
    ChannelKind.EMAIL: Intake.EMAIL,
    ChannelKind.LETTER: Intake.LETTER,
    ChannelKind.WECHAT: Intake.WECHAT,
    ChannelKind.PUSH: Intake.APP,
    ChannelKind.WHATSAPP: Intake.APP,
}
COMPLAINED_OF = timedelta(days=7)  # Whoever complains of contact means that of these days.
CONTACTS_MOST = 50
BEGUN_BY_HER = frozenset({HeardKind.REPLY, HeardKind.CALL_BACK})
HER_WORDS = Content(  # What was said on the telephone is the collector's to note.
    template_key="talk.begun_by_her", version=1, text_digest=None, carries_debt_facts=False
)


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
    """Stop what she asked to be stopped, open what she complains of; her case is worked next.

    What she began herself counts as such: it may be answered.
    """
    if row.kind in BEGUN_BY_HER:
        _count(row, party, acting_user=acting_user)
    if row.kind != HeardKind.OPT_OUT:
        working.answered(book=row.account.book, party=party, at=row.at, acting_user=acting_user)
    if row.kind in {HeardKind.OPT_OUT, HeardKind.COMPLAINT}:
        channel = frozenset({Channel(row.account.channel)})
        scope = stops.Scope(channels=channel, contact_point=_point(row, party))
        _stop(row, party, StopKind.OPT_OUT, text=text, scope=scope, acting_user=acting_user)
    elif row.kind == HeardKind.HAND_OVER and text in STOPS:
        _stop(row, party, STOPS[text], text=text, acting_user=acting_user)
    elif row.kind == HeardKind.REPLY or (row.kind == HeardKind.HAND_OVER and text == COMPLAINT):
        _complain(row, party, text=text, acting_user=acting_user)


def _stop(
    row: Heard,
    party: Party,
    kind: StopKind,
    *,
    text: str,
    acting_user: User,
    scope: stops.Scope = stops.EVERYTHING,
) -> None:
    stops.order(
        party=party,
        kind=kind,
        at=row.at,
        acting_user=acting_user,
        scope=scope,
        note=text,
        evidence=f"{row.account.code} {row.notice_ref}"[:200],
    )


def _complain(row: Heard, party: Party, *, text: str, acting_user: User) -> None:
    """Open a complaint where her words are one: once for each thing told, held at once."""
    topic = saying.complaint_topic(text)
    if not topic:
        return
    book = row.account.book
    case = cases.open_case_of(book=book, party=party)
    told = complaints.Told(
        nature=Nature.COMPLAINT.value,
        intake=INTAKES[ChannelKind(row.account.channel)].value,
        topic=topic,
        said=text,
        received_at=min(row.at, timezone.now()),
        party=party,
        loans=list(cases.loans_of(case=case)) if case is not None else (),
        permits=_complained_of(row, party, topic),
        request_key=f"heard:{row.pk}:{party.pk}",
    )
    complaints.record(book=book, told=told, acting_user=acting_user)


def _complained_of(row: Heard, party: Party, topic: str) -> list[Permit]:
    """Name the contacts she means: those of these days, else the message she answers."""
    found = Permit.objects.filter(book=row.account.book).select_related("acting_user")
    if topic in complaints.OF_PEOPLE:
        hers = parties.family_ids(party=party)
        about = Q(party_id__in=hers) | Q(recipient_party_id__in=hers)
        recent = found.filter(about, at__gt=row.at - COMPLAINED_OF, at__lte=row.at)
        return list(recent.order_by("-at")[:CONTACTS_MOST])
    answered = row.delivery.permit_ref if row.delivery else ""
    return list(found.filter(pk=int(answered))) if answered.isdigit() else []


def _count(row: Heard, party: Party, *, acting_user: User) -> None:
    """Count what she began, where her number or address and what she owes are known."""
    case = cases.open_case_of(book=row.account.book, party=party)
    point = _point(row, party)
    if case is None or point is None:
        return
    contacts.record_inbound(
        contact=Contact(
            book=row.account.book,
            party=party,
            loans=tuple(cases.loans_of(case=case)),
            contact_point=point,
            channel=Channel(row.account.channel),
            purpose=Purpose.SERVICE_ANSWER,
            content=HER_WORDS,
            case_number=case.pk,
        ),
        outcome=_how_begun(row),
        at=row.at,
        acting_user=acting_user,
        details={"reference": row.notice_ref[:120]},
    )


def _how_begun(row: Heard) -> Outcome:
    if row.kind == HeardKind.REPLY:
        return Outcome.DELIVERED
    return Outcome.EFFECTIVE if row.seconds else Outcome.UNANSWERED


def _point(row: Heard, party: Party) -> ContactPoint | None:
    """Name the address she wrote from, where it is known as hers; else the whole channel stops."""
    found = ContactPoint.objects.filter(
        party_id__in=parties.family_ids(party=party), digest=bytes(row.address_key)
    )
    return found.first()
