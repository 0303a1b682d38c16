"""Short messages through Alibaba Cloud: SendSms of Dysmsapi 2017-05-25.

Proof   ACS3-HMAC-SHA256 over the canonical request. What it pushes is not signed: the address it
        is given carries a word (``?key=``) that only it and we know.
It knows no message of ours again ("no idempotence"): a second one would be a second message.

Source  help.aliyun.com: sms/developer-reference/api-dysmsapi-2017-05-25-sendsms, smsreport-2 and
        smsup-http (fields and answer of what it pushes), sdk/product-overview/
        v3-request-structure-and-signature (its worked example is a test). Error codes: memory.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlsplit

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

ALGORITHM = "ACS3-HMAC-SHA256"
ACTION, VERSION = "SendSms", "2017-05-25"
CHINA = timezone(timedelta(hours=8))
PASSING = frozenset(
    {
        "isv.BUSINESS_LIMIT_CONTROL",  # So many to this number in a minute, an hour, a day.
        "isv.DAY_LIMIT_CONTROL",
        "isv.MONTH_LIMIT_CONTROL",
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "Throttling.User",
        "Throttling.Api",
    }
)
MAYBE_SENT = frozenset({"isp.SYSTEM_ERROR", "isp.GATEWAY_ERROR"})
NO_SUCH_NUMBER = frozenset({"MOBILE_NOT_ON_SERVICE", "MOBILE_NUMBER_NOT_EXIST", "INVALID_NUMBER"})


class Aliyun:
    needs_review = True

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:
        query = canonical_query(
            {
                "PhoneNumbers": message.address,
                "SignName": message.sender,
                "TemplateCode": message.provider_template,
                "TemplateParam": json.dumps(dict(message.slots), ensure_ascii=False),
                "OutId": message.reference,
            }
        )
        headers = signed_headers(
            query=query, secrets=secrets, at=now, nonce=transport.digest_of(message.reference, now)
        )
        reply = transport.post(
            url=secrets.url,
            path=f"/?{query}",
            body=b"",
            headers=headers,
            timeout=secrets.timeout_seconds,
        )
        told = reply.json()
        code = str(told.get("Code", ""))
        if code == "OK" and told.get("BizId"):
            return Accepted(provider_ref=str(told["BizId"]))
        if code in MAYBE_SENT or code == "OK":
            return Unknown(detail=code)
        return transport.refused_or_unknown(
            status=reply.status,
            code=code,
            detail=str(told.get("Message", "")),
            passing=code in PASSING,
        )

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],  # noqa: ARG002  Nothing in them proves anything.
        query: Mapping[str, str],
        body: bytes,
        secrets: AccountSecrets,
        now: datetime,  # noqa: ARG002  Receipts may come days late.
    ) -> Sequence[Heard]:
        transport.check_token(given=query.get("key", ""), secret=secrets.hook_secret)
        rows = transport.read_json(body)
        try:
            return [_reply(row) if "content" in row else _receipt(row) for row in rows]
        except (KeyError, TypeError, ValueError) as exception:
            raise ChannelRefused("hook.malformed") from exception

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200, body=b'{"code": 0, "msg": "OK"}')


def canonical_query(params: Mapping[str, str]) -> str:
    """Write parameters in the one order and escape in which they are signed.

    >>> canonical_query({"b": "x y", "a": "~*"})
    'a=~%2A&b=x%20y'
    """
    return "&".join(f"{_escaped(name)}={_escaped(params[name])}" for name in sorted(params))


def signed_headers(
    *, query: str, secrets: AccountSecrets, at: datetime, nonce: str
) -> dict[str, str]:
    """Sign a request without body."""
    empty = hashlib.sha256(b"").hexdigest()
    signed = {
        "host": urlsplit(secrets.url).netloc,
        "x-acs-action": ACTION,
        "x-acs-content-sha256": empty,
        "x-acs-date": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": VERSION,
    }
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
    canonical = f"POST\n/\n{query}\n{lines}\n{names}\n{empty}"
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secrets.key_secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return signed | {
        "Authorization": f"{ALGORITHM} Credential={secrets.key_id},"
        f"SignedHeaders={names},Signature={signature}"
    }


def _escaped(text: str) -> str:
    return quote(text, safe="-_.~")


def _receipt(row: Mapping[str, object]) -> Receipt:
    code = str(row.get("err_code", ""))
    if row["success"] is True:
        told = Told.DELIVERED
    else:
        told = Told.BOUNCED if code in NO_SUCH_NUMBER else Told.FAILED
    biz_id, at = str(row["biz_id"]), str(row["report_time"])
    return Receipt(
        notice_ref=transport.digest_of(biz_id, row["phone_number"], code, at),
        provider_ref=biz_id,
        reference=str(row.get("out_id") or ""),
        told=told,
        at=_instant(at),
        code=code,
    )


def _reply(row: Mapping[str, object]) -> Inbound:
    number, at, text = str(row["phone_number"]), str(row["send_time"]), str(row["content"])
    return Inbound(
        notice_ref=str(row.get("sequence_id") or transport.digest_of(number, at, text)),
        kind=InboundKind.REPLY,
        address=number,
        text=text,
        at=_instant(at),
    )


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
