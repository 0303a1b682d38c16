"""A book with every channel's twin behind it; a test file imports the fixture."""

from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from daihou.web.access.queries import system_user
from daihou.web.channels import rendering, sending
from daihou.web.channels.models import SPEAKS, Provider
from daihou.web.channels.sandbox import site as sandbox
from daihou.web.channels.sandbox.world import Fate, World
from daihou.web.ledger import operations

NOW = datetime(2025, 5, 21, 1, 30, tzinfo=UTC)
ADDRESSES = {
    "aliyun": "13800138000",
    "tencent": "13800138000",
    "smtp": "li@example.org",
    "jpush": "190e35f7e07b8f6a1c2",
    "wechat": "oABCDEFGHIJKLMNOPQRSTUVWXYZ12",
    "whatsapp": "15551234567",
    "robot": "13800138000",
    "freeswitch": "13800138000",
    "letters": "上海市浦东新区世纪大道1号",
}
VALUES = {
    "borrower": "张**",
    "creditor": "某某银行",
    "institution": "贷后演示",
    "service_phone": "400-000-0000",
    "product": "消费贷",
    "loan_tail": "0001",
    "opt_out": "回复T退订",
}


@contextmanager
def opened(book, fates=None, *, only=None):
    """Run the twins for a book; ``fates`` by address; ``only`` leaves one provider open."""
    fates = fates or {}
    world = World(fate_of=lambda address: fates.get(address, Fate.DELIVERED))
    with sandbox.running(world=world) as site:
        accounts = sandbox.open_accounts(book=book, site=site, acting_user=system_user())
        if only is not None:
            type(accounts[only]).objects.exclude(pk=accounts[only].pk).update(is_active=False)
        yield site, accounts


def make_book(name="reach"):
    return operations.create_book(name=name, currency="CNY", acting_user=system_user())


def payload(key="due-3", channel="sms", language="zh", **more):
    from datetime import date

    from daihou.collect.templates import Money

    version = rendering.choose(book=None, key=key, channel=channel, language=language)
    values = VALUES | {
        "due_on": date(2025, 5, 24),
        "due_amount": Money(amount_minor=110_02, currency="CNY"),
        "instalment_no": 4,
        "overdue_amount": Money(amount_minor=220_04, currency="CNY"),
        "overdue_since": date(2025, 4, 6),
        "days_past_due": 44,
        "figures_on": date(2025, 5, 20),
    }
    return rendering.render(version=version, values=values | more).payload


KEYS = {"sms": "due-3", "push": "due-3", "wechat": "due-3", "robot": "overdue",
        "email": "overdue", "letter": "overdue"}  # fmt: skip


def message(book, provider, ref="p1", **given):
    channel = SPEAKS[Provider(provider)].value
    if channel == "voice":
        said = rendering.Payload()
    elif channel == "whatsapp":
        said = payload("due-3", channel, "en")
    else:
        said = payload(KEYS[channel], channel)
    told = {
        "permit_ref": ref,
        "book": book,
        "channel": channel,
        "address": ADDRESSES[provider],
        "payload": said,
        "name": "张三",
        "agent": "1001" if channel == "voice" else "",
    } | given
    return sending.Sending(**told)


@pytest.fixture
def book(db, own_keys):
    return make_book()
