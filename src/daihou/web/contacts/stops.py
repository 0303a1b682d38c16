"""Order a stop, lift it; note what a person agreed to. What waits for her is taken back at once.

A stop binds every book, funder and agency; statutory notices pass, as the rules say. What somebody
said goes to ``note``: it is kept apart and encrypted, the rows hold a salted digest.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from daihou.collect.facts import AgreementKind, StopKind
from daihou.collect.requests import Channel
from daihou.web.access.models import User
from daihou.web.audit import operations as audit, withholding
from daihou.web.contacts import keys, subjects, withdrawing
from daihou.web.contacts.errors import ContactFault
from daihou.web.contacts.models import (
    Agreement,
    AgreementEnd,
    Outbox,
    OutboxState,
    StopLift,
    StopOrder,
    StopOrigin,
)
from daihou.web.ledger.models import Book
from daihou.web.parties.models import ContactPoint, Party

UNSTOPPED = ("statutory_notice",)
HER_OWN = frozenset({StopKind.CEASE, StopKind.OPT_OUT, StopKind.WORKPLACE})  # Hers to take back.


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a stop order is about; empty: everything of the person."""

    channels: frozenset[Channel] = frozenset()
    loan_ids: frozenset[int] = frozenset()
    contact_point: ContactPoint | None = None
    only_as_recipient: bool = False  # She herself, not others about her debts.
    ends_at: datetime | None = None


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What orders a stop in the name of a deed, with its number, and ends it with the deed."""

    kind: StopOrigin
    number: int

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.number}"


@transaction.atomic
def order(
    *,
    party: Party,
    kind: StopKind,
    at: datetime,
    acting_user: User,
    scope: Scope = EVERYTHING,
    note: str = "",
    evidence: str | Origin = "",
    book: Book | None = None,
) -> StopOrder:
    """Stop contact with a person from an instant on, and take back what waits within the scope.

    Where the evidence is the deed that orders it, it ends with that deed and no hand lifts it.

    :raises ContactFault: ``contact.stop_ends_first``.
    """
    if scope.ends_at is not None and scope.ends_at <= at:
        raise ContactFault("contact.stop_ends_first")
    locked = subjects.lock(party_id=party.pk, recipient_party_id=party.pk)
    point = scope.contact_point
    made = StopOrder.objects.create(
        subject_id=locked.subject_id,
        party=party,
        book=book,
        kind=kind.value,
        channels=sorted(channel.value for channel in scope.channels),
        debt_keys=sorted(keys.debt_key(loan_id=loan_id) for loan_id in scope.loan_ids),
        address_key=keys.address_key(kind=point.kind, digest=bytes(point.digest)) if point else "",
        recipient_key=keys.recipient_key(subject_id=locked.subject_id)
        if scope.only_as_recipient
        else "",
        started_at=at,
        ends_at=scope.ends_at,
        evidence=str(evidence),
        origin=evidence.kind if isinstance(evidence, Origin) else "",
        origin_number=evidence.number if isinstance(evidence, Origin) else None,
        note_digest=withholding.keep(text=note, party_id=party.pk),
        acting_user=acting_user,
    )
    count = withdrawing.withdraw(
        rows=_stopped(made), reason=f"stop:{kind.value}", at=at, acting_user=acting_user
    )
    _audit("stop.order", made, acting_user, kind=kind.value, withdrawn=count)
    return made


@transaction.atomic
def lift(*, stop: StopOrder, at: datetime, note: str, acting_user: User) -> StopLift:
    """Lift a stop order; a contact person's refusal is for good.

    :raises ContactFault: ``contact.stop_for_good``, ``contact.stop_lifted``,
        ``contact.reason_missing``.
    """
    if stop.kind == StopKind.CONTACT_REFUSED:
        raise ContactFault("contact.stop_for_good")
    if not note.strip():
        raise ContactFault("contact.reason_missing")
    subjects.lock(party_id=stop.party_id, recipient_party_id=stop.party_id)
    if StopLift.objects.filter(order=stop).exists():
        raise ContactFault("contact.stop_lifted")
    made = StopLift.objects.create(
        order=stop,
        at=at,
        note_digest=withholding.keep(text=note, party_id=stop.party_id),
        acting_user=acting_user,
    )
    _audit("stop.lift", stop, acting_user, kind=stop.kind)
    return made


@transaction.atomic
def release(
    *, stop: StopOrder, at: datetime, reason: str, acting_user: User, her_word: str = ""
) -> StopLift:
    """Lift an order by hand: somebody else than who ordered it, unless she herself takes it back.

    ``her_word`` says where it is kept that she does. What a state, a complaint or a claim of
    payment ordered ends with that and not by hand.

    :raises ContactFault: ``contact.stop_of_deed``, ``contact.stop_over``,
        ``contact.stop_by_orderer``; as ``lift``.
    """
    if stop.origin:
        raise ContactFault("contact.stop_of_deed")
    if stop.ends_at is not None and stop.ends_at <= at:
        raise ContactFault("contact.stop_over")
    word = her_word.strip()
    is_hers = bool(word) and stop.kind in HER_OWN
    if stop.acting_user_id == acting_user.pk and not is_hers:
        raise ContactFault("contact.stop_by_orderer")
    note = f"{reason.strip()} · {word}" if reason.strip() and word else reason
    return lift(stop=stop, at=at, note=note, acting_user=acting_user)


def in_force(*, party: Party, at: datetime) -> QuerySet[StopOrder]:
    """Query the stop orders that hold for a person at an instant, the newest first."""
    family = subjects.family_of(party_id=party.pk)
    found = StopOrder.objects.filter(subject_id__in=family, started_at__lte=at)
    found = found.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
    found = found.filter(Q(lifted__isnull=True) | Q(lifted__at__gt=at))
    return found.select_related("acting_user", "book").order_by("-started_at", "-pk")


@transaction.atomic
def agree(
    *,
    party: Party,
    kind: AgreementKind,
    evidence: str,
    at: datetime,
    acting_user: User,
    channels: Iterable[Channel] = (),
    ends_at: datetime | None = None,
) -> Agreement:
    """Note what a person agreed to that a rule forbids by default.

    :raises ContactFault: ``contact.evidence_missing``, ``contact.agreement_ends_first``.
    """
    if not evidence.strip():
        raise ContactFault("contact.evidence_missing")
    if ends_at is not None and ends_at <= at:
        raise ContactFault("contact.agreement_ends_first")
    locked = subjects.lock(party_id=party.pk, recipient_party_id=party.pk)
    made = Agreement.objects.create(
        subject_id=locked.subject_id,
        party=party,
        kind=kind.value,
        channels=sorted(channel.value for channel in channels),
        started_at=at,
        ends_at=ends_at,
        evidence=evidence.strip(),
        acting_user=acting_user,
    )
    audit.record(
        acting_user=acting_user,
        action="agreement.note",
        target_type="agreement",
        target_id=made.pk,
        details={"party": party.pk, "kind": kind.value},
    )
    return made


@transaction.atomic
def end_agreement(*, agreement: Agreement, at: datetime, acting_user: User) -> AgreementEnd:
    """Note that a person takes back what she had agreed to.

    :raises ContactFault: ``contact.agreement_ended``.
    """
    subjects.lock(party_id=agreement.party_id, recipient_party_id=agreement.party_id)
    if AgreementEnd.objects.filter(agreement=agreement).exists():
        raise ContactFault("contact.agreement_ended")
    made = AgreementEnd.objects.create(agreement=agreement, at=at, acting_user=acting_user)
    audit.record(
        acting_user=acting_user,
        action="agreement.end",
        target_type="agreement",
        target_id=agreement.pk,
        details={"party": agreement.party_id, "kind": agreement.kind},
    )
    return made


def agreed(*, party: Party, at: datetime) -> QuerySet[Agreement]:
    """Query what a person agreed to and did not take back, at an instant, the newest first."""
    family = subjects.family_of(party_id=party.pk)
    found = Agreement.objects.filter(subject_id__in=family, started_at__lte=at)
    found = found.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at))
    found = found.filter(Q(ended__isnull=True) | Q(ended__at__gt=at))
    return found.select_related("acting_user").order_by("-started_at", "-pk")


def _stopped(stop: StopOrder) -> list[Outbox]:
    """Lock the waiting rows within the scope of a new order."""
    family = subjects.family(subject_id=stop.subject_id)
    about = Q(permit__recipient_subject_id__in=family)
    if not stop.recipient_key:
        about |= Q(subject_id__in=family)
    rows = Outbox.objects.select_for_update(of=("self",)).filter(about, state=OutboxState.WAITING)
    rows = rows.exclude(permit__purpose__in=UNSTOPPED)
    if stop.channels:
        rows = rows.filter(channel__in=stop.channels)
    if stop.debt_keys:
        rows = rows.filter(permit__debt_keys__overlap=stop.debt_keys)
    if stop.address_key:
        rows = rows.filter(permit__address_key=stop.address_key)
    return list(rows.order_by("pk"))


def _audit(action: str, stop: StopOrder, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="stop_order",
        target_id=stop.pk,
        details={"party": stop.party_id, **details},
    )
