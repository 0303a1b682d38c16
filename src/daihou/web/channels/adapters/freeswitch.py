"""Calls by our own switch: FreeSWITCH by its event socket. Click to call, outcome, recording.

The collector's phone rings first; when she takes it the person is called. The call's number in the
switch follows from the permit, so that asking twice for the same call is the same call.

Proof   A password on a connection of our own network; nothing is called back by HTTP: ``listen``
        reads the switch's events.
Source  FreeSWITCH's documents of mod_event_socket and of hangup causes (ITU-T Q.850); confidence:
        memory, checked by the twin only.
"""

import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit
from uuid import NAMESPACE_URL, uuid5

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

NUMBER = re.compile(r"\+?\d{3,20}")
EXTENSION = re.compile(r"[0-9A-Za-z_-]{1,32}")
LINE_MOST = 1 << 16
TOLD = {
    "USER_BUSY": Told.BUSY,
    "NO_ANSWER": Told.NO_ANSWER,
    "NO_USER_RESPONSE": Told.NO_ANSWER,
    "ALLOTTED_TIMEOUT": Told.NO_ANSWER,
    "CALL_REJECTED": Told.REJECTED,
    "UNALLOCATED_NUMBER": Told.BOUNCED,
    "INVALID_NUMBER_FORMAT": Told.BOUNCED,
    "NUMBER_CHANGED": Told.BOUNCED,
}


class Freeswitch:
    needs_review = False

    def send(self, *, message: Outgoing, secrets: AccountSecrets, now: datetime) -> Answer:  # noqa: ARG002
        if not NUMBER.fullmatch(message.address):
            return Refused(code="send.address_malformed")
        if not EXTENSION.fullmatch(message.agent):
            return Refused(code="send.no_extension")
        try:
            line = connect(secrets=secrets)
        except OSError as exception:
            return Refused(
                code="send.no_connection", detail=type(exception).__name__, is_passing=True
            )
        call = call_id(reference=message.reference)
        try:
            told = line.ask(f"bgapi {_originate(message, secrets, call)}")
        except OSError as exception:
            return Unknown(detail=type(exception).__name__)
        finally:
            line.close()
        if told.startswith("+OK"):
            return Accepted(provider_ref=call)
        return Refused(code="esl.refused", detail=told[:200])

    def read_hook(
        self,
        *,
        headers: Mapping[str, str],  # noqa: ARG002
        query: Mapping[str, str],  # noqa: ARG002
        body: bytes,  # noqa: ARG002
        secrets: AccountSecrets,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Sequence[Heard]:
        raise ChannelRefused("hook.kind_unknown")  # A switch calls nobody; it is listened to.

    def taken(self) -> HookAnswer:
        return HookAnswer(status=200)


class Line:
    """A connection to the event socket: headers, an empty line, a body of the length they say."""

    def __init__(self, raw: socket.socket) -> None:
        self._raw = raw
        self._file = raw.makefile("rb")

    def ask(self, command: str) -> str:
        """Say a command; return the line it is answered with."""
        self._raw.sendall(f"{command}\n\n".encode())
        while True:
            headers, body = self.read()
            if headers.get("content-type") in {"command/reply", "api/response"}:
                return headers.get("reply-text", body)

    def read(self) -> tuple[dict[str, str], str]:
        """Read one message.

        :raises ConnectionError: where the other side is gone.
        """
        headers: dict[str, str] = {}
        while True:
            raw = self._file.readline(LINE_MOST)
            if not raw:
                raise ConnectionError("gone")
            text = raw.decode(errors="replace").rstrip("\r\n")
            if not text:
                break
            name, _, value = text.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "0")
        size = int(length) if length.isascii() and length.isdigit() else 0
        return headers, self._file.read(min(size, transport.BODY_MOST)).decode(errors="replace")

    def close(self) -> None:
        self._file.close()
        self._raw.close()


def connect(*, secrets: AccountSecrets) -> Line:
    """Connect and give the password.

    :raises OSError: where nobody listens, or the password is wrong.
    :raises ChannelRefused: ``account.url_refused``.
    """
    found = urlsplit(secrets.url)
    if found.scheme != "esl" or not found.hostname:
        raise ChannelRefused("account.url_refused", url=secrets.url[:80])
    raw = socket.create_connection(
        (found.hostname, found.port or 8021), timeout=secrets.timeout_seconds
    )
    line = Line(raw)
    try:
        headers, _ = line.read()
        is_asked = headers.get("content-type") == "auth/request"
        if not is_asked or not line.ask(f"auth {secrets.key_secret}").startswith("+OK"):
            raise PermissionError("esl")
    except OSError:
        line.close()
        raise
    return line


def listen(*, secrets: AccountSecrets) -> Iterator[Receipt]:
    """Yield how calls ended, until the connection breaks.

    :raises OSError: then; who listens connects again.
    """
    line = connect(secrets=secrets)
    try:
        line.ask("event plain CHANNEL_HANGUP_COMPLETE")
        line._raw.settimeout(None)  # noqa: SLF001  It may be silent for hours.
        while True:
            headers, body = line.read()
            if headers.get("content-type") == "text/disconnect-notice":
                raise ConnectionError("gone")
            receipt = read_event(body)
            if receipt is not None:
                yield receipt
    finally:
        line.close()


def read_event(body: str) -> Receipt | None:
    """Read the end of a call of ours; of another call, nothing.

    The person's side decides: whether she took it, and how long both spoke.
    """
    told = {
        name.strip(): unquote(value.strip())
        for name, _, value in (text.partition(":") for text in body.splitlines())
    }
    reference = told.get("variable_daihou_reference", "")
    if told.get("Event-Name") != "CHANNEL_HANGUP_COMPLETE" or not reference:
        return None
    cause = told.get("variable_bridge_hangup_cause") or told.get("Hangup-Cause", "")
    spoken = told.get("variable_bridge_billsec", "0")
    seconds = int(spoken) if spoken.isascii() and spoken.isdigit() else 0
    micro = told.get("Event-Date-Timestamp", "0")
    at = datetime.fromtimestamp(int(micro) // 1_000_000 if micro.isdigit() else 0, tz=UTC)
    call = told.get("Unique-ID", "")
    return Receipt(
        notice_ref=f"{call}:{told.get('Event-Sequence', '')}",
        provider_ref=call,
        reference=reference,
        told=Told.SPOKEN if seconds else TOLD.get(cause, Told.FAILED),
        at=at,
        code=cause[:80],
        seconds=seconds,
        recording=told.get("variable_record_path", "") if seconds else "",
    )


def call_id(*, reference: str) -> str:
    """Give a call the number that follows from its permit."""
    return str(uuid5(NAMESPACE_URL, f"daihou:{reference}"))


def _originate(message: Outgoing, secrets: AccountSecrets, call: str) -> str:
    """Ring the collector, then the person, through the gateway of the account."""
    gateway = secrets.extra.get("gateway", "")
    caller = message.sender
    if not EXTENSION.fullmatch(gateway) or not NUMBER.fullmatch(caller):
        raise ChannelRefused("account.url_refused", url=gateway[:40])
    kept = secrets.extra.get("recordings", "")
    variables = {
        "origination_uuid": call,
        "daihou_reference": message.reference,
        "ignore_early_media": "true",
        "hangup_after_bridge": "true",
        "origination_caller_id_number": caller,
        "RECORD_STEREO": "true",
    }
    if kept:
        variables["record_path"] = f"{kept}/{call}.wav"
        variables["execute_on_answer"] = f"record_session {kept}/{call}.wav"
    written = ",".join(f"{name}='{value}'" for name, value in variables.items())
    return (
        f"originate {{{written}}}user/{message.agent} "
        f"&bridge([origination_caller_id_number={caller}]sofia/gateway/{gateway}/{message.address})"
    )
