"""Goal: personal data are unreadable without keys, found by index, deleted for good."""

import dataclasses

import pytest
from django.db import DatabaseError, connection, transaction

from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.access.queries import system_user
from daihou.web.audit.models import AuditRow
from daihou.web.parties import encryption, operations, queries
from daihou.web.parties.models import Party, PersonalDatum

ZHANG = operations.PartyFacts(
    reference="p-1",
    kind="person",
    data={
        "name": ["张小明"],
        "phone": ["138 0013 8000", "139-0013-9000"],
        "id_number": ["11010519491231002x"],
    },
)
LI = operations.PartyFacts(reference="p-2", kind="person", data={"phone": ["+8613800138000"]})


def register(*parties):
    return operations.register_parties(source="demo", parties=parties, acting_user=system_user())


@pytest.fixture
def zhang(db):
    return Party.objects.get(pk=register(ZHANG)["p-1"])


def test_reads_what_was_registered(zhang):
    assert queries.personal_data(party=zhang) == {
        "id_number": ("11010519491231002x",),
        "name": ("张小明",),
        "phone": ("138 0013 8000", "139-0013-9000"),
    }
    assert queries.masked_data(party=zhang)["name"] == ("张**",)


def test_the_database_holds_nothing_readable(zhang):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM parties_personaldatum")
        stored = b"".join(
            bytes(cell) if isinstance(cell, memoryview) else str(cell).encode()
            for row in cursor.fetchall()
            for cell in row
        )
    for secret in ("张小明", "8000", "11010519491231002"):
        assert secret.encode() not in stored


def test_finds_by_any_way_of_writing_it(zhang):
    register(LI)
    found = queries.find_parties(field="phone", value="+86 138-0013-8000")
    assert [party.reference for party in found] == ["p-1", "p-2"]
    assert queries.find_parties(field="name", value="张 小 明") == [zhang]
    assert queries.find_parties(field="id_number", value="13800138000") == []


def test_registering_again_changes_nothing(zhang):
    before = list(PersonalDatum.objects.order_by("pk").values_list("pk", "ciphertext"))
    assert register(ZHANG) == {"p-1": zhang.pk}
    after = list(PersonalDatum.objects.order_by("pk").values_list("pk", "ciphertext"))
    assert [bytes(row[1]) for row in before] == [bytes(row[1]) for row in after]
    assert AuditRow.objects.latest("pk").details == {"parties": 1, "data_written": 0}


def test_a_changed_value_replaces_the_old_one(zhang):
    register(dataclasses.replace(ZHANG, data={"name": ["张大明"]}))
    assert queries.personal_data(party=zhang)["name"] == ("张大明",)
    assert queries.find_parties(field="name", value="张小明") == []


def test_two_sources_are_two_parties(zhang):
    other = operations.register_parties(source="other", parties=[ZHANG], acting_user=system_user())
    assert other["p-1"] != zhang.pk


@pytest.mark.parametrize("moved_to", [{"position": 5}, {"field": "email"}])
def test_a_ciphertext_moved_elsewhere_does_not_open(zhang, moved_to):
    datum = PersonalDatum.objects.get(party=zhang, field="name")
    for name, value in moved_to.items():
        setattr(datum, name, value)
    with pytest.raises(DaihouError) as refused:
        queries.plain(datum=datum)
    assert refused.value.code == "personal_data.unreadable"


def test_a_changed_ciphertext_does_not_open(zhang):
    datum = PersonalDatum.objects.get(party=zhang, field="name")
    datum.ciphertext = bytes(datum.ciphertext)[:-1] + b"\0"
    with pytest.raises(DaihouError) as refused:
        queries.plain(datum=datum)
    assert refused.value.code == "personal_data.unreadable"


def test_lawful_deletion_is_for_good(zhang):
    deleted = operations.delete_personal_data(
        party=zhang, reason="PIPL 47", acting_user=system_user()
    )
    assert (deleted, queries.personal_data(party=zhang)) == (4, {})
    assert register(ZHANG) == {"p-1": zhang.pk}
    assert queries.personal_data(party=zhang) == {}
    assert queries.find_parties(field="name", value="张小明") == []
    zhang.refresh_from_db()
    assert zhang.personal_data_deleted_at is not None


def test_deletion_needs_a_reason(zhang):
    with pytest.raises(DaihouError) as refused:
        operations.delete_personal_data(party=zhang, reason=" ", acting_user=system_user())
    assert refused.value.code == "personal_data.reason_missing"
    assert PersonalDatum.objects.count() == 4


def test_a_lost_key_is_named(zhang, own_keys):
    secrets = home.find_secrets()
    home.replace_secrets(changed=dataclasses.replace(secrets, data_keys={"9": "00" * 32}))
    encryption.forget_keys()
    with pytest.raises(DaihouError, match="data key 1 is missing"):
        queries.personal_data(party=zhang)


def test_the_database_knows_the_kinds(db):
    with pytest.raises(DatabaseError, match="parties_party_kind_known"), transaction.atomic():
        Party.objects.create(kind="robot", reference="r")
