"""Back up the database and its books into one file, and restore them, whole or not at all.

The file is a tar archive: ``manifest.json``, ``database.dump`` (pg_dump, custom format), the book
files, and, only when asked for, ``keys.json``. Personal data stay encrypted in it: without their
keys they cannot be read. A restore fills a new database and swaps it in when it is whole.
"""

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import scalar_row

from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.postgres import connections, programs, roles
from daihou.web.postgres.connections import Connections, Target

FORMAT = 1
FIRST_MAJOR_WITH_TRANSACTION_TIMEOUT = 17
DUMP, MANIFEST, KEYS, BOOKS = "database.dump", "manifest.json", "keys.json", "books"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    file: Path
    bytes: int
    has_keys: bool
    has_books: bool


def back_up(*, file: Path, with_keys: bool) -> Backup:
    """Write a backup file that only its owner can read.

    :raises DaihouError: ``backup.failed``, ``backup.exists``.
    """
    if file.exists():
        raise DaihouError("backup.exists", path=file)
    secrets = home.create()
    books = home.home() / BOOKS
    with _workspace(file.parent) as folder:
        work = Path(folder)
        dump = work / DUMP
        _dump(connections.current().owner, dump)
        manifest = {
            "format": FORMAT,
            "daihou": version("daihou"),
            "dump_sha256": _sha256(dump),
            "key_fingerprints": _fingerprints(secrets),
            "has_books": books.is_dir(),
        }
        archive = work / "archive"
        with tarfile.open(archive, "x") as tar:
            _add_text(tar, MANIFEST, json.dumps(manifest))
            tar.add(dump, DUMP)
            if with_keys:
                keys = {"data_keys": dict(secrets.data_keys), "index_key": secrets.index_key}
                _add_text(tar, KEYS, json.dumps(keys))
            if books.is_dir():
                tar.add(books, BOOKS)
        archive.chmod(0o600)
        archive.rename(file)
    return Backup(
        file=file, bytes=file.stat().st_size, has_keys=with_keys, has_books=books.is_dir()
    )


def restore(*, file: Path, with_keys: bool, accept_unreadable: bool) -> Backup:
    """Replace database and books by a backup's. The roles and the server must be there already.

    :raises DaihouError: ``backup.unreadable``, ``backup.keys_differ``, ``backup.no_keys``,
        ``restore.no_right``, ``restore.failed``; the database is then as it was.
    """
    with _workspace(home.home()) as folder:
        work = Path(folder)
        manifest = _unpack(file, work)
        keys = _keys(work, with_keys=with_keys)
        _check_keys(manifest, keys, accept_unreadable=accept_unreadable)
        found = connections.current()
        fresh = f"{found.owner.database}_restoring"
        _fill(found, fresh, work / DUMP)
        if keys:
            home.replace_secrets(changed=keys)
        _swap(found, fresh)
        _swap_books(work / BOOKS)
        return Backup(
            file=file,
            bytes=file.stat().st_size,
            has_keys=keys is not None,
            has_books=bool(manifest["has_books"]),
        )


def _workspace(folder: Path) -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(dir=folder, prefix=".backup-")
    except OSError as exception:
        raise DaihouError("home.not_usable", path=folder, text=exception) from exception


def _dump(owner: Target, target: Path) -> None:
    done = programs.run_client(
        program="pg_dump",
        arguments=["--format=custom", "--no-owner", "--no-privileges", f"--file={target}"],
        environment=owner.environment(),
    )
    if done.code:
        raise DaihouError("backup.failed", text=done.stderr)


def _unpack(file: Path, work: Path) -> dict[str, object]:
    try:
        with tarfile.open(file) as tar:
            _extract(tar, work.resolve())
        manifest = json.loads((work / MANIFEST).read_text())
        whole = manifest["format"] == FORMAT and manifest["dump_sha256"] == _sha256(work / DUMP)
    except (OSError, EOFError, tarfile.TarError, ValueError, KeyError, TypeError) as exception:
        raise DaihouError("backup.unreadable", path=file, text=exception) from exception
    if not whole:
        raise DaihouError("backup.unreadable", path=file, text="the digest differs")
    assert isinstance(manifest, dict)
    return manifest


def _extract(tar: tarfile.TarFile, work: Path) -> None:
    """Unpack plain files and folders below ``work``, nothing else (3.11.2 has no filters yet)."""
    for member in tar:
        target = (work / member.name).resolve()
        if not (member.isfile() or member.isdir()) or not target.is_relative_to(work):
            msg = f"{member.name} is no plain file of a backup"
            raise tarfile.TarError(msg)
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif (content := tar.extractfile(member)) is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(content, file)


def _keys(work: Path, *, with_keys: bool) -> home.Secrets | None:
    if not with_keys:
        return None
    try:
        given = json.loads((work / KEYS).read_text())
    except FileNotFoundError as exception:
        raise DaihouError("backup.no_keys") from exception
    return replace(home.create(), data_keys=given["data_keys"], index_key=given["index_key"])


def _check_keys(
    manifest: Mapping[str, object], keys: home.Secrets | None, *, accept_unreadable: bool
) -> None:
    wanted = manifest["key_fingerprints"]
    assert isinstance(wanted, Mapping)
    here = _fingerprints(keys or home.create())
    if not accept_unreadable and any(here.get(name) != value for name, value in wanted.items()):
        raise DaihouError("backup.keys_differ")


def _fill(found: Connections, name: str, dump: Path) -> None:
    """Restore into a database of its own."""
    try:
        with _administration(found) as connection:
            drop(connection, name)
            roles.make_database(connection=connection, found=found, name=name)
    except psycopg.errors.InsufficientPrivilege as exception:
        raise DaihouError("restore.no_right", user=found.owner.user) from exception
    target = replace(found.owner, database=name)
    done = _replay(dump, target)
    if done.code:
        with _administration(found) as connection:
            drop(connection, name)
        raise DaihouError("restore.failed", text=done.stderr)
    roles.grant(owner=target, application_role=found.application.user)


def _replay(dump: Path, target: Target) -> programs.Result:
    """Run the dump as a script, so that a server older than the programs takes it too."""
    script = dump.with_suffix(".sql")
    written = programs.run_client(
        program="pg_restore",
        arguments=["--no-owner", "--no-privileges", f"--file={script}", str(dump)],
        environment={},
    )
    if written.code:
        return written
    with psycopg.connect(target.conninfo()) as connection:
        major = connection.info.server_version // 10000
    if major < FIRST_MAJOR_WITH_TRANSACTION_TIMEOUT:
        script = _without_transaction_timeout(script)
    return programs.run_client(
        program="psql",
        arguments=["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(script)],
        environment=target.environment(),
    )


def _without_transaction_timeout(script: Path) -> Path:
    """Leave out the one setting in the script's head that older servers do not know."""
    shorter = script.with_suffix(".older.sql")
    with script.open("rb") as given, shorter.open("wb") as taken:
        for line in given:
            if line.startswith(b"SET transaction_timeout"):
                break
            taken.write(line)
        shutil.copyfileobj(given, taken)
    return shorter


def _swap(found: Connections, fresh: str) -> None:
    """Put the restored database in the place of the present one, then remove that."""
    name = found.owner.database
    before = f"{name}_before_restore"
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format
    with _administration(found) as connection:
        drop(connection, before)
        _disconnect(connection, name)
        connection.execute(rename(sql.Identifier(name), sql.Identifier(before)))
        connection.execute(rename(sql.Identifier(fresh), sql.Identifier(name)))
        drop(connection, before)


def _swap_books(restored: Path) -> None:
    books = home.home() / BOOKS
    before = home.home() / f"{BOOKS}.before_restore"
    shutil.rmtree(before, ignore_errors=True)
    if books.is_dir():
        books.rename(before)
    if restored.is_dir():
        restored.rename(books)
    shutil.rmtree(before, ignore_errors=True)


def _administration(found: Connections) -> psycopg.Connection[object]:
    """Connect beside the database, to make, rename and drop whole databases."""
    target = found.superuser or replace(found.owner, database="postgres")
    return psycopg.connect(target.conninfo(), autocommit=True, row_factory=scalar_row)


def drop(connection: psycopg.Connection[object], name: str) -> None:
    """Remove a whole database, its clients' sessions first; nothing if there is none."""
    _disconnect(connection, name)
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def _disconnect(connection: psycopg.Connection[object], name: str) -> None:
    """End the sessions of clients: the owner may not end a vacuum, which gives way by itself.

    `WITH (FORCE)` fails on the same ground ("permission denied to terminate process").
    """
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = %s AND backend_type = 'client backend' AND pid <> pg_backend_pid()",
        [name],
    )


def _fingerprints(secrets: home.Secrets) -> dict[str, str]:
    """Name the keys without giving them away, so that a restore can tell whether they fit."""
    keys = {**secrets.data_keys, "index": secrets.index_key}
    return {
        name: hashlib.sha256(b"fingerprint|" + bytes.fromhex(key)).hexdigest()[:16]
        for name, key in keys.items()
    }


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(text.encode()), 0o600
    tar.addfile(member, io.BytesIO(text.encode()))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
