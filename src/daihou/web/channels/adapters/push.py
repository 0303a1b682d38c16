"""Notices of our app through JPush, version 3.

It knows no number of ours: ``cid`` (its guard against doubles) has to be fetched from it first and
holds for a day, so that it is not used; what may have gone out is not sent again anyway. Our
reference goes with the notice, for the app.

Proof   Basic authentication by key and secret of the app, both ways.
Source  docs.jiguang.cn/jpush/server/push: rest_api_v3_push_advanced (``cid``) and
        rest_api_v3_callback (who calls back proves herself as we do; its fields are told to
        customers only: those read here are a guess); the push itself from memory.
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
        shown = {"alert": message.text, "extras": {"reference": message.reference}}
        body = json.dumps(
            {
                "platform": "all",
                "audience": {"registration_id": [message.address]},
                "notification": {"android": shown, "ios": shown},
                "options": {"apns_production": True},
            },
            ensure_ascii=False,
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "Authorization": transport.basic(user=secrets.key_id, password=secrets.key_secret),
        }
        reply = transport.post(
            url=secrets.url,
            path="/v3/push",
            body=body,
            headers=headers,
            timeout=secrets.timeout_seconds,
        )
        told = reply.json()
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
        now: datetime,  # noqa: ARG002  Receipts may come late.
    ) -> Sequence[Heard]:
        check_caller(headers=headers, secrets=secrets)
        told = transport.read_json(body)
        try:
            return [
                Receipt(
                    notice_ref=transport.digest_of(row["msg_id"], row["event"]),
                    provider_ref=str(row["msg_id"]),
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


def check_caller(*, headers: Mapping[str, str], secrets: AccountSecrets) -> None:
    """Hold that whoever calls has key and secret of the app.

    :raises ChannelRefused: ``hook.header_missing``, ``hook.signature_wrong``.
    """
    ours = transport.basic(user=secrets.key_id, password=secrets.key_secret)
    given = transport.header(headers, "authorization")
    transport.check_token(given=given, secret=ours if secrets.key_secret else "")
