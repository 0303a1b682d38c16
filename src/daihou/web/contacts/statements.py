"""Run a statement that is asked again and again: bound by the server, parsed and planned once."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection

_NAMED = re.compile(r"%\((\w+)\)s")


def prepared(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a prepared statement in the open transaction; errors are Django's.

    Parameters are typed by the statement: where PostgreSQL cannot tell, it says ``::bigint[]``.
    Lists hold numbers or keys, nothing that wants quotes.
    """
    assert connection.in_atomic_block
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    text, names = _numbered(sql)
    with connection.wrap_database_errors, psycopg.RawCursor(raw) as cursor:
        cursor.execute(text, [_plain(parameters[name]) for name in names], prepare=True)
        return cursor.fetchall()


def _plain(value: object) -> object:
    """Write numbers and lists of numbers or keys as text: one statement, whatever their size."""
    if isinstance(value, list):
        return f"{{{','.join(map(str, value))}}}"
    return str(value) if isinstance(value, int) else value


@lru_cache(maxsize=64)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Put numbers for names, as the server wants them; "%%" becomes a single sign."""
    names = tuple(dict.fromkeys(_NAMED.findall(sql)))
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    text = _NAMED.sub(lambda found: places[found[1]], sql).replace("%%", "%")
    return text.encode(), names
