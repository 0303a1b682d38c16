"""Run a statement that is asked again and again: bound by the server, parsed and planned once."""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def prepared(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a prepared statement in the open transaction; errors are Django's.

    Parameters are typed by the statement: where PostgreSQL cannot tell, it says ``::bigint[]``.
    """
    assert connection.in_atomic_block
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor:
        cursor.execute(sql.encode(), parameters, prepare=True)
        return cursor.fetchall()
