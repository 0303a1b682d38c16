"""Find and lock the one row under which a person is contacted, whatever parties she is.

Parties merged into one, and parties with one identity number, are one person. A number that more
than ``SHARED_MOST`` parties have is a filler, no sign of one person.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from daihou.web.contacts.models import Subject, SubjectMember
from daihou.web.contacts.statements import prepared
from daihou.web.parties.models import Party

SHARED_MOST = 20
ATTEMPTS = 5  # Of locking, while others unite the same persons.
_LOCK = """
SELECT member.party_id, subject.id, member.is_current AND subject.united_into_id IS NULL,
    ARRAY(SELECT party_id FROM contacts_subjectmember AS other
          WHERE other.subject_id = subject.id ORDER BY party_id),
    ARRAY(SELECT id FROM contacts_subject AS united WHERE united.united_into_id = subject.id),
    set_config('plan_cache_mode', 'force_generic_plan', true)
FROM contacts_subjectmember AS member JOIN contacts_subject AS subject
    ON subject.id = member.subject_id
WHERE member.party_id = ANY (%(wanted)s::bigint[]) ORDER BY subject.id, member.party_id
FOR UPDATE OF subject
"""
_SEE = _LOCK.replace("FOR UPDATE OF subject\n", "")
_MOVE_SLOTS = """
UPDATE contacts_slot SET
    holder = 'person:' || %s::bigint || substr(holder, length('person:' || %s::bigint) + 1),
    united_from = CASE united_from WHEN 0 THEN %s ELSE united_from END
WHERE holder = 'person:' || %s::bigint OR holder LIKE 'person:' || %s::bigint || ':%%'
"""
_KIN = """
WITH RECURSIVE kin (id) AS (
    SELECT %s::bigint
    UNION
    SELECT found.id FROM kin CROSS JOIN LATERAL (
        SELECT merged_into_id AS id FROM parties_party
            WHERE id = kin.id AND merged_into_id IS NOT NULL
        UNION ALL
        SELECT id FROM parties_party WHERE merged_into_id = kin.id
        UNION ALL
        SELECT other.party_id FROM parties_personaldatum AS own
            JOIN parties_personaldatum AS other
                ON other.field = own.field AND other.blind_index = own.blind_index
            WHERE own.party_id = kin.id AND own.field = 'id_number'
                AND (SELECT count(DISTINCT shared.party_id) FROM parties_personaldatum AS shared
                     WHERE shared.field = own.field AND shared.blind_index = own.blind_index
                    ) <= %s) AS found)
SELECT id FROM kin ORDER BY id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The persons of a contact, their counter rows held until the transaction ends."""

    subject_id: int
    recipient_id: int
    party_ids: tuple[int, ...]
    recipient_party_ids: tuple[int, ...]
    united_ids: tuple[int, ...]  # Of either person: subjects that were united into hers.
    recipient_united_ids: tuple[int, ...]


def lock(*, party_id: int, recipient_party_id: int) -> Locked:
    """Lock the counter rows of who owes and of who is reached, in order of id.

    Others that change what the guard reads of a person (a state, a hold) take this lock first.
    """
    assert connection.in_atomic_block
    # In a transaction that others began, too, what is prepared here is to be planned once: planning
    # the facts takes longer than reading them.
    wanted = sorted({party_id, recipient_party_id})
    for _ in range(ATTEMPTS):
        rows = prepared(_LOCK, {"wanted": wanted})
        found = {party: row for party, *row in rows if row[1]}
        if len(found) == len(wanted):
            subject_id, _, kin, united, _ = found[party_id]
            recipient_id, _, other_kin, other_united, _ = found[recipient_party_id]
            return Locked(
                subject_id=subject_id,
                recipient_id=recipient_id,
                party_ids=tuple(kin),
                recipient_party_ids=tuple(other_kin),
                united_ids=tuple(united),
                recipient_united_ids=tuple(other_united),
            )
        for each in wanted:
            if each not in found:
                _settle(each)
    raise AssertionError("subjects are being united without end")


def see(*, party_ids: Collection[int]) -> dict[int, Locked]:
    """Return of many persons, by party, what ``lock`` returns of each; nothing is locked.

    A person whom nobody asked to contact yet gets her counter row.
    """
    assert connection.in_atomic_block
    rows = prepared(_SEE, {"wanted": sorted(party_ids)})
    found = {
        party_id: Locked(
            subject_id=subject_id,
            recipient_id=subject_id,
            party_ids=tuple(kin),
            recipient_party_ids=tuple(kin),
            united_ids=tuple(united),
            recipient_united_ids=tuple(united),
        )
        for party_id, subject_id, is_current, kin, united, _ in rows
        if is_current
    }
    missing = sorted(set(party_ids) - found.keys())
    return found | {each: lock(party_id=each, recipient_party_id=each) for each in missing}


def subject_of(*, party: Party) -> Subject | None:
    """Return the subject of a party, or None if nobody asked to contact her yet."""
    member = SubjectMember.objects.filter(party=party).select_related("subject").first()
    if member is None:
        return None
    return member.subject.united_into or member.subject


def family(*, subject_id: int) -> list[int]:
    """Return the ids of a subject and of those united into it."""
    united = Subject.objects.filter(united_into=subject_id).values_list("pk", flat=True)
    return [subject_id, *united]


def family_of(*, party_id: int) -> QuerySet[Subject, int]:
    """Query the ids of a party's subject and of all that count as one with it."""
    root = SubjectMember.objects.filter(party_id=party_id).values(
        root=Coalesce("subject__united_into", "subject")
    )
    own, united = Q(pk=Subquery(root)), Q(united_into=Subquery(root))
    return Subject.objects.filter(own | united).values_list("pk", flat=True)


@transaction.atomic
def _settle(party_id: int) -> None:
    """Find out who a party is: make its subject, or unite those that turn out to be one."""
    kin = _kin(party_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"kin {kin[0]}"])
    members = SubjectMember.objects.filter(party_id__in=kin)
    ids = sorted(set(members.values_list("subject_id", flat=True)))
    subjects = list(Subject.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
    roots = sorted({subject.united_into_id or subject.pk for subject in subjects})
    if not roots:
        roots = [Subject.objects.create().pk]
    kept = roots[0]
    for absorbed in roots[1:]:
        _unite(kept, absorbed)
    SubjectMember.objects.bulk_create(
        [SubjectMember(party_id=each, subject_id=kept, is_current=True) for each in kin],
        update_conflicts=True,
        unique_fields=["party"],
        update_fields=["subject", "is_current"],
    )


def _kin(party_id: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_KIN, [party_id, SHARED_MOST])
        return [row[0] for row in cursor.fetchall()]


def _unite(kept: int, absorbed: int) -> None:
    """Let one subject hold what two had taken; a cap may be over then, and nothing is given."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_SLOTS, [kept, absorbed, absorbed, absorbed, absorbed])
        cursor.execute(
            "UPDATE contacts_subjectmember SET subject_id = %s WHERE subject_id = %s",
            [kept, absorbed],
        )
        cursor.execute(
            "UPDATE contacts_subject SET united_into_id = %s WHERE %s IN (id, united_into_id)",
            [kept, absorbed],
        )
