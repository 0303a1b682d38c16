"""Plan visits, check in, add photos, report. One change is one transaction and one audit row.

Locks    What ``contacts`` locks (book, person), then the visit.
Repeats  What a phone sends carries a key of its own: sent again, it answers what was done first.
Errors   ``VisitRefused`` by code, see each; ``ContactRefused`` where the guard refuses a visit.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO, TypeVar
from uuid import UUID, uuid4

from django.db import transaction

from daihou.collect.route import Place
from daihou.web.access import queries as access
from daihou.web.access.models import User
from daihou.web.archive import operations as archive
from daihou.web.archive.models import Kind, Target
from daihou.web.audit import operations as audit
from daihou.web.cases.models import Case, CaseState
from daihou.web.contacts.errors import ContactRefused
from daihou.web.contacts.models import Permit
from daihou.web.parties import encryption
from daihou.web.parties.models import ContactPoint, PointKind
from daihou.web.visits import permits, queries
from daihou.web.visits.errors import VisitRefused
from daihou.web.visits.models import SPOKE, CheckIn, Entry, Outcome, Photo, Report, State, Visit

LONGEST = timedelta(hours=4)  # Of a window: a visit, not a watch.
CLOCKS_APART = timedelta(minutes=5)  # By which a phone's clock may run ahead of ours.
Sent = TypeVar("Sent", CheckIn, Photo, Report)
TEXT_MOST, NOTE_MOST, NAME_MOST = 200, 2000, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a visit is planned to be. ``place`` and ``district`` only order the day's route."""

    begins_at: datetime
    ends_at: datetime
    lead: User
    companion: User
    goal: str
    district: str = ""
    place: Place | None = None
    is_appointment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """``at`` by the phone's clock; no place where the phone gave none."""

    client_key: UUID
    at: datetime
    place: Place | None
    accuracy_m: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a visit ended, as its collectors tell it."""

    client_key: UUID
    at: datetime
    outcome: Outcome
    entry: Entry
    identity_shown: bool
    recording_reference: str
    note: str


def plan(*, case: Case, contact_point: ContactPoint, planned: Planned, acting_user: User) -> Visit:
    """Plan a visit to an address of a case's person that the guard would permit at its beginning.

    :raises VisitRefused: ``visit.case_not_open``, ``visit.not_an_address``,
        ``visit.two_collectors``, ``visit.not_a_field_collector``, ``visit.window_wrong``,
        ``visit.goal_missing``, ``visit.one_is_open``.
    :raises ContactRefused: as ``contacts.operations.ask``, where it would be refused then.
    """
    if contact_point.kind != PointKind.ADDRESS:
        raise VisitRefused("visit.not_an_address")
    _check_planned(case, planned)
    key = uuid4()
    visit = Visit(
        key=key,
        book=case.book,
        case=case,
        party=contact_point.party,
        contact_point=contact_point,
        district=planned.district.strip()[:80],
        sealed_place=_sealed_place(key, "place", planned.place),
        begins_at=planned.begins_at,
        ends_at=planned.ends_at,
        is_appointment=planned.is_appointment,
        lead=planned.lead,
        companion=planned.companion,
        goal=planned.goal.strip()[:TEXT_MOST],
        planned_by=acting_user,
    )
    with transaction.atomic():
        permits.check(visit=visit, at=planned.begins_at, acting_user=planned.lead)
        if Case.objects.select_for_update().get(pk=case.pk).state == CaseState.CLOSED:
            raise VisitRefused("visit.case_not_open")
        if queries.open_visits().filter(case=case).exists():
            raise VisitRefused("visit.one_is_open")
        visit.save()
        _audit("visit.plan", visit, acting_user, lead=visit.lead_id, companion=visit.companion_id)
    return visit


@transaction.atomic
def call_off(*, visit: Visit, reason: str, acting_user: User) -> Visit:
    """Call a visit off before it has begun.

    :raises VisitRefused: ``visit.not_planned``, ``visit.reason_missing``.
    """
    if not reason.strip():
        raise VisitRefused("visit.reason_missing")
    locked = _lock(visit)
    if locked.state != State.PLANNED:
        raise VisitRefused("visit.not_planned")
    locked.state, locked.called_off_reason = State.CALLED_OFF, reason.strip()[:TEXT_MOST]
    locked.save(update_fields=["state", "called_off_reason"])
    _audit("visit.call_off", locked, acting_user)
    return locked


def check_in(*, visit: Visit, arrival: Arrival, now: datetime, acting_user: User) -> Visit:
    """Note that both stand at the door and take the permit to knock; twice is once.

    Time and place are kept inside the window only. The permit is asked for at ``now``, by the
    server's clock: a check-in that could not be sent permits nothing. A refusal of the guard
    stays on record; the visit stays planned.

    :raises VisitRefused: ``visit.key_taken``, ``visit.not_hers``, ``visit.not_planned``,
        ``visit.outside_window``, ``visit.clock_wrong``.
    :raises ContactRefused: as ``contacts.operations.ask``.
    """
    if _is_repeat(CheckIn, visit, arrival.client_key):
        return _read(visit)
    found = _read(visit)
    _check_hers(found, acting_user)
    _check_window(found, arrival, now)
    with transaction.atomic():
        try:
            permit = permits.ask(visit=found, at=now, acting_user=acting_user)
        except ContactRefused as error:
            refused = error
        else:
            return _checked_in(found, arrival, permit, acting_user)
    raise refused


def _check_window(visit: Visit, arrival: Arrival, now: datetime) -> None:
    if visit.state != State.PLANNED:
        raise VisitRefused("visit.not_planned")
    for instant in (arrival.at, now):
        if not visit.begins_at <= instant <= visit.ends_at:
            raise VisitRefused("visit.outside_window")
    if arrival.at > now + CLOCKS_APART:
        raise VisitRefused("visit.clock_wrong")


def _checked_in(visit: Visit, arrival: Arrival, permit: Permit, acting_user: User) -> Visit:
    locked = _lock(visit)
    if locked.state != State.PLANNED:
        raise VisitRefused("visit.not_planned")
    CheckIn.objects.create(
        visit=locked,
        client_key=arrival.client_key,
        collector=acting_user,
        at=arrival.at,
        sealed_place=_sealed_place(locked.key, "check_in", arrival.place),
        accuracy_m=arrival.accuracy_m if arrival.place else None,
    )
    locked.state, locked.permit = State.UNDER_WAY, permit
    locked.save(update_fields=["state", "permit"])
    _audit("visit.check_in", locked, acting_user, permit=permit.pk, placed=bool(arrival.place))
    return locked


def add_photo(
    *,
    visit: Visit,
    client_key: UUID,
    name: str,
    content: BinaryIO,
    arrived_on: date,
    acting_user: User,
) -> Photo:
    """Store a picture of a visit under way; its digest is taken as it arrives. Twice is once.

    :raises VisitRefused: ``visit.key_taken``, ``visit.not_hers``, ``visit.not_under_way``,
        ``visit.not_a_picture``.
    :raises ArchiveRefused: as ``archive.operations.store_file``.
    """
    known = _is_repeat(Photo, visit, client_key)
    if known is not None:
        return known
    _check_hers(visit, acting_user)
    with transaction.atomic():
        locked = _lock(visit)
        if locked.state != State.UNDER_WAY:
            raise VisitRefused("visit.not_under_way")
        file = archive.store_file(
            book=locked.book,
            name=name,
            content=content,
            kind=Kind.PHOTO,
            links=[archive.Owner(target_type=Target.PARTY, target_id=locked.party_id)],
            arrived_on=arrived_on,
            acting_user=acting_user,
            made_from={"visit": locked.pk},
        )
        if not file.content.media_type.startswith("image/"):
            raise VisitRefused("visit.not_a_picture")
        photo = Photo.objects.create(
            visit=locked, client_key=client_key, file=file, added_by=acting_user
        )
        _audit("visit.add_photo", locked, acting_user, digest=file.content_id)
    return photo


@transaction.atomic
def report(*, visit: Visit, told: Told, acting_user: User) -> Report:
    """Say how a visit ended; it is the outcome of its permit. Twice is once.

    :raises VisitRefused: ``visit.key_taken``, ``visit.not_hers``, ``visit.not_under_way``,
        ``visit.clock_wrong``, ``visit.identity_not_shown``, ``visit.recording_missing``,
        ``visit.entered_alone``, ``visit.note_too_long``.
    """
    known = _is_repeat(Report, visit, told.client_key)
    if known is not None:
        return known
    _check_told(told)
    found = _read(visit)
    _check_hers(found, acting_user)
    if found.state != State.UNDER_WAY or found.permit is None:
        raise VisitRefused("visit.not_under_way")
    if told.at < found.check_in.at:
        raise VisitRefused("visit.clock_wrong")
    permits.record(permit=found.permit, told=told.outcome, at=told.at, acting_user=acting_user)
    locked = _lock(visit)
    if locked.state != State.UNDER_WAY:
        raise VisitRefused("visit.not_under_way")
    made = Report.objects.create(
        visit=locked,
        client_key=told.client_key,
        outcome=told.outcome,
        entry=told.entry,
        identity_shown=told.identity_shown,
        recording_reference=told.recording_reference.strip(),
        sealed_note=_sealed(locked.key, "note", told.note.strip()),
        at=told.at,
        reported_by=acting_user,
    )
    locked.state = State.REPORTED
    locked.save(update_fields=["state"])
    _audit("visit.report", locked, acting_user, outcome=told.outcome.value, entry=told.entry.value)
    return made


def _check_planned(case: Case, planned: Planned) -> None:
    if planned.lead.pk == planned.companion.pk:
        raise VisitRefused("visit.two_collectors")
    for each in (planned.lead, planned.companion):
        if not access.may(user=each, permission="visit.make", target=case.book):
            raise VisitRefused("visit.not_a_field_collector", user=each.get_username())
    length = planned.ends_at - planned.begins_at
    if not timedelta(0) < length <= LONGEST:
        raise VisitRefused("visit.window_wrong", hours=int(LONGEST.total_seconds() // 3600))
    if not planned.goal.strip():
        raise VisitRefused("visit.goal_missing")


def _check_told(told: Told) -> None:
    if told.outcome in SPOKE and not told.identity_shown:
        raise VisitRefused("visit.identity_not_shown")
    if told.outcome in SPOKE and not told.recording_reference.strip():
        raise VisitRefused("visit.recording_missing")
    if told.entry == Entry.CONSENTED and told.outcome not in {
        Outcome.MET,
        Outcome.MET_OTHER,
        Outcome.UNSAFE,
    }:
        raise VisitRefused("visit.entered_alone")
    if len(told.note) > NOTE_MOST or len(told.recording_reference) > NAME_MOST:
        raise VisitRefused("visit.note_too_long", most=NOTE_MOST)


def _check_hers(visit: Visit, user: User) -> None:
    if user.pk not in {visit.lead_id, visit.companion_id}:
        raise VisitRefused("visit.not_hers")


def _is_repeat(kind: type[Sent], visit: Visit, client_key: UUID) -> Sent | None:
    """Find what was done under this key; of another visit it is nobody's to use again."""
    found = kind._default_manager.filter(client_key=client_key).first()  # noqa: SLF001  Django's.
    if found is not None and found.visit_id != visit.pk:
        raise VisitRefused("visit.key_taken")
    return found


def _read(visit: Visit) -> Visit:
    return Visit.objects.select_related(*queries.SHOWN_WITH).get(pk=visit.pk)


def _lock(visit: Visit) -> Visit:
    return Visit.objects.select_for_update().get(pk=visit.pk)


def _sealed(key: UUID, what: str, plain: str) -> str:
    return encryption.seal_text(plain=plain, place=queries.sealed_as(key, what)) if plain else ""


def _sealed_place(key: UUID, what: str, place: Place | None) -> str:
    return _sealed(key, what, f"{place.latitude},{place.longitude}" if place else "")


def _audit(action: str, visit: Visit, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="visit",
        target_id=visit.pk,
        details={"case": visit.case_id, **details},
    )
