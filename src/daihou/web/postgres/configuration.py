"""The embedded server's configuration: one small machine, no TCP, durable, a slow disk allowed.

Written afresh at every start. One's own settings go into ``local.conf`` beside the data folder.
"""

import os
from pathlib import Path

from daihou.web.postgres.layout import PORT, Layout

MEGABYTE = 1024 * 1024
ACCESS_RULES = "# Written by daihou.\nlocal all all scram-sha-256\n"


def write(*, layout: Layout) -> None:
    """Write ``postgresql.conf`` and ``pg_hba.conf``; their owner and mode stay as they are."""
    (layout.data / "postgresql.conf").write_text(_text(layout))
    (layout.data / "pg_hba.conf").write_text(ACCESS_RULES)


def _text(layout: Layout) -> str:
    lines = [f"{name} = {_quoted(value)}" for name, value in _settings(layout).items()]
    own = _quoted(str(layout.folder / "local.conf"))
    return "\n".join(["# Written by daihou.", *lines, f"include_if_exists = {own}", ""])


def _settings(layout: Layout) -> dict[str, str]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE
    return {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(layout.socket),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": "60",
        "shared_buffers": f"{min(max(memory // 10, 64), 1024)}MB",
        "effective_cache_size": f"{max(memory // 2, 128)}MB",
        "work_mem": f"{min(max(memory // 200, 8), 64)}MB",
        "maintenance_work_mem": f"{min(max(memory // 40, 64), 512)}MB",
        "dynamic_shared_memory_type": _shared_memory(),
        "max_parallel_workers_per_gather": str(min((os.cpu_count() or 1) // 2, 2)),
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_compression": "pglz",
        "min_wal_size": "128MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",  # Statements and details may hold what is personal.
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
        "lc_messages": "C",
    }


def _shared_memory() -> str:
    """Containers often have a tiny /dev/shm; then plain files are the safe choice."""
    folder = Path("/dev/shm")  # noqa: S108  Measured, not written.
    if not folder.is_dir():
        return "posix"
    space = os.statvfs(folder)
    return "posix" if space.f_bsize * space.f_blocks >= 256 * MEGABYTE else "mmap"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
