"""Goal: a pay link names an amount and nobody, and is credited by the provider's own notice."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from daihou.errors import MESSAGES, DaihouError
from daihou.web.access.models import Role
from daihou.web.access.queries import system_user
from daihou.web.loans.models import Loan
from daihou.web.parties import editing
from daihou.web.payments import links
from daihou.web.payments.adapters.proof import check_signature
from daihou.web.payments.adapters.protocol import Order
from daihou.web.payments.adapters.registry import adapter_of
from daihou.web.payments.models import LinkState, PayLink, Receipt
from daihou.web.payments.posting import post_open
from daihou.web.payments.secrets import ChannelSecrets
from tests.web.payment_channels import Provider, make_book, make_channel, movement

pytestmark = pytest.mark.django_db
SITE = "https://pay.example.com"


@pytest.fixture
def book(db, monkeypatch):
    monkeypatch.setattr("daihou.web.payments.hooks._lines", {})
    return make_book()


def make(book, adapter="wechat_pay", *, amount_minor=5_000, hours=24, channel=None):
    loan = Loan.objects.select_related("book").get(book=book, loan_ref="A")
    wanted = links.Wanted(
        amount_minor=amount_minor,
        expires_at=timezone.now() + timedelta(hours=hours),
        case_number=7,
        promise_number=8,
    )
    channel = channel or make_channel(book, adapter)
    return links.make(
        loan=loan, channel=channel, wanted=wanted, site=SITE, acting_user=system_user()
    )


def test_money_for_a_link_reaches_its_loan_and_pays_the_link(book):
    link = make(book)
    told = movement(order_ref=link.order_ref, amount_minor=5_000)
    assert Provider(link.channel).tell(told).status_code in {200, 204}
    assert post_open(book=book, acting_user=system_user()).posted == 1
    link.refresh_from_db()
    assert (link.state, link.receipt) == (LinkState.PAID, Receipt.objects.get())
    assert link.receipt.loan_id == link.loan_id
    again = movement("r2", order_ref=link.order_ref, amount_minor=1_000)
    Provider(link.channel, seed=2).tell(again)
    assert post_open(book=book, acting_user=system_user()).posted == 1
    assert PayLink.objects.get().receipt.reference == "r1"


def test_the_public_page_names_nobody_and_ends_with_the_link(book):
    person = editing.add_party(
        source=book.name,
        kind="person",
        data={"name": ["李四"], "phone": ["13800138000"]},
        acting_user=system_user(),
    )
    Loan.objects.filter(book=book).update(person=person)
    link = make(book)
    token = links.token_of(link=link)
    assert token.encode() not in bytes(link.token_digest)
    client, path = Client(), f"/pay/{token}/"
    answer = client.get(path)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "50.00" in text
    assert not any(word in text for word in ("李四", "13800138000", ">A<"))
    assert answer.headers["Cache-Control"] == "no-store"
    drawn = client.get(f"{path}code.svg")
    assert (drawn.status_code, drawn.headers["Content-Type"]) == (200, "image/svg+xml")
    assert client.get("/pay/another/").status_code == 404
    assert client.post(path).status_code == 405
    links.cancel(link=link, acting_user=system_user())
    assert client.get(path).status_code == 410
    assert client.get(f"{path}code.svg").status_code == 404
    cache.clear()
    assert {client.get(path).status_code for _ in range(32)} == {410, 429}


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("link.amount_wrong", {"amount_minor": 10**12}),
        ("link.amount_wrong", {"amount_minor": 0}),
        ("link.days_wrong", {"hours": 24 * 8}),
        ("order.not_offered", {"adapter": "bank_debit"}),
    ],
)
def test_what_cannot_be_paid_has_no_link(book, code, given):
    with pytest.raises(DaihouError) as raised:
        make(book, **given)
    assert raised.value.code == code
    assert code in MESSAGES
    assert not PayLink.objects.exists()


def order():
    return Order(
        order_ref="PL1",
        amount_minor=1_234,
        currency="CNY",
        subject="PL1",
        expires_at=timezone.now() + timedelta(hours=1),
        notify_url=f"{SITE}/hooks/w/",
    )


@pytest.fixture(scope="module")
def keys():
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem, public.decode()


def proven(keys, message, signature):
    ours = ChannelSecrets(merchant_id="m", platform_keys={"1": keys[1]})
    check_signature(secrets=ours, serial="1", signature=signature, message=message)


def test_wechat_is_asked_for_a_code_with_our_signature(keys):
    asked = []

    class Twin(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append((self.path, self.headers["Authorization"], body))
            answer = json.dumps({"code_url": "weixin://wxpay/bizpayurl?pr=x"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Twin)
    threading.Thread(target=server.handle_request, daemon=True).start()
    secrets = ChannelSecrets(
        merchant_id="m",
        platform_keys={},
        private_key=keys[0],
        serial="S1",
        app_id="app",
        gateway=f"http://127.0.0.1:{server.server_port}",
    )
    made = adapter_of(kind="wechat_pay").order(order=order(), secrets=secrets, now=timezone.now())
    server.server_close()
    assert (made.kind, made.target) == ("code", "weixin://wxpay/bizpayurl?pr=x")
    path, proof, body = asked[0]
    fields = dict(part.split("=", 1) for part in proof.split(" ", 1)[1].split(","))
    said = {name: value.strip('"') for name, value in fields.items()}
    message = f"POST\n{path}\n{said['timestamp']}\n{said['nonce_str']}\n".encode() + body + b"\n"
    proven(keys, message, said["signature"])
    assert json.loads(body)["amount"] == {"total": 1_234, "currency": "CNY"}


def test_alipay_gets_a_signed_page(keys):
    secrets = ChannelSecrets(merchant_id="m", platform_keys={}, private_key=keys[0])
    made = adapter_of(kind="alipay").order(order=order(), secrets=secrets, now=timezone.now())
    fields = dict(parse_qsl(urlsplit(made.target).query))
    signature = fields.pop("sign")
    message = "&".join(f"{name}={fields[name]}" for name in sorted(fields))
    proven(keys, message.encode(), signature)
    assert json.loads(fields["biz_content"])["total_amount"] == "12.34"


def test_a_link_is_made_at_the_desk_by_who_works_cases(book, make_user):
    make_channel(book)
    client = Client()
    client.force_login(make_user(Role.COLLECTOR))
    page = f"/books/{book.name}/payments/loans/A/links/"
    sent = {"amount": "50.00", "channel": f"{book.name}-wechat-pay", "hours": "24", "case": "3"}
    assert client.post(f"{page}make/", sent).status_code == 302
    link = PayLink.objects.get()
    assert (link.amount_minor, link.case_number) == (5_000, 3)
    assert links.token_of(link=link) in client.get(page).content.decode()
    assert client.post(f"{page}{link.pk}/cancel/").status_code == 302
    link.refresh_from_db()
    assert link.state == LinkState.CANCELLED
