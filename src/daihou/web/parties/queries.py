"""Find parties, read their personal data. Whoever shows it asks for the permission first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import Q, QuerySet

from daihou.web.parties import encryption, formats
from daihou.web.parties.masking import masked
from daihou.web.parties.models import CompanyLink, Consent, Field, Merge, Party, PersonalDatum

DUPLICATE_FIELDS = (Field.ID_NUMBER, Field.BANK_ACCOUNT, Field.PHONE, Field.EMAIL)
SHARED_MOST = 20  # A value that more parties share is a company's phone, no sign of one person.
_FAMILY = """
WITH RECURSIVE family (id) AS (
    SELECT %s::bigint UNION SELECT party.id FROM parties_party party
    JOIN family ON party.merged_into_id = family.id)
SELECT id FROM family ORDER BY id = %s DESC, id
"""
_DUPLICATES = """
WITH shared AS (
    SELECT datum.field, datum.blind_index, array_agg(DISTINCT datum.party_id) AS ids
    FROM parties_personaldatum datum JOIN parties_party party ON party.id = datum.party_id
    WHERE datum.field = ANY(%s) AND party.source = ANY(%s) AND party.merged_into_id IS NULL
    GROUP BY datum.field, datum.blind_index
    HAVING count(DISTINCT datum.party_id) BETWEEN 2 AND %s),
pairs AS (
    SELECT one.id AS first, other.id AS second, shared.field
    FROM shared, unnest(shared.ids) AS one (id), unnest(shared.ids) AS other (id)
    WHERE one.id < other.id)
SELECT pairs.first, pairs.second, array_agg(DISTINCT pairs.field)
FROM pairs
JOIN parties_party a ON a.id = pairs.first JOIN parties_party b ON b.id = pairs.second
WHERE a.kind = b.kind AND NOT EXISTS (SELECT FROM parties_notduplicate no
    WHERE no.first_id = pairs.first AND no.second_id = pairs.second)
GROUP BY pairs.first, pairs.second
ORDER BY bool_or(pairs.field = 'id_number') DESC, count(DISTINCT pairs.field) DESC, 1, 2
LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two parties and the fields in which they agree."""

    first: Party
    second: Party
    fields: tuple[str, ...]

    @property
    def is_strong(self) -> bool:
        return Field.ID_NUMBER in self.fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A value that cannot be what its field says; ``code`` as ``formats.fault_of``."""

    field: str
    position: int
    code: str


def place(*, party_id: int, field: str, position: int) -> str:
    """Name the one row and column that a ciphertext belongs to."""
    return f"parties_personaldatum|ciphertext|{party_id}|{field}|{position}"


def find_parties(*, field: str, value: str) -> list[Party]:
    """Return the parties that have this phone, number, name: exact, by blind index."""
    index = encryption.blind_index(field=field, plain=value)
    found = Party.objects.filter(personal_data__field=field, personal_data__blind_index=index)
    return list(found.distinct().order_by("pk"))


def root_of(*, party: Party) -> Party:
    """Return the party that this one counts as."""
    while party.merged_into is not None:
        party = party.merged_into
    return party


def family_ids(*, party: Party) -> list[int]:
    """Return the ids of a party and of all that were merged into it; its own first."""
    if party.family is not None:
        return list(party.family)
    with connection.cursor() as cursor:
        cursor.execute(_FAMILY, [party.pk, party.pk])
        return [row[0] for row in cursor.fetchall()]


def keep_family(*, party: Party) -> list[int]:
    """Read the ids once for all that asks about this copy of a party; for pages, which only read.

    Who changes a party locks it, which reads another copy.
    """
    found = family_ids(party=party)
    party.family = tuple(found)
    return found


def personal_data(
    *, party: Party, data: Sequence[PersonalDatum] | None = None
) -> Mapping[str, tuple[str, ...]]:
    """Return what is known of a party and of its duplicates, by field, in plain, each once.

    ``data`` is what ``data_of`` said, where the caller has it already.
    """
    known: dict[str, dict[bytes, str]] = {}
    for datum in data_of(party=party) if data is None else data:
        values = known.setdefault(datum.field, {})
        values.setdefault(bytes(datum.blind_index), plain(datum=datum))
    return {field: tuple(values.values()) for field, values in sorted(known.items())}


def faults(*, party: Party) -> tuple[Fault, ...]:
    """Name the values that are impossible by form or checksum; imports bring them as they are."""
    return tuple(
        Fault(field=datum.field, position=datum.position, code=code)
        for datum in data_of(party=party)
        if (code := formats.fault_of(kind=party.kind, field=datum.field, value=plain(datum=datum)))
    )


def data_of(*, party: Party) -> list[PersonalDatum]:
    """Return the personal data of a party and of its duplicates, sealed: its own first."""
    ids = family_ids(party=party)
    places = {party_id: n for n, party_id in enumerate(ids)}
    found = PersonalDatum.objects.filter(party_id__in=ids).order_by("field", "position")
    return sorted(found, key=lambda datum: (datum.field, places[datum.party_id], datum.position))


def duplicates(*, sources: list[str], most: int = 100) -> list[Duplicate]:
    """Suggest pairs that share an identity number, an account, a phone or an e-mail address."""
    fields = [field.value for field in DUPLICATE_FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(_DUPLICATES, [fields, sources, SHARED_MOST, most])
        rows = cursor.fetchall()
    parties = Party.objects.in_bulk({party_id for row in rows for party_id in row[:2]})
    return [
        Duplicate(first=parties[first], second=parties[second], fields=tuple(shared))
        for first, second, shared in rows
    ]


def merges(*, party: Party) -> QuerySet[Merge]:
    """Query the merges a party took part in, newest first."""
    ids = family_ids(party=party)
    found = Merge.objects.filter(Q(kept_id__in=ids) | Q(absorbed_id__in=ids))
    return found.select_related("kept", "absorbed", "merged_by", "undone_by").order_by("-pk")


def consents(*, party: Party) -> QuerySet[Consent]:
    """Query every consent of a party and of its duplicates, newest first."""
    found = Consent.objects.filter(party_id__in=family_ids(party=party))
    return found.select_related("withdrawal", "noted_by").order_by("-given_at", "-pk")


def has_consent(*, party: Party, purpose: str, at: datetime) -> bool:
    """Tell whether a consent to a purpose held at an instant."""
    given = Consent.objects.filter(
        party_id__in=family_ids(party=party), purpose=purpose, given_at__lte=at
    )
    return given.filter(Q(withdrawal__isnull=True) | Q(withdrawal__withdrawn_at__gt=at)).exists()


def linked(*, party: Party, on: date) -> QuerySet[CompanyLink]:
    """Query who stands behind a company, or which companies a person stands behind."""
    held = Q(ended_on__isnull=True) | Q(ended_on__gt=on)
    mine = Q(person=party) | Q(company=party)
    found = CompanyLink.objects.filter(mine, held)
    return found.select_related("person", "company").order_by("pk")


def masked_data(
    *, party: Party, data: Sequence[PersonalDatum] | None = None
) -> Mapping[str, tuple[str, ...]]:
    """Return what is known of a party, by field, masked; ``data`` as ``personal_data``."""
    return {
        field: tuple(masked(field=field, plain=value) for value in values)
        for field, values in personal_data(party=party, data=data).items()
    }


def plain(*, datum: PersonalDatum) -> str:
    """Decrypt one datum.

    :raises DaihouError: ``personal_data.key_missing``, ``personal_data.unreadable``.
    """
    sealed = encryption.Sealed(key_id=datum.key_id, ciphertext=bytes(datum.ciphertext))
    where = place(party_id=datum.party_id, field=datum.field, position=datum.position)
    return encryption.unseal(sealed=sealed, place=where)
