"""Template messages of a WeChat service account, and what people write back to it.

Proof   ``signature`` in the address: SHA-1 of the sorted token, time and nonce. It does not cover
        the body, so a body is believed no further than what it says of our own messages.
Source  developers.weixin.qq.com/doc/offiaccount/Message_Management/Template_Message_Interface
        (the address, 100,000 a day, TEMPLATESENDJOBFINISH with its states), read;
        ``client_msg_id``, the token and error codes: memory, checked by the twin only. Messages are
        read in plain ("明文模式"), not encrypted.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

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
    Told,
    Unknown,
)
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.secrets import AccountSecrets

TOKEN_WRONG = frozenset({40001, 40014, 42001})
PASSING = frozenset({45009, 45011, 48006})  # So many a day, a minute.
MARGIN_SECONDS = 300


class Wechat:
    needs_review = True

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:  # noqa: ARG002
        body = json.dumps(
            {
                "touser": message.address,
                "template_id": message.provider_template,
                "client_msg_id": message.reference,
                "url": message.slots.get("pay_link", ""),
                "data": {name: {"value": text} for name, text in message.slots.items()},
            },
            ensure_ascii=False,
        ).encode()
        try:
            token = self._token(secrets)
        except transport.AnswerLost as exception:  # Only the token was asked for.
            raise transport.NotSent(str(exception)) from exception
        reply = transport.post(
            url=secrets.url,
            path="/cgi-bin/message/template/send?" + urlencode({"access_token": token}),
            body=body,
            headers={"Content-Type": "application/json"},
            timeout=secrets.timeout_seconds,
        )
        told = reply.json()
        code = told.get("errcode")
        if code == 0 and told.get("msgid"):
            return Accepted(provider_ref=str(told["msgid"]))
        if code in TOKEN_WRONG:
            self._tokens.pop(secrets.key_id, None)
        if not isinstance(code, int) or code in {0, -1}:
            return Unknown(detail=f"HTTP {reply.status} {code}")
        return transport.refused_or_unknown(
            status=reply.status,
            code=f"wechat.{code}",
            detail=str(told.get("errmsg", "")),
            passing=code in PASSING | TOKEN_WRONG,
        )

    def _token(self, secrets: AccountSecrets) -> str:
        """Return the word that opens the interface for about two hours."""
        with self._lock:
            kept = self._tokens.get(secrets.key_id)
            if kept is not None and kept[1] > time.monotonic():
                return kept[0]
            query = urlencode(
                {
                    "grant_type": "client_credential",
                    "appid": secrets.key_id,
                    "secret": secrets.key_secret,
                }
            )
            told = transport.request(
                method="GET",
                url=secrets.url,
                path=f"/cgi-bin/token?{query}",
                headers={},
                timeout=secrets.timeout_seconds,
            ).json()
            if not told.get("access_token"):
                raise transport.NotSent(f"wechat.{told.get('errcode')}")
            lasts = float(told.get("expires_in", 0)) - MARGIN_SECONDS
            self._tokens[secrets.key_id] = (
                str(told["access_token"]),
                time.monotonic() + max(0.0, lasts),
            )
            return str(told["access_token"])

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],  # noqa: ARG002  Its proof is in the address.
        query: Mapping[str, str],
        body: bytes,
        secrets: AccountSecrets,
        now: datetime,
    ) -> Sequence[Heard]:
        check_signature(query=query, secret=secrets.hook_secret)
        try:
            sent_at = datetime.fromtimestamp(int(query["timestamp"]), tz=UTC)
            transport.check_age(sent_at=sent_at, now=now)
            return _read(_fields(body))
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as exception:
            raise ChannelRefused("hook.malformed") from exception

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200, content_type="text/plain", body=b"success")


def check_signature(*, query: Mapping[str, str], secret: str) -> None:
    """Hold that whoever calls knows the word agreed on.

    :raises ChannelRefused: ``hook.signature_wrong``.
    """
    parts = sorted([secret, query.get("timestamp", ""), query.get("nonce", "")])
    expected = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
    given = query.get("signature", "")
    if not secret or not hmac.compare_digest(given.encode(), expected.encode()):
        raise ChannelRefused("hook.signature_wrong")


def _fields(body: bytes) -> dict[str, str]:
    if b"<!" in body.replace(b"<![CDATA[", b""):
        raise ChannelRefused("hook.malformed")
    try:
        root = ET.fromstring(body)  # noqa: S314  Without a DTD there is no entity to expand.
    except ET.ParseError as exception:
        raise ChannelRefused("hook.malformed") from exception
    return {child.tag: child.text or "" for child in root}


def _read(told: Mapping[str, str]) -> list[Heard]:
    at = datetime.fromtimestamp(int(told["CreateTime"]), tz=UTC)
    person = told["FromUserName"]
    if told["MsgType"] == "text":
        return [
            Inbound(
                notice_ref=told["MsgId"],
                kind=InboundKind.REPLY,
                address=person,
                text=told["Content"],
                at=at,
            )
        ]
    event = told.get("Event", "").lower()
    if event == "unsubscribe":
        return [
            Inbound(
                notice_ref=transport.digest_of(person, event, told["CreateTime"]),
                kind=InboundKind.OPT_OUT,
                address=person,
                at=at,
            )
        ]
    if event != "templatesendjobfinish":
        return []
    status = told["Status"]
    said = {"success": Told.DELIVERED, "failed:user block": Told.BOUNCED}.get(status, Told.FAILED)
    return [
        Receipt(
            notice_ref=transport.digest_of(told["MsgID"], status),
            provider_ref=told["MsgID"],
            told=said,
            at=at,
            code=status[:80],
        )
    ]
