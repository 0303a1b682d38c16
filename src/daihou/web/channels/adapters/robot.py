"""A voice robot: a machine calls, listens, and hands over to a person when it should.

Its provider is told the script and the words for its slots, never more. It tells how the call
ended, what was meant, and when a person must take over: a dispute, hardship, a lawyer, a death.

Proof   ``X-Robot-Signature``: HMAC-SHA256 of time and body, both ways.
Source  Our own description (docs/guides/channels.md); providers differ, a bridge of a few lines
        speaks theirs.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

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
)
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.secrets import AccountSecrets

TOLD = {
    "spoken": Told.SPOKEN,
    "no_answer": Told.NO_ANSWER,
    "busy": Told.BUSY,
    "rejected": Told.REJECTED,
    "wrong_person": Told.WRONG_PERSON,
    "no_such_number": Told.BOUNCED,
    "failed": Told.FAILED,
}


class Robot:
    needs_review = True

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:
        body = json.dumps(
            {
                "reference": message.reference,
                "number": message.address,
                "caller": message.sender,
                "script": message.provider_template,
                "language": message.language,
                "slots": dict(message.slots),
            },
            ensure_ascii=False,
        ).encode()
        reply = transport.post(
            url=secrets.url,
            path="/calls",
            body=body,
            headers=signed_headers(body=body, secret=secrets.key_secret, at=now),
            timeout=secrets.timeout_seconds,
        )
        told = reply.json()
        if reply.status == 202 and told.get("call"):
            return Accepted(provider_ref=str(told["call"]))
        return transport.refused_or_unknown(
            status=reply.status,
            code=f"robot.{str(told.get('code', reply.status))[:40]}",
            detail="",
            passing=reply.status == 429,
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
        stamp = transport.header(headers, "x-robot-timestamp")
        transport.check_hmac(
            given=transport.header(headers, "x-robot-signature"),
            secret=secrets.hook_secret,
            message=f"{stamp}\n".encode() + body,
        )
        told = transport.read_json(body)
        try:
            transport.check_age(sent_at=datetime.fromtimestamp(int(stamp), tz=UTC), now=now)
            return [_read(told)]
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as exception:
            raise ChannelRefused("hook.malformed") from exception

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200)


def signed_headers(*, body: bytes, secret: str, at: datetime) -> dict[str, str]:
    """Sign a message of either side."""
    stamp = str(int(at.timestamp()))
    signature = hmac.new(secret.encode(), f"{stamp}\n".encode() + body, hashlib.sha256)
    return {
        "Content-Type": "application/json",
        "X-Robot-Timestamp": stamp,
        "X-Robot-Signature": signature.hexdigest(),
    }


def _read(told: Mapping[str, object]) -> Heard:
    at = datetime.fromtimestamp(int(str(told["at"])), tz=UTC)
    call, reference = str(told["call"]), str(told["reference"])
    if told["event"] == "hand_over":
        return Inbound(
            notice_ref=f"{call}:hand_over",
            kind=InboundKind.HAND_OVER,
            address=str(told["number"]),
            text=str(told["reason"])[:200],
            at=at,
            provider_ref=call,
            reference=reference,
        )
    seconds = told.get("seconds")
    return Receipt(
        notice_ref=f"{call}:ended",
        provider_ref=call,
        reference=reference,
        told=TOLD[str(told["event"])],
        at=at,
        code=str(told.get("meant", ""))[:80],
        seconds=int(str(seconds)) if seconds is not None else None,
        recording=str(told.get("recording", "")),
    )
