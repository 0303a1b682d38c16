"""Register parties in bulk, delete their personal data lawfully.

A party whose personal data were deleted stays without them, however often its tape comes again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models.functions import Now

from daihou.errors import DaihouError
from daihou.web.access.models import User
from daihou.web.audit import operations as audit
from daihou.web.parties import encryption, queries
from daihou.web.parties.models import Party, PersonalDatum

_Item = TypeVar("_Item")
_Place = tuple[int, str, int]  # Party, field, position.
_BATCH = 20_000
_INCOMING_DATA = """
CREATE TEMPORARY TABLE incoming_datum (party_id bigint, field text, position smallint,
    key_id text, ciphertext bytea, blind_index bytea) ON COMMIT DROP
"""
_MAKE_PARTIES = """
INSERT INTO parties_party (kind, source, reference)
SELECT DISTINCT ON (reference) kind, %s, reference FROM incoming_party
ON CONFLICT (source, reference) DO NOTHING
"""
_FIND_PARTIES = """
SELECT party.reference, party.id, party.personal_data_deleted_at IS NULL
FROM incoming_party JOIN parties_party party USING (reference) WHERE party.source = %s
"""
_KNOWN_DATA = """
SELECT datum.party_id, datum.field, datum.position, datum.blind_index
FROM parties_personaldatum datum JOIN parties_party party ON party.id = datum.party_id
JOIN incoming_party USING (reference) WHERE party.source = %s
"""
_PUT_DATA = """
INSERT INTO parties_personaldatum (party_id, field, position, key_id, ciphertext, blind_index)
SELECT * FROM incoming_datum
ON CONFLICT (party_id, field, position) DO UPDATE SET key_id = EXCLUDED.key_id,
    ciphertext = EXCLUDED.ciphertext, blind_index = EXCLUDED.blind_index
"""
_PUT_POINTS = """
INSERT INTO parties_contactpoint (party_id, kind, digest, source, basis, basis_evidence, time_zone)
SELECT party_id, CASE field WHEN 'bank_account' THEN 'account' ELSE field END, blind_index,
    'contract', '', '', ''
FROM incoming_datum WHERE field IN ('phone', 'email', 'address', 'bank_account', 'wechat', 'push')
ON CONFLICT (party_id, kind, digest) DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFacts:
    """``data`` gives the values of each field, the most important first."""

    reference: str
    kind: str
    data: Mapping[str, Sequence[str]]


@transaction.atomic
def register_parties(
    *, source: str, parties: Iterable[PartyFacts], acting_user: User
) -> dict[str, int]:
    """Add the parties that are new, take over data that differ; return ids by reference."""
    ids: dict[str, int] = {}
    written = 0
    for batch in _batches(parties):
        found, data_count = _register_batch(source=source, batch=batch)
        ids |= found
        written += data_count
    audit.record(
        acting_user=acting_user,
        action="parties.register",
        target_type="source",
        target_id=source,
        details={"parties": len(ids), "data_written": written},
    )
    return ids


@transaction.atomic
def delete_personal_data(*, party: Party, reason: str, acting_user: User) -> int:
    """Delete what is known of a person; the party, its loans and their events stay.

    :raises DaihouError: ``personal_data.reason_missing``.
    """
    if not reason.strip():
        raise DaihouError("personal_data.reason_missing")
    locked = Party.objects.select_for_update().get(pk=party.pk)
    ids = queries.family_ids(party=locked)  # A duplicate's data are the person's, too.
    deleted, _ = PersonalDatum.objects.filter(party_id__in=ids).delete()
    Party.objects.filter(pk__in=ids).update(personal_data_deleted_at=Now())
    audit.record(
        acting_user=acting_user,
        action="party.delete_personal_data",
        target_type="party",
        target_id=locked.pk,
        details={"reason": reason, "data_deleted": deleted},
    )
    return deleted


def _register_batch(*, source: str, batch: list[PartyFacts]) -> tuple[dict[str, int], int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE incoming_party (kind text, reference text) ON COMMIT DROP"
        )
        _copy(cursor, "incoming_party (kind, reference)", ((p.kind, p.reference) for p in batch))
        cursor.execute(_MAKE_PARTIES, [source])
        cursor.execute(_FIND_PARTIES, [source])
        rows = cursor.fetchall()
        ids = {reference: party_id for reference, party_id, _ in rows}
        closed = {reference for reference, _, is_open in rows if not is_open}
        cursor.execute(_KNOWN_DATA, [source])
        known = {tuple(row[:3]): bytes(row[3]) for row in cursor.fetchall()}
        fresh = {
            (ids[facts.reference], field, position): value
            for facts in batch
            if facts.reference not in closed
            for field, values in facts.data.items()
            for position, value in enumerate(values)
        }
        count = _put_data(cursor, fresh, known)
        cursor.execute("DROP TABLE incoming_party")
    return ids, count


def _put_data(
    cursor: Any, fresh: Mapping[_Place, str], known: Mapping[tuple[object, ...], bytes]
) -> int:
    rows = []
    for (party_id, field, position), value in fresh.items():
        index = encryption.blind_index(field=field, plain=value)
        if known.get((party_id, field, position)) == index:
            continue
        where = queries.place(party_id=party_id, field=field, position=position)
        sealed = encryption.seal(plain=value, place=where)
        rows.append((party_id, field, position, sealed.key_id, sealed.ciphertext, index))
    if rows:
        cursor.execute(_INCOMING_DATA)
        _copy(cursor, "incoming_datum", rows)
        cursor.execute(_PUT_DATA)
        cursor.execute(_PUT_POINTS)
        cursor.execute("DROP TABLE incoming_datum")
    return len(rows)


def _copy(cursor: Any, into: str, rows: Iterable[Sequence[object]]) -> None:
    with cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _batches(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    left = iter(items)
    while batch := list(islice(left, _BATCH)):
        yield batch
