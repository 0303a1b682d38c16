"""Settlements at a discount 减免结清: made, fulfilled by payments, broken by time, withdrawn.

An offer gives nothing up by itself. Money recorded after it, that counts for a day of its term,
fulfils it; then the loan is closed on the day it was paid and the rest is given up. An offer that
is not paid in full by its last day is broken: nothing is given up, what came stays where it went.
"""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from daihou.core.events import MONEY_IN_KINDS, Event, Kind, without_taken_back
from daihou.core.position import Status, position
from daihou.core.terms import Contract
from daihou.web.access.models import User
from daihou.web.approvals.models import Approval
from daihou.web.audit import operations as audit
from daihou.web.ledger.models import Book, Event as EventRow
from daihou.web.ledger.operations import lock_book
from daihou.web.ledger.queries import load_loan
from daihou.web.ledger.recording import record_events
from daihou.web.servicing.building import KEY
from daihou.web.servicing.errors import ServicingRefused
from daihou.web.servicing.models import OfferState, SettlementOffer

if TYPE_CHECKING:
    from daihou.web.servicing.previewing import Previewed


def make(*, approval: Approval, shown: "Previewed") -> SettlementOffer:
    """Make an approved offer.

    :raises ServicingRefused: ``settlement.open_already``.
    """
    loan_id, asked = int(approval.target_id), shown.asked
    other = SettlementOffer.objects.filter(loan_id=loan_id, state=OfferState.OPEN).first()
    if other is not None:
        raise ServicingRefused("settlement.open_already", on=other.expires_on)
    assert approval.book is not None
    assert asked.amount_minor is not None
    assert asked.expires_on is not None
    return SettlementOffer.objects.create(
        book=approval.book,
        loan_id=loan_id,
        approval=approval,
        offered_on=asked.effective_on,
        expires_on=asked.expires_on,
        amount_minor=asked.amount_minor,
        owed_minor=asked.amount_minor + sum(part for _, part in shown.given_up),
        discounts={component.value: part for component, part in shown.given_up},
        after_sequence=shown.sequence,
    )


def follow(*, book: Book, loan_ref: str, on: date, acting_user: User) -> SettlementOffer | None:
    """Look whether a loan's open offer was fulfilled, or broken by the end of ``on``.

    Whoever records money calls it afterwards; every night ``follow_all`` does. Returns the offer
    that ended, or nothing.
    """
    with transaction.atomic():
        book = lock_book(book_id=book.pk)
        offer = (
            SettlementOffer.objects.select_for_update(of=("self",))
            .select_related("approval")
            .filter(loan__book=book, loan__loan_ref=loan_ref, state=OfferState.OPEN)
            .first()
        )
        if offer is None:
            return None
        contract, events = load_loan(book=book, loan_ref=loan_ref)
        money = received(offer=offer, events=events)
        offer.received_minor = sum(amount for _, amount in money)
        if offer.received_minor >= offer.amount_minor:
            _fulfil(offer, contract=contract, events=events, paid_on=money[-1][0], by=acting_user)
        elif on > offer.expires_on:
            _end(offer, OfferState.BROKEN, on=on, acting_user=acting_user)
        else:
            offer.save(update_fields=["received_minor"])
            return None
    return offer


def follow_all(*, book: Book, on: date, acting_user: User) -> dict[str, int]:
    """Look at every open offer of a book that may have ended; count how they did."""
    money = EventRow.objects.filter(
        loan_id=OuterRef("loan_id"),
        sequence__gt=OuterRef("after_sequence"),
        kind__in=[kind.value for kind in MONEY_IN_KINDS],
    )
    may_have_ended = Q(expires_on__lt=on) | Q(Exists(money))
    waiting = SettlementOffer.objects.filter(may_have_ended, book=book, state=OfferState.OPEN)
    counts: dict[str, int] = {}
    for loan_ref in waiting.order_by("pk").values_list("loan__loan_ref", flat=True):
        ended = follow(book=book, loan_ref=loan_ref, on=on, acting_user=acting_user)
        if ended is not None:
            counts[ended.state] = counts.get(ended.state, 0) + 1
    return counts


def received(*, offer: SettlementOffer, events: Sequence[Event]) -> list[tuple[date, int]]:
    """List the money that counts for an offer, in the order of its days."""
    standing = without_taken_back(events)
    back: dict[str | None, int] = {}
    for event in standing:
        if event.kind is Kind.CHARGED_BACK:
            back[event.target_key] = back.get(event.target_key, 0) + event.amount_minor
    found = [
        (event.effective_on, event.amount_minor - back.get(event.key, 0))
        for event in standing
        if event.kind in MONEY_IN_KINDS
        and event.sequence > offer.after_sequence
        and offer.offered_on <= event.effective_on <= offer.expires_on
    ]
    return sorted(found)


def withdraw(*, offer: SettlementOffer, on: date, acting_user: User) -> SettlementOffer:
    """Take an open offer back; nothing was given up by it.

    :raises ServicingRefused: ``settlement.not_open``.
    """
    with transaction.atomic():
        lock_book(book_id=offer.book_id)
        locked = SettlementOffer.objects.select_for_update(of=("self",)).get(pk=offer.pk)
        if locked.state != OfferState.OPEN:
            raise ServicingRefused("settlement.not_open", state=locked.state)
        _end(locked, OfferState.WITHDRAWN, on=on, acting_user=acting_user)
    return locked


def _fulfil(
    offer: SettlementOffer,
    *,
    contract: Contract,
    events: Sequence[Event],
    paid_on: date,
    by: User,
) -> None:
    """Close the loan on the day it was paid; one that is closed by the money itself stays so."""
    last_on = max([paid_on, *(event.effective_on for event in events)])
    then = position(contract=contract, events=events, as_of=last_on, with_rows=False)
    if then.status is not Status.CLOSED:
        closing = Event(
            kind=Kind.CLOSED,
            effective_on=paid_on,
            recorded_at=timezone.now(),
            sequence=0,
            key=f"{KEY}:{offer.approval_id}:1",
        )
        record_events(book=offer.book, loan_ref=contract.loan_ref, events=[closing], acting_user=by)
    _end(offer, OfferState.FULFILLED, on=paid_on, acting_user=by)


def _end(offer: SettlementOffer, state: OfferState, *, on: date, acting_user: User) -> None:
    offer.state, offer.settled_on = state, on
    offer.save(update_fields=["state", "settled_on", "received_minor"])
    audit.record(
        acting_user=acting_user,
        action=f"settlement.{state.value}",
        target_type="loan",
        target_id=offer.loan_id,
        details={"offer": offer.pk, "received_minor": offer.received_minor},
    )
