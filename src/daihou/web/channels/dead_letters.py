"""What did not go out, or nobody knows whether it did: looked at by a person, or asked for anew.

A refused message may be asked for anew: that is a new permit, decided on as of now. One of unknown
outcome never is: it may have reached the person.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from daihou.collect.requests import Channel, Purpose, Recipient
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.channels import effects, facts, rendering
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import Delivery, DeliveryState
from daihou.web.contacts import keys, operations as contacts
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Permit
from daihou.web.ledger.models import Book
from daihou.web.loans.models import Loan

DEAD = (DeliveryState.REFUSED, DeliveryState.UNKNOWN)


def waiting(*, book: Book) -> QuerySet[Delivery]:
    """Query what a person has to look at, the newest first."""
    found = Delivery.objects.filter(
        account__book=book, state__in=DEAD, resolved_at__isnull=True, told=""
    )
    return found.select_related("account", "version__template").order_by("-handed_at")


def resolve(*, delivery: Delivery, note: str, acting_user: User) -> Delivery:
    """Close a dead letter with a word on what was found.

    :raises ChannelRefused: ``delivery.not_dead``, ``delivery.note_missing``.
    """
    if not note.strip():
        raise ChannelRefused("delivery.note_missing")
    with transaction.atomic():
        row = _locked(delivery)
        row.resolved_at, row.resolved_by = timezone.now(), acting_user
        row.resolution = note.strip()[:300]
        row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
        _record("delivery.resolve", row, acting_user)
    return row


def ask_again(*, delivery: Delivery, at: datetime, acting_user: User) -> Permit:
    """Ask for a refused message anew, with the figures and the text of today.

    :raises ChannelRefused: ``delivery.not_dead``, ``delivery.may_have_gone_out``,
        ``delivery.cannot_be_written``, ``template.none_approved``, ``template.value_missing``
        where the text wants what only its first occasion knew.
    :raises ContactRefused: where it may not be made now.
    """
    with transaction.atomic():
        row = _locked(delivery)
        if row.state != DeliveryState.REFUSED:
            raise ChannelRefused("delivery.may_have_gone_out")
        made = _asked(_contact(row, at=at), at=at, acting_user=acting_user)
        if isinstance(made, Permit):
            row.resolved_at, row.resolved_by = timezone.now(), acting_user
            row.resolution = f"→ {made.pk}"
            row.save(update_fields=["resolved_at", "resolved_by", "resolution"])
            _record("delivery.ask_again", row, acting_user, permit=made.pk)
    if isinstance(made, ContactRefused):
        raise made  # The refusal with its reasons is kept.
    return made


def _asked(contact: Contact, *, at: datetime, acting_user: User) -> Permit | ContactRefused:
    try:
        return contacts.ask(contact=contact, acting_user=acting_user, at=at)
    except ContactRefused as refused:
        return refused


def _contact(row: Delivery, *, at: datetime) -> Contact:
    """Write the same occasion anew: same person, loans and place, the version approved now."""
    permit = effects.permit_of(delivery=row)
    point = permit.outbox.contact_point if permit is not None else None
    if permit is None or point is None or row.version is None:
        raise ChannelRefused("delivery.cannot_be_written")
    template = row.version.template
    book = permit.book
    loans = tuple(
        loan
        for loan in Loan.objects.filter(book=book, person=permit.party)
        if keys.debt_key(loan_id=loan.pk) in permit.debt_keys
    )
    if not loans:
        raise ChannelRefused("delivery.cannot_be_written")
    version = rendering.choose(
        book=book,
        key=template.key,
        channel=template.channel,
        language=template.language,
        funder_id=loans[0].funder_id,
    )
    values = facts.values_of(
        loan=loans[0],
        as_of=timezone.localdate(at),
        language=template.language,
        channel=template.channel,
    )
    rendered = rendering.render(version=version, values=values)
    return Contact(
        book=book,
        party=permit.party,
        loans=loans,
        contact_point=point,
        channel=Channel(permit.channel),
        purpose=Purpose(permit.purpose),
        recipient=Recipient(permit.recipient),
        content=rendered.content,
        case_number=permit.case_number,
        payload=rendered.payload.as_mapping(),
    )


def _locked(delivery: Delivery) -> Delivery:
    row = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery.pk)
    if row.state not in DEAD or row.resolved_at is not None:
        raise ChannelRefused("delivery.not_dead")
    return row


def _record(action: str, row: Delivery, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="delivery",
        target_id=row.pk,
        details={"permit": row.permit_ref, "state": row.state, **details},
    )
