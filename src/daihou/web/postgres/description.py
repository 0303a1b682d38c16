"""What ``daihou db status`` tells: which database, whether it runs, with which roles."""

import os
from pathlib import Path

import psycopg

from daihou.web import home
from daihou.web.postgres import abandoned, connections, processes, programs, server

ONE_ROLE = (
    "one role owns the tables and is used by the application: append-only tables are kept by "
    "triggers only; let DATABASE_URL's role make roles, or set DATABASE_APPLICATION_URL"
)


def describe() -> dict[str, object]:
    """Describe the database without starting it."""
    found = connections.current()
    owner = found.owner
    version = _server_version(found.application)
    told: dict[str, object] = {
        "kind": "embedded" if found.is_embedded else "external",
        "running": version is not None,
        "version": version,
        "home": home.home(),
        "host": owner.host,
        "database": owner.database,
        "owner_role": owner.user,
        "application_role": found.application.user,
        "two_roles": found.has_two_roles,
        "remark": None if found.has_two_roles else ONE_ROLE,
    }
    return told | (_embedded() if found.is_embedded else {})


def _embedded() -> dict[str, object]:
    place = server.here()
    running = processes.postmaster(layout=place)
    return {
        "bundled_version": programs.version(),
        "pid": running.pid if running else None,
        "system_user": place.system_user,
        "data": place.data,
        "log": place.log,
        "data_bytes": _size(place.data),
        "abandoned": abandoned.folders(),
    }


def _server_version(target: connections.Target) -> str | None:
    try:
        with psycopg.connect(target.conninfo(), connect_timeout=5) as connection:
            return connection.info.parameter_status("server_version")
    except psycopg.OperationalError:
        return None


def _size(folder: Path) -> int:
    sizes = (
        Path(parent, name).lstat().st_size
        for parent, _, names in os.walk(folder)
        for name in names
        if Path(parent, name).is_file()
    )
    return sum(sizes)
