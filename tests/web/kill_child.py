"""Processes that run an end of day and die by a real SIGKILL; nothing of the run is mocked.

Run as a program this is a small fork server: it imports everything once, then reads one JSON
command per line and forks a child for each run. It opens no database and starts no thread itself.
A child may be told to die at a step: before or after the n-th call of a function of the product,
that is between any two things it keeps, and inside its transactions.
"""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Module, class, function, and how often a run over three shards calls it.
STEPS = (
    ("daihou.engine.book", "Book", "write_shard", 3),
    ("daihou.engine.book", None, "write_parquet", 9),
    ("daihou.engine.book", "Book", "publish", 1),
    ("daihou.engine.book", None, "write_atomically", 1),
    ("daihou.web.ledger.shard_work", None, "_stage", 3),
    ("daihou.web.ledger.end_of_day", None, "_begin", 1),
    ("daihou.web.ledger.end_of_day", None, "_ask_gates", 1),
    ("daihou.web.ledger.end_of_day", None, "publish_shard", 3),
    ("daihou.web.ledger.end_of_day", None, "settle_persons", 1),
    ("daihou.web.ledger.end_of_day", None, "_finish", 1),
    ("daihou.web.ledger.publishing", None, "_put_positions", 3),
    ("daihou.web.ledger.publishing", None, "_put_events", 3),
)


class Server:
    """The test's side of the fork server."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.kill_child"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(30)

    def start(self, environment, through, **dying):
        command = {"environment": environment, "through": through.isoformat(), "dying": dying}
        return Child(server=self, pid=self._ask(command))

    def _ask(self, command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    server: Server
    pid: int

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)  # Not yet waited for, so the number is still its own.

    def wait(self):
        """Return its exit code, -9 when it was killed."""
        return self.server._ask({"wait": self.pid})


def serve():
    from daihou.web import setup

    setup()
    import_module("daihou.web.ledger.end_of_day")
    _warm_up()
    for line in sys.stdin:
        command = json.loads(line)
        if "wait" in command:
            answer = os.waitstatus_to_exitcode(os.waitpid(command["wait"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                _be_child(command)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _warm_up():
    """Load the compiled kernel by NumPy alone: Polars must not start its threads before a fork."""
    import numpy as np

    from daihou.engine import arrays, kernel, layout

    days, minor = np.empty(0, np.int32), np.empty(0, np.int64)
    begin = np.zeros(1, np.int64)
    for array in (days, minor, begin):
        array.flags.writeable = False
    rules = np.empty((0, kernel.RULE_WIDTH), np.int64)
    rules.flags.writeable = False
    arrays.fold_arrays(
        shard=arrays.ShardArrays(
            loan_ids=minor,
            disbursed_on=days,
            disbursed_minor=minor,
            rule=minor,
            rules=rules,
            known_oldest=days,
            known_closed=days,
            dues=layout.Dues(
                begin=begin, start_on=days, due_on=days, principal=minor, interest=minor, fee=minor
            ),
            payments=layout.Payments(begin=begin, on=days, amount=minor),
            most_dues=0,
        ),
        chosen=np.empty(0, np.int64),
        snapshots=(0,),
        window=(0, 1),
        keeps_dues=True,
    )


def _be_child(command):
    code = 1
    try:
        _run(command)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run(command):
    os.environ.update(command["environment"])
    from django.db import connections as django_connections

    from daihou.web.access.queries import system_user
    from daihou.web.ledger.end_of_day import run_end_of_day
    from daihou.web.ledger.models import Book
    from daihou.web.postgres import connections

    for alias, settings in connections.django_databases().items():
        django_connections[alias].settings_dict.update(settings)
    if command["dying"]:
        _die_at(**command["dying"])
    through = date.fromisoformat(command["through"])
    run_end_of_day(book=Book.objects.get(), through=through, acting_user=system_user(), processes=1)


def _die_at(*, step, when, count=1):
    module_name, class_name, name, _ = STEPS[step]
    module = import_module(module_name)
    owner = getattr(module, class_name) if class_name else module
    real = getattr(owner, name)
    calls = [0]

    def dying(*positional, **named):
        calls[0] += 1
        is_last = calls[0] == count
        if is_last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        given = real(*positional, **named)
        if is_last:
            os.kill(os.getpid(), signal.SIGKILL)
        return given

    setattr(owner, name, dying)


if __name__ == "__main__":
    serve()
