"""Short messages through Tencent Cloud: SendSms of 2021-01-11.

Proof   TC3-HMAC-SHA256 over the canonical request. What it pushes is not signed: the address it is
        given carries a word (``?key=``) that only it and we know.
Source  cloud.tencent.com/document: api/382/55981 (SendSms), product/382/43547 and 43548 (what it
        pushes of receipts and answers; ``ext`` is not among the fields described and is read where
        it comes). TC3 signature and error codes: memory, checked by the twin only.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
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
    Told,
    Unknown,
)
from daihou.web.channels.errors import ChannelRefused
from daihou.web.channels.secrets import AccountSecrets

ALGORITHM = "TC3-HMAC-SHA256"
SERVICE = "sms"
CONTENT_TYPE = "application/json; charset=utf-8"
SIGNED = "content-type;host;x-tc-action"
CHINA = timezone(timedelta(hours=8))
PASSING = (
    "LimitExceeded.",
    "RequestLimitExceeded",
    "FailedOperation.InsufficientBalanceInSmsPackage",
)
NO_SUCH_NUMBER = frozenset({"MK:0001", "UNDELIV", "MN:0001", "NOROUTE"})


class Tencent:
    needs_review = True

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:
        number = message.address if message.address.startswith("+") else f"+86{message.address}"
        body = json.dumps(
            {
                "PhoneNumberSet": [number],
                "SmsSdkAppId": secrets.extra.get("app_id", ""),
                "SignName": message.sender,
                "TemplateId": message.provider_template,
                "TemplateParamSet": list(message.slots.values()),
                "SessionContext": message.reference,
            },
            ensure_ascii=False,
        ).encode()
        reply = transport.post(
            url=secrets.url,
            path="/",
            body=body,
            headers=signed_headers(body=body, secrets=secrets, at=now),
            timeout=secrets.timeout_seconds,
        )
        told = reply.json()
        return _answer(told, status=reply.status)

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
        told = transport.read_json(body)
        rows = told if isinstance(told, list) else [told]
        try:
            return [_receipt(row) if "report_status" in row else _reply(row) for row in rows]
        except (KeyError, TypeError, ValueError) as exception:
            raise ChannelRefused("hook.malformed") from exception

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200, body=b'{"result": 0, "errmsg": "OK"}')


def signed_headers(*, body: bytes, secrets: AccountSecrets, at: datetime) -> dict[str, str]:
    """Sign a request: a key derived for the day and the service signs the canonical form."""
    host = urlsplit(secrets.url).netloc
    stamp, day = str(int(at.timestamp())), f"{at.astimezone(UTC):%Y-%m-%d}"
    canonical = (
        f"POST\n/\n\ncontent-type:{CONTENT_TYPE}\nhost:{host}\nx-tc-action:sendsms\n\n"
        f"{SIGNED}\n{hashlib.sha256(body).hexdigest()}"
    )
    scope = f"{day}/{SERVICE}/tc3_request"
    to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secrets.key_secret}".encode()
    for part in (day, SERVICE, "tc3_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return {
        "Authorization": f"{ALGORITHM} Credential={secrets.key_id}/{scope}, "
        f"SignedHeaders={SIGNED}, Signature={signature}",
        "Content-Type": CONTENT_TYPE,
        "Host": host,
        "X-TC-Action": "SendSms",
        "X-TC-Timestamp": stamp,
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": secrets.extra.get("region", "ap-guangzhou"),
    }


def _answer(told: Mapping[str, object], *, status: int) -> Answer:
    response = told.get("Response")
    if not isinstance(response, dict):
        return Unknown(detail=f"HTTP {status}")
    rows = response.get("SendStatusSet")
    found = response.get("Error") or (rows[0] if isinstance(rows, list) and rows else {})
    code = str(found.get("Code", ""))
    if code == "Ok" and found.get("SerialNo"):
        return Accepted(provider_ref=str(found["SerialNo"]))
    if code in {"", "Ok"} or code.startswith("InternalError"):
        return Unknown(detail=code or f"HTTP {status}")
    return transport.refused_or_unknown(
        status=status,
        code=code,
        detail=str(found.get("Message", "")),
        passing=code.startswith(PASSING),
    )


def _receipt(row: Mapping[str, object]) -> Receipt:
    code, sid = str(row["errmsg"]), str(row["sid"])
    if row["report_status"] == "SUCCESS":
        told = Told.DELIVERED
    else:
        told = Told.BOUNCED if code in NO_SUCH_NUMBER else Told.FAILED
    return Receipt(
        notice_ref=transport.digest_of(sid, row["report_status"], code),
        provider_ref=sid,
        reference=str(row.get("ext") or ""),
        told=told,
        at=datetime.strptime(str(row["user_receive_time"]), "%Y-%m-%d %H:%M:%S").replace(
            tzinfo=CHINA
        ),
        code=code,
    )


def _reply(row: Mapping[str, object]) -> Inbound:
    number, text, stamp = str(row["mobile"]), str(row["text"]), int(str(row["time"]))
    return Inbound(
        notice_ref=transport.digest_of(number, stamp, text),
        kind=InboundKind.REPLY,
        address=number,
        text=text,
        at=datetime.fromtimestamp(stamp, tz=UTC),
    )
