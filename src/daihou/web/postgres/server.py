"""The supervisor of the embedded server: make, start, stop, describe. Knows no Django.

Several commands share one server; a file lock lets one of them start it. The server outlives the
command that started it; ``daihou db stop`` ends it. A crashed one is started again on demand.
"""

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from daihou.errors import DaihouError
from daihou.web import home
from daihou.web.postgres import abandoned, configuration, connections, processes, programs, roles
from daihou.web.postgres.layout import ROOT_STATE, Layout, layout

START_SECONDS = 120


def ensure_running() -> None:
    """Start the server if it does not answer; the first time, make it.

    :raises DaihouError: ``database.major_differs``, ``database.start_failed`` and others.
    """
    home.create()
    if answers():
        return
    with _lock():
        if not answers():
            _start(here())


def answers() -> bool:
    """Tell whether the application can connect."""
    try:
        with psycopg.connect(connections.current().application.conninfo(), connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


def stop() -> bool:
    """Stop the server; tell whether it was running."""
    found = here()
    with _lock():
        if processes.postmaster(layout=found) is None:
            return False
        done = programs.run(
            layout=found,
            program="pg_ctl",
            arguments=["stop", "-D", str(found.data), "-m", "fast", "-w", "-t", "60"],
        )
        if done.code:
            raise DaihouError("database.stop_failed", text=done.stderr or done.stdout)
        return True


def destroy() -> None:
    """Stop the server and remove its data; for throw-away homes."""
    found = here()
    if found.data.is_dir():
        stop()
    shutil.rmtree(found.folder, ignore_errors=True)
    shutil.rmtree(found.socket, ignore_errors=True)


def here() -> Layout:
    """Return the place of this home's server."""
    return layout(secrets=home.find_secrets())


@contextmanager
def _lock() -> Iterator[None]:
    home.make_private_folder(home.home())
    try:
        handle = os.open(home.home() / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exception:
        raise DaihouError("home.not_usable", path=home.home(), text=exception) from exception
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _start(found: Layout) -> None:
    if processes.postmaster(layout=found) is None:
        if found.data.is_dir():
            _check_major(found)
        else:
            _make(found)
        processes.clear_stale_files(layout=found)
        _own_folder(found.socket, found)
        configuration.write(layout=found)
        _launch(found)
    _await_recovery(found)
    roles.bootstrap(superuser=_superuser())


def _launch(found: Layout) -> None:
    logged = _size(found.log)
    done = programs.run(
        layout=found,
        program="pg_ctl",
        arguments=[
            *("start", "-D", str(found.data), "-l", str(found.log)),
            *("-w", "-t", str(START_SECONDS), "-s"),
        ],
    )
    if done.code:
        raise DaihouError("database.start_failed", text=_complaint(found, logged), log=found.log)


def _await_recovery(found: Layout) -> None:
    """Connect as superuser, so that what is wrong is said here and clearly."""
    try:
        psycopg.connect(_superuser().conninfo(), connect_timeout=START_SECONDS).close()
    except psycopg.OperationalError as exception:
        raise DaihouError("database.start_failed", text=exception, log=found.log) from exception


def _make(found: Layout) -> None:
    """Run initdb beside the final place and move it there when it is whole."""
    _own_folder(found.folder, found)
    making = found.folder / "data.new"
    shutil.rmtree(making, ignore_errors=True)
    password = found.folder / "password.new"
    password.unlink(missing_ok=True)
    handle = os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(_superuser().password + "\n")
    _give(password, found)
    try:
        done = programs.run(
            layout=found,
            program="initdb",
            arguments=[
                *("-D", str(making), "-U", connections.SUPERUSER, f"--pwfile={password}"),
                *("--auth=scram-sha-256", "-E", "UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
                "--no-instructions",
            ],
        )
    finally:
        password.unlink()
    if done.code:
        raise DaihouError("database.make_failed", text=done.stderr or done.stdout)
    if found.system_user is not None:
        abandoned.name_home(layout=found)
        abandoned.stop_predecessors(layout=found)
    making.rename(found.data)


def _check_major(found: Layout) -> None:
    try:
        major = (found.data / "PG_VERSION").read_text().strip()
    except OSError as exception:
        raise DaihouError("database.not_a_cluster", path=found.data) from exception
    if major != str(programs.MAJOR):
        raise DaihouError("database.major_differs", found=major, wanted=programs.MAJOR)


def _own_folder(path: Path, found: Layout) -> None:
    """Make a folder that only the server's user can enter; refuse one that is somebody else's."""
    if path.is_relative_to(ROOT_STATE):
        ROOT_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    user = programs.system_user(layout=found)
    owner = user.pw_uid if user else os.getuid()
    try:
        if found.system_user is None:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        _give(path, found)
        state = path.lstat()
    except OSError as exception:
        raise DaihouError("home.not_usable", path=path, text=exception) from exception
    if not stat.S_ISDIR(state.st_mode) or state.st_uid != owner or state.st_mode & 0o077:
        raise DaihouError("home.not_private", path=path)


def _give(path: Path, found: Layout) -> None:
    user = programs.system_user(layout=found)
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _superuser() -> connections.Target:
    superuser = connections.current().superuser
    assert superuser is not None
    return superuser


def _complaint(found: Layout, since: int) -> str:
    """Return what the log tells of this start, without its timestamps."""
    with found.log.open("rb") as log:
        log.seek(since)
        lines = log.read().decode(errors="replace").splitlines()
    told = [line.partition("] ")[2] or line for line in lines[-3:]]
    return "; ".join(told) or "the log is empty"


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
