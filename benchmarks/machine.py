"""Say on what machine a figure was measured."""

import os
import platform
import resource
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("numba", "numpy", "polars", "duckdb", "pyarrow", "pyspark")


def describe() -> dict[str, object]:
    """Return the machine in words, and what else was using it."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor()
    names = [
        line.split(":")[1].strip()
        for line in info.read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def peak_rss_gb(*, of_children: bool = False) -> float:
    """Return the most memory this process has held, or the greatest of its children, in GB."""
    who = resource.RUSAGE_CHILDREN if of_children else resource.RUSAGE_SELF
    return round(resource.getrusage(who).ru_maxrss * 1024 / 1e9, 2)


def cpu_seconds() -> float:
    """Return the processor time of this process and its finished children."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(use.ru_utime + use.ru_stime for use in (own, children))


def cpu_seconds_of(pid: int) -> float:
    """Return the processor time of another process so far, to a hundredth of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
