"""Goal: the embedded server is there when it is needed, whatever happened before.

Method: homes of their own, killed and disturbed, as root and as anybody; the real command where
processes meet, its functions elsewhere.
"""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import psycopg
import pytest

from daihou.errors import DaihouError
from daihou.web import home as homes
from daihou.web.postgres import abandoned, connections, processes, programs, server
from daihou.web.postgres.layout import ROOT_STATE

IS_ROOT = os.geteuid() == 0
NOBODY = 65534


def take_home(monkeypatch, path):
    for name in ("DATABASE_URL", "DATABASE_APPLICATION_URL", "DAIHOU_SECRETS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DAIHOU_HOME", str(path))


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """One home for the tests that leave it running and whole."""
    path = tmp_path_factory.mktemp("supervisor") / "home"
    with pytest.MonkeyPatch.context() as monkeypatch:
        take_home(monkeypatch, path)
        server.ensure_running()
        yield path
        server.destroy()


@pytest.fixture
def home(shared_home, monkeypatch):
    take_home(monkeypatch, shared_home)
    server.ensure_running()
    return shared_home


@pytest.fixture
def new_home(tmp_path, monkeypatch):
    path = tmp_path / "home"
    take_home(monkeypatch, path)
    yield path
    server.destroy()


def ask(query):
    server.ensure_running()
    with psycopg.connect(connections.current().owner.conninfo()) as connection:
        return connection.execute(query).fetchone()[0]


def add_row():
    with psycopg.connect(connections.current().owner.conninfo()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (at timestamptz)")
        connection.execute("INSERT INTO kept VALUES (now())")


def rows():
    return ask("SELECT count(*) FROM kept")


def pid():
    return int((server.here().data / "postmaster.pid").read_text().split()[0])


def begin(*arguments, python=(sys.executable,), **options):
    return subprocess.Popen(
        [*python, "-m", "daihou", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def start_at_once(count):
    started = [begin("db", "start", "--json") for _ in range(count)]
    shown = [process.communicate(timeout=300) for process in started]
    assert [process.returncode for process in started] == [0] * count, shown
    return {json.loads(out)["pid"] for out, _ in shown}


def test_stop_and_start_keep_the_data(home):
    add_row()
    before = rows()
    assert server.stop() is True
    assert server.stop() is False
    assert server.answers() is False
    assert rows() == before > 0


def test_only_a_socket_and_only_for_its_owner(home):
    found = server.here()
    assert stat.S_IMODE(found.socket.stat().st_mode) == 0o700
    assert ask("SHOW listen_addresses") == ""
    rules = (found.data / "pg_hba.conf").read_text().splitlines()
    assert [rule for rule in rules if not rule.startswith("#")] == ["local all all scram-sha-256"]
    secrets = home / "secrets" / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert stat.S_IMODE(secrets.parent.stat().st_mode) == 0o700
    assert (home / ".gitignore").read_text() == "*\n"


def test_no_password_no_entry(home):
    target = connections.current().application
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(target.conninfo(), password="guess")


def test_a_killed_postmaster_is_replaced_at_once(home):
    add_row()
    before = rows()
    for _ in range(2):
        os.kill(pid(), signal.SIGKILL)
        assert rows() == before


def test_a_pid_file_that_names_another_process_does_no_harm(home):
    server.stop()
    data = server.here().data
    lines = [os.getpid(), data, int(time.time()), 5432, "/tmp", "", "0 0", "ready"]
    (data / "postmaster.pid").write_text("\n".join(map(str, lines)) + "\n")
    assert ask("SELECT 1") == 1


def test_another_major_version_is_refused_and_left_alone(home):
    server.stop()
    mark = server.here().data / "PG_VERSION"
    mark.write_text("16\n")
    with pytest.raises(DaihouError) as refused:
        server.ensure_running()
    mark.write_text(f"{programs.MAJOR}\n")
    assert refused.value.code == "database.major_differs"
    assert ask("SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(home):
    server.stop()
    own = server.here().folder / "local.conf"
    own.write_text("shared_buffers = nonsense\n")
    try:
        with pytest.raises(DaihouError, match="shared_buffers") as refused:
            server.ensure_running()
    finally:
        own.unlink()
    assert refused.value.code == "database.start_failed"
    assert ask("SELECT 1") == 1


def test_many_commands_at_once_make_and_share_one_server(new_home):
    assert len(start_at_once(3)) == 1
    server.stop()
    assert len(start_at_once(2)) == 1


def test_a_closed_home_stays_closed_and_half_made_data_are_made_anew(tmp_path, new_home):
    tmp_path.chmod(0o700)
    new_home.mkdir(mode=0o700)
    modes = {path: path.stat().st_mode for path in (new_home, *new_home.parents)}
    server.ensure_running()
    assert {path: path.stat().st_mode for path in modes} == modes
    server.stop()
    data = server.here().data
    data.rename(data.with_name("data.new"))
    assert ask("SELECT 1") == 1


@pytest.mark.parametrize("as_root", [True, False])
def test_a_socket_fits_however_long_the_home(tmp_path, monkeypatch, as_root):
    take_home(monkeypatch, tmp_path / ("长" * 30) / ("x" * 120) / "home")
    monkeypatch.setattr("daihou.web.postgres.layout.is_root", lambda: as_root)
    socket = server.here().socket / ".s.PGSQL.5432.lock"
    assert len(os.fsencode(socket)) <= 107


def test_a_server_works_in_a_home_with_a_long_name(tmp_path, monkeypatch):
    take_home(monkeypatch, tmp_path / ("长" * 30) / ("x y'" * 30) / "home")
    assert ask("SELECT 1") == 1
    server.destroy()


def test_a_socket_folder_of_somebody_else_is_refused(tmp_path):
    found = server.here()
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(DaihouError) as refused:
        server._own_folder(folder, found)
    assert refused.value.code == "home.not_private"


@pytest.mark.skipif(not IS_ROOT, reason="hands the server to another user only as root")
def test_root_hands_the_server_to_an_ordinary_user(home):
    assert server.here().data.is_relative_to(ROOT_STATE)
    assert Path(f"/proc/{pid()}").stat().st_uid != 0


@pytest.mark.skipif(not IS_ROOT, reason="keeps the server outside the home only as root")
def test_a_home_made_anew_stops_the_server_of_the_old_one(new_home):
    server.ensure_running()
    old, old_pid = server.here(), pid()
    shutil.rmtree(new_home)
    server.ensure_running()
    assert server.here() != old
    assert old.folder in abandoned.folders()
    assert processes.postmaster(layout=old) is None
    assert server.here().folder not in abandoned.folders()
    assert old_pid != pid()
    shutil.rmtree(old.folder)


@pytest.mark.skipif(not IS_ROOT, reason="only root can become somebody else")
def test_an_ordinary_user_keeps_everything_at_home(tmp_path_factory, monkeypatch):
    folder = Path("/tmp") / f"daihou-ordinary-{os.getpid()}"
    take_home(monkeypatch, folder / "home")
    monkeypatch.setenv("HOME", str(folder))
    source = Path(homes.__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", f"{source}:{sysconfig.get_path('purelib')}")
    options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    python = python_for(options)
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)

    def done(*arguments):
        process = begin(*arguments, "--json", python=python, cwd=folder, **options)
        out, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (0, "")
        return json.loads(out)

    try:
        status = done("db", "start")
        assert Path(status["data"]).is_relative_to(folder)
        assert Path(f"/proc/{status['pid']}").stat().st_uid == NOBODY
        os.kill(status["pid"], signal.SIGKILL)
        assert done("db", "psql", "-c", "SELECT 1 AS one") == {"columns": ["one"], "rows": [[1]]}
        assert done("db", "stop") == {"stopped": True}
    finally:
        shutil.rmtree(folder)


def python_for(options):
    """Find a Python of our version that another user can run."""
    wanted = f"import sys, daihou.errors; assert sys.version_info[:2] == {sys.version_info[:2]}"
    for path in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([path, "-c", wanted], check=True, capture_output=True, **options)
        except (OSError, subprocess.CalledProcessError):
            continue
        return (path,)
    return pytest.skip(f"user {NOBODY} can run no Python {sys.version_info[:2]} with our packages")


WRONG = [
    ("mysql://somewhere/daihou", "database.url_invalid"),
    ("postgres://somebody@localhost", "database.url_invalid"),
    ("postgres://somebody@/daihou?host=/nowhere", "database.unreachable"),
    ("postgres://somebody:hidden@127.0.0.1:1/daihou", "database.unreachable"),
    ("postgres://somebody@localhost/daihou?colour=red", "database.url_invalid"),
]


@pytest.mark.parametrize(("url", "code"), WRONG)
def test_a_wrong_database_url_is_named(new_home, monkeypatch, url, code):
    from daihou.web.postgres import database

    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(DaihouError) as refused:
        database.ensure_reachable()
    monkeypatch.delenv("DATABASE_URL")
    assert refused.value.code == code
    assert "hidden" not in str(refused.value)


def test_a_wrong_database_url_is_one_clear_line(new_home):
    process = begin("db", "start", "--json", env={**os.environ, "DATABASE_URL": WRONG[0][0]})
    out, err = process.communicate()
    assert (process.returncode, json.loads(out)["error"]["code"]) == (1, "database.url_invalid")
    assert err.startswith("error[database.url_invalid]: ")
    assert err.count("\n") == 1


def test_a_home_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    take_home(monkeypatch, tmp_path / "file" / "home")
    with pytest.raises(DaihouError) as refused:
        server.ensure_running()
    assert refused.value.code == "home.not_usable"


def test_spoiled_secrets_are_named_and_kept(tmp_path, monkeypatch):
    take_home(monkeypatch, tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "secrets.json").write_text("{")
    with pytest.raises(DaihouError) as refused:
        server.ensure_running()
    assert refused.value.code == "secrets.unreadable"
    assert (tmp_path / "secrets" / "secrets.json").read_text() == "{"
