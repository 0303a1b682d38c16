"""Hand what is due to its channel: at most once to the person, never lost.

A row is taken up by a commit before anything leaves. A sender that dies after that leaves the row
"sending"; when its lease is over the outcome is unknown, and nothing is sent again. A row goes back
to "waiting" only when the channel is sure that nothing left.
"""

import logging
from datetime import datetime, timedelta

from django.db import connections, transaction
from django.utils import timezone

from daihou.collect import codec
from daihou.collect.requests import DIALS, Outcome
from daihou.errors import DaihouError
from daihou.web.access.queries import system_user
from daihou.web.channels import sending
from daihou.web.channels.adapters.protocol import Accepted, Answer, Refused
from daihou.web.channels.rendering import payload_of
from daihou.web.contacts import operations
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import Outbox, OutboxState, Permit
from daihou.web.parties import reach

LEASE = timedelta(minutes=5)  # Longer than any adapter waits.
CALL_LONGEST = timedelta(hours=2)  # A call without a word for so long has an unknown outcome.
RECEIPT_LONGEST = timedelta(days=3)  # As has a message without a receipt.
logger = logging.getLogger("daihou.contacts")


def work() -> int:
    """Send what is due and settle what was lost; return how many rows were touched."""
    count = settle_lost(now=timezone.now())
    while True:
        permit_id = take(now=timezone.now())
        if permit_id is None:
            return count
        deliver(permit_id=permit_id, now=timezone.now())
        count += 1


def take(*, now: datetime) -> int | None:
    """Take up the next due row and commit; from here on it is sent once or not at all."""
    assert not connections["default"].in_atomic_block, "the row must stand committed"
    with transaction.atomic():
        row = (
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(state=OutboxState.WAITING, due_at__lte=now)
            .order_by("due_at", "pk")
            .first()
        )
        if row is None:
            return None
        row.state, row.taken_at, row.lease_until = OutboxState.SENDING, now, now + LEASE
        row.save(update_fields=["state", "taken_at", "lease_until"])
        return row.permit_id


def deliver(*, permit_id: int, now: datetime) -> None:
    """Hand one row that was taken up to its channel and note the answer."""
    row = Outbox.objects.select_related("permit__book", "contact_point__party").get(pk=permit_id)
    if row.state != OutboxState.SENDING:
        return
    if _is_over(row.permit, now):
        _settle(row.permit, Outcome.WITHDRAWN, now, reference="permit.over")
        return
    try:
        wanted = _sending(row)
    except DaihouError as fault:  # The number was deleted, the payload cannot be read.
        _settle(row.permit, Outcome.FAILED, now, reference=fault.code)
        return
    _note(row, sending.send(sending=wanted, now=now), now)


def settle_lost(*, now: datetime) -> int:
    """Note an unknown outcome where nobody will tell one any more; return of how many."""
    lost = Outbox.objects.filter(state=OutboxState.SENDING, lease_until__lt=now)
    sent = Outbox.objects.filter(state=OutboxState.SENT).exclude(channel="visit")
    calls = sent.filter(channel__in=DIALS, taken_at__lt=now - CALL_LONGEST)
    others = sent.exclude(channel__in=DIALS).filter(taken_at__lt=now - RECEIPT_LONGEST)
    rows = [*lost[:100], *calls[:100], *others[:100]]
    for row in rows:
        _settle(row.permit, Outcome.UNKNOWN, now, reference="sender.lost")
    return len(rows)


def _is_over(permit: Permit, now: datetime) -> bool:
    """Tell whether the permit holds no more: the hour came at which it must not be used."""
    decided = codec.from_text(codec.Decided, permit.kept)
    until = decided.decision.use_before
    return until is not None and now >= until


def _sending(row: Outbox) -> sending.Sending:
    permit, point = row.permit, row.contact_point
    assert point is not None
    payload = dict(operations.payload_of(row=row))
    agent, name = str(payload.pop("agent", "")), str(payload.pop("name", ""))
    loan_id = payload.pop("loan_id", None)
    return sending.Sending(
        permit_ref=str(row.pk),
        book=permit.book,
        channel=row.channel,
        address=reach.value_of(point=point),
        payload=payload_of(mapping=payload),
        name=name,
        agent=agent,
        loan_id=loan_id,
    )


def _note(row: Outbox, answer: Answer, now: datetime) -> None:
    if isinstance(answer, Accepted):
        Outbox.objects.filter(pk=row.pk, state=OutboxState.SENDING).update(
            state=OutboxState.SENT,
            lease_until=None,
            content="",
            reference=answer.provider_ref[:120],
        )
    elif isinstance(answer, Refused) and answer.is_passing:
        Outbox.objects.filter(pk=row.pk, state=OutboxState.SENDING).update(
            state=OutboxState.WAITING,
            lease_until=None,
            due_at=now + timedelta(seconds=answer.after_seconds),
        )
    elif isinstance(answer, Refused):
        _settle(row.permit, Outcome.FAILED, now, reference=answer.code)
    else:
        _settle(row.permit, Outcome.UNKNOWN, now, reference=answer.detail)


def _settle(permit: Permit, outcome: Outcome, now: datetime, *, reference: str) -> None:
    try:
        operations.record_outcome(
            permit=permit,
            outcome=outcome,
            at=now,
            acting_user=system_user(),
            details={"reference": reference[:120]},
        )
    except ContactFault as fault:  # A receipt was quicker.
        if fault.code != "contact.outcome_known":
            raise
