"""Change one party: add it, note its data, show them to somebody with a reason, have them checked.

Values are checked by form and checksum before they are kept; see ``formats``.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.parties import encryption, formats, providers, queries
from daihou.web.parties.errors import PartyRefused
from daihou.web.parties.models import (
    CheckResult,
    ContactPoint,
    Field,
    IdentityCheck,
    Party,
    PartyKind,
    PersonalDatum,
    PointKind,
    PointSource,
)
from daihou.web.privacy import looks

REASON_LONGEST = 200
VALUES_MOST = 20  # Of one field of one party.
POINT_KINDS: Final = MappingProxyType(  # By field: what can be reached under its values.
    {
        Field.PHONE.value: PointKind.PHONE,
        Field.EMAIL.value: PointKind.EMAIL,
        Field.ADDRESS.value: PointKind.ADDRESS,
        Field.BANK_ACCOUNT.value: PointKind.ACCOUNT,
        Field.WECHAT.value: PointKind.WECHAT,
        Field.PUSH.value: PointKind.PUSH,
    }
)
ATTEMPTS = 2  # A provider that does not answer is asked once more.


@transaction.atomic
def add_party(
    *, source: str, kind: str, data: Mapping[str, Sequence[str]], acting_user: User
) -> Party:
    """Add a person or company of our own making; its reference is given here.

    :raises PartyRefused: ``party.kind_unknown``, ``party.name_missing``, ``party.known``, and the
        codes of ``formats.fault_of``.
    """
    if kind not in PartyKind.values:
        raise PartyRefused("party.kind_unknown", kind=kind[:20])
    if not data.get(Field.NAME):
        raise PartyRefused("party.name_missing")
    for field, values in data.items():
        for value in values:
            _check_value(kind=kind, field=field, value=value)
    _check_new(source=source, numbers=data.get(Field.ID_NUMBER, ()))
    party_id = _next_id()
    party = Party.objects.create(
        pk=party_id, kind=kind, source=source, reference=f"D{party_id:08d}"
    )
    for field, values in data.items():
        for position, value in enumerate(values):
            _write(
                party=party,
                field=field,
                position=position,
                value=value,
                source=PointSource.CONTRACT,
            )
    _audit("party.add", party, acting_user, fields=sorted(data))
    return party


@transaction.atomic
def put_datum(
    *,
    party: Party,
    field: str,
    value: str,
    acting_user: User,
    position: int | None = None,
    source: PointSource = PointSource.DESK,
) -> PersonalDatum:
    """Note a value of a field: after the others, or instead of the one at a position.

    ``source``: who gave it, where it is a value under which somebody is reached.

    :raises PartyRefused: ``party.data_deleted``, ``party.merged``, ``party.too_many_values``,
        ``party.value_known``, and the codes of ``formats.fault_of``.
    """
    locked = lock_party(party)
    _check_value(kind=locked.kind, field=field, value=value)
    held = PersonalDatum.objects.filter(party=locked, field=field).order_by("position")
    index = encryption.blind_index(field=field, plain=value)
    others = held if position is None else held.exclude(position=position)
    if others.filter(blind_index=index).exists():
        raise PartyRefused("party.value_known")
    if position is None:
        last = held.values_list("position", flat=True).last()
        position = 0 if last is None else last + 1
    if not 0 <= position < VALUES_MOST:
        raise PartyRefused("party.too_many_values", most=VALUES_MOST)
    datum = _write(party=locked, field=field, position=position, value=value, source=source)
    _audit("party.put_datum", locked, acting_user, field=field, position=position)
    return datum


@transaction.atomic
def reveal(*, party: Party, reason: str, acting_user: User) -> dict[str, tuple[str, ...]]:
    """Give a party's data in plain; who looked and why is noted first.

    :raises PartyRefused: ``party.reason_missing``.
    :raises DaihouError: ``personal_data.looks_used_up``.
    """
    looks.count_one(user=acting_user, on=timezone.localdate())
    _audit("party.reveal", party, acting_user, reason=checked_reason(reason))
    return dict(queries.personal_data(party=party))


def check_identity(*, party: Party, provider: str, acting_user: User) -> IdentityCheck:
    """Ask a provider about a person; no answer is an answer, too: unavailable.

    The provider is asked outside of any transaction: it may be slow.

    :raises PartyRefused: ``party.provider_unknown``, ``party.nothing_to_check``.
    """
    asked = providers.providers().get(provider)
    if asked is None:
        raise PartyRefused("party.provider_unknown", provider=provider[:40])
    data = queries.personal_data(party=party)
    fields = [
        field for field in (Field.NAME, Field.ID_NUMBER, Field.PHONE) if data.get(field.value)
    ]
    if Field.NAME not in fields or Field.ID_NUMBER not in fields:
        raise PartyRefused("party.nothing_to_check")
    request = providers.IdentityRequest(
        name=data["name"][0],
        id_number=data["id_number"][0],
        phone=data.get("phone", ("",))[0],
    )
    answer = _ask(asked, request)
    with transaction.atomic():
        check = IdentityCheck.objects.create(
            party=party,
            provider=provider,
            fields=[field.value for field in fields],
            result=answer.result,
            reference=answer.reference,
            checked_by=acting_user,
        )
        _audit("party.check_identity", party, acting_user, provider=provider, result=answer.result)
    check.refresh_from_db()
    return check


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept.

    :raises PartyRefused: ``party.reason_missing``.
    """
    text = reason.strip()
    if not text or len(text) > REASON_LONGEST or "\0" in text:
        raise PartyRefused("party.reason_missing", most=REASON_LONGEST)
    return text


def lock_party(party: Party) -> Party:
    """Lock a party that still counts by itself.

    :raises PartyRefused: ``party.merged``, ``party.data_deleted``.
    """
    locked = Party.objects.select_for_update().get(pk=party.pk)
    if locked.merged_into_id is not None:
        raise PartyRefused("party.merged", party=locked.reference)
    if locked.personal_data_deleted_at is not None:
        raise PartyRefused("party.data_deleted", party=locked.reference)
    return locked


def _ask(
    provider: providers.IdentityProvider, request: providers.IdentityRequest
) -> providers.IdentityAnswer:
    for _ in range(ATTEMPTS):
        try:
            return provider.check(request=request)
        except providers.ProviderUnavailable:
            continue
    return providers.IdentityAnswer(result=CheckResult.UNAVAILABLE.value, reference="")


def _check_value(*, kind: str, field: str, value: str) -> None:
    if field not in Field.values:
        raise PartyRefused("party.field_unknown", field=field[:20])
    fault = formats.fault_of(kind=kind, field=field, value=value)
    if fault is not None:
        raise PartyRefused(fault, field=field)


def _check_new(*, source: str, numbers: Sequence[str]) -> None:
    """Refuse a second party of one source with the same identity number."""
    for number in numbers:
        for known in queries.find_parties(field=Field.ID_NUMBER.value, value=number):
            if known.source == source and known.merged_into_id is None:
                raise PartyRefused("party.known", party=known.reference)


def _write(
    *, party: Party, field: str, position: int, value: str, source: PointSource
) -> PersonalDatum:
    where = queries.place(party_id=party.pk, field=field, position=position)
    text = value.strip()
    sealed = encryption.seal(plain=text, place=where)
    index = encryption.blind_index(field=field, plain=text)
    if (kind := POINT_KINDS.get(field)) is not None:
        ContactPoint.objects.get_or_create(
            party=party, kind=kind, digest=index, defaults={"source": source}
        )
    datum, _ = PersonalDatum.objects.update_or_create(
        party=party,
        field=field,
        position=position,
        defaults={
            "key_id": sealed.key_id,
            "ciphertext": sealed.ciphertext,
            "blind_index": index,
        },
    )
    return datum


def _next_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('parties_party', 'id'))")
        return int(cursor.fetchone()[0])


def _audit(action: str, party: Party, acting_user: User, **details: object) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="party",
        target_id=party.pk,
        details=details,
    )
