"""Run commands beside the web pages, and stop all of them together."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final, NoReturn

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_SECONDS: Final = 15.0  # A worker ends the job it has.

Command = Sequence[str]


def run(*, pages: Command, helpers: Sequence[Command]) -> int:
    """Run the pages with helpers until they end or this process is told to stop.

    A helper has no terminal: Ctrl-C comes to this process alone, and each is then asked to end.
    Returns the exit code of the pages, 0 where they were stopped.
    """
    held = {number: signal.signal(number, _stop) for number in STOPPING}
    running = [_start(command) for command in (*helpers, pages)]
    try:
        return running[-1].wait()
    except _Stopped:
        return 0
    finally:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)  # Told twice it stops once.
        _end(running)
        for number, handler in held.items():
            signal.signal(number, handler)


def daihou(*words: str) -> list[str]:
    """Write one of our own commands for this very Python."""
    return [sys.executable, "-m", "daihou", *words]


class _Stopped(BaseException):
    """This process was told to stop."""


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Stopped


def _start(command: Command) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    )


def _end(running: Sequence["subprocess.Popen[bytes]"]) -> None:
    for each in running:
        each.terminate()
    for each in running:
        try:
            each.wait(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()
