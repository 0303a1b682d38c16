"""What holds of a person: dead, bankrupt, in hardship, represented; with evidence and days.

A report is enough to be careful: contact stops the moment it is noted (``STOPS``), and goes on when
the state is ended. Interest stops only for what was proved, by somebody else than who noted it; see
``interest``.
Errors: ``PartyRefused`` by code, see each operation.
"""

from datetime import date
from types import MappingProxyType
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from daihou.collect.facts import StopKind
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.contacts import stops
from daihou.web.contacts.models import StopOrder, StopOrigin
from daihou.web.parties import queries
from daihou.web.parties.editing import REASON_LONGEST, checked_reason, lock_party
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import Party, PartyKind, PersonState, StateKind

STOPS: Final = MappingProxyType(
    {
        StateKind.DECEASED.value: StopKind.DEATH,
        StateKind.INCAPABLE.value: StopKind.INCAPACITY,
        StateKind.BANKRUPT.value: StopKind.BANKRUPTCY,
        StateKind.IDENTITY_THEFT.value: StopKind.IDENTITY_THEFT,
        StateKind.ATTORNEY.value: StopKind.ATTORNEY,
        StateKind.BREATHING_SPACE.value: StopKind.BREATHING_SPACE,
    }
)
OF_COMPANIES: Final = frozenset({StateKind.BANKRUPT, StateKind.ATTORNEY})


def states_of(*, party: Party, on: date | None = None) -> list[PersonState]:
    """Return the states of a party and of its duplicates: those of a day, or all, newest first."""
    found = PersonState.objects.filter(party_id__in=queries.family_ids(party=party))
    if on is not None:
        found = found.filter(started_on__lte=on).filter(
            Q(ended_on__isnull=True) | Q(ended_on__gt=on)
        )
    rows = found.select_related("noted_by", "proved_by", "ended_by")
    return list(rows.order_by("ended_on", "-started_on", "-pk"))


def kinds_on(*, party: Party, on: date) -> frozenset[str]:
    """Name the states in which a person is on a day, reported or proved."""
    return frozenset(state.kind for state in states_of(party=party, on=on))


@transaction.atomic
def note_state(
    *,
    party: Party,
    kind: str,
    started_on: date,
    note: str,
    acting_user: User,
    evidence: str = "",
) -> PersonState:
    """Note what is reported of a person; ``evidence`` says where a proof lies, if there is one.

    A day still to come stops contact today: nobody waits for it.

    :raises PartyRefused: ``party.state_unknown``, ``party.state_of_person``, ``party.state_held``,
        ``party.reason_missing``, ``party.value_too_long``, ``party.merged``,
        ``party.data_deleted``.
    """
    if kind not in StateKind.values:
        raise PartyRefused("party.state_unknown", state=kind[:20])
    text = checked_reason(note)
    locked = lock_party(party)
    if locked.kind != PartyKind.PERSON and kind not in OF_COMPANIES:
        raise PartyRefused("party.state_of_person")
    try:
        with transaction.atomic():
            state = PersonState.objects.create(
                party=locked,
                kind=kind,
                started_on=started_on,
                note=text,
                evidence=_evidence(evidence),
                noted_by=acting_user,
            )
    except IntegrityError as exception:
        raise PartyRefused("party.state_held") from exception
    _audit("person_state.note", state, acting_user, on=started_on.isoformat())
    if kind in STOPS:
        stops.order(
            party=locked,
            kind=STOPS[kind],
            at=timezone.now(),
            note=text,
            evidence=_origin(state),
            acting_user=acting_user,
        )
    return state


@transaction.atomic
def prove_state(*, state: PersonState, evidence: str, acting_user: User) -> PersonState:
    """Note that the evidence of a state was seen.

    :raises PartyRefused: ``party.state_ended``, ``party.state_proved``, ``party.state_by_noter``,
        ``party.evidence_missing``.
    """
    locked = _lock_open(state)
    if locked.proved_at is not None:
        raise PartyRefused("party.state_proved")
    if locked.noted_by_id == acting_user.pk:
        raise PartyRefused("party.state_by_noter")
    text = _evidence(evidence or locked.evidence)
    if not text:
        raise PartyRefused("party.evidence_missing", most=REASON_LONGEST)
    locked.evidence, locked.proved_by, locked.proved_at = text, acting_user, timezone.now()
    locked.save(update_fields=["evidence", "proved_by", "proved_at"])
    _audit("person_state.prove", locked, acting_user)
    return locked


@transaction.atomic
def end_state(*, state: PersonState, ended_on: date, reason: str, acting_user: User) -> PersonState:
    """End a state: it holds no more from a day on; the row stays.

    :raises PartyRefused: ``party.state_ended``, ``party.state_by_noter``, ``party.days_wrong``,
        ``party.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock_open(state)
    if locked.noted_by_id == acting_user.pk:
        raise PartyRefused("party.state_by_noter")
    if ended_on < locked.started_on:
        raise PartyRefused("party.days_wrong")
    locked.ended_on, locked.ended_by, locked.end_reason = ended_on, acting_user, text
    locked.save(update_fields=["ended_on", "ended_by", "end_reason"])
    _audit("person_state.end", locked, acting_user, on=ended_on.isoformat(), reason=text)
    ordered = StopOrder.objects.filter(
        origin=StopOrigin.PERSON_STATE, origin_number=locked.pk, lifted__isnull=True
    )
    for stop in ordered:
        stops.lift(stop=stop, at=timezone.now(), note=text, acting_user=acting_user)
    return locked


def _origin(state: PersonState) -> stops.Origin:
    """Name the state in the stop order it gave."""
    return stops.Origin(kind=StopOrigin.PERSON_STATE, number=state.pk)


def _evidence(text: str) -> str:
    kept = text.strip()
    if len(kept) > REASON_LONGEST or "\0" in kept:
        raise PartyRefused("party.value_too_long")
    return kept


def _lock_open(state: PersonState) -> PersonState:
    locked = PersonState.objects.select_for_update().get(pk=state.pk)
    if locked.ended_on is not None:
        raise PartyRefused("party.state_ended")
    return locked


def _audit(action: str, state: PersonState, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="party",
        target_id=state.party_id,
        details={"state": state.pk, "kind": state.kind, **details},
    )
