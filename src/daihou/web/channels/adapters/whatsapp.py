"""WhatsApp by Meta's Cloud API: a reviewed template starts, statuses and answers come by webhook.

Proof   ``X-Hub-Signature-256``: HMAC-SHA256 of the body by the app's secret.
Source  docs.360dialog.com/docs/waba-basics/webhook-events-and-notifications and payloads that
        others logged (statuses, messages, codes 131026 and 131049); the provider's own pages were
        not at hand: ``biz_opaque_callback_data``, the other codes and the version are from memory.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

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

PASSING = frozenset({4, 80007, 130429, 131048, 131056})  # Rates of app, number and pair.
MAYBE_SENT = frozenset({1, 2, 131000, 131016})
NO_SUCH_NUMBER = frozenset({131026, 131030})  # 131049: held back for the person's sake.
TOLD = {"delivered": Told.DELIVERED, "read": Told.OPENED, "failed": Told.FAILED}
VERSION = "v21.0"


class Whatsapp:
    needs_review = True

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:  # noqa: ARG002
        parameters = [{"type": "text", "text": text} for text in message.slots.values()]
        body = json.dumps(
            {
                "messaging_product": "whatsapp",
                "to": message.address.lstrip("+"),
                "type": "template",
                "biz_opaque_callback_data": message.reference,
                "template": {
                    "name": message.provider_template,
                    "language": {"code": "zh_CN" if message.language == "zh" else "en"},
                    "components": [{"type": "body", "parameters": parameters}],
                },
            },
            ensure_ascii=False,
        ).encode()
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {secrets.key_secret}",
        }
        reply = transport.post(
            url=secrets.url,
            path=f"/{VERSION}/{secrets.key_id}/messages",
            body=body,
            headers=headers,
            timeout=secrets.timeout_seconds,
        )
        told = reply.json()
        return _answer(told, status=reply.status)

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],
        query: Mapping[str, str],  # noqa: ARG002  Its proof is in the headers.
        body: bytes,
        secrets: AccountSecrets,
        now: datetime,  # noqa: ARG002  It repeats what was not taken for days.
    ) -> Sequence[Heard]:
        given = transport.header(headers, "x-hub-signature-256").removeprefix("sha256=")
        transport.check_hmac(given=given, secret=secrets.hook_secret, message=body)
        told = transport.read_json(body)
        try:
            return [
                heard
                for entry in told["entry"]
                for change in entry["changes"]
                for heard in _read(change["value"])
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as exception:
            raise ChannelRefused("hook.malformed") from exception

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200)


def _answer(told: Mapping[str, Any], *, status: int) -> Answer:
    rows = told.get("messages")
    if isinstance(rows, list) and rows and rows[0].get("id"):
        return Accepted(provider_ref=str(rows[0]["id"]))
    fault = told.get("error")
    code = fault.get("code") if isinstance(fault, dict) else None
    if not isinstance(fault, dict) or not isinstance(code, int) or code in MAYBE_SENT:
        return Unknown(detail=f"HTTP {status} {code}")
    return transport.refused_or_unknown(
        status=status,
        code=f"whatsapp.{code}",
        detail=str(fault.get("message", "")),
        passing=code in PASSING,
    )


def _read(value: Mapping[str, Any]) -> list[Heard]:
    found: list[Heard] = []
    for row in value.get("statuses", ()):
        said = TOLD.get(row["status"])
        if said is None:
            continue
        code = int(row["errors"][0]["code"]) if row.get("errors") else 0
        found.append(
            Receipt(
                notice_ref=transport.digest_of(row["id"], row["status"]),
                provider_ref=str(row["id"]),
                reference=str(row.get("biz_opaque_callback_data", "")),
                told=Told.BOUNCED if code in NO_SUCH_NUMBER else said,
                at=datetime.fromtimestamp(int(row["timestamp"]), tz=UTC),
                code=str(code or ""),
            )
        )
    found.extend(
        Inbound(
            notice_ref=str(row["id"])[:128],
            kind=InboundKind.REPLY,
            address=str(row["from"]),
            text=str(row.get("text", {}).get("body", "")),
            at=datetime.fromtimestamp(int(row["timestamp"]), tz=UTC),
            provider_ref=str(row.get("context", {}).get("id", "")),
        )
        for row in value.get("messages", ())
    )
    return found
