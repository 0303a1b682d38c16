"""A new key for personal data: everything is encrypted again, then the old keys are taken away.

It is done in batches, each its own transaction, and goes on where it was killed: a row names the
key it is under. Running servers read the keys again when their file changes, so nothing stops.
The owner of the tables does it, because some of them only grow for everybody else; the triggers
that guard a table are off within one batch, and only the ciphertext and its key change.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from allauth.mfa.models import Authenticator
from django.db import connection as application
from psycopg import sql

from daihou.web.access.models import User
from daihou.web.access.operations import SECOND_FACTOR_SECRETS, encrypt_second_factors_again
from daihou.web.audit import operations as audit
from daihou.web.parties import encryption
from daihou.web.postgres import connections
from daihou.web.privacy.stores import STORES, Store

BATCH = 2_000
WRITE_WITHIN = timedelta(minutes=1)  # Between encrypting a value and beginning to store it.
_OLDEST = """
SELECT min(xact_start) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Every name in the SQL here is one of stores.py, none is anybody's input.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """``retired`` keys are gone; ``kept`` ones are still needed, or may be in a moment."""

    key_id: str
    rows: dict[str, int]
    retired: tuple[str, ...]
    kept: tuple[str, ...]


def rotate(*, at: datetime, acting_user: User, progress: Progress) -> Rotated:
    """Make a new key unless one is half way in, move every row to it, retire the old keys.

    :raises DaihouError: ``personal_data.key_missing``, ``personal_data.unreadable``.
    """
    key_id = encryption.writing_key_id()
    if not (_in_use() - {key_id}):
        key_id = encryption.add_data_key(at=at)
        _note("key.add", key_id, acting_user, {})
    rows = {store.name: _move(store, key_id, progress) for store in STORES}
    rows["mfa_authenticator.data"] = encrypt_second_factors_again(acting_user=acting_user)
    _note("personal_data.encrypt_again", key_id, acting_user, {"rows": rows})
    retired = retire(at=at, acting_user=acting_user)
    kept = tuple(name for name in encryption.data_key_ids() if name != key_id)
    return Rotated(key_id=key_id, rows=rows, retired=retired, kept=kept)


def retire(*, at: datetime, acting_user: User) -> tuple[str, ...]:
    """Destroy the keys that no row is under; none while something may still be written with one.

    That may be as long as a transaction is open that began before the newest key.
    """
    since = encryption.writing_key_since()
    if since is not None and (at - since < WRITE_WITHIN or _oldest_transaction(at) <= since):
        return ()
    unused = tuple(
        sorted(set(encryption.data_key_ids()) - _in_use() - {encryption.writing_key_id()})
    )
    if unused:
        encryption.remove_data_keys(unused)
        for key_id in unused:
            _note("key.retire", key_id, acting_user, {})
    return unused


def _in_use() -> set[str]:
    """Return the keys that any row is under."""
    found: set[str] = set()
    with application.cursor() as cursor:
        for store in STORES:
            cursor.execute(f"SELECT DISTINCT {store.key_sql} FROM {store.table}")  # noqa: S608
            found |= {row[0] for row in cursor.fetchall() if row[0]}
    for data in Authenticator.objects.values_list("data", flat=True):
        found |= {data[name].partition(":")[0] for name in SECOND_FACTOR_SECRETS & set(data)}
    return found


def _oldest_transaction(at: datetime) -> datetime:
    with application.cursor() as cursor:
        cursor.execute(_OLDEST)
        oldest: datetime | None = cursor.fetchone()[0]
    return at if oldest is None else oldest


def _move(store: Store, key_id: str, progress: Progress) -> int:
    """Pass over a table until a whole pass finds no row under another key."""
    moved, last = 0, None
    with psycopg.connect(connections.current().owner.conninfo()) as owner:
        while True:
            rows = _move_batch(owner, store, key_id, last)
            if not rows and last is None:
                return moved
            last = rows[-1] if rows else None
            moved += len(rows)
            progress(store.name, len(rows))


def _move_batch(
    owner: psycopg.Connection[Any], store: Store, key_id: str, last: object
) -> list[object]:
    """Encrypt the next rows again, within one transaction that alone sees the guards off."""
    table = sql.Identifier(store.table)
    after = f"AND {store.row_id} > %(last)s" if last is not None else ""
    with owner.transaction():
        found = owner.execute(
            f"SELECT {store.row_id}, {store.key_sql}, {store.column}, {store.place} "  # noqa: S608
            f"FROM {store.table} WHERE {store.key_sql} <> %(key)s {after} "
            "ORDER BY 1 LIMIT %(most)s",
            {"key": key_id, "last": last, "most": BATCH},
        ).fetchall()
        if not found:
            return []
        owner.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(table))
        with owner.cursor() as cursor:
            cursor.executemany(_update(store), [_again(*row) for row in found])
        owner.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(table))
    return [row[0] for row in found]


def _update(store: Store) -> str:
    key = f", {store.key_column} = %(key)s" if store.key_column else ""
    return (
        f"UPDATE {store.table} SET {store.column} = %(sealed)s{key} "  # noqa: S608
        f"WHERE {store.row_id} = %(row)s AND {store.column} = %(was)s"
    )


def _again(row_id: object, key: str, was: bytes | str, place: str) -> dict[str, object]:
    """Open one value and seal it again; one that changed meanwhile is left to the next batch."""
    if isinstance(was, str):
        plain = encryption.open_text(sealed=was, place=place)
        again: object = encryption.seal_text(plain=plain, place=place)
        return {"row": row_id, "was": was, "sealed": again, "key": ""}
    opened = encryption.unseal(
        sealed=encryption.Sealed(key_id=key, ciphertext=bytes(was)), place=place
    )
    sealed = encryption.seal(plain=opened, place=place)
    return {"row": row_id, "was": was, "sealed": sealed.ciphertext, "key": sealed.key_id}


def _note(action: str, key_id: str, acting_user: User, details: dict[str, object]) -> None:
    audit.record(
        acting_user=acting_user,
        action=action,
        target_type="key",
        target_id=key_id,
        details=details,
    )
