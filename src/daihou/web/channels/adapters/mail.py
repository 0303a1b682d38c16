"""E-mail by SMTP; bounces (RFC 3464) and replies come back as whole messages to our hook.

Proof   A mail server's pipe posts what came to ``bounce+…`` with the word agreed on (``?key=``).
Source  RFC 5321 (replies, the moment a message is taken), RFC 3464 (delivery status), RFC 3834
        (answers by machines), RFC 2369 (List-Unsubscribe).
"""

import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import format_datetime, formataddr, parseaddr, parsedate_to_datetime
from urllib.parse import urlsplit

from daihou.web.channels.adapters import transport
from daihou.web.channels.adapters.protocol import (
    Accepted,
    Answer,
    Heard,
    HookAnswer,
    Inbound,
    InboundKind,
    Outgoing,
    Receipt,
    Refused,
    Told,
)
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.secrets import AccountSecrets

OUR_ID = re.compile(r"<([0-9A-Za-z_-]{1,64})@")
BOUNCE = re.compile(r"bounce\+([0-9A-Za-z_-]{1,64})@")
UNSUBSCRIBE = re.compile(r"unsubscribe\+([0-9A-Za-z_-]{1,64})@")
TEXT_MOST = 2000
ADDRESS = re.compile(r"[^\s<>\"(),:;@\\]{1,64}@[^\s<>\"(),:;@\\]{1,255}")


class Smtp:
    needs_review = False

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:
        if not ADDRESS.fullmatch(message.address):
            return Refused(code="send.address_malformed")
        letter = compose(message=message, now=now)
        domain = parseaddr(message.sender)[1].rpartition("@")[2]
        try:
            server = _connect(secrets)
        except smtplib.SMTPAuthenticationError as exception:
            return Refused(code=f"smtp.{exception.smtp_code}", is_passing=True)
        except (OSError, smtplib.SMTPException) as exception:
            raise transport.NotSent(type(exception).__name__) from exception
        try:
            return _hand_over(server, letter, f"bounce+{message.reference}@{domain}", message)
        finally:
            server.close()

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],  # noqa: ARG002  Those of the pipe; the message has its own.
        query: Mapping[str, str],
        body: bytes,
        secrets: AccountSecrets,
        now: datetime,
    ) -> Sequence[Heard]:
        transport.check_token(given=query.get("key", ""), secret=secrets.hook_secret)
        letter = message_from_bytes(body, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        if letter.get_content_type() == "multipart/report":
            return _bounce(letter, now=now)
        if letter.get("Auto-Submitted", "no").lower() != "no":
            return []  # A machine's word is nobody's answer.
        return [_reply(letter, now=now)]

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200)


def compose(*, message: Outgoing, now: datetime) -> EmailMessage:
    """Write the message; its number carries our reference, so that answers find their way."""
    shown, address = parseaddr(message.sender)
    domain = address.rpartition("@")[2]
    letter = EmailMessage()
    letter["From"] = formataddr((shown, address))
    letter["To"] = message.address
    letter["Subject"] = " ".join(message.subject.split())
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{message.reference}@{domain}>"
    letter["List-Unsubscribe"] = f"<mailto:unsubscribe+{message.reference}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    return letter


def _connect(secrets: AccountSecrets) -> smtplib.SMTP:
    """Connect and log in; nothing of the message has left yet."""
    found = urlsplit(secrets.url)
    host = found.hostname or ""
    if found.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host,
            found.port or 465,
            timeout=secrets.timeout_seconds,
            context=ssl.create_default_context(),
        )
    elif found.scheme == "smtp":
        server = smtplib.SMTP(host, found.port or 587, timeout=secrets.timeout_seconds)
    else:
        raise ChannelRefused("account.url_refused", url=secrets.url[:80])
    try:
        server.ehlo_or_helo_if_needed()
        if found.scheme == "smtp" and (
            not transport.is_loopback(host) or server.has_extn("starttls")
        ):
            server.starttls(context=ssl.create_default_context())
        if secrets.key_id:
            server.login(secrets.key_id, secrets.key_secret)
    except BaseException:
        server.close()
        raise
    return server


def _hand_over(
    server: smtplib.SMTP, letter: EmailMessage, sender: str, message: Outgoing
) -> Answer:
    """Give envelope and message; only the answer after the last dot says that it is taken."""
    try:
        for code, text in (server.mail(sender), server.rcpt(message.address)):
            if code not in {250, 251}:
                return _refused(code, text)
    except (OSError, smtplib.SMTPException) as exception:
        raise transport.NotSent(type(exception).__name__) from exception
    try:
        code, text = server.data(letter.as_bytes(policy=policy.SMTP))
    except smtplib.SMTPDataError as exception:
        return _refused(exception.smtp_code, exception.smtp_error)
    except (OSError, smtplib.SMTPException) as exception:
        raise transport.AnswerLost(type(exception).__name__) from exception
    if code != 250:
        return _refused(code, text)
    return Accepted(provider_ref=message.reference)


def _refused(code: int, text: bytes | str) -> Refused:
    detail = text.decode(errors="replace") if isinstance(text, bytes) else text
    return Refused(code=f"smtp.{code}", detail=detail[:200], is_passing=400 <= code < 500)


def _bounce(letter: EmailMessage, *, now: datetime) -> list[Heard]:
    """Read a delivery status: ``failed`` is a bounce, ``delivered`` a receipt, the rest waits."""
    reference = _reference(letter, BOUNCE)
    for part in letter.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if not isinstance(block, Message):
                continue
            action = str(block.get("Action", "")).strip().lower()
            told = {"failed": Told.BOUNCED, "delivered": Told.DELIVERED}.get(action)
            if told is None:
                continue
            status = str(block.get("Status", "")).strip()
            if told is Told.BOUNCED and not status.startswith("5.1"):
                told = Told.FAILED  # The mailbox is there; it was full, or would not have it.
            return [
                Receipt(
                    notice_ref=transport.digest_of(reference, action, status),
                    provider_ref=reference,
                    reference=reference,
                    told=told,
                    at=_date(letter, now),
                    code=status[:80],
                )
            ]
    return []


def _reply(letter: EmailMessage, *, now: datetime) -> Inbound:
    to = " ".join([*letter.get_all("To", []), *letter.get_all("Delivered-To", [])])
    asked_off = UNSUBSCRIBE.search(to)
    answered = OUR_ID.search(f"{letter.get('In-Reply-To', '')} {letter.get('References', '')}")
    found = asked_off or answered
    sender = parseaddr(str(letter.get("From", "")))[1]
    if not sender:
        raise ChannelRefused("hook.malformed")
    part = letter.get_body(preferencelist=("plain",))
    text = part.get_content() if part is not None else ""
    own = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
    at = _date(letter, now)
    return Inbound(
        notice_ref=str(letter.get("Message-ID", ""))[:128] or transport.digest_of(sender, at, own),
        kind=InboundKind.OPT_OUT if asked_off else InboundKind.REPLY,
        address=sender,
        text=own.strip()[:TEXT_MOST],
        at=at,
        reference=found[1] if found else "",
    )


def _reference(letter: EmailMessage, pattern: re.Pattern[str]) -> str:
    to = " ".join([*letter.get_all("To", []), *letter.get_all("Delivered-To", [])])
    found = pattern.search(to)
    if found is None:
        raise ChannelRefused("hook.malformed")
    return found[1]


def _date(letter: EmailMessage, now: datetime) -> datetime:
    try:
        at = parsedate_to_datetime(str(letter["Date"]))
    except (TypeError, ValueError):
        return now
    return min(at if at.tzinfo else at.replace(tzinfo=UTC), now)
