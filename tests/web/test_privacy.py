"""Goal: what we hold of a person is read, taken out, moved to new keys and deleted lawfully."""

import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

import daihou
from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.access.queries import system_user
from daihou.web.approvals import operations as approvals
from daihou.web.audit.models import AuditRow, Withheld
from daihou.web.audit.withholding import keep, text_of
from daihou.web.ledger.operations import create_book
from daihou.web.parties import editing, encryption, queries
from daihou.web.parties.models import Party, PersonalDatum
from daihou.web.parties.operations import PartyFacts, register_parties
from daihou.web.privacy import answering, deleting, exporting, rotation
from daihou.web.privacy.stores import STORES

SOURCE = Path(daihou.__file__).parent
DATA = {"name": ["张小明"], "phone": ["13800138000"], "id_number": ["11010519491231002X"]}


def a_person(reference="p1", source=""):
    register_parties(
        source=source,
        parties=[PartyFacts(reference=reference, kind="person", data=DATA)],
        acting_user=system_user(),
    )
    return Party.objects.get(reference=reference, source=source)


@pytest.fixture
def person(db):
    return a_person()


# Looks.


def test_each_look_has_a_reason_and_a_row_and_there_is_an_end_to_them(person, make_user, settings):
    settings.REVEALS_A_DAY = 2
    user, other = make_user("collector"), make_user("team_lead")
    for _ in range(2):
        assert editing.reveal(party=person, reason="call back", acting_user=user)["name"]
    with pytest.raises(DaihouError) as refused:
        editing.reveal(party=person, reason="call back", acting_user=user)
    assert refused.value.code == "personal_data.looks_used_up"
    assert editing.reveal(party=person, reason="call back", acting_user=other)["name"]
    looks = AuditRow.objects.filter(action="party.reveal")
    assert {row.details["reason"] for row in looks} == {"call back"}
    assert looks.filter(acting_user=user).count() == 2


# Exports.


@pytest.fixture
def asked(db, make_user):
    book = create_book(name="demo", currency="CNY", acting_user=system_user())
    a_person(source="demo")
    asker = make_user("compliance", username="asker")
    request = exporting.request_export(
        book=book,
        references=["p1", "nobody"],
        fields=["phone", "name"],
        reason="request of the court",
        acting_user=asker,
    )
    return request, asker


def take(approval, user, after=timedelta()):
    at = timezone.now() + after
    return exporting.take(approval_id=approval.pk, at=at, acting_user=user)


def code_of(call, *args, **given):
    with pytest.raises(DaihouError) as refused:
        call(*args, **given)
    return refused.value.code


def test_an_export_takes_two_people_and_is_taken_once_by_who_asked(asked, make_user):
    approval, asker = asked
    assert code_of(take, approval, asker) == "personal_data.export_closed"
    by_herself = {"approval": approval, "verdict": "approved", "reason": "y", "acting_user": asker}
    assert code_of(approvals.decide, **by_herself) == "approval.by_maker"
    boss = make_user("manager")
    approvals.decide(approval=approval, verdict="approved", reason="lawful", acting_user=boss)
    assert code_of(take, approval, boss) == "personal_data.export_closed"
    late = timedelta(hours=25)
    assert code_of(take, approval, asker, late) == "personal_data.export_closed"
    mark, head, row = take(approval, asker)
    assert mark[0].startswith(f"# asker · {approval.pk} · ")
    assert (head, row) == (["reference", "name", "phone"], ["p1", "张小明", "13800138000"])
    assert code_of(take, approval, asker) == "personal_data.export_closed"
    noted = AuditRow.objects.get(action="personal_data.take").details
    assert noted == {"persons": 1, "fields": ["name", "phone"]}
    assert "'=1+1" in exporting.as_csv([["=1+1"]])


@pytest.mark.parametrize(
    ("references", "fields", "code"),
    [
        (["nobody"], ["name"], "personal_data.nobody_named"),
        (["p1"], ["shoe"], "personal_data.field_unknown"),
        (["p1"], [], "personal_data.field_unknown"),
        ([f"p{n}" for n in range(501)], ["name"], "personal_data.too_many"),
    ],
)
def test_an_export_has_limits(asked, references, fields, code):
    approval, asker = asked
    given = {"book": approval.book, "references": references, "fields": fields}
    refused = code_of(exporting.request_export, **given, reason="why", acting_user=asker)
    assert refused == code


# Answers.


def test_a_person_is_told_everything_that_points_to_her(person):
    digest = keep(text="says she lost her job", party_id=person.pk)
    editing.put_datum(
        party=person, field="email", value="zhang@example.com", acting_user=system_user()
    )
    held = answering.answer(party=person, reason="her request", acting_user=system_user())
    assert held["personal_data"]["phone"] == ["13800138000"]
    told = answering.as_json(held)
    assert "says she lost her job" in told
    assert digest in told
    assert {"loans.Loan", "cases.Case", "parties.Consent", "contacts.Permit"} <= set(
        answering.tables()
    )
    assert AuditRow.objects.get(action="personal_data.answer").target_id == str(person.pk)
    assert code_of(answering.answer, party=person, reason=" ", acting_user=system_user())


# Deletion.


def test_deletion_takes_texts_with_it_and_leaves_the_log(person):
    digest = keep(text="says she lost her job", party_id=person.pk)
    rows = AuditRow.objects.count()
    deleting.delete(party=person, reason="her request", acting_user=system_user())
    assert (text_of(digest=digest), Withheld.objects.count()) == ("", 0)
    assert not PersonalDatum.objects.exists()
    assert AuditRow.objects.count() == rows + 1
    held = answering.answer(party=person, reason="asked again", acting_user=system_user())
    assert "lost her job" not in answering.as_json(held)


# Keys.


def test_every_module_that_encrypts_is_known_to_the_rotation():
    writers = {store.writer for store in STORES} | {"daihou.web.access.adapters"}
    found = set()
    for path in (SOURCE / "web").rglob("*.py"):
        if re.search(r"encryption\.seal(_text)?\(", path.read_text(encoding="utf-8")):
            found.add("daihou." + ".".join(path.relative_to(SOURCE).with_suffix("").parts))
    ours = {name for name in found if name.startswith("daihou.web.privacy")}
    missing = {
        name for name in found - ours if not any(name.startswith(writer) for writer in writers)
    }
    assert not missing


def test_every_store_is_a_column_and_its_place_can_be_read(db):
    with connection.cursor() as cursor:
        for store in STORES:
            holder = store.holder or "NULL"
            cursor.execute(
                f"SELECT {store.row_id}, {store.key_sql}, {store.column}, {store.place}, {holder} "
                f"FROM {store.table} LIMIT 1"
            )


CHILD = """
import sys, time
from daihou.web import setup
setup()
from django.utils import timezone
from daihou.web.access.queries import system_user
from daihou.web.privacy import rotation
rotation.BATCH = 40
def slowly(name, count):
    if count:
        print(name, count, flush=True)
        time.sleep(0.2)
rotation.rotate(at=timezone.now(), acting_user=system_user(), progress=slowly)
"""


def test_a_killed_rotation_goes_on_and_the_old_key_goes_when_nothing_needs_it(
    scratch_database, own_keys
):
    people = [PartyFacts(reference=f"p{n}", kind="person", data=DATA) for n in range(100)]
    register_parties(source="", parties=people, acting_user=system_user())
    party = Party.objects.get(reference="p7")
    digest = keep(text="a text about her", party_id=party.pk)
    environment = scratch_database.environment | {"DAIHOU_SECRETS": str(home.secrets_folder())}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, env=environment, text=True
    )
    child.stdout.readline()
    child.kill()
    child.wait(20)
    child.stdout.close()
    assert sorted(set(PersonalDatum.objects.values_list("key_id", flat=True))) == ["1", "2"]
    assert queries.personal_data(party=party)["name"] == ("张小明",)  # Each row by its own key.
    at, moved = timezone.now(), []
    done = rotation.rotate(
        at=at, acting_user=system_user(), progress=lambda name, count: moved.append(count)
    )
    assert done.key_id == "2"  # It went on; it did not begin again.
    assert 0 < done.rows["parties_personaldatum.ciphertext"] <= 260
    assert set(PersonalDatum.objects.values_list("key_id", flat=True)) == {"2"}
    assert (done.retired, done.kept) == ((), ("1",))  # Something may still be written with it.
    connection.close()
    later = at + rotation.WRITE_WITHIN + timedelta(seconds=1)
    for _ in range(100):
        if rotation.retire(at=later, acting_user=system_user()) == ("1",):
            break
        time.sleep(0.05)
    assert list(home.find_secrets().data_keys) == ["2"]
    assert queries.personal_data(party=party)["phone"] == ("13800138000",)
    assert queries.find_parties(field="phone", value="13800138000")
    assert text_of(digest=digest) == "a text about her"
    with connection.cursor() as cursor:  # The guards of every table are on again.
        cursor.execute("SELECT FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'O'")
        assert cursor.rowcount == 0


def test_a_running_process_reads_a_new_key_by_itself(person, own_keys):
    assert encryption.writing_key_id() == "1"
    secrets = home.find_secrets()
    added = {**secrets.data_keys, "2": "11" * 32}
    home.replace_secrets(changed=type(secrets)(**{**_parts(secrets), "data_keys": added}))
    assert encryption.writing_key_id() == "2"
    assert queries.personal_data(party=person)["name"] == ("张小明",)


def _parts(secrets):
    return {name: getattr(secrets, name) for name in type(secrets).__slots__}
