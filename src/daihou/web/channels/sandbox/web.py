"""The twins that speak HTTP: they check what is signed by their own reckoning, and then misbehave.

They are written against the providers' descriptions, not against our adapters.
"""

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from daihou.web.channels.sandbox.world import Fate, World

KEY_ID = "sandbox-key"
KEY_SECRET = "sandbox-secret"  # noqa: S105  Known to everybody; it opens nothing.
POLL_SECONDS = 0.02
TOKEN = "sandbox-token"  # noqa: S105  As above.

Answer = tuple[int, dict[str, Any]]


class WebTwin(ThreadingHTTPServer):
    """All providers at one address of this machine; the form of a request says whose it is."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.world = world

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def start(self) -> "WebTwin":
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: WebTwin

    def do_GET(self) -> None:
        found = urlsplit(self.path)
        params = dict(parse_qsl(found.query))
        if found.path == "/cgi-bin/token" and params.get("secret") == KEY_SECRET:
            self._say(200, {"access_token": TOKEN, "expires_in": 7200})
        else:
            self._say(200, {"errcode": 40125, "errmsg": "invalid appsecret"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        fate, (status, said) = _answer(self.server.world, self.path, headers, body)
        if fate is Fate.LOST_ANSWER:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if fate is Fate.BROKEN:
            status, said = 500, {"trouble": "internal"}
        self._say(status, said)

    def _say(self, status: int, said: Mapping[str, Any]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


def _answer(
    world: World, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[Fate | None, Answer]:
    if "x-acs-action" in headers:
        return _aliyun(world, path, headers, body)
    if "x-tc-action" in headers:
        return _tencent(world, headers, body)
    if path == "/v3/push":
        return _jpush(world, headers, body)
    if path.startswith("/cgi-bin/message/template/send"):
        return _wechat(world, path, body)
    if path.endswith("/messages"):
        return _whatsapp(world, headers, body)
    if path == "/calls":
        return _robot(world, headers, body)
    return None, (404, {})


def _aliyun(
    world: World, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[Fate | None, Answer]:
    params = dict(parse_qsl(urlsplit(path).query, keep_blank_values=True))
    names = sorted(name for name in headers if name == "host" or name.startswith("x-acs-"))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(params[name], safe='-_.~')}" for name in sorted(params)
    )
    text = "\n".join(
        [
            "POST",
            "/",
            query,
            *(f"{name}:{headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(text.encode()).hexdigest()
    proof = hmac.new(KEY_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if not headers.get("authorization", "").endswith(f"Signature={proof}"):
        return None, (403, {"Code": "SignatureDoesNotMatch", "Message": "signature"})
    if not params["TemplateCode"].startswith("SMS_"):
        return None, (200, {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "template"})
    fate, ref = world.take(
        provider="aliyun",
        reference=params["OutId"],
        address=params["PhoneNumbers"],
        slots=json.loads(params["TemplateParam"]),
    )
    if fate is Fate.THROTTLED:
        code = "isv.BUSINESS_LIMIT_CONTROL"
        return fate, (200, {"Code": code, "Message": "触发分钟级流控Permits:1"})
    if fate is Fate.REFUSED:
        return fate, (200, {"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "号码非法"})
    return fate, (200, {"Code": "OK", "Message": "OK", "BizId": ref, "RequestId": "R"})


def _tencent(world: World, headers: Mapping[str, str], body: bytes) -> tuple[Fate | None, Answer]:
    given = headers.get("authorization", "")
    fields = dict(part.strip().split("=", 1) for part in given.partition(" ")[2].split(","))
    _, day, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    values = {**headers, "x-tc-action": headers["x-tc-action"].lower()}
    canonical = "\n".join(
        [
            "POST",
            "/",
            "",
            *(f"{name}:{values[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = f"TC3-HMAC-SHA256\n{headers['x-tc-timestamp']}\n{day}/{service}/tc3_request\n{digest}"
    key = f"TC3{KEY_SECRET}".encode()
    for part in (day, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    proof = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    if fields["Signature"] != proof:
        fault = {"Code": "AuthFailure.SignatureFailure", "Message": "signature"}
        return None, (200, {"Response": {"Error": fault, "RequestId": "R"}})
    told = json.loads(body)
    (number,) = told["PhoneNumberSet"]
    fate, ref = world.take(
        provider="tencent",
        reference=told["SessionContext"],
        address=number.removeprefix("+86"),
        slots={str(no): text for no, text in enumerate(told["TemplateParamSet"], 1)},
    )
    code = {
        Fate.THROTTLED: "LimitExceeded.PhoneNumberThirtySecondLimit",
        Fate.REFUSED: "InvalidParameterValue.IncorrectPhoneNumber",
    }.get(fate, "Ok")
    row = {"SerialNo": ref, "PhoneNumber": number, "Fee": 1, "Code": code, "Message": "send"}
    return fate, (200, {"Response": {"SendStatusSet": [row], "RequestId": "R"}})


def _jpush(world: World, headers: Mapping[str, str], body: bytes) -> tuple[Fate | None, Answer]:
    word = base64.b64encode(f"{KEY_ID}:{KEY_SECRET}".encode()).decode()
    if headers.get("authorization") != f"Basic {word}":
        return None, (401, {"error": {"code": 1004, "message": "verification failed"}})
    told = json.loads(body)
    (device,) = told["audience"]["registration_id"]
    shown = told["notification"]["android"]
    fate, ref = world.take(
        provider="jpush",
        reference=shown["extras"]["reference"],
        address=device,
        slots={},
        text=shown["alert"],
    )
    if fate is Fate.THROTTLED:
        return fate, (429, {"error": {"code": 2002, "message": "rate limit"}})
    if fate is Fate.REFUSED:
        return fate, (400, {"error": {"code": 1011, "message": "cannot find user"}})
    return fate, (200, {"sendno": "0", "msg_id": ref})


def _wechat(world: World, path: str, body: bytes) -> tuple[Fate | None, Answer]:
    if dict(parse_qsl(urlsplit(path).query)).get("access_token") != TOKEN:
        return None, (200, {"errcode": 40001, "errmsg": "invalid credential"})
    told = json.loads(body)
    fate, ref = world.take(
        provider="wechat",
        reference=told["client_msg_id"],
        address=told["touser"],
        slots={name: field["value"] for name, field in told["data"].items()},
        is_once=True,
    )
    if fate is Fate.THROTTLED:
        return fate, (200, {"errcode": 45009, "errmsg": "reach max api daily quota limit"})
    if fate is Fate.REFUSED:
        return fate, (200, {"errcode": 43004, "errmsg": "require subscribe"})
    return fate, (200, {"errcode": 0, "errmsg": "ok", "msgid": ref})


def _whatsapp(world: World, headers: Mapping[str, str], body: bytes) -> tuple[Fate | None, Answer]:
    if headers.get("authorization") != f"Bearer {KEY_SECRET}":
        return None, (401, {"error": {"code": 190, "message": "token"}})
    told = json.loads(body)
    parameters = told["template"]["components"][0]["parameters"]
    fate, ref = world.take(
        provider="whatsapp",
        reference=told["biz_opaque_callback_data"],
        address=told["to"],
        slots={str(no): each["text"] for no, each in enumerate(parameters, 1)},
    )
    if fate is Fate.THROTTLED:
        return fate, (400, {"error": {"code": 131056, "message": "pair rate limit"}})
    if fate is Fate.REFUSED:
        return fate, (400, {"error": {"code": 132001, "message": "template"}})
    return fate, (200, {"messaging_product": "whatsapp", "messages": [{"id": ref}]})


def _robot(world: World, headers: Mapping[str, str], body: bytes) -> tuple[Fate | None, Answer]:
    signed = headers["x-robot-timestamp"].encode() + b"\n" + body
    proof = hmac.new(KEY_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    if headers["x-robot-signature"] != proof:
        return None, (401, {"code": "signature"})
    told = json.loads(body)
    fate, ref = world.take(
        provider="robot",
        reference=told["reference"],
        address=told["number"],
        slots=told["slots"],
        text=told["script"],
        is_once=True,
    )
    if fate is Fate.THROTTLED:
        return fate, (429, {"code": "busy"})
    if fate is Fate.REFUSED:
        return fate, (422, {"code": "number"})
    return fate, (202, {"call": ref})
