"""Notices of our app through JPush, version 3.

Proof   Basic authentication. What it calls back is signed: HMAC-SHA256 of time and body.
Source  The provider's public interface description; confidence: memory, checked by the twin only.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from daihou.web.channels.adapters import transport
from daihou.web.channels.adapters.protocol import (
    Accepted,
    Answer,
    Heard,
    HookAnswer,
    Outgoing,
    Receipt,
    Refused,
    Told,
    Unknown,
)
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.secrets import AccountSecrets

PASSING = frozenset({"2002", "2003"})  # Too many a minute.
MAYBE_SENT = frozenset({"1000", "2000"})  # Their own fault.
TOLD = {"received": Told.DELIVERED, "clicked": Told.OPENED, "invalid": Told.BOUNCED}


class Push:
    needs_review = False

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:  # noqa: ARG002
        body = json.dumps(
            {
                "platform": "all",
                "cid": message.reference,
                "audience": {"registration_id": [message.address]},
                "notification": {"alert": message.text},
                "options": {"third_party_channel": {}, "apns_production": True},
            },
            ensure_ascii=False,
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "Authorization": transport.basic(user=secrets.key_id, password=secrets.key_secret),
        }
        try:
            reply = transport.post(
                url=secrets.url,
                path="/v3/push",
                body=body,
                headers=headers,
                timeout=secrets.timeout_seconds,
            )
            told = reply.json()
        except transport.NotSent as exception:
            return Refused(code="send.no_connection", detail=str(exception), is_passing=True)
        except transport.AnswerLost as exception:
            return Unknown(detail=str(exception))
        if told.get("msg_id"):
            return Accepted(provider_ref=str(told["msg_id"]))
        fault = told.get("error")
        code = str(fault.get("code", "")) if isinstance(fault, dict) else ""
        if not code or code in MAYBE_SENT:
            return Unknown(detail=f"HTTP {reply.status} {code}".strip())
        return transport.refused_or_unknown(
            status=reply.status,
            code=f"jpush.{code}",
            detail=str(fault.get("message", "")) if isinstance(fault, dict) else "",
            passing=code in PASSING,
        )

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],  # noqa: ARG002  Its proof is in the headers.
        body: bytes,
        secrets: AccountSecrets,
        now: datetime,
    ) -> Sequence[Heard]:
        stamp = transport.header(headers, "x-timestamp")
        transport.check_hmac(
            given=transport.header(headers, "x-signature"),
            secret=secrets.hook_secret,
            message=f"{stamp}\n".encode() + body,
        )
        told = transport.read_json(body)
        try:
            transport.check_age(sent_at=datetime.fromtimestamp(int(stamp), tz=UTC), now=now)
            return [
                Receipt(
                    notice_ref=transport.digest_of(row["msg_id"], row["event"]),
                    provider_ref=str(row["msg_id"]),
                    reference=str(row.get("cid", "")),
                    told=TOLD[row["event"]],
                    at=datetime.fromtimestamp(int(row["time"]), tz=UTC),
                )
                for row in told["events"]
                if row["event"] in TOLD
            ]
        except (KeyError, TypeError, ValueError) as exception:
            raise ChannelRefused("hook.malformed") from exception

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200)
