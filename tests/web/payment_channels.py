"""Sandbox channels for the tests of the intake, and messages signed by their twins."""

import random
from datetime import UTC, datetime

from django.test import Client
from django.utils import timezone

from daihou.web.access.queries import system_user
from daihou.web.ledger import operations
from daihou.web.loans.models import Loan
from daihou.web.parties import editing
from daihou.web.payments import channels
from daihou.web.payments.adapters.protocol import Movement
from daihou.web.payments.sandbox import twins
from tests.web.ledger_books import loan, tape

PAID_AT = datetime(2025, 3, 10, 10, tzinfo=UTC)


def make_book(*, name="demo", loans=("A", "B"), time_zone="UTC"):
    book = operations.create_book(
        name=name, currency="CNY", time_zone=time_zone, acting_user=system_user()
    )
    operations.post_tape(
        book=book, tape=tape(loans=[loan(ref) for ref in loans]), acting_user=system_user()
    )
    book.refresh_from_db()
    return book


def make_borrower(book, *, name="李四", phone="13800138000"):
    """Give loan A of the book its borrower."""
    person = editing.add_party(
        source=book.name,
        kind="person",
        data={"name": [name], "phone": [phone]},
        acting_user=system_user(),
    )
    Loan.objects.filter(book=book, loan_ref="A").update(person=person)
    return person


def make_channel(book, adapter="wechat_pay", code=None):
    code = code or f"{book.name}-{adapter}".replace("_", "-")
    twins.make_keys(secret_ref=code, adapter=adapter)
    return channels.add_channel(
        book=book,
        code=code,
        adapter=adapter,
        account="m1",
        secret_ref=code,
        acting_user=system_user(),
    )


def movement(reference="r1", *, kind="payment", amount_minor=11_002, **told):
    given = {"currency": "CNY", "paid_at": PAID_AT, "order_ref": "A"} | told
    return Movement(kind=kind, reference=reference, amount_minor=amount_minor, **given)


class Provider:
    """The provider's side of a channel: it signs, and calls the hook through Django's client."""

    def __init__(self, channel, *, seed=1):
        self.channel = channel
        self.chance = random.Random(seed)
        self.twin = twins.twin_of(adapter=channel.adapter, secret_ref=channel.secret_ref)
        self.client = Client()

    def sign(self, told, *, sent_at=None, notice_ref=None):
        return self.twin.message(
            movement=told,
            notice_ref=notice_ref or f"n-{told.reference}",
            sent_at=sent_at or timezone.now(),
            chance=self.chance,
        )

    def send(self, message):
        return self.client.post(
            f"/hooks/{self.channel.code}/",
            data=message.body,
            content_type="application/octet-stream",
            headers=dict(message.headers),
        )

    def tell(self, told, **how):
        return self.send(self.sign(told, **how))
