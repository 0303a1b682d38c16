"""Goal: a folder and a bucket keep contents alike. Method: one test for both; moto speaks S3."""

import io
import json
import urllib.request
from hashlib import sha256

import pytest

from daihou.cli import main
from daihou.web.archive.errors import ArchiveRefused
from daihou.web.archive.storage import Bucket, Folder, store

BIG = b"0123456789abcdef" * (1 << 20)  # Sent in parts.


@pytest.fixture(scope="session")
def s3_address():
    """Start a server that speaks S3 on this machine, with one empty bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/kept", method="PUT")).close()
    yield address
    server.stop()


@pytest.fixture
def bucket_place(s3_address, monkeypatch):
    given = {
        "AWS_ENDPOINT_URL": s3_address,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "tester",
        "AWS_SECRET_ACCESS_KEY": "tester",
        "AWS_REGION": "us-east-1",
        "DAIHOU_ARCHIVE": "s3://kept/archive",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(params=["folder", "bucket"])
def place(request, monkeypatch, tmp_path):
    if request.param == "bucket":
        request.getfixturevalue("bucket_place")
    else:
        monkeypatch.setenv("DAIHOU_HOME", str(tmp_path))
    found = store()
    assert isinstance(found, Bucket if request.param == "bucket" else Folder)
    return found


def test_keeps_gives_back_and_removes(place):
    for content in (b"a voucher", BIG):
        digest = sha256(content).hexdigest()
        assert not place.has(digest=digest)
        place.put(digest=digest, content=io.BytesIO(content))
        place.put(digest=digest, content=io.BytesIO(b"never read: it is there"))
        assert place.has(digest=digest)
        assert list(place.digests()) == [digest]
        assert b"".join(place.read(digest=digest)) == content
        place.remove(digest=digest)
        place.remove(digest=digest)
        assert not place.has(digest=digest)
        with pytest.raises(ArchiveRefused) as refused:
            place.read(digest=digest)
        assert refused.value.code == "archive.content_missing"


def test_a_server_that_is_away_is_a_refusal(bucket_place, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(ArchiveRefused) as refused:
        store().has(digest="ab" * 32)
    assert refused.value.code == "archive.store_failed"


def test_a_place_that_is_no_bucket_is_refused(monkeypatch):
    monkeypatch.setenv("DAIHOU_ARCHIVE", "ftp://somewhere")
    with pytest.raises(ArchiveRefused) as refused:
        store()
    assert refused.value.code == "archive.place_unknown"


def test_nobody_else_reads_the_folder(tmp_path):
    folder = Folder(root=tmp_path / "archive")
    folder.put(digest="ab" * 32, content=io.BytesIO(b"x"))
    assert (tmp_path / "archive").stat().st_mode & 0o077 == 0
    assert (tmp_path / "archive" / "ab" / ("ab" * 32)).stat().st_mode & 0o077 == 0


def test_the_command_verifies_and_fails_on_damage(scratch_database, capsys):
    from tests.web.test_archive import PDF, stored_in_new_book

    file = stored_in_new_book()
    assert answer(capsys, 0)["count"] == 1
    store()._path(file.content_id).write_bytes(PDF + b"changed")
    found = answer(capsys, 1)
    assert found["damaged"] == [file.content_id]


def answer(capsys, code):
    with pytest.raises(SystemExit) as ended:
        main.run(["files", "verify", "--json"])
    assert ended.value.code == code
    return json.loads(capsys.readouterr().out.splitlines()[0])
