"""Goal: many processes at once never exceed a cap; a killed sender neither loses nor repeats.

Method: real processes on a database of the test's own; half of the callers have no guard at all.
"""

from collections import Counter
from datetime import timedelta

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from benchmarks import contact_people as people
from daihou.web.access.models import User
from daihou.web.contacts import operations, outbox, subjects
from daihou.web.contacts.models import Outbox, Outcome, Permit, Slot
from daihou.web.contacts.statements import prepared
from daihou.web.postgres import connections
from tests.web import contact_children

STEPS = (
    "before taking",
    "after taking",
    "before reading",
    "after reading",
    "before the ring",
    "after the ring",
    "before noting",
    "after noting",
)
MOST_OF_ANY = """
SELECT coalesce(max(taken), 0) FROM (
    SELECT count(*) AS taken FROM contacts_permit permit
    LEFT JOIN LATERAL (SELECT outcome FROM contacts_outcome WHERE permit_id = permit.id
        ORDER BY is_first LIMIT 1) said ON true
    WHERE said.outcome IS NULL OR said.outcome = ANY (%s)
    GROUP BY (permit.at AT TIME ZONE 'Asia/Shanghai')::date, {per}) AS counted
"""


def most_of_any(outcomes, *, per):
    """Count over the permits themselves, not over their slots."""
    with connection.cursor() as cursor:
        cursor.execute(MOST_OF_ANY.format(per=per), [outcomes])
        return cursor.fetchone()[0]


def check_caps(said, *, made):
    permitted = sum(each["permitted"] for each in said)
    assert permitted == Permit.objects.count() == Outbox.objects.count()
    spoken = most_of_any(["effective", "refused", "unknown"], per="permit.recipient_subject_id")
    missed = most_of_any(["unanswered", "busy", "unknown"], per="permit.address_key")
    assert spoken == 3  # Reached, and never passed.
    assert missed <= 6
    assert not Outbox.objects.exclude(live_subject=None).exists()
    kept = Counter(Slot.objects.filter(released_at=None).values_list("holder", "rule_id", "day"))
    assert max(kept[key] for key in kept if key[1] == "CN-FREQ-01") == 3
    assert max(kept[key] for key in kept if key[1] == "CN-FREQ-02") <= 6
    assert sum(each["refused"] for each in said) > 0
    assert sum(each["capped"] for each in said) > 0


def test_many_processes_never_exceed_a_cap_though_half_have_no_guard(
    scratch_database, django_db_blocker
):
    with django_db_blocker.unblock():
        made = people.make(count=12)
        said = contact_children.race(
            scratch_database.environment, made, processes=8, requests=480, seed=1, guarded=4
        )
        check_caps(said, made=made)


@pytest.mark.long
def test_ten_thousand_requests_of_sixteen_processes_never_exceed_a_cap(
    scratch_database, django_db_blocker
):
    with django_db_blocker.unblock():
        made = people.make(count=200)
        said = contact_children.race(
            scratch_database.environment, made, processes=16, requests=10_000, seed=2, guarded=12
        )
        check_caps(said, made=made)


def test_a_sender_killed_anywhere_rings_nobody_twice_and_forgets_nobody(
    scratch_database, django_db_blocker, tmp_path
):
    rings = tmp_path / "rings"
    rings.touch()
    with django_db_blocker.unblock():
        made = people.make(count=len(STEPS) + 1)
        caller = User.objects.get(pk=made.user_id)
        permits = [
            operations.ask(
                contact=people.contact_of(made=made, number=number),
                acting_user=caller,
                at=people.MORNING,
            )
            for number in range(len(made.people))
        ]
        Outbox.objects.update(due_at=timezone.now() - timedelta(hours=1))
        died = contact_children.run(
            "send", scratch_database.environment, steps=[*STEPS, "nowhere"], rings=str(rings)
        )
        assert [code for _, code in died] == [-9] * len(STEPS) + [0]
        lost = set(Outbox.objects.filter(state="sending").values_list("pk", flat=True))
        rung = Counter(int(line) for line in rings.read_text().split())
        assert max(rung.values()) == 1
        assert not Outbox.objects.filter(state="waiting").exists()
        assert set(rung) | lost == {permit.pk for permit in permits}
        assert outbox.settle_lost(now=timezone.now()) == 0  # Its lease is not over.
        assert outbox.settle_lost(now=timezone.now() + outbox.LEASE) == len(lost)
        unknown = Outcome.objects.filter(outcome="unknown").values_list("permit_id", flat=True)
        assert set(unknown) == lost
        assert Slot.objects.filter(permit_id__in=lost, released_at=None).count() == 2 * len(lost)
        assert lost & set(rung)  # Some of the unknown had rung: nobody can know which.
        assert lost - set(rung)


def test_a_permit_whose_connection_is_lost_leaves_nothing_and_can_be_asked_for_again(
    scratch_database, django_db_blocker, monkeypatch
):
    def lost(sql, parameters, **given):
        with psycopg.connect(connections.current().application.conninfo()) as other:
            pid = connection.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return prepared(sql, parameters, **given)

    with django_db_blocker.unblock():
        made = people.make(count=2)
        asked = {
            "contact": people.contact_of(made=made, number=0),
            "acting_user": User.objects.get(pk=made.user_id),
            "at": people.MORNING,
        }
        operations.ask(**{**asked, "contact": people.contact_of(made=made, number=1)})
        for module in (subjects, operations):  # As it begins, and as it is written.
            with monkeypatch.context() as patched:
                patched.setattr(module, "prepared", lost)
                with pytest.raises(DatabaseError):
                    operations.ask(**asked)
            connection.close()
            assert Permit.objects.count() == 1
        assert operations.ask(**asked) == Permit.objects.last()
