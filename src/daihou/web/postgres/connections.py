"""How to reach the database, and as which role. Knows no Django; nothing is started or written.

The owner's role owns the tables and runs migrations. The application's role may read and write
rows, and on append-only tables only read and insert.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.postgres import layout

DATABASE = "daihou"
SUPERUSER = "postgres"
OWNER = "daihou_owner"
APPLICATION = "daihou_application"
ROLES_FILE = "external_roles.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One database as one role; ``options`` are further connection parameters (sslmode, …)."""

    host: str
    port: str
    user: str
    password: str
    database: str
    options: Mapping[str, str]

    def conninfo(self) -> str:
        return make_conninfo(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            dbname=self.database,
            **self.options,
        )

    def environment(self) -> dict[str, str]:
        """Return what psql and pg_dump read from the environment: no password on command lines."""
        names = {"sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT"}
        given = {names[name]: value for name, value in self.options.items() if name in names}
        fixed = {
            "PGHOST": self.host,
            "PGPORT": self.port,
            "PGUSER": self.user,
            "PGPASSWORD": self.password,
            "PGDATABASE": self.database,
        }
        return given | {name: value for name, value in fixed.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """``superuser`` is known for the embedded server only."""

    owner: Target
    application: Target
    superuser: Target | None

    @property
    def is_embedded(self) -> bool:
        return self.superuser is not None

    @property
    def has_two_roles(self) -> bool:
        return self.owner.user != self.application.user


def current() -> Connections:
    """Return the connections of this home and environment.

    :raises DaihouError: ``database.url_invalid``, ``secrets.unreadable``.
    """
    secrets = home.find_secrets()
    url = os.environ.get("DATABASE_URL")
    if url:
        owner = _from_url(url)
        return Connections(
            owner=owner, application=_external_application(owner, secrets), superuser=None
        )
    passwords = secrets.database_passwords if secrets else {}
    socket = layout.layout(secrets=secrets).socket

    def target(user: str, role: str, database: str = DATABASE) -> Target:
        return Target(
            host=str(socket),
            port=str(layout.PORT),
            user=user,
            password=passwords.get(role, ""),
            database=database,
            options={},
        )

    return Connections(
        owner=target(OWNER, "owner"),
        application=target(APPLICATION, "application"),
        superuser=target(SUPERUSER, "superuser", database="postgres"),
    )


def django_databases() -> dict[str, dict[str, object]]:
    """Return Django's ``DATABASES``: ``default`` for the application, ``owner`` for migrations."""
    found = current()
    return {"default": _as_django(found.application), "owner": _as_django(found.owner)}


def application_role(*, secrets: home.Secrets) -> str:
    """Return the name of this home's own role on an external server."""
    return f"{APPLICATION}_{secrets.home_id}"


def url_digest(owner: Target) -> str:
    """Name an external database without its password."""
    named = f"{owner.host}:{owner.port}/{owner.database}"
    return hashlib.sha256(named.encode()).hexdigest()[:16]


def remember_external_role(*, owner: Target) -> None:
    """Note that the application's role exists on this external database."""
    path = home.secrets_folder() / ROLES_FILE
    path.write_text(json.dumps(sorted({*_external_roles(), url_digest(owner)})))


def _external_application(owner: Target, secrets: home.Secrets | None) -> Target:
    url = os.environ.get("DATABASE_APPLICATION_URL")
    if url:
        return _from_url(url)
    if secrets is None or url_digest(owner) not in _external_roles():
        return owner
    password = secrets.database_passwords["application"]
    return replace(owner, user=application_role(secrets=secrets), password=password)


def _external_roles() -> list[str]:
    try:
        names = json.loads((home.secrets_folder() / ROLES_FILE).read_text())
    except (OSError, ValueError):
        return []
    return [str(name) for name in names]


def _from_url(url: str) -> Target:
    if not url.startswith(("postgres://", "postgresql://")):
        raise DaihouError("database.url_invalid", text="it does not start with postgres://")
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError as exception:
        raise DaihouError("database.url_invalid", text=exception) from exception
    if not given.get("dbname"):
        raise DaihouError("database.url_invalid", text="it names no database")
    return Target(
        host=given.pop("host", ""),
        port=given.pop("port", ""),
        user=given.pop("user", ""),
        password=given.pop("password", ""),
        database=given.pop("dbname"),
        options=given,
    )


def _as_django(target: Target) -> dict[str, object]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": target.host,
        "PORT": target.port,
        "USER": target.user,
        "PASSWORD": target.password,
        "NAME": target.database,
        "OPTIONS": {"connect_timeout": 10, **target.options},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": target.database},
    }
