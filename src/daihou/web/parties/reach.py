"""Where a person is reached: numbers, addresses and accounts, whose they are, when they answer.

A point may be used while its value is still on file, it has not ended, it was not found to be
somebody else's, and there is a basis for its use: its own, or, for what a party gave with the
contract or herself, the contract she is a party to. A value found elsewhere needs a basis of its
own. Errors: ``PartyRefused`` by code, see each operation.
Source  PIPL 13 (bases), 6 (only what is necessary).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from django.db import transaction
from django.db.models import F, Q, Sum
from phonenumbers import timezone as phone_zones

from daihou.collect.requests import DIALS, Channel, Outcome
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.loans.models import Loan
from daihou.web.parties import queries
from daihou.web.parties.editing import POINT_KINDS, checked_reason, lock_party, put_datum
from daihou.web.parties.encryption import normal_form
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.formats import HOME_REGION
from daihou.web.parties.masking import masked
from daihou.web.parties.models import (
    ContactPoint,
    LoanRole,
    Party,
    PersonalDatum,
    PointBasis,
    PointKind,
    PointSource,
    ReachTally,
    Role,
)

FIELDS: Final = {kind.value: field for field, kind in POINT_KINDS.items()}
SPOKEN: Final = DIALS | {Channel.VISIT}
ANSWERED: Final = frozenset({Outcome.EFFECTIVE, Outcome.REFUSED})
NOT_ANSWERED: Final = frozenset({Outcome.UNANSWERED, Outcome.BUSY, Outcome.WRONG_PERSON})
GIVEN: Final = frozenset({PointSource.CONTRACT, PointSource.PERSON})
MAINLAND_ZONE: Final = "Asia/Shanghai"  # The one legal time of the mainland.
MAINLAND: Final = re.compile(
    r"北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南"
    r"|广东|海南|四川|贵州|云南|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆"
)
NOT_MAINLAND: Final = re.compile(r"香港|澳门|台湾")
FOREIGN: Final = re.compile(r"(\+|00)(?!86)")
MAINLAND_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
ZONES_MOST: Final = 6  # A number of a whole continent says nothing of where its person is.
TRIED_LEAST: Final = 3  # Of an hour, before its share says anything.


@dataclass(frozen=True, slots=True, kw_only=True)
class BestTime:
    """An hour of a person's own clock: how often tried, how often she herself answered."""

    hour: int
    tried: int
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Every zone where a person may be, and what says so: ``stated``, ``address``, ``phone``."""

    names: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who gave a value, why it may be used with the proof, and what else was said with it."""

    source: str
    basis: str = ""
    evidence: str = ""
    time_zone: str = ""
    valid_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A point with what follows for its use; ``fault`` names why it may not be used, or is empty.

    Faults: ``value_gone``, ``ended``, ``not_yet``, ``wrong_party``, ``no_basis``.
    """

    point: ContactPoint
    datum: PersonalDatum | None  # Its value, sealed; none while none is on file.
    masked: str
    basis: str
    fault: str

    @property
    def is_usable(self) -> bool:
        return not self.fault


def points(
    *,
    party: Party,
    on: date,
    data: Iterable[PersonalDatum] | None = None,
    derived: str | None = None,
) -> list[Known]:
    """Return every point of a party and of its duplicates: usable ones first, best first.

    ``data`` are her personal data and ``derived`` is her ``derived_basis``, where the caller has
    them already.
    """
    ids = queries.family_ids(party=party)
    rows = list(ContactPoint.objects.filter(party_id__in=ids).order_by("pk"))
    by_value = _data(ids) if data is None else _by_value(data)
    basis = derived_basis(party=party, on=on) if derived is None else derived
    return sorted((_known(row, by_value, basis, on) for row in rows), key=_rank)


def best_points(*, borrowers: Collection[int], on: date) -> dict[int, dict[str, ContactPoint]]:
    """Return of many borrowers the best usable point of each kind, as ``points`` ranks them.

    That they borrowed is the basis for what they gave.
    """
    roots = {
        pk: root or pk
        for pk, root in Party.objects.filter(pk__in=borrowers).values_list("pk", "merged_into_id")
    }
    whose = {root: root for root in roots.values()} | dict(
        Party.objects.filter(merged_into__in=set(roots.values())).values_list(
            "pk", "merged_into_id"
        )
    )
    data: dict[int, list[PersonalDatum]] = defaultdict(list)
    held = PersonalDatum.objects.filter(party_id__in=whose, field__in=FIELDS.values())
    for datum in held.only("party_id", "field", "blind_index"):
        data[whose[datum.party_id]].append(datum)
    by_value = {root: _by_value(found) for root, found in data.items()}
    derived = PointBasis.CONTRACT.value
    known: dict[int, list[Known]] = defaultdict(list)
    for point in ContactPoint.objects.filter(party_id__in=whose):
        root = whose[point.party_id]
        of_value = by_value.get(root, {}).get((FIELDS[point.kind], bytes(point.digest)))
        fault = _fault(point, of_value, derived, on)
        if not fault:
            basis = _basis(point, derived)
            known[root].append(
                Known(point=point, datum=of_value, masked="", basis=basis, fault=fault)
            )
    best: dict[int, dict[str, ContactPoint]] = defaultdict(dict)
    for root, found in known.items():
        for each in sorted(found, key=_rank):
            best[root].setdefault(each.point.kind, each.point)
    return {pk: best.get(root, {}) for pk, root in roots.items()}


def known_point(*, point: ContactPoint, on: date) -> Known:
    """Return what is known of one point."""
    ids = queries.family_ids(party=point.party)
    return _known(point, _data(ids), derived_basis(party=point.party, on=on), on)


def value_of(*, point: ContactPoint) -> str:
    """Decrypt the value of a point: for the sender and for a reveal that was noted.

    :raises PartyRefused: ``party.point_value_gone``.
    """
    found = PersonalDatum.objects.filter(
        party_id__in=queries.family_ids(party=point.party),
        field=FIELDS[point.kind],
        blind_index=bytes(point.digest),
    ).first()
    if found is None:
        raise PartyRefused("party.point_value_gone")
    return queries.plain(datum=found)


def derived_basis(*, party: Party, on: date) -> str:
    """Name the basis that a party's part in loans gives for what she gave herself; none: empty."""
    ids = queries.family_ids(party=party)
    if Loan.objects.filter(person_id__in=ids).exists():
        return PointBasis.CONTRACT.value
    held = LoanRole.objects.filter(party_id__in=ids, started_on__lte=on).filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=on)
    )
    roles = set(held.values_list("role", flat=True))
    if roles & {Role.CO_BORROWER.value, Role.GUARANTOR.value}:
        return PointBasis.CONTRACT.value
    return PointBasis.NAMED.value if Role.CONTACT.value in roles else ""


def time_zones(*, party: Party, on: date, known: Sequence[Known] | None = None) -> Zones:
    """Return every place where a person may be: as stated, else by her addresses, else numbers.

    ``known`` are her ``points`` of that day, where the caller has them already.
    """
    found = points(party=party, on=on) if known is None else known
    live = [each for each in found if each.is_usable]
    stated = tuple(dict.fromkeys(each.point.time_zone for each in live if each.point.time_zone))
    if stated:
        return Zones(names=stated, source="stated")
    for kind in (PointKind.ADDRESS, PointKind.PHONE):
        names: dict[str, None] = {}
        for each in live:
            if each.point.kind == kind and each.datum is not None:
                names |= dict.fromkeys(zones_of(kind=kind, value=queries.plain(datum=each.datum)))
        if names:
            return Zones(names=tuple(names), source=kind.value)
    return Zones(names=(), source="")


def time_zone(*, party: Party, on: date, known: Sequence[Known] | None = None) -> Zone | None:
    """Return the zone by which a person's days are counted; none where none is known."""
    found = time_zones(party=party, on=on, known=known)
    return Zone(name=found.names[0], source=found.source) if found.names else None


def zones_of(*, kind: str, value: str) -> tuple[str, ...]:
    """Name the time zones that an address or a number can be in; too many tell nothing.

    >>> zones_of(kind="phone", value="13800138000"), zones_of(kind="address", value="北京市海淀区")
    (('Asia/Shanghai',), ('Asia/Shanghai',))
    >>> zones_of(kind="phone", value="+12125551234"), zones_of(kind="phone", value="+18005551234")
    (('America/New_York',), ())
    """
    if kind == PointKind.ADDRESS:
        is_mainland = MAINLAND.search(value) and not NOT_MAINLAND.search(value)
        return (MAINLAND_ZONE,) if is_mainland else ()
    abroad = FOREIGN.match(value.strip())
    if not abroad and MAINLAND_MOBILE.fullmatch(normal_form(field="phone", plain=value)):
        return (MAINLAND_ZONE,)  # As the library says, at a hundredth of its price.
    try:
        parsed = phonenumbers.parse(value, HOME_REGION)
    except phonenumbers.NumberParseException:
        return ()
    zones = phone_zones.time_zones_for_number(parsed)
    known = tuple(zone for zone in zones if zone in _zone_names())
    return known if len(zones) <= ZONES_MOST else ()


def best_times(*, party: Party, most: int = 3) -> list[BestTime]:
    """Return the hours in which a person answered most often, of those tried enough to tell."""
    rows = (
        ReachTally.objects.filter(point__party_id__in=queries.family_ids(party=party))
        .values("hour")
        .annotate(tries=Sum("tried"), hits=Sum("reached"))
        .filter(tries__gte=TRIED_LEAST, hits__gt=0)
    )
    found = [BestTime(hour=row["hour"], tried=row["tries"], reached=row["hits"]) for row in rows]
    # (hits + 1) / (tries + 2): a share that few tries cannot push to either end.
    found.sort(key=lambda best: (-(best.reached + 1) / (best.tried + 2), best.hour))
    return found[:most]


@transaction.atomic
def add_point(
    *, party: Party, kind: str, value: str, origin: Origin, acting_user: User
) -> ContactPoint:
    """Note a number, address or account with who gave it and why it may be used.

    :raises PartyRefused: ``party.point_kind_unknown``, ``party.point_source_unknown``,
        ``party.basis_unproved``, ``party.time_zone_unknown`` and those of ``put_datum``.
    """
    if kind not in PointKind.values:
        raise PartyRefused("party.point_kind_unknown", kind=kind[:20])
    if origin.source not in PointSource.values:
        raise PartyRefused("party.point_source_unknown", source=origin.source[:20])
    _check_basis(origin.basis, origin.evidence)
    _check_zone(origin.time_zone)
    datum = put_datum(
        party=party,
        field=FIELDS[kind],
        value=value,
        acting_user=acting_user,
        source=PointSource(origin.source),
    )
    point = ContactPoint.objects.select_for_update().get(
        party_id=datum.party_id, kind=kind, digest=bytes(datum.blind_index)
    )
    point.source, point.basis = origin.source, origin.basis
    point.basis_evidence, point.time_zone = origin.evidence.strip(), origin.time_zone
    point.valid_from, point.valid_until, point.wrong_party_at = origin.valid_from, None, None
    point.save()
    details = {"kind": kind, "source": origin.source, "basis": origin.basis}
    _audit("contact_point.add", point, acting_user, **details)
    return point


@transaction.atomic
def set_basis(*, point: ContactPoint, basis: str, evidence: str, acting_user: User) -> ContactPoint:
    """Note why a point may be used, with the proof; no basis: it may not be used any more.

    :raises PartyRefused: ``party.basis_unproved``.
    """
    _check_basis(basis, evidence)
    locked = _lock(point)
    locked.basis, locked.basis_evidence = basis, evidence.strip()
    locked.save(update_fields=["basis", "basis_evidence"])
    _audit("contact_point.set_basis", locked, acting_user, basis=basis)
    return locked


@transaction.atomic
def state_time_zone(*, point: ContactPoint, time_zone: str, acting_user: User) -> ContactPoint:
    """Note the time zone a person lives in, as she or her address says (an IANA name).

    :raises PartyRefused: ``party.time_zone_unknown``.
    """
    _check_zone(time_zone)
    locked = _lock(point)
    locked.time_zone = time_zone
    locked.save(update_fields=["time_zone"])
    _audit("contact_point.state_time_zone", locked, acting_user, time_zone=time_zone)
    return locked


@transaction.atomic
def end_point(
    *, point: ContactPoint, ended_on: date, reason: str, acting_user: User
) -> ContactPoint:
    """End the use of a point after a day; the row stays.

    :raises PartyRefused: ``party.days_wrong``, ``party.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock(point)
    if locked.valid_from is not None and ended_on < locked.valid_from:
        raise PartyRefused("party.days_wrong")
    locked.valid_until = ended_on
    locked.save(update_fields=["valid_until"])
    _audit("contact_point.end", locked, acting_user, on=ended_on.isoformat(), reason=text)
    return locked


@transaction.atomic
def mark_wrong_party(
    *, point: ContactPoint, at: datetime | None, reason: str, acting_user: User
) -> ContactPoint:
    """Note that a point is somebody else's, or (no ``at``) that it is hers after all.

    Every point with this value of the same party is marked; it reaches nobody from then on.

    :raises PartyRefused: ``party.reason_missing``.
    """
    text = checked_reason(reason)
    locked = _lock(point)
    ContactPoint.objects.filter(
        party_id__in=queries.family_ids(party=locked.party),
        kind=locked.kind,
        digest=bytes(locked.digest),
    ).update(wrong_party_at=at)
    locked.wrong_party_at = at
    action = "contact_point.wrong_party" if at else "contact_point.right_party"
    _audit(action, locked, acting_user, reason=text)
    return locked


@transaction.atomic
def note_outcome(
    *, point: ContactPoint, at: datetime, was_reached: bool, zone: str = MAINLAND_ZONE
) -> None:
    """Count a try of a point in the hour of its own clock; part of ``contacts.record_outcome``."""
    local = at.astimezone(ZoneInfo(point.time_zone or zone))
    tally, _ = ReachTally.objects.get_or_create(
        point=point, weekday=local.isoweekday(), hour=local.hour
    )
    ReachTally.objects.filter(pk=tally.pk).update(
        tried=F("tried") + 1, reached=F("reached") + int(was_reached)
    )
    if was_reached:
        ContactPoint.objects.filter(pk=point.pk).filter(
            Q(last_success_at__isnull=True) | Q(last_success_at__lt=at)
        ).update(last_success_at=at)


@transaction.atomic
def follow_outcome(
    *, point: ContactPoint, channel: Channel, outcome: Outcome, at: datetime, zone: str
) -> None:
    """Learn from a contact: when she answers, whose number it is; part of ``record_outcome``."""
    if channel in SPOKEN and outcome in ANSWERED | NOT_ANSWERED:
        note_outcome(point=point, at=at, was_reached=outcome in ANSWERED, zone=zone)
    if outcome is Outcome.WRONG_PERSON:
        ContactPoint.objects.filter(pk=point.pk, wrong_party_at__isnull=True).update(
            wrong_party_at=at
        )


@transaction.atomic
def reveal_point(*, point: ContactPoint, reason: str, acting_user: User) -> str:
    """Give the value of one point in plain; who looked and why is noted first.

    :raises PartyRefused: ``party.reason_missing``, ``party.point_value_gone``.
    """
    _audit("contact_point.reveal", point, acting_user, reason=checked_reason(reason))
    return value_of(point=point)


def _data(ids: Sequence[int]) -> Mapping[tuple[str, bytes], PersonalDatum]:
    return _by_value(PersonalDatum.objects.filter(party_id__in=ids, field__in=FIELDS.values()))


def _by_value(data: Iterable[PersonalDatum]) -> Mapping[tuple[str, bytes], PersonalDatum]:
    return {(datum.field, bytes(datum.blind_index)): datum for datum in data}


def _known(
    point: ContactPoint,
    data: Mapping[tuple[str, bytes], PersonalDatum],
    derived: str,
    on: date,
) -> Known:
    field = FIELDS[point.kind]
    datum = data.get((field, bytes(point.digest)))
    return Known(
        point=point,
        datum=datum,
        masked="" if datum is None else masked(field=field, plain=queries.plain(datum=datum)),
        basis=_basis(point, derived),
        fault=_fault(point, datum, derived, on),
    )


def _basis(point: ContactPoint, derived: str) -> str:
    return point.basis or (derived if point.source in GIVEN else "")


def _fault(point: ContactPoint, datum: PersonalDatum | None, derived: str, on: date) -> str:
    if datum is None:
        return "value_gone"
    if point.wrong_party_at is not None:
        return "wrong_party"
    if point.valid_until is not None and point.valid_until < on:
        return "ended"
    if point.valid_from is not None and point.valid_from > on:
        return "not_yet"
    return "" if _basis(point, derived) else "no_basis"


def _rank(known: Known) -> tuple[bool, str, bool, float, int]:
    last = known.point.last_success_at
    return (
        bool(known.fault),
        "" if known.point.kind == PointKind.PHONE else known.point.kind,
        last is None,
        -last.timestamp() if last else 0.0,
        known.point.pk,
    )


@cache
def _zone_names() -> set[str]:
    return available_timezones()


def _check_basis(basis: str, evidence: str) -> None:
    if basis not in PointBasis.values or len(evidence) > 200 or "\0" in evidence:
        raise PartyRefused("party.basis_unproved")
    if basis and not evidence.strip():
        raise PartyRefused("party.basis_unproved")


def _check_zone(name: str) -> None:
    if name and name not in _zone_names():
        raise PartyRefused("party.time_zone_unknown", time_zone=name[:40])


def _lock(point: ContactPoint) -> ContactPoint:
    lock_party(queries.root_of(party=point.party))
    return ContactPoint.objects.select_for_update().select_related("party").get(pk=point.pk)


def _audit(action: str, point: ContactPoint, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="party",
        target_id=point.party_id,
        details={"point": point.pk, **details},
    )
