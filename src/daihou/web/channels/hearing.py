"""Take what a provider tells: prove it, keep it once, find where it belongs, let it count.

A receipt that comes before the answer to the sending, twice, or in the wrong order changes nothing
it should not: it is kept by its own number, waits for its delivery, and a weaker word never
replaces a stronger one. What belongs nowhere is kept and shown (``unmatched``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from daihou.collect.requests import Outcome
from daihou.web.access.models import User
from daihou.web.access.queries import system_user
from daihou.web.audit import operations as audit
from daihou.web.channels import effects, saying, secrets
from daihou.web.channels.adapters.protocol import Heard as Said, Receipt, Told
from daihou.web.channels.adapters.registry import adapter_of
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.models import (
    FIELD_OF,
    Account,
    ChannelKind,
    Delivery,
    DeliveryState,
    Heard,
    HeardKind,
    HeardState,
)
from daihou.web.parties import encryption
from daihou.web.parties.models import Party

ANSWERS_FOR = timedelta(days=7)  # So long a word from an address answers what was last sent there.
STRENGTH = {  # A later word of less weight is kept, and changes nothing.
    "": 0,
    Told.FAILED: 1,
    Told.NO_ANSWER: 1,
    Told.BUSY: 1,
    Told.REJECTED: 1,
    Told.BOUNCED: 2,
    Told.RETURNED: 2,
    Told.DELIVERED: 3,
    Told.OPENED: 4,
    Told.SPOKEN: 4,
    Told.WRONG_PERSON: 5,
}
OUTCOMES = {
    Told.FAILED: Outcome.FAILED,
    Told.NO_ANSWER: Outcome.UNANSWERED,
    Told.BUSY: Outcome.BUSY,
    Told.REJECTED: Outcome.REFUSED,
    Told.BOUNCED: Outcome.BOUNCED,
    Told.RETURNED: Outcome.BOUNCED,
    Told.DELIVERED: Outcome.DELIVERED,
    Told.OPENED: Outcome.DELIVERED,
    Told.SPOKEN: Outcome.EFFECTIVE,
    Told.WRONG_PERSON: Outcome.WRONG_PERSON,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """``known`` had been told before; ``unmatched`` belong nowhere yet."""

    new: int = 0
    known: int = 0
    unmatched: int = 0


def take(
    *,
    account: Account,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
    now: datetime,
) -> Taken:
    """Take one call of a provider; what it tells is durable when this returns.

    :raises ChannelRefused: as ``adapters.protocol``; nothing of the call has been kept then.
    """
    said = adapter_of(provider=account.provider).read_hook(
        headers=headers,
        query=query,
        body=body,
        secrets=secrets.load(secret_ref=account.secret_ref),
        now=now,
    )
    kept = [keep(account=account, said=each, acting_user=system_user()) for each in said]
    new = [row for row, is_new in kept if is_new]
    return Taken(
        new=len(new),
        known=len(kept) - len(new),
        unmatched=sum(row.state == HeardState.UNMATCHED for row in new),
    )


def keep(*, account: Account, said: Said, acting_user: User) -> tuple[Heard, bool]:
    """Keep one thing told, once, and let it count where it belongs."""
    with transaction.atomic():
        row, is_new = Heard.objects.get_or_create(
            account=account, notice_ref=said.notice_ref[:128], defaults=_columns(account, said)
        )
        if is_new:
            _settle(row, acting_user=acting_user)
    return row, is_new


def follow(*, delivery: Delivery, acting_user: User) -> int:
    """Let count what was told of a delivery before we knew its number; return how much."""
    waiting = Heard.objects.filter(account=delivery.account, state=HeardState.UNMATCHED)
    found = waiting.filter(provider_ref=delivery.provider_ref).exclude(provider_ref="")
    for row in found.order_by("at", "pk"):
        with transaction.atomic():
            locked = Heard.objects.select_for_update().get(pk=row.pk)
            if locked.state == HeardState.UNMATCHED:
                _settle(locked, acting_user=acting_user)
    return len(found)


def close(*, heard: Heard, reason: str, acting_user: User, party: Party | None = None) -> Heard:
    """Close by hand what belongs nowhere; a party names the person who wrote.

    :raises ChannelRefused: ``heard.closed_already``, ``heard.reason_missing``.
    """
    if not reason.strip():
        raise ChannelRefused("heard.reason_missing")
    with transaction.atomic():
        row = Heard.objects.select_for_update().get(pk=heard.pk)
        if row.state != HeardState.UNMATCHED:
            raise ChannelRefused("heard.closed_already")
        row.state, row.closed_by, row.closed_reason = (
            HeardState.CLOSED,
            acting_user,
            reason.strip()[:300],
        )
        row.party = party
        row.save(update_fields=["state", "closed_by", "closed_reason", "party"])
        if party is not None:
            effects.of_word(row=row, party=party, text=text_of(row), acting_user=acting_user)
        audit.record(
            acting_user=acting_user,
            action="heard.close",
            target_type="heard",
            target_id=row.pk,
            details={"account": row.account.code, "kind": row.kind},
        )
    return row


def text_of(row: Heard) -> str:
    """Decrypt what somebody wrote."""
    return encryption.open_text(sealed=row.text, place=_place(row)) if row.text else ""


def _columns(account: Account, said: Said) -> dict[str, object]:
    if isinstance(said, Receipt):
        return {
            "kind": HeardKind.RECEIPT,
            "provider_ref": said.provider_ref[:128],
            "reference": said.reference[:64],
            "told": said.told.value,
            "code": said.code[:80],
            "seconds": said.seconds,
            "recording_ref": said.recording[:300],
            "address_key": b"",
            "at": said.at,
        }
    kind = HeardKind(said.kind.value)
    if kind == HeardKind.REPLY and saying.is_opt_out(said.text):
        kind = HeardKind.OPT_OUT
    field = FIELD_OF[ChannelKind(account.channel)]
    place = f"channels_heard|text|{account.pk}|{said.notice_ref[:128]}"
    return {
        "kind": kind,
        "provider_ref": said.provider_ref[:128],
        "reference": said.reference[:64],
        "address_key": encryption.blind_index(field=field, plain=said.address),
        "text": encryption.seal_text(plain=said.text, place=place) if said.text else "",
        "seconds": said.seconds,
        "at": said.at,
    }


def _place(row: Heard) -> str:
    return f"channels_heard|text|{row.account_id}|{row.notice_ref}"


def _settle(row: Heard, *, acting_user: User) -> None:
    """Find where it belongs and let it count; what belongs nowhere stays unmatched."""
    delivery = _delivery(row)
    if row.kind == HeardKind.RECEIPT:
        if delivery is None:
            return
        _note_receipt(row, delivery, acting_user=acting_user)
        _applied(row, delivery=delivery)
        return
    people = _people(row, delivery)
    if not people:
        return
    _applied(row, delivery=delivery, party=people[0])
    for party in people:
        effects.of_word(row=row, party=party, text=text_of(row), acting_user=acting_user)


def _applied(row: Heard, *, delivery: Delivery | None, party: Party | None = None) -> None:
    row.state, row.delivery = HeardState.APPLIED, delivery
    row.party = party or (effects.party_of(delivery=delivery) if delivery else None)
    row.save(update_fields=["state", "delivery", "party"])


def _delivery(row: Heard) -> Delivery | None:
    """Find and lock what it is about: by our number, the provider's, or last to an address."""
    sent = Delivery.objects.select_for_update().filter(account_id=row.account_id)
    if row.reference:
        return sent.filter(permit_ref=row.reference).first()
    if row.provider_ref:
        return sent.filter(provider_ref=row.provider_ref).first()
    if row.kind == HeardKind.RECEIPT:
        return None
    since = row.at - ANSWERS_FOR
    there = sent.filter(
        address_key=row.address_key, handed_at__lte=row.at, handed_at__gte=since
    ).exclude(state__in=(DeliveryState.REFUSED, DeliveryState.WAITING))
    return there.order_by("-handed_at").first()


def _people(row: Heard, delivery: Delivery | None) -> list[Party]:
    """Name who wrote: whom it was sent to, else everybody who has this address."""
    sent_to = effects.party_of(delivery=delivery) if delivery is not None else None
    if sent_to is not None:
        return [sent_to]
    field = FIELD_OF[ChannelKind(row.account.channel)]
    return effects.people_at(field=field, blind_index=bytes(row.address_key))


def _note_receipt(row: Heard, delivery: Delivery, *, acting_user: User) -> None:
    """Let a receipt settle its delivery, unless a stronger word was there before."""
    if not delivery.provider_ref and row.provider_ref:
        delivery.provider_ref = row.provider_ref  # It went out after all: we had not been told.
        if delivery.state in {DeliveryState.UNKNOWN, DeliveryState.HANDING}:
            delivery.state = DeliveryState.ACCEPTED
    if STRENGTH[row.told] <= STRENGTH[delivery.told]:
        delivery.save(update_fields=["provider_ref", "state"])
        return
    delivery.told, delivery.told_at = row.told, row.at
    delivery.seconds, delivery.code = row.seconds, row.code
    delivery.save(update_fields=["provider_ref", "state", "told", "told_at", "seconds", "code"])
    effects.of_receipt(
        row=row,
        delivery=delivery,
        outcome=OUTCOMES[Told(row.told)],
        acting_user=acting_user,
    )
