"""What the twins call back with: receipts and answers as providers write and sign them."""

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from daihou.web.channels.adapters.transport import basic
from daihou.web.channels.sandbox.web import KEY_ID, KEY_SECRET
from daihou.web.channels.sandbox.world import NO_RECEIPT, Fate, Reached

CHINA = timezone(timedelta(hours=8))
HOOK_WORD = "sandbox-hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a provider to our hook."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


def calls_of(*, each: Reached, at: datetime) -> list[Call]:
    """Write everything a provider tells of one message, in the order in which it tells it."""
    write = WRITERS.get(each.provider)
    if write is None or each.fate in NO_RECEIPT:
        return []
    return write(each, at)


def _aliyun(each: Reached, at: datetime) -> list[Call]:
    stamp = f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"
    code = {Fate.BOUNCED: "MOBILE_NOT_ON_SERVICE", Fate.FAILED: "UNDELIVRD"}.get(each.fate)

    def told(*, is_there: bool, why: str) -> Call:
        row = {
            "phone_number": each.address,
            "send_time": stamp,
            "report_time": stamp,
            "success": is_there,
            "err_code": why,
            "err_msg": "",
            "sms_size": "1",
            "biz_id": each.ref,
            "out_id": each.reference,
        }
        return _keyed([row])

    calls = [told(is_there=code is None, why=code or "DELIVERED")]
    if each.fate is Fate.TWICE_TOLD:
        calls *= 2
    if each.fate is Fate.OUT_OF_ORDER:
        calls.append(told(is_there=False, why="UNDELIVRD"))
    text = _answer(each.fate)
    if text:
        reply = {
            "phone_number": each.address,
            "send_time": stamp,
            "content": text,
            "sign_name": "daihou",
            "dest_code": "10690000",
            "sequence_id": f"up-{each.ref}",
        }
        calls.append(_keyed([reply]))
    return calls


def _tencent(each: Reached, at: datetime) -> list[Call]:
    is_there = each.fate not in {Fate.BOUNCED, Fate.FAILED}
    why = "DELIVRD" if is_there else "MK:0001" if each.fate is Fate.BOUNCED else "EXPIRED"
    row = {
        "user_receive_time": f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}",
        "nationcode": "86",
        "mobile": each.address,
        "report_status": "SUCCESS" if is_there else "FAIL",
        "errmsg": why,
        "description": "",
        "sid": each.ref,
    }
    calls = [_keyed([row])] * (2 if each.fate is Fate.TWICE_TOLD else 1)
    text = _answer(each.fate)
    if text:
        reply = {
            "extend": "",
            "mobile": each.address,
            "nationcode": "86",
            "sign": "daihou",
            "text": text,
            "time": int(at.timestamp()),
        }
        calls.append(_keyed(reply))
    return calls


def _smtp(each: Reached, at: datetime) -> list[Call]:
    date = f"{at:%a, %d %b %Y %H:%M:%S +0000}"
    if each.fate in {Fate.BOUNCED, Fate.FAILED}:
        status = "5.1.1" if each.fate is Fate.BOUNCED else "5.2.2"
        text = (
            f"From: MAILER-DAEMON@example.com\nTo: bounce+{each.reference}@example.com\n"
            f"Date: {date}\nMIME-Version: 1.0\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: text/plain\n\nNot delivered.\n"
            "--b\nContent-Type: message/delivery-status\n\n"
            "Reporting-MTA: dns; mx.example.com\n\n"
            f"Final-Recipient: rfc822; {each.address}\nAction: failed\nStatus: {status}\n\n--b--\n"
        )
        return [_mail(text)]
    answer = _answer(each.fate)
    if not answer:
        return []
    text = (
        f"From: {each.address}\nTo: service@example.com\nDate: {date}\n"
        f"Message-ID: <answer-{each.reference}@person.example>\n"
        f"In-Reply-To: <{each.reference}@example.com>\n"
        f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
        f"Content-Transfer-Encoding: 8bit\n\n{answer}\n> {each.text[:40]}\n"
    )
    return [_mail(text)]


def _jpush(each: Reached, at: datetime) -> list[Call]:
    event = "invalid" if each.fate in {Fate.BOUNCED, Fate.FAILED} else "received"
    stamp = str(int(at.timestamp()))
    row = {"msg_id": each.ref, "event": event, "time": stamp}
    proof = basic(user=KEY_ID, password=KEY_SECRET)
    return [Call(body=json.dumps({"events": [row]}).encode(), headers={"authorization": proof})]


def _wechat(each: Reached, at: datetime) -> list[Call]:
    stamp = int(at.timestamp())
    status = {Fate.BOUNCED: "failed:user block", Fate.FAILED: "failed: system failed"}
    event = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>{each.address}</FromUserName>"
        f"<CreateTime>{stamp}</CreateTime><MsgType>event</MsgType>"
        f"<Event>TEMPLATESENDJOBFINISH</Event><MsgID>{each.ref}</MsgID>"
        f"<Status><![CDATA[{status.get(each.fate, 'success')}]]></Status></xml>"
    )
    calls = [_wechat_call(event, stamp)]
    text = _answer(each.fate)
    if text:
        message = (
            f"<xml><ToUserName>gh</ToUserName><FromUserName>{each.address}</FromUserName>"
            f"<CreateTime>{stamp}</CreateTime><MsgType>text</MsgType>"
            f"<Content><![CDATA[{text}]]></Content><MsgId>up-{each.ref}</MsgId></xml>"
        )
        calls.append(_wechat_call(message, stamp))
    return calls


def _whatsapp(each: Reached, at: datetime) -> list[Call]:
    stamp = str(int(at.timestamp()))
    is_there = each.fate not in {Fate.BOUNCED, Fate.FAILED}
    row: dict[str, object] = {
        "id": each.ref,
        "status": "delivered" if is_there else "failed",
        "timestamp": stamp,
        "recipient_id": each.address,
        "biz_opaque_callback_data": each.reference,
    }
    if not is_there:
        row["errors"] = [{"code": 131026 if each.fate is Fate.BOUNCED else 131000}]
    calls = [_whatsapp_call({"statuses": [row]})]
    text = _answer(each.fate)
    if text:
        message = {
            "from": each.address,
            "id": f"up-{each.ref}",
            "timestamp": stamp,
            "type": "text",
            "text": {"body": text},
            "context": {"id": each.ref},
        }
        calls.append(_whatsapp_call({"messages": [message]}))
    return calls


def _robot(each: Reached, at: datetime) -> list[Call]:
    events = {
        Fate.BUSY: "busy",
        Fate.NO_ANSWER: "no_answer",
        Fate.REJECTED: "rejected",
        Fate.WRONG_PERSON: "wrong_person",
        Fate.BOUNCED: "no_such_number",
        Fate.FAILED: "failed",
    }
    event = events.get(each.fate, "spoken")
    shared = {"call": each.ref, "reference": each.reference, "number": each.address}
    stamp = int(at.timestamp())
    calls = []
    if each.fate in {Fate.HANDED_OVER, Fate.OPTS_OUT}:
        reason = "stop" if each.fate is Fate.OPTS_OUT else "dispute"
        calls.append(shared | {"event": "hand_over", "reason": reason, "at": stamp})
    seconds = 31 if event == "spoken" else 0
    calls.append(shared | {"event": event, "seconds": seconds, "at": stamp})
    return [_robot_call(said, stamp) for said in calls]


def _answer(fate: Fate) -> str:
    return {
        Fate.REPLIES: "下周三发工资就还",
        Fate.OPTS_OUT: "TD",
        Fate.COMPLAINS: "你们天天发短信骚扰我，我要投诉",
    }.get(fate, "")


def _keyed(told: object) -> Call:
    body = json.dumps(told, ensure_ascii=False).encode()
    return Call(body=body, query={"key": HOOK_WORD})


def _mail(text: str) -> Call:
    return Call(body=text.replace("\n", "\r\n").encode(), query={"key": HOOK_WORD})


def _wechat_call(text: str, stamp: int) -> Call:
    parts = "".join(sorted([HOOK_WORD, str(stamp), "nonce"]))
    proof = hashlib.sha1(parts.encode(), usedforsecurity=False).hexdigest()
    query = {"timestamp": str(stamp), "nonce": "nonce", "signature": proof}
    return Call(body=text.encode(), query=query)


def _whatsapp_call(value: object) -> Call:
    body = json.dumps({"entry": [{"changes": [{"value": value}]}]}, ensure_ascii=False).encode()
    proof = hmac.new(HOOK_WORD.encode(), body, hashlib.sha256).hexdigest()
    return Call(body=body, headers={"x-hub-signature-256": f"sha256={proof}"})


def _robot_call(told: object, stamp: int) -> Call:
    body = json.dumps(told).encode()
    proof = hmac.new(HOOK_WORD.encode(), f"{stamp}\n".encode() + body, hashlib.sha256).hexdigest()
    return Call(body=body, headers={"x-robot-timestamp": str(stamp), "x-robot-signature": proof})


WRITERS: Mapping[str, Callable[[Reached, datetime], list[Call]]] = {
    "aliyun": _aliyun,
    "tencent": _tencent,
    "smtp": _smtp,
    "jpush": _jpush,
    "wechat": _wechat,
    "whatsapp": _whatsapp,
    "robot": _robot,
}
