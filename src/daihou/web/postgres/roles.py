"""The two database roles: the owner of the tables, and the application that does not own them."""

from dataclasses import replace

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from daihou.web import home
from daihou.web.postgres import connections
from daihou.web.postgres.connections import Target

APPEND_ONLY_TRIGGERS = "append\\_only\\_%"  # Made by ``append_only.append_only``.


def bootstrap(*, superuser: Target) -> None:
    """Make roles and database of the embedded server where they are missing."""
    found = connections.current()
    with psycopg.connect(
        superuser.conninfo(), autocommit=True, row_factory=scalar_row
    ) as connection:
        for target in (found.owner, found.application):
            _make_role(connection, target)
        exists = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [found.owner.database]
        ).fetchone()
        if not exists:
            make_database(connection=connection, found=found, name=found.owner.database)


def make_database(
    *, connection: psycopg.Connection[object], found: connections.Connections, name: str
) -> None:
    """Make an empty database that belongs to the owner and lets in the application."""
    database, owner = sql.Identifier(name), sql.Identifier(found.owner.user)
    for statement in (
        sql.SQL("CREATE DATABASE {} OWNER {}").format(database, owner),
        sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database),
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
            database, sql.Identifier(found.application.user)
        ),
    ):
        connection.execute(statement)


def grant(*, owner: Target, application_role: str) -> None:
    """Let the application read and write rows; on append-only tables only read and insert."""
    if application_role == owner.user:
        return
    role = sql.Identifier(application_role)
    with psycopg.connect(owner.conninfo(), row_factory=scalar_row) as connection:
        append_only = connection.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger "
            "WHERE tgname LIKE %s AND NOT tgisinternal",
            [APPEND_ONLY_TRIGGERS],
        ).fetchall()
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        ):
            connection.execute(sql.SQL(statement).format(role))
        for table in append_only:
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(
                    sql.Identifier(table), role
                )
            )


def make_external_role(*, owner: Target, secrets: home.Secrets) -> bool:
    """Make this home's role on one's own server; tell whether we were allowed to."""
    name = connections.application_role(secrets=secrets)
    target = replace(owner, user=name, password=secrets.database_passwords["application"])
    with psycopg.connect(owner.conninfo(), autocommit=True, row_factory=scalar_row) as connection:
        allowed = connection.execute(
            "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if not allowed:
            return False
        _make_role(connection, target)
        connection.execute(
            sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                sql.Identifier(owner.database), sql.Identifier(name)
            )
        )
    return True


def _make_role(connection: psycopg.Connection[object], target: Target) -> None:
    role = sql.Identifier(target.user)
    exists = connection.execute(
        "SELECT 1 FROM pg_roles WHERE rolname = %s", [target.user]
    ).fetchone()
    verb = "ALTER" if exists else "CREATE"
    connection.execute(
        sql.SQL(verb + " ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            role, sql.Literal(target.password)
        )
    )
