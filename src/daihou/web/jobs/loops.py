"""Work that is looked for again and again, more often than a clock of minutes: each in a thread.

An app registers once, in ``AppConfig.ready``. A worker runs every loop; the work itself sees to it
that several workers do not do the same twice (a row lock, an advisory lock).
"""

import logging
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

from django.db import connections

if TYPE_CHECKING:
    from collections.abc import Iterator

AFTER_FAULT_SECONDS = 5.0
logger = logging.getLogger("daihou.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """``work`` returns how much it did; after something it is asked again at once."""

    name: str
    seconds: float
    work: Callable[[], int]


_LOOPS: Final[dict[str, Loop]] = {}


def register(*, name: str, seconds: float, work: Callable[[], int]) -> None:
    """Let every worker do this work whenever some is found, looking every ``seconds``."""
    _LOOPS[name] = Loop(name=name, seconds=seconds, work=work)


def run_once() -> None:
    """Do what there is now, loop after loop."""
    for name in sorted(_LOOPS):
        while _LOOPS[name].work():
            pass


@contextmanager
def running() -> "Iterator[None]":
    """Run all loops in threads for as long as the block lasts."""
    stopping = Event()
    threads = [
        Thread(target=_run, args=(loop, stopping), name=loop.name) for loop in _LOOPS.values()
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join()


def _run(loop: Loop, stopping: Event) -> None:
    """Work until told to stop; a fault is logged, and after a while tried again."""
    try:
        while not stopping.is_set():
            try:
                done = loop.work()
            except Exception:
                logger.exception("loop %s", loop.name)
                connections.close_all()
                stopping.wait(AFTER_FAULT_SECONDS)
            else:
                if not done:
                    stopping.wait(loop.seconds)
    finally:
        connections.close_all()
