"""Run a statement that is asked again and again: bound by the server, parsed and planned once.

It goes straight to libpq: a cursor takes as long over the statements of a permit as they take.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg import pq
from psycopg.adapt import Transformer

_NAMED = re.compile(r"%\((\w+)\)s")
_BEGIN: Final = b"BEGIN; SET LOCAL plan_cache_mode = force_generic_plan"
_MADE: Final[WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]]] = WeakKeyDictionary()


def prepared(sql: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a prepared statement in the open transaction; errors are Django's.

    Parameters are typed by the statement: where PostgreSQL cannot tell, it says ``::bigint[]``.
    Lists hold numbers or keys, nothing that wants quotes.
    """
    assert connection.in_atomic_block
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    server = raw.pgconn
    text, names = _numbered(sql)
    with connection.wrap_database_errors:
        if server.transaction_status == pq.TransactionStatus.IDLE:
            _checked(server.exec_(_BEGIN))
        made = _MADE.setdefault(raw, {})
        if sql not in made:
            name = f"daihou_{len(made)}".encode()
            _checked(server.prepare(name, text))
            made[sql] = name
        given: list[Any] = [_text(parameters[name]) for name in names]
        found = _checked(server.exec_prepared(made[sql], given))
        rows = Transformer(raw)
        rows.set_pgresult(found)
        return rows.load_rows(0, found.ntuples, tuple)


def _checked(result: pq.abc.PGresult) -> pq.abc.PGresult:
    if result.status not in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
        fault = psycopg.errors.error_from_result(result)
        if fault.sqlstate is None:  # No word of the server: it is gone.
            raise psycopg.OperationalError(str(fault))
        raise fault
    return result


def _text(value: object) -> bytes | None:
    if isinstance(value, str):
        return value.encode()
    if value is None:
        return None
    if isinstance(value, list):
        return f"{{{','.join(map(str, value))}}}".encode()
    return str(value).encode()


@lru_cache(maxsize=64)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Put numbers for names, as the server wants them; "%%" becomes a single sign."""
    names = tuple(dict.fromkeys(_NAMED.findall(sql)))
    places = {name: f"${place}" for place, name in enumerate(names, start=1)}
    text = _NAMED.sub(lambda found: places[found[1]], sql).replace("%%", "%")
    return text.encode(), names
