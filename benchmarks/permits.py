"""Single permits: how long one takes, how many a second, asked by several processes at once.

Every permit is whole: the person's lock, all facts in one statement, the guard, permit, slots,
outbox and audit row in one transaction, committed to disk. Prints JSON with the machine.

    python -m benchmarks.permits --people 4000 --processes 2
"""

import argparse
import json
import random
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any

from benchmarks import contact_people, homes, machine


def measure(*, people: int, processes: int, asks: int) -> dict[str, Any]:
    """Make people on a new embedded server, and ask for a message to one after the other."""
    with homes.thrown_away("permits"):
        said, _ = _start("make", people=people).communicate()
        made = json.loads(said)
        fast = _run(made, processes=processes, asks=asks, part=0, rate=None)
        rate = fast["permits_per_second"] / 2 / processes
        half = _run(made, processes=processes, asks=asks, part=1, rate=rate)
    return {
        "people": people,
        "processes": processes,
        "as_fast_as_possible": fast,
        "at_half_that_rate": half,
    }


def _run(
    made: dict[str, Any],
    *,
    processes: int,
    asks: int,
    part: int,
    rate: float | None,
) -> dict[str, Any]:
    """Let processes ask at once, each for people of its own, in one half of all people."""
    share = len(made["people"]) // (2 * processes)
    children = [
        _start(
            "ask",
            made=made,
            first=(part * processes + number) * share,
            count=min(share, asks // processes),
            rate=rate,
        )
        for number in range(processes)
    ]
    return _figures([json.loads(child.communicate()[0]) for child in children])


def _figures(said: list[dict[str, Any]]) -> dict[str, Any]:
    times = sorted(each for child in said for each in child["times"])
    count, seconds = len(times), max(each["seconds"] for each in said)
    return {
        "permits": count,
        "refused": sum(each["refused"] for each in said),
        "permits_per_second": round(count / seconds, 1),
        "p50_ms": round(times[count // 2] * 1000, 2),
        "p95_ms": round(times[int(count * 0.95)] * 1000, 2),
        "p99_ms": round(times[int(count * 0.99)] * 1000, 2),
        **{
            f"cpu_ms_of_a_permit_in_{where}": round(
                sum(each["cpu_seconds"][where] for each in said) / count * 1000, 2
            )
            for where in ("python", "postgresql")
        },
    }


def _start(what: str, **given: Any) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.permits", "--child", what, json.dumps(given)],
        stdout=subprocess.PIPE,
        text=True,
    )


def _make(*, people: int) -> dict[str, Any]:
    from django.db import transaction

    from daihou.web.contacts import subjects

    made = contact_people.make(count=people)
    with transaction.atomic():
        for party_id, _, _ in made.people:  # Everybody was met before: who she is, is known.
            subjects.lock(party_id=party_id, recipient_party_id=party_id)
    return asdict(made)


def _ask(*, made: dict[str, Any], first: int, count: int, rate: float | None) -> dict[str, Any]:
    from daihou.web.access.models import User
    from daihou.web.contacts import operations
    from daihou.web.contacts.errors import ContactRefused

    known = contact_people.Made(**{**made, "people": tuple(map(tuple, made["people"]))})
    caller, at = User.objects.get(pk=known.user_id), contact_people.MORNING
    order = random.Random(first).sample(range(first, first + count), count)
    contacts = [contact_people.contact_of(made=known, number=number) for number in order]
    warm, timed = contacts[:50], contacts[50:]
    for contact in warm:
        operations.ask(contact=contact, acting_user=caller, at=at)
    times, refused, begun, cpu = [], 0, time.perf_counter(), _cpu_seconds()
    for number, contact in enumerate(timed):
        due = begun + number / rate if rate else None
        if due is not None and (wait := due - time.perf_counter()) > 0:
            time.sleep(wait)
        started = time.perf_counter()
        try:
            operations.ask(contact=contact, acting_user=caller, at=at)
        except ContactRefused:
            refused += 1
        times.append(time.perf_counter() - started)
    return {
        "times": times,
        "refused": refused,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": {where: used - cpu[where] for where, used in _cpu_seconds().items()},
    }


def _cpu_seconds() -> dict[str, float]:
    from django.db import connection

    server = connection.connection.info.backend_pid
    return {"python": machine.cpu_seconds(), "postgresql": machine.cpu_seconds_of(server)}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=4_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--asks", type=int, default=4_000)
    parser.add_argument("--child", nargs=2, metavar=("WHAT", "GIVEN"), help=argparse.SUPPRESS)
    found = parser.parse_args()
    if found.child is None:
        figures = measure(people=found.people, processes=found.processes, asks=found.asks)
        print(json.dumps({"machine": machine.describe(), "permits": figures}, indent=2))
        return
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    what, given = found.child
    print(json.dumps({"make": _make, "ask": _ask}[what](**json.loads(given))))


if __name__ == "__main__":
    main()
