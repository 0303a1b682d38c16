"""Processes of the contact tests: callers that race for slots, senders that die by SIGKILL.

Run as a program it imports everything once and forks; it opens no database before the fork.
"""

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(what, environment, **given):
    """Run a kind of child processes to their end; return what they said, one value a line."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.web.contact_children", what, json.dumps(given)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def race(environment, made, **given):
    return run("race", environment, made=asdict(made), **given)


def _race(*, made, processes, requests, seed, guarded):
    for number in range(processes):
        if not os.fork():
            _call(made, requests // processes, random.Random(f"{seed} {number}"), number < guarded)
            os._exit(0)
    for _ in range(processes):
        _, status = os.wait()
        assert status == 0, status


def _call(made, count, chance, is_guarded):
    """Ask for calls of random people at random hours of two days, and end each somehow."""
    from benchmarks import contact_people as people
    from daihou.collect import guard
    from daihou.collect.guard import Decision
    from daihou.collect.requests import Outcome
    from daihou.web.access.models import User
    from daihou.web.contacts import operations
    from daihou.web.contacts.errors import ContactRefused

    if not is_guarded:
        guard.decide = lambda **_: Decision(is_allowed=True, refusals=(), passed=())
    made = people.Made(**{**made, "people": tuple(map(tuple, made["people"]))})
    caller = User.objects.get(pk=made.user_id)
    said = {"permitted": 0, "refused": 0, "capped": 0}
    ends = [Outcome.EFFECTIVE, Outcome.UNANSWERED, Outcome.UNANSWERED, Outcome.UNKNOWN]
    for _ in range(count):
        contact = people.contact_of(made=made, number=chance.randrange(len(made.people)))
        at = people.MORNING + timedelta(minutes=chance.randrange(600))
        try:
            permit = operations.ask(contact=contact, acting_user=caller, at=at)
        except ContactRefused as fault:
            said["refused" if fault.decision else "capped"] += 1
            continue
        said["permitted"] += 1
        operations.record_outcome(
            permit=permit, outcome=chance.choice(ends), at=at, acting_user=caller
        )
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _send(*, steps, rings):
    """For each step let one sender die there; ``rings`` is a file with a line per phone rung."""
    for step in steps:
        child = os.fork()
        if not child:
            _sender(step, Path(rings))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(json.dumps([step, os.waitstatus_to_exitcode(status)]) + "\n")
        sys.stdout.flush()


def _sender(step, rings):
    from daihou.web.channels import sending
    from daihou.web.channels.adapters.protocol import Accepted
    from daihou.web.contacts import outbox

    def die_at(place):
        if place == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def send(*, sending, now):
        die_at("before the ring")
        with rings.open("a") as file:
            file.write(sending.permit_ref + "\n")
        die_at("after the ring")
        return Accepted(provider_ref=f"ref-{sending.permit_ref}")

    def around(module, name, before, after):
        real = getattr(module, name)

        def wrapped(*arguments, **named):
            die_at(before)
            found = real(*arguments, **named)
            die_at(after)
            return found

        setattr(module, name, wrapped)

    sending.send = send
    outbox._is_over = lambda permit, now: False  # The permits are of a day in the past.
    around(outbox, "take", "before taking", "after taking")
    around(outbox, "_sending", "before reading", "after reading")
    around(outbox, "_note", "before noting", "after noting")
    outbox.work()


if __name__ == "__main__":
    from daihou.web import setup

    setup()
    KINDS = {"race": _race, "send": _send}
    KINDS[sys.argv[1]](**json.loads(sys.argv[2]))
