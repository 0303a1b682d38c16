"""Money in, on one machine with its database and its load: hooks, kills, files, reconciliation.

    python -m benchmarks.payments [--seconds 60] [--lines 200000] [--only hooks,kill,…]

The provider's side is the sandbox's twin: every message is signed, and proven by the server.
Messages go out at fixed moments; a latency counts from that moment, not from when a connection was
free. A worker posts to the ledger meanwhile.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

from benchmarks import homes, machine, payments_load

DAIHOU = Path(sys.executable).with_name("daihou")
STARTS_ON, ENDS_ON = date(2026, 1, 1), date(2026, 6, 30)
PORT = 8765
RATES = (200, 250)
ALL = ("hooks", "kill", "files", "reconcile")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--reconcile-lines", type=int, default=100_000)
    parser.add_argument("--only", default=",".join(ALL))
    given = parser.parse_args()
    with homes.thrown_away("payments"):
        figures = {"machine": machine.describe()}
        figures |= measure(given, only=given.only.split(","))
    print(json.dumps(figures, ensure_ascii=False, indent=2))


def measure(given: argparse.Namespace, *, only: list[str]) -> dict[str, Any]:
    from daihou.web.postgres.database import ensure_database

    ensure_database()
    book = make_book(given.loans)
    figures = {"loans": given.loans}
    steps = {
        "hooks": lambda: hooks(book, seconds=given.seconds),
        "kill": lambda: kill(book),
        "files": lambda: files(book, lines=given.lines),
        "reconcile": lambda: reconcile(book, lines=given.reconcile_lines),
    }
    for name in only:
        figures[name] = steps[name]()
        print(f"{name}: {json.dumps(figures[name])}", file=sys.stderr, flush=True)
    return figures


def make_book(loans: int) -> Any:
    from daihou.simulate.portfolio import Portfolio, consumer_tape
    from daihou.web.access.queries import system_user
    from daihou.web.ledger.end_of_day import run_end_of_day
    from daihou.web.ledger.operations import create_book, post_tape
    from daihou.web.payments import channels
    from daihou.web.payments.sandbox import twins

    actor = system_user()
    book = create_book(name="bench", currency="CNY", time_zone="Asia/Shanghai", acting_user=actor)
    portfolio = Portfolio(loan_count=loans, seed=1, starts_on=STARTS_ON, ends_on=ENDS_ON)
    post_tape(book=book, tape=consumer_tape(portfolio), acting_user=actor)
    run_end_of_day(book=book, through=ENDS_ON, acting_user=actor)
    for code, adapter in (("hook", "wechat_pay"), ("file", "bank_debit"), ("bill", "bank_debit")):
        twins.make_keys(secret_ref=code, adapter=adapter)
        channels.add_channel(
            book=book, code=code, adapter=adapter, account="m", secret_ref=code, acting_user=actor
        )
    book.refresh_from_db()
    return book


def loan_refs(book: Any) -> list[str]:
    from daihou.web.loans.models import Loan

    return list(Loan.objects.filter(book=book).order_by("pk").values_list("loan_ref", flat=True))


def movements(
    book: Any, *, count: int, prefix: str, on: date = ENDS_ON + timedelta(days=1)
) -> list[Any]:
    from daihou.web.payments.adapters.protocol import Movement

    refs = loan_refs(book)
    at = datetime(on.year, on.month, on.day, 4, tzinfo=UTC)
    return [
        Movement(
            kind="payment",
            reference=f"{prefix}{number}",
            amount_minor=1_000 + number % 9_000,
            currency="CNY",
            paid_at=at,
            order_ref=refs[number * 7919 % len(refs)],
            payer_account=f"62220202{number % 5_000:011d}",
        )
        for number in range(count)
    ]


class Site:
    """The server with two processes, and a worker that posts."""

    def __enter__(self) -> Self:
        words = ("serve", "--port", str(PORT), "--workers", "2")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.server = subprocess.Popen([DAIHOU, *words], start_new_session=True, **quiet)
        self.worker = subprocess.Popen([DAIHOU, "worker"], start_new_session=True, **quiet)
        payments_load.await_port(PORT)
        time.sleep(3)
        return self

    def __exit__(self, *problem: object) -> None:
        self.kill(signal.SIGTERM)

    def kill(self, how: signal.Signals) -> None:
        for child in (self.server, self.worker):
            if child.poll() is None:
                os.killpg(child.pid, how)
                child.wait()


def hooks(book: Any, *, seconds: int) -> dict[str, Any]:
    found = {}
    with Site():
        warm = payments_load.signed(movements(book, count=400, prefix="warm"))
        payments_load.run(PORT, warm, rate=100)
        for rate in RATES:
            messages = payments_load.signed(
                movements(book, count=rate * seconds, prefix=f"at{rate}-")
            )
            found[f"at_{rate}_per_second"] = payments_load.run(PORT, messages, rate=rate)
        flood = payments_load.signed(movements(book, count=4_000, prefix="flood"))
        found["as_fast_as_it_goes"] = payments_load.run(PORT, flood, rate=None)
        found["posting_lag_seconds"] = await_posted()
    return found | counts()


def await_posted() -> float:
    from daihou.web.payments.models import Receipt

    begun = time.perf_counter()
    while Receipt.objects.filter(state="received").exists():
        time.sleep(0.2)
    return round(time.perf_counter() - begun, 1)


def counts() -> dict[str, int]:
    from daihou.web.ledger.models import Event
    from daihou.web.payments.models import Receipt

    keys = Event.objects.filter(key__startswith="hook:").values_list("key", flat=True)
    receipts = Receipt.objects.filter(channel__code="hook")
    return {
        "receipts": receipts.count(),
        "posted": receipts.filter(state="posted").count(),
        "events": len(keys),
    }


def kill(book: Any) -> dict[str, Any]:
    """Kill server, worker and database under load; count what was acknowledged and is missing."""
    from django.db import connections as django_connections

    from daihou.web.access.queries import system_user
    from daihou.web.payments.models import Receipt
    from daihou.web.payments.posting import post_open
    from daihou.web.postgres import processes, server

    rounds = []
    for number in range(3):
        with Site() as site:
            messages = payments_load.signed(
                movements(book, count=1_000, prefix=f"kill{number}-"), seed=number
            )
            postmaster = processes.postmaster(layout=server.here()).pid
            killing = payments_load.kill_after(
                seconds=2.0 + number,
                kill=partial(_kill_all, postmaster, site),
            )
            done = payments_load.run(PORT, messages, rate=200, keeps=True)
            killing.join()
        django_connections.close_all()
        server.ensure_running()
        post_open(book=book, acting_user=system_user())
        held = set(
            Receipt.objects.filter(
                reference__startswith=f"kill{number}-", state="posted"
            ).values_list("reference", flat=True)
        )
        acknowledged = set(done["acknowledged_references"])
        rounds.append(
            {
                "acknowledged": len(acknowledged),
                "posted": len(held),
                "acknowledged_and_missing": len(acknowledged - held),
            }
        )
    return {"rounds": rounds} | counts()


def _kill_all(postmaster: int, site: Site) -> None:
    _kill_tree(postmaster)
    site.kill(signal.SIGKILL)


def _kill_tree(pid: int) -> None:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (pid, *map(int, children)):
        os.kill(each, signal.SIGKILL)


def files(book: Any, *, lines: int) -> dict[str, Any]:
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.payments.files import take_file
    from daihou.web.payments.models import Channel
    from daihou.web.payments.sandbox.bills import write_bill

    channel = Channel.objects.select_related("book").get(code="file")
    told = movements(book, count=lines, prefix="file")
    content = write_bill(adapter="bank_debit", movements=told)
    begun = time.perf_counter()
    taken = take_file(
        channel=channel,
        content=content,
        acting_user=system_user(),
        as_of=ENDS_ON + timedelta(days=1),
        at=timezone.now(),  # noqa: TID251  A benchmark is an edge.
    )
    seconds = time.perf_counter() - begun
    return {
        "lines": taken.lines,
        "posted": taken.posted,
        "seconds": round(seconds, 2),
        "payments_per_second": round(taken.posted / seconds),
    }


def reconcile(book: Any, *, lines: int) -> dict[str, Any]:
    from django.utils import timezone

    from daihou.web.access.queries import system_user
    from daihou.web.payments import reconciling
    from daihou.web.payments.files import take_file
    from daihou.web.payments.models import Channel
    from daihou.web.payments.sandbox.bills import write_bill

    channel = Channel.objects.select_related("book").get(code="bill")
    day = ENDS_ON + timedelta(days=2)
    told = movements(book, count=lines, prefix="bill", on=day)
    actor, at = system_user(), timezone.now()  # noqa: TID251  A benchmark is an edge.
    take_file(
        channel=channel,
        content=write_bill(adapter="bank_debit", movements=told[50:]),
        acting_user=actor,
        as_of=day,
        at=at,
    )
    begun = time.perf_counter()
    content = write_bill(adapter="bank_debit", movements=told[:-50])
    written = time.perf_counter()
    reconciling.take_bill(channel=channel, content=content, acting_user=actor, at=at)
    taken = time.perf_counter()
    run = reconciling.reconcile(
        channel=channel, from_on=day, through_on=day, acting_user=actor, at=at
    )
    return {
        "lines": run.bill_lines,
        "found": run.found,
        "take_bill_seconds": round(taken - written, 2),
        "reconcile_seconds": round(time.perf_counter() - taken, 2),
        "write_bill_seconds": round(written - begun, 2),
    }


if __name__ == "__main__":
    main()
