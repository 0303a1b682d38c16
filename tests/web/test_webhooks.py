"""Goal: what happened is told, signed, until it is heard. Method: a receiver on loopback."""

import base64
import hashlib
import hmac
import json
import threading
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.db import transaction
from django.utils import timezone

from daihou.errors import DaihouError
from daihou.web.access import queries as access
from daihou.web.api import webhooks
from daihou.web.api.models import Endpoint, Message
from daihou.web.audit import operations as audit

pytestmark = pytest.mark.django_db


@contextmanager
def receiver(*statuses):
    """Answer with the statuses in turn, the last one for ever; keep what came."""
    heard, left = [], list(statuses)

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((dict(self.headers), body))
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Ear)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook?a=1", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def local(settings):
    settings.WEBHOOKS_LOCAL = True


def told(url, *topics):
    return webhooks.add_endpoint(
        name="core", url=url, topics=topics, acting_user=access.system_user()
    )


def happen(action):
    audit.record(
        acting_user=access.system_user(),
        action=action,
        target_type="loan",
        target_id=7,
        details={"sequence": 3},
    )


def test_what_is_wanted_is_told_once_and_signed(local):
    with receiver(204) as (url, heard):
        endpoint = told(url, "event.*")
        for action in ("event.record", "book.create", "event.record"):
            happen(action)
        assert webhooks.deliver_waiting() == 2
        assert webhooks.deliver_waiting() == 0
    headers, body = heard[0]
    message = json.loads(body)
    assert (message["topic"], message["target_id"], message["details"]) == (
        "event.record",
        "7",
        {"sequence": 3},
    )
    key = base64.b64decode(webhooks.secret_of(endpoint).removeprefix("whsec_"))
    plain = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, plain, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert len({each["webhook-id"] for each, _ in heard}) == 2


def test_an_action_that_is_rolled_back_is_not_told(local):
    endpoint = told("http://127.0.0.1:9/hook", "event.record")
    with transaction.atomic():
        happen("event.record")
        assert endpoint.messages.count() == 1
        transaction.set_rollback(True)
    assert endpoint.messages.count() == 0


@pytest.mark.parametrize("status", [500, 302, 404])
def test_what_is_not_heard_is_told_again_later_and_later(local, status):
    with receiver(status, status, 200) as (url, heard):
        endpoint = told(url, "event.record")
        happen("event.record")
        waits = []
        for _ in range(3):
            Message.objects.update(next_at=timezone.now())
            assert webhooks.deliver_waiting() == 1
            message = endpoint.messages.get()
            waits.append(message.next_at - timezone.now())
        assert [len(heard), message.attempts, message.state] == [3, 3, "delivered"]
    assert waits[0] < timedelta(seconds=16) < waits[1] < timedelta(seconds=61)


def test_nobody_there_is_given_up_in_the_end(local):
    endpoint = told("http://127.0.0.1:9/hook", "event.record")
    happen("event.record")
    for _ in range(webhooks.ATTEMPTS_MOST):
        Message.objects.update(next_at=timezone.now())
        webhooks.deliver_waiting()
    message = endpoint.messages.get()
    assert (message.state, message.last_status) == ("dead", None)
    assert "ConnectionRefused" in message.last_error


def test_the_outbox_can_be_replayed(local):
    with receiver(200) as (url, heard):
        endpoint = told(url, "event.record")
        happen("event.record")
        webhooks.deliver_waiting()
        start = timezone.now() - timedelta(hours=1)
        count = webhooks.replay(
            endpoint_id=endpoint.pk,
            since=start,
            until=start + timedelta(hours=2),
            acting_user=access.system_user(),
        )
        assert (count, webhooks.deliver_waiting(), len(heard)) == (1, 1, 2)
    assert heard[0][1] == heard[1][1]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "https://user:word@example.com/",
        "ftp://example.com/",
        "https:///nowhere",
        "https://example.com/" + "a" * 600,
        "https://example.com:99999/",
        "https://example.com:0/",
        "https://[::1/",
        "https://example.com/通知",
    ],
)
def test_an_address_that_is_not_https_is_refused(db, url):
    with pytest.raises(DaihouError) as refused:
        told(url, "*")
    assert refused.value.code == "webhook.url_refused"


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]"])
def test_an_address_inside_the_own_network_is_not_called(db, host):
    endpoint = told(f"https://{host}/", "event.record")
    happen("event.record")
    webhooks.deliver_waiting()
    message = endpoint.messages.get()
    assert message.state == "waiting"
    assert message.last_error.startswith("DaihouError")


def test_an_address_that_cannot_be_called_does_not_hold_up_the_others(local):
    with receiver(204) as (url, heard):
        broken = told("http://127.0.0.1:9/hook", "event.record")
        Endpoint.objects.filter(pk=broken.pk).update(url="https://example.com:99999/")
        told(url, "event.record")
        happen("event.record")
        assert webhooks.deliver_waiting() == 2
        assert len(heard) == 1
    assert broken.messages.get().last_error.startswith("ValueError")


def test_a_new_secret_signs_differently(local):
    endpoint = told("http://127.0.0.1:9/hook", "*")
    before = webhooks.secret_of(endpoint)
    changed = webhooks.change_endpoint(
        endpoint_id=endpoint.pk, new_secret=True, acting_user=access.system_user()
    )
    assert webhooks.secret_of(changed) != before
