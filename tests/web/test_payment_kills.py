"""Goal: what was acknowledged is posted once, whatever dies. Method: real processes and SIGKILL."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.ledger.models import Event as EventRow
from daihou.web.payments.models import Receipt, ReconciliationBreak
from daihou.web.payments.posting import post_open
from tests.web.payment_channels import Provider, make_book, make_channel, movement

ROOT = Path(__file__).resolve().parents[2]
MANY_DELIVERIES = """
import json, sys
from daihou.web import setup
setup()
from django.utils import timezone
from daihou.web.ledger.models import Book
from daihou.web.access.queries import system_user
from daihou.web.payments import intake
from daihou.web.payments.models import Channel
from daihou.web.payments.posting import post_open
line = intake.line_of(Channel.objects.select_related("book").get(code=sys.argv[1]))
told = {"new": 0, "known": 0}
for number, text in enumerate(sys.stdin):
    message = json.loads(text)
    taken = intake.take_notice(line=line, headers=message["headers"],
        body=message["body"].encode(), now=timezone.now())
    told["new" if taken.is_new else "known"] += 1
    if number % 40 == 0:
        post_open(book=Book.objects.get(pk=line.book_id), acting_user=system_user())
print(json.dumps(told))
"""
POST_FOR_EVER = """
from daihou.web import setup
setup()
from daihou.web.access.queries import system_user
from daihou.web.ledger.models import Book
from daihou.web.payments.posting import post_open
print("ready", flush=True)
while True:
    post_open(book=Book.objects.get(), acting_user=system_user(), batch=3)
"""


@pytest.fixture
def book(scratch_database, django_db_blocker, monkeypatch):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    with django_db_blocker.unblock():
        yield make_book(loans=[f"L{n}" for n in range(10)])


def events():
    return EventRow.objects.filter(kind="payment_received")


def as_line(message):
    return json.dumps({"headers": dict(message.headers), "body": message.body.decode()}) + "\n"


def test_one_notice_a_thousand_times_from_many_processes_posts_once(book, scratch_database):
    provider = Provider(make_channel(book))
    told = movement(order_ref="L1")
    inputs = ["".join(as_line(provider.sign(told)) for _ in range(250)) for _ in range(4)]
    children = [
        subprocess.Popen(
            [sys.executable, "-c", MANY_DELIVERIES, provider.channel.code],
            env=scratch_database.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in inputs
    ]
    with ThreadPoolExecutor(4) as pool:
        outputs = pool.map(lambda pair: pair[0].communicate(pair[1], timeout=200)[0],
                           zip(children, inputs, strict=True))  # fmt: skip
        counts = [json.loads(output) for output in outputs]
    post_open(book=book, acting_user=system_user())
    assert sum(count["new"] for count in counts) == 1
    assert sum(count["known"] for count in counts) == 999
    assert (Receipt.objects.get().state, events().count()) == ("posted", 1)
    assert not ReconciliationBreak.objects.exists()


def test_a_poster_killed_again_and_again_posts_everything_once(book, scratch_database):
    provider = Provider(make_channel(book))
    for number in range(120):
        provider.tell(movement(f"r{number}", order_ref=f"L{number % 10}"))
    for delay in (0.0, 0.05, 0.15, 0.3):
        child = subprocess.Popen(
            [sys.executable, "-c", POST_FOR_EVER],
            env=scratch_database.environment,
            stdout=subprocess.PIPE,
        )
        assert child.stdout.readline() == b"ready\n"
        time.sleep(delay)
        child.kill()
        child.wait()
        child.stdout.close()
    post_open(book=book, acting_user=system_user())
    assert events().count() == Receipt.objects.filter(state="posted").count() == 120
    assert len(set(events().values_list("key", flat=True))) == 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(environment, port):
    child = subprocess.Popen(
        [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1", "--blocking-threads", "4"),
            *("--no-ws", "--no-log", "daihou.web.wsgi:application"),
        ],
        env=environment,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return child
        time.sleep(0.1)
    raise AssertionError


def kill(child):
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def call(url, message):
    request = urllib.request.Request(url, data=message.body, headers=dict(message.headers))
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except (urllib.error.URLError, OSError):
        return None


def test_what_a_killed_server_acknowledged_is_posted_once(book, scratch_database):
    provider = Provider(make_channel(book))
    port, acknowledged, stop = free_port(), [], threading.Event()
    url = f"http://127.0.0.1:{port}/hooks/{provider.channel.code}/"
    messages = [
        (f"r{n}", provider.sign(movement(f"r{n}", order_ref=f"L{n % 10}"), sent_at=timezone.now()))
        for n in range(600)
    ]

    def tell(share):
        for reference, message in share:
            if stop.is_set():
                return
            if call(url, message) == 204:
                acknowledged.append(reference)

    server = serve(scratch_database.environment, port)
    try:
        with ThreadPoolExecutor(4) as pool:
            for start in range(4):
                pool.submit(tell, messages[start::4])
            while len(acknowledged) < 60:
                time.sleep(0.01)
            kill(server)
            stop.set()
        assert len(acknowledged) < 600
        held = set(Receipt.objects.values_list("reference", flat=True))
        assert set(acknowledged) <= held

        stop.clear()
        server = serve(scratch_database.environment, port)
        again = Provider(provider.channel, seed=9)
        for reference in acknowledged[-3:]:
            number = int(reference[1:])
            told = movement(reference, order_ref=f"L{number % 10}")
            assert call(url, again.sign(told, sent_at=datetime.now(tz=UTC))) == 204
    finally:
        kill(server)
    post_open(book=book, acting_user=system_user())
    assert events().count() == len(held) == Receipt.objects.filter(state="posted").count()
