"""A throw-away home with its own server for one test session; a conftest imports all of this.

Importing it points ``DAIHOU_HOME`` at a temporary folder and makes Django ready; the server starts
when the first test asks for the database. With ``DATABASE_URL`` a database of its own is made on
that server instead. Tests share one migrated database and roll back; a test that must commit, or
start other processes, takes ``scratch_database``.
"""

import atexit
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from daihou.web import home, setup
from daihou.web.assets.catalogs import compile_catalogs
from daihou.web.parties import encryption
from daihou.web.postgres import backup, connections, database, server

PREFIX = f"daihou-test-{os.getuid()}-"
QUICK = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 40\n"
FAST_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _begin():
    """Take a home of our own, after sweeping those of sessions that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = int(left.name.removeprefix(PREFIX).split("-")[0])
        if not Path(f"/proc/{pid}").exists() and sys.platform == "linux":
            _remove(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    os.environ["DAIHOU_HOME"] = str(folder)
    os.environ.pop("DAIHOU_SECRETS", None)
    atexit.register(_remove, folder)
    if os.environ.get("DATABASE_URL"):
        _make_external(folder)
    setup()
    compile_catalogs()
    from django.conf import settings

    settings.PASSWORD_HASHERS = FAST_HASHERS
    return folder


def _remove(folder):
    os.environ["DAIHOU_HOME"] = str(folder)
    if "DATABASE_URL" not in os.environ and home.find_secrets():
        server.destroy()
    shutil.rmtree(folder, ignore_errors=True)


def _make_external(folder):
    url = os.environ["DATABASE_URL"]
    admin = connections.current().owner
    name = f"daihou_test_{os.getpid()}"
    with psycopg.connect(admin.conninfo(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    os.environ["DATABASE_URL"] = url_of(admin, name)

    def drop():
        role = sql.Identifier(connections.application_role(secrets=home.create()))
        with psycopg.connect(admin.conninfo(), autocommit=True) as connection:
            backup.drop(connection, name)
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE postgres FROM {}").format(role))
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(role))
        os.environ["DATABASE_URL"] = url

    atexit.register(drop)
    home.create()
    database.ensure_reachable()  # Before Django reads which role it is.


def url_of(target, name):
    """Write a target as a URL, for another database of the same server."""
    where = {"host": target.host, "port": target.port, **target.options}
    given = urlencode({key: value for key, value in where.items() if value})
    return f"postgres://{quote(target.user)}:{quote(target.password)}@/{name}?{given}"


HOME = _begin()


@pytest.fixture(scope="session")
def running_database(django_db_blocker):
    """Start the session's server and migrate its database."""
    if connections.current().is_embedded:
        found = server.here()
        server._own_folder(found.folder, found)
        (found.folder / "local.conf").write_text(QUICK)
    with django_db_blocker.unblock():
        database.ensure_database()
    if superuser := connections.current().superuser:  # A scratch database can be restored, too.
        with psycopg.connect(superuser.conninfo(), autocommit=True) as connection:
            connection.execute("ALTER ROLE daihou_owner CREATEDB")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, running_database):
    """Give pytest-django the session's database; its tests roll back."""
    yield
    from django.db import connections as django_connections

    with django_db_blocker.unblock():
        django_connections.close_all()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    home: Path
    environment: dict[str, str]  # For processes that a test starts.


@pytest.fixture
def scratch_database(running_database, django_db_blocker, monkeypatch, tmp_path):
    """Give a migrated database and a home of the test's own, also to processes it starts."""
    with scratch(folder=tmp_path, monkeypatch=monkeypatch, blocker=django_db_blocker) as made:
        yield made


@contextmanager
def scratch(*, folder, monkeypatch, blocker):
    """Make what ``scratch_database`` gives, for as long as the caller wants it."""
    found = connections.current()
    admin = found.superuser or found.owner
    name = f"scratch_{os.getpid()}_{folder.name}"[:40].lower()
    names = sql.Identifier(name), sql.Identifier(found.owner.database)
    with blocker.unblock():
        switch(found.owner.database)
        template = make_conninfo(admin.conninfo(), dbname="postgres")
        with psycopg.connect(template, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                    *names, sql.Identifier(found.owner.user)
                )
            )
        for variable, target in (
            ("DATABASE_URL", found.owner),
            ("DATABASE_APPLICATION_URL", found.application),
        ):
            monkeypatch.setenv(variable, url_of(target, name))
        monkeypatch.setenv("DAIHOU_SECRETS", str(home.secrets_folder()))
        own_home = folder / "home"
        own_home.mkdir()
        monkeypatch.setenv("DAIHOU_HOME", str(own_home))
        switch(name)
        yield Scratch(home=own_home, environment=dict(os.environ))
        switch(found.owner.database)
        with psycopg.connect(template, autocommit=True) as connection:
            backup.drop(connection, name)


def switch(name):
    """Close this process's connections; the next ones go to the database of that name."""
    from django.db import connections as django_connections

    django_connections.close_all()
    for alias in ("default", "owner"):
        django_connections[alias].settings_dict["NAME"] = (
            name or django_connections[alias].settings_dict["NAME"]
        )


@pytest.fixture
def make_user(db):
    """Make users with roles: ``make_user("collector", book_name="demo")``."""
    from daihou.web.access import operations, queries

    def make(*roles, username=None, book_name="", funder=None):
        user, password = operations.add_user(
            username=username or "-".join(roles) or "nobody",
            roles=roles,
            book_name=book_name,
            funder=funder,
            acting_user=queries.system_user(),
        )
        user.plain_password = password
        return user

    return make


@pytest.fixture
def own_keys(monkeypatch, tmp_path):
    """Keys that a test may change."""
    own = tmp_path / "secrets"
    own.mkdir()
    (own / home.SECRETS_FILE).write_text((home.secrets_folder() / home.SECRETS_FILE).read_text())
    monkeypatch.setenv("DAIHOU_SECRETS", str(own))
    encryption.forget_keys()
    yield
    monkeypatch.undo()
    encryption.forget_keys()
