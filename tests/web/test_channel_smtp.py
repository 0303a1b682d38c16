"""Goal: mail goes out as SMTP says. Method: a mail server that others wrote (aiosmtpd), by TLS."""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from daihou.web.access.queries import system_user
from daihou.web.channels import accounts, secrets, sending
from daihou.web.channels.adapters.mail import Smtp
from daihou.web.channels.adapters.protocol import Accepted, Outgoing, Refused, Unknown
from daihou.web.channels.adapters.transport import NotSent
from daihou.web.channels.models import Delivery
from daihou.web.channels.secrets import AccountSecrets
from tests.web.channel_site import NOW, book, message

__all__ = ["book"]
PERSON = "li@example.org"


class Mailbox:
    """What a mail server keeps; ``answers`` to whole messages, in turn, the last one for good."""

    def __init__(self):
        self.kept, self.answers, self.is_over_tls = [], ["250 2.0.0 queued"], []

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if address.startswith("nobody"):
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.startswith("4"):
            return answer
        self.kept.append(envelope)
        self.is_over_tls.append(session.ssl is not None)
        if not answer:
            server.transport.abort()  # It has the message; its word is lost.
        return answer or "250"


def certificate(folder):
    """Write a certificate of this machine with its key; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(tz=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def served(pem):
    """Run a server that speaks with nobody in plain and lets nobody in without her password."""
    box = Mailbox()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    def log_in(_server, _session, _envelope, _mechanism, given):
        return AuthResult(success=given.password == b"right", handled=False)

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=log_in,
    )
    controller.start()
    box.secrets = AccountSecrets(
        url=f"smtp://127.0.0.1:{port}", key_id="daihou", key_secret="right", timeout_seconds=5
    )
    yield box
    controller.stop()


@pytest.fixture
def trusted(served, pem, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    return served


def letter(address=PERSON):
    return Outgoing(
        reference="p7",
        address=address,
        subject="还款提醒",
        text="您的借款将于5月24日到期。",
        language="zh",
        sender="海棠消费金融 <service@example.com>",
    )


def send(box, address=PERSON, **changed):
    fields = {name: getattr(box.secrets, name) for name in AccountSecrets.__dataclass_fields__}
    given = AccountSecrets(**fields | changed)
    return Smtp().send(message=letter(address), secrets=given, now=NOW)


def test_a_mail_goes_out_over_tls_with_its_own_way_back(trusted):
    assert send(trusted) == Accepted(provider_ref="p7")
    (envelope,) = trusted.kept
    assert trusted.is_over_tls == [True]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("bounce+p7@example.com", [PERSON])
    assert b"Message-ID: <p7@example.com>" in envelope.content
    assert b"List-Unsubscribe: <mailto:unsubscribe+p7@example.com>" in envelope.content


def test_a_server_that_cannot_prove_itself_gets_nothing(served):
    with pytest.raises(NotSent):  # Which ``sending`` takes for a refusal that passes.
        send(served)
    assert served.kept == []


def test_a_wrong_password_and_a_refused_recipient_left_nothing(trusted):
    wrong = send(trusted, key_secret="wrong")
    nobody = send(trusted, "nobody@example.org")
    assert (wrong.code, wrong.is_passing) == ("smtp.535", True)
    assert (nobody.code, nobody.is_passing) == ("smtp.550", False)
    assert trusted.kept == []


@pytest.fixture
def account(book, trusted):
    secrets.save(secret_ref="mail", secrets=trusted.secrets)
    return accounts.add_account(
        book=book,
        code="mail",
        provider="smtp",
        sender="service <service@example.com>",
        per_second=10,
        per_day=100,
        secret_ref="mail",
        acting_user=system_user(),
    )


def test_a_greylisted_mail_goes_out_later_under_the_same_permit(book, trusted, account):
    trusted.answers = ["451 4.7.1 greylisted, try again later", "250 2.0.0 queued"]
    first = sending.send(sending=message(book, "smtp"), now=NOW)
    assert isinstance(first, Refused)
    assert (first.code, first.is_passing, trusted.kept) == ("smtp.451", True, [])
    assert isinstance(sending.send(sending=message(book, "smtp"), now=NOW), Accepted)
    assert (len(trusted.kept), Delivery.objects.get().tries) == (1, 2)
    assert Delivery.objects.get().account == account


def test_a_line_that_breaks_after_the_last_dot_leaves_unknown_and_sends_once(
    book, trusted, account
):
    trusted.answers = [""]
    for _ in range(2):
        assert isinstance(sending.send(sending=message(book, "smtp"), now=NOW), Unknown)
    assert (len(trusted.kept), account.deliveries.get().state) == (1, "unknown")
