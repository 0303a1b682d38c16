"""Run a statement that is asked again and again: bound by the server, parsed and planned once.

It goes straight to libpq: a cursor takes as long over the statements of a permit as they take.
The beginning of a transaction leaves in one message with its first statement, and its end with the
last: waiting for an answer costs both sides as much as a small statement.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from weakref import WeakKeyDictionary

import psycopg
from django.db import connection
from psycopg import pq
from psycopg.adapt import Transformer

_NAMED = re.compile(r"%\((\w+)\)s")
_BEGIN: Final = ("BEGIN", "SET LOCAL plan_cache_mode = force_generic_plan")
_END: Final = "COMMIT"
_MADE: Final[WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]]] = WeakKeyDictionary()


def prepared(
    sql: str, parameters: Mapping[str, Any], *, is_last: bool = False
) -> list[tuple[Any, ...]]:
    """Return the rows of a prepared statement in the open transaction; errors are Django's.

    Parameters are typed by the statement: where PostgreSQL cannot tell, it says ``::bigint[]``.
    Lists hold numbers or keys, nothing that wants quotes. Nothing follows what ``is_last``: unless
    the transaction is a caller's, it is committed.
    """
    assert connection.in_atomic_block
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    server = raw.pgconn
    text, names = _numbered(sql)
    given = [_text(parameters[name]) for name in names]
    before = _BEGIN if server.transaction_status == pq.TransactionStatus.IDLE else ()
    after = (_END,) if is_last and not connection.savepoint_ids else ()
    with connection.wrap_database_errors:
        messages = [
            *((_made(raw, each, each.encode()), None) for each in before),
            (_made(raw, sql, text), given),
            *((_made(raw, each, each.encode()), None) for each in after),
        ]
        found = _answers(server, messages)[len(before)]
        rows = Transformer(raw)
        rows.set_pgresult(found)
        return rows.load_rows(0, found.ntuples, tuple)


def _made(raw: psycopg.Connection[Any], sql: str, text: bytes) -> bytes:
    """Name a statement as this connection knows it; prepare it the first time."""
    made = _MADE.setdefault(raw, {})
    if sql not in made:
        name = f"daihou_{len(made)}".encode()
        _checked(raw.pgconn.prepare(name, text))
        made[sql] = name
    return made[sql]


def _answers(
    server: pq.abc.PGconn, messages: Sequence[tuple[bytes, list[Any] | None]]
) -> list[pq.abc.PGresult]:
    """Send statements in one message, and hear all answers; those after a failed one are not run.

    :raises psycopg.Error: of the first that failed.
    """
    if len(messages) == 1:
        ((name, given),) = messages
        return [_checked(server.exec_prepared(name, given))]
    server.enter_pipeline_mode()
    for name, given in messages:
        server.send_query_prepared(name, given)
    server.pipeline_sync()
    answers = []
    for _ in messages:
        answers.append(server.get_result())
        while server.get_result() is not None:  # Each statement's answers end with none.
            pass
    server.get_result()  # The end of all.
    if server.status == pq.ConnStatus.OK:
        server.exit_pipeline_mode()
    return [_checked(answer) for answer in answers if answer is not None]


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
