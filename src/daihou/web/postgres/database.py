"""The database, ready to be used: running, reachable, with its roles and its newest tables."""

import pkgutil
from importlib import import_module

import psycopg

from daihou.errors import DaihouError
from daihou.web import home, setup
from daihou.web.postgres import connections, roles, server

OLDEST_MAJOR = 15
MIGRATION_LOCK = 0x64616968  # "daih": one migration at a time, whatever the machine.


def ensure_database() -> None:
    """Start the embedded server or reach one's own, make Django ready, migrate if need be.

    :raises DaihouError: ``database.unreachable``, ``database.too_old`` and the server's own.
    """
    ensure_reachable()
    setup()
    if pending_migrations():
        migrate()


def ensure_reachable() -> None:
    """Start the embedded server or reach one's own, with both roles; the tables stay as they are.

    :raises DaihouError: as ``ensure_database``.
    """
    if connections.current().is_embedded:
        server.ensure_running()
    else:
        _ensure_external()


def pending_migrations() -> list[str]:
    """Return the migrations that the database does not have yet."""
    from django.apps import apps

    installed = {
        f"{config.label}.{module.name}"
        for config in apps.get_app_configs()
        for module in _migration_modules(f"{config.name}.migrations")
    }
    return sorted(installed - _applied_migrations())


def migrate() -> None:
    """Bring the tables up to date as their owner, then grant the application its rights."""
    from django.core.management import call_command
    from django.db import connections as django_connections

    found = connections.current()
    with psycopg.connect(found.owner.conninfo(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        django_connections["owner"].close()
        roles.grant(owner=found.owner, application_role=found.application.user)


def _ensure_external() -> None:
    owner = connections.current().owner
    try:
        with psycopg.connect(owner.conninfo(), connect_timeout=10) as connection:
            major = connection.info.server_version // 10000
    except psycopg.OperationalError as exception:
        place = f"{owner.host or 'localhost'}:{owner.port or 5432}/{owner.database}"
        raise DaihouError("database.unreachable", place=place, text=exception) from exception
    if major < OLDEST_MAJOR:
        raise DaihouError("database.too_old", found=major, wanted=OLDEST_MAJOR)
    secrets = home.create()
    if connections.current().has_two_roles:
        return
    if roles.make_external_role(owner=owner, secrets=secrets):
        connections.remember_external_role(owner=owner)
        _grant_again()


def _grant_again() -> None:
    """Give a new role its rights on tables that are there already."""
    found = connections.current()
    roles.grant(owner=found.owner, application_role=found.application.user)


def _migration_modules(package: str) -> list[pkgutil.ModuleInfo]:
    try:
        found = import_module(package)
    except ModuleNotFoundError:
        return []
    return [module for module in pkgutil.iter_modules(found.__path__) if not module.ispkg]


def _applied_migrations() -> set[str]:
    try:
        with psycopg.connect(connections.current().application.conninfo()) as connection:
            rows = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return set()
    return {f"{app}.{name}" for app, name in rows}
