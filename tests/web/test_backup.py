"""Goal: a backup brings back every figure and every name, and nothing by halves."""

import io
import stat
import tarfile

import pytest

from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.access.queries import system_user
from daihou.web.parties import encryption, operations, queries
from daihou.web.parties.models import Party, PersonalDatum
from daihou.web.postgres import backup, database
from tests.database import switch

WANG = operations.PartyFacts(reference="p-1", kind="person", data={"name": ["王五"]})


@pytest.fixture
def filled(scratch_database, monkeypatch, tmp_path):
    """A database with a person in it, a book, and keys that the test may change."""
    own = tmp_path / "secrets"
    own.mkdir()
    for name in (home.SECRETS_FILE, "external_roles.json"):
        path = home.secrets_folder() / name
        if path.exists():
            (own / name).write_text(path.read_text())
    monkeypatch.setenv("DAIHOU_SECRETS", str(own))
    encryption.forget_keys()
    operations.register_parties(source="demo", parties=[WANG], acting_user=system_user())
    (scratch_database.home / "books" / "demo").mkdir(parents=True)
    (scratch_database.home / "books" / "demo" / "manifest.json").write_text("{}")
    yield scratch_database
    monkeypatch.undo()
    encryption.forget_keys()


def back_up(tmp_path, *, with_keys=False):
    return backup.back_up(file=tmp_path / "backup.tar", with_keys=with_keys).file


def restore(file, *, with_keys=False, accept_unreadable=False):
    switch(None)
    taken = backup.restore(file=file, with_keys=with_keys, accept_unreadable=accept_unreadable)
    encryption.forget_keys()
    return taken


def damage(filled):
    PersonalDatum.objects.all().delete()
    Party.objects.all().delete()
    (filled.home / "books" / "demo" / "manifest.json").unlink()


def name_of_wang():
    return queries.personal_data(party=Party.objects.get(reference="p-1"))["name"]


def test_brings_back_database_and_books(filled, tmp_path):
    file = back_up(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "王五".encode() not in file.read_bytes()
    damage(filled)
    restore(file)
    assert name_of_wang() == ("王五",)
    assert (filled.home / "books" / "demo" / "manifest.json").read_text() == "{}"
    assert database.pending_migrations() == []


def test_the_application_has_its_rights_again_and_no_more(filled, tmp_path):
    restore(back_up(tmp_path))
    operations.register_parties(source="demo", parties=[WANG], acting_user=system_user())
    from django.db import DatabaseError, connection

    with pytest.raises(DatabaseError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditrow")


def forget_all_keys():
    secrets = home.find_secrets()
    path = home.secrets_folder() / home.SECRETS_FILE
    path.unlink()
    home.create()
    kept = home.find_secrets()
    from dataclasses import replace

    home.replace_secrets(
        changed=replace(
            kept, home_id=secrets.home_id, database_passwords=secrets.database_passwords
        )
    )
    encryption.forget_keys()


def test_without_its_keys_it_is_refused_unless_accepted(filled, tmp_path):
    file = back_up(tmp_path)
    forget_all_keys()
    with pytest.raises(DaihouError) as refused:
        restore(file)
    assert refused.value.code == "backup.keys_differ"
    restore(file, accept_unreadable=True)
    with pytest.raises(DaihouError) as refused:
        name_of_wang()
    assert refused.value.code == "personal_data.unreadable"


def test_with_its_keys_it_reads_on_another_machine(filled, tmp_path):
    file = back_up(tmp_path, with_keys=True)
    forget_all_keys()
    restore(file, with_keys=True)
    assert name_of_wang() == ("王五",)
    assert queries.find_parties(field="name", value="王五")


def test_keys_that_are_not_there_cannot_be_taken(filled, tmp_path):
    file = back_up(tmp_path)
    with pytest.raises(DaihouError) as refused:
        restore(file, with_keys=True)
    assert refused.value.code == "backup.no_keys"


@pytest.mark.parametrize("spoil", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b"x" * 999])
def test_a_spoiled_backup_changes_nothing(filled, tmp_path, spoil):
    file = back_up(tmp_path)
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(DaihouError) as refused:
        restore(file)
    assert refused.value.code == "backup.unreadable"
    assert name_of_wang() == ("王五",)


def test_a_changed_dump_is_noticed(filled, tmp_path):
    file = back_up(tmp_path)
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)
    with pytest.raises(DaihouError) as refused:
        restore(file)
    assert refused.value.code == "backup.unreadable"


def test_a_backup_is_never_written_over(filled, tmp_path):
    back_up(tmp_path)
    with pytest.raises(DaihouError) as refused:
        back_up(tmp_path)
    assert refused.value.code == "backup.exists"


@pytest.mark.parametrize("name", ["../outside.txt", "/tmp/outside.txt"])
def test_an_archive_that_reaches_outside_is_refused(tmp_path, name):
    file = tmp_path / "backup.tar"
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 2
        tar.addfile(member, io.BytesIO(b"no"))
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(DaihouError) as refused:
        backup._unpack(file, work)
    assert refused.value.code == "backup.unreadable"
    assert not list(work.iterdir())
    assert not (tmp_path / "outside.txt").exists()


def test_an_archive_with_a_link_is_refused(tmp_path):
    file = tmp_path / "backup.tar"
    with tarfile.open(file, "w") as tar:
        member = tarfile.TarInfo("database.dump")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(DaihouError) as refused:
        backup._unpack(file, tmp_path)
    assert refused.value.code == "backup.unreadable"
