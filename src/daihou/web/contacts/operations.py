"""Ask for a permit, look at what would be answered, note what became of it, take back what waits.

Nothing leaves without a permit. ``ask`` holds the person's counter row from before the facts are
read until permit, slots and outbox row are written; whatever it does, the triggers and constraints
of the database hold the caps. Errors: ``ContactRefused`` where the law says no, ``ContactFault``.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from daihou.collect import codec, guard
from daihou.collect.facts import StopKind
from daihou.collect.guard import Decision
from daihou.collect.requests import (
    DIALS,
    Channel,
    Outcome as CollectOutcome,
    Purpose,
    Recipient,
)
from daihou.web.access.models import User
from daihou.web.audit import operations as audit, withholding
from daihou.web.contacts import (
    facts as facts_of,
    findings,
    keys,
    rule_sets,
    stops,
    subjects,
    withdrawing,
)
from daihou.web.contacts.contact import Contact
from daihou.web.contacts.errors import ContactFault, ContactRefused
from daihou.web.contacts.facts import Gathered
from daihou.web.contacts.models import (
    Inbound,
    Outbox,
    OutboxState,
    Outcome,
    OutcomeKind,
    Permit,
)
from daihou.web.contacts.statements import prepared
from daihou.web.contacts.subjects import Locked
from daihou.web.parties import encryption, reach
from daihou.web.parties.models import Party

CAP_PREFIX = "contacts_cap_"
LIVE_CONSTRAINTS = frozenset(
    {"contacts_one_live_call_per_debtor", "contacts_one_live_call_per_person"}
)
_COLUMNS = (
    "book_id, subject_id, recipient_subject_id, party_id, recipient_party_id, case_number, channel,"
    " purpose, recipient, recipient_key, address_key, debt_keys, jurisdiction, time_zone, at,"
    " rule_set_id, kept, acting_user_id"
)
_VALUES = """
    %(book_id)s, %(subject_id)s, %(recipient_subject_id)s, %(party_id)s, %(recipient_party_id)s,
    %(case_number)s, %(channel)s, %(purpose)s, %(recipient)s, %(recipient_key)s, %(address_key)s,
    %(debt_keys)s, %(jurisdiction)s, %(time_zone)s, %(at)s,
    (SELECT id FROM contacts_ruleset WHERE digest = %(rules_digest)s), %(kept)s, %(acting_user_id)s
"""
_REFUSAL = f"INSERT INTO contacts_refusal ({_COLUMNS}) VALUES ({_VALUES}) RETURNING id"  # noqa: S608  Constants.
_PERMIT = f"""
WITH made AS (INSERT INTO contacts_permit ({_COLUMNS}) VALUES ({_VALUES})
    RETURNING id, made_at, rule_set_id),
leaving AS (INSERT INTO contacts_outbox (permit_id, state, subject_id, channel, contact_point_id,
        due_at, content, live_subject, live_recipient)
    SELECT id, %(state)s, %(subject_id)s, %(channel)s, %(contact_point_id)s, %(at)s, %(content)s,
        %(live_subject)s, %(live_recipient)s FROM made),
noted AS ({
    audit.record_sql(
        action="contact.permit",
        target_type="permit",
        target="made",
        acting_user="%(acting_user_id)s",
    )
})
SELECT id, made_at, rule_set_id FROM made
"""  # noqa: S608  Constants.


def ask(*, contact: Contact, acting_user: User, at: datetime) -> Permit:
    """Permit one contact at an instant, with its slots and its outbox row, or refuse it.

    A refusal is kept, too, with every reason.

    :raises ContactRefused: ``contact.refused`` with the guard's decision, ``contact.cap_reached``
        or ``contact.live_dial`` where the database refused what the guard had allowed.
    """
    try:
        with transaction.atomic():
            locked = _lock(contact)
            gathered = facts_of.gather(
                contact=contact, locked=locked, acting_user=acting_user, at=at
            )
            decision = guard.decide(
                request=gathered.request, facts=gathered.facts, rules=gathered.rules
            )
            made = _write(contact, locked, gathered, decision, acting_user)
    except IntegrityError as fault:
        raise _refused_by_database(fault) from fault
    if isinstance(made, int):
        raise ContactRefused("contact.refused", decision=decision, refusal=made)
    return made


def preview(*, contact: Contact, acting_user: User, at: datetime) -> Decision:
    """Tell what ``ask`` would answer now; nothing is written or reserved."""
    return previews(contacts=[contact], acting_user=acting_user, at=at)[0]


def previews(*, contacts: Sequence[Contact], acting_user: User, at: datetime) -> list[Decision]:
    """Tell what ``ask`` would answer now to each, all of them with the same two persons.

    What is known is read once for each point with its loans, whatever the channels.
    """
    read: dict[tuple[int, ...], Gathered] = {}
    with transaction.atomic():
        locked = _lock(contacts[0]) if contacts else None
        for each in contacts:
            if locked is not None and each.about not in read:
                read[each.about] = facts_of.gather(
                    contact=each, locked=locked, acting_user=acting_user, at=at
                )
    found = [facts_of.turned_to(gathered=read[each.about], contact=each) for each in contacts]
    return [
        guard.decide(request=each.request, facts=each.facts, rules=each.rules) for each in found
    ]


@transaction.atomic
def record_outcome(
    *,
    permit: Permit,
    outcome: CollectOutcome,
    at: datetime,
    acting_user: User,
    details: Mapping[str, Any] | None = None,
) -> Outcome:
    """Note what became of a permit; slots that do not count are given back, the call ends.

    ``details``: ``seconds``, ``reference``, ``recording_digest``, ``note`` (kept apart, salted).
    Only "unknown" may be followed by another outcome. A contact person who refuses is not asked for
    again: that orders the stop, for good.

    :raises ContactFault: ``contact.outcome_known``.
    """
    given = dict(details or {})
    subjects.lock(party_id=permit.party_id, recipient_party_id=permit.recipient_party_id)
    row = Outbox.objects.select_for_update().get(pk=permit.pk)
    earlier = Outcome.objects.filter(permit=permit).order_by("is_first").first()
    if earlier is not None and (
        earlier.outcome != OutcomeKind.UNKNOWN or outcome is CollectOutcome.UNKNOWN
    ):
        raise ContactFault("contact.outcome_known", permit=permit.pk)
    note = str(given.get("note") or "")
    made = Outcome.objects.create(
        permit=permit,
        outcome=outcome.value,
        at=at,
        seconds=given.get("seconds"),
        reference=given.get("reference") or row.reference,
        recording_digest=given.get("recording_digest") or "",
        note_digest=withholding.keep(text=note, party_id=permit.recipient_party_id),
        is_first=earlier is None,
        acting_user=acting_user,
    )
    Outbox.objects.filter(pk=permit.pk).update(
        state=OutboxState.DONE,
        content="",
        lease_until=None,
        live_subject=None,
        live_recipient=None,
    )
    if row.contact_point is not None:
        reach.follow_outcome(
            point=row.contact_point,
            channel=Channel(permit.channel),
            outcome=outcome,
            at=permit.at,
            zone=permit.time_zone,
        )
    _audit("contact.outcome", permit, acting_user, outcome=outcome.value)
    if outcome is CollectOutcome.REFUSED and permit.recipient == Recipient.CONTACT_PERSON:
        stops.order(
            party=permit.recipient_party,
            kind=StopKind.CONTACT_REFUSED,
            at=at,
            acting_user=acting_user,
            scope=stops.Scope(only_as_recipient=True),
            note=note,
            evidence=f"permit:{permit.pk}",
            book=permit.book,
        )
    if outcome is CollectOutcome.DELIVERED and permit.purpose == Purpose.STATUTORY_NOTICE:
        findings.of_notice(permit=permit, at=at, acting_user=acting_user)
    return made


@transaction.atomic
def record_inbound(
    *,
    contact: Contact,
    outcome: CollectOutcome,
    at: datetime,
    acting_user: User,
    details: Mapping[str, Any] | None = None,
) -> Inbound:
    """Note a contact that the person herself began; some caps count it. It needs no permit.

    When she spoke with us is learned as a time that suits her.
    ``details``: ``reference``, ``note`` (kept apart, salted).
    """
    given = dict(details or {})
    locked = _lock(contact)
    gathered = facts_of.gather(contact=contact, locked=locked, acting_user=acting_user, at=at)
    request, facts = gathered.request, gathered.facts
    made = Inbound.objects.create(
        book=contact.book,
        subject_id=locked.recipient_id,
        party_id=contact.contact_point.party_id,
        case_number=contact.case_number,
        channel=request.channel.value,
        purpose=request.purpose.value,
        recipient=request.recipient.value,
        recipient_key=request.recipient_key,
        address_key=request.address_key,
        debt_keys=list(request.debt_keys),
        jurisdiction=facts.jurisdiction,
        time_zone=facts_of.zone_of_day(facts=facts, book=contact.book),
        at=at,
        outcome=outcome.value,
        reference=given.get("reference") or "",
        note_digest=withholding.keep(
            text=str(given.get("note") or ""), party_id=contact.contact_point.party_id
        ),
        acting_user=acting_user,
    )
    if outcome is CollectOutcome.EFFECTIVE:  # Of a call that we missed nothing is learned.
        reach.follow_outcome(
            point=contact.contact_point,
            channel=request.channel,
            outcome=outcome,
            at=at,
            zone=made.time_zone,
        )
    audit.record(
        acting_user=acting_user,
        action="contact.inbound",
        target_type="inbound",
        target_id=made.pk,
        details={"channel": made.channel, "outcome": made.outcome},
    )
    return made


@transaction.atomic
def withdraw_pending(
    *, party: Party, reason: str, at: datetime, acting_user: User, loan_ids: list[int] | None = None
) -> int:
    """Take back what waits in the outbox for a person, all or about some loans; return how many.

    What is being sent, or was, stays. ``reason`` is a code.
    """
    locked = subjects.lock(party_id=party.pk, recipient_party_id=party.pk)
    family = subjects.family(subject_id=locked.subject_id)
    rows = Outbox.objects.select_for_update(of=("self",)).filter(
        subject_id__in=family, state=OutboxState.WAITING
    )
    if loan_ids is not None:
        about = [keys.debt_key(loan_id=loan_id) for loan_id in loan_ids]
        rows = rows.filter(permit__debt_keys__overlap=about)
    return withdrawing.withdraw(
        rows=list(rows.order_by("pk")), reason=reason, at=at, acting_user=acting_user
    )


def _lock(contact: Contact) -> Locked:
    return subjects.lock(
        party_id=contact.party.pk, recipient_party_id=contact.contact_point.party_id
    )


def _write(
    contact: Contact,
    locked: Locked,
    gathered: Gathered,
    decision: Decision,
    acting_user: User,
) -> Permit | int:
    """Write permit, outbox row and audit row in one statement, or the refusal: then its number."""
    request, facts = gathered.request, gathered.facts
    digest = rule_sets.digest_of(gathered.rules)
    decided = codec.Decided(request=request, facts=facts, rules_digest=digest, decision=decision)
    is_call = request.channel in DIALS
    parameters: dict[str, Any] = {
        "book_id": contact.book.pk,
        "subject_id": locked.subject_id,
        "recipient_subject_id": locked.recipient_id,
        "party_id": contact.party.pk,
        "recipient_party_id": contact.contact_point.party_id,
        "case_number": contact.case_number,
        "channel": request.channel.value,
        "purpose": request.purpose.value,
        "recipient": request.recipient.value,
        "recipient_key": request.recipient_key,
        "address_key": request.address_key,
        "debt_keys": list(request.debt_keys),
        "jurisdiction": facts.jurisdiction,
        "time_zone": facts_of.zone_of_day(facts=facts, book=contact.book),
        "at": request.at,
        "rules_digest": digest,
        "kept": codec.to_text(decided),
        "acting_user_id": acting_user.pk,
    }
    if gathered.rules is not None and not gathered.are_rules_kept:
        rule_sets.keep(gathered.rules)
    if not decision.is_allowed:
        number: int = prepared(_REFUSAL, parameters, is_last=True)[0][0]
        return number
    leaving = {
        "state": "sent" if request.channel is Channel.VISIT else "waiting",
        "contact_point_id": contact.contact_point.pk,
        "content": _sealed(request.address_key, contact.payload),
        "live_subject": locked.subject_id if is_call else None,
        "live_recipient": locked.recipient_id if is_call else None,
    }
    ((number, made_at, rule_set_id),) = prepared(_PERMIT, parameters | leaving, is_last=True)
    fields = {**parameters, "id": number, "made_at": made_at, "rule_set_id": rule_set_id}
    names = [field.attname for field in Permit._meta.concrete_fields]  # noqa: SLF001
    return Permit.from_db("default", names, [fields[name] for name in names])


def payload_of(*, row: Outbox) -> Mapping[str, Any]:
    """Return what the channel is to be handed, in plain."""
    opened = encryption.open_text(sealed=row.content, place=_place(row.permit.address_key))
    payload: Mapping[str, Any] = json.loads(opened)
    return payload


def _sealed(address_key: str, payload: Mapping[str, Any]) -> str:
    plain = json.dumps(dict(payload), ensure_ascii=False)
    return encryption.seal_text(plain=plain, place=_place(address_key))


def _place(address_key: str) -> str:
    """Bind a content to the address that it may go to, and to no other."""
    return f"contacts_outbox|content|{address_key}"


def _refused_by_database(fault: IntegrityError) -> Exception:
    """Say which bound of the database held; what is none of ours stays what it was."""
    diagnosis = getattr(fault.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    if name.startswith(CAP_PREFIX):
        return ContactRefused("contact.cap_reached", rule=name.removeprefix(CAP_PREFIX))
    if name in LIVE_CONSTRAINTS:
        return ContactRefused("contact.live_dial")
    if name in {"contacts_permit_limited", "contacts_permit_complete"}:
        return ContactRefused("contact.no_limits")
    return fault


def _audit(action: str, permit: Permit, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="permit",
        target_id=permit.pk,
        details=details,
    )
