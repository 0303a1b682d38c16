"""Calls by our own switch: FreeSWITCH by its event socket. Click to call, outcome, recording.

The collector's phone rings first; when she takes it the person is called. The call's number in the
switch follows from the permit, so that asking twice for the same call is the same call.

A person who calls our number is heard of as a call-back, taken or missed.

Proof   A password on a connection of our own network; nothing is called back by HTTP: ``listen``
        reads the switch's events.
Source  developer.signalwire.com/freeswitch: the channel variables ``bridge_hangup_cause`` and
        ``originate_disposition`` (their pages were read); ``bridge_epoch``, ``answer_epoch``,
        ``end_epoch`` and the headers as events that others logged have them. From memory:
        mod_event_socket's framing, ``bgapi`` with ``Job-UUID``, hangup causes (ITU-T Q.850).
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
    Inbound,
    InboundKind,
    Outgoing,
    Receipt,
    Refused,
    Told,
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
EVENTS = "CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB"
TRUNK_ZERO = re.compile(r"^0(?=1\d{10}$)")  # Mobile numbers come with it from other cities.


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
            raise transport.NotSent(type(exception).__name__) from exception
        call = call_id(reference=message.reference)
        try:
            told = line.ask(f"bgapi {_originate(message, secrets, call)}\nJob-UUID: {call}")
        except OSError as exception:
            raise transport.AnswerLost(type(exception).__name__) from exception
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


def listen(*, secrets: AccountSecrets, called: str = "") -> Iterator[Heard]:
    """Yield how calls ended, and who called us, until the connection breaks.

    ``called`` is our own number; without it calls to us are not read.

    :raises OSError: then; who listens connects again.
    """
    line = connect(secrets=secrets)
    try:
        line.ask(f"event plain {EVENTS}")
        line._raw.settimeout(None)  # noqa: SLF001  It may be silent for hours.
        while True:
            headers, body = line.read()
            if headers.get("content-type") == "text/disconnect-notice":
                raise ConnectionError("gone")
            heard = read_event(body, called=called)
            if heard is not None:
                yield heard
    finally:
        line.close()


def read_event(body: str, *, called: str = "") -> Heard | None:
    """Read the end of a call of ours, or of one to our number; of another call, nothing.

    The person's side decides: whether she took it, and how long both spoke. Where the collector did
    not take her own telephone the person was never called.
    """
    head, _, rest = body.partition("\n\n")
    told = {
        name.strip(): unquote(value.strip())
        for name, _, value in (text.partition(":") for text in head.splitlines())
    }
    if told.get("Event-Name") == "BACKGROUND_JOB":
        return _not_dialled(told, rest.strip())
    if told.get("Event-Name") != "CHANNEL_HANGUP_COMPLETE":
        return None
    if told.get("variable_daihou_reference"):
        return _ended(told)
    is_inbound = told.get("Call-Direction") == "inbound"
    if is_inbound and called and told.get("Caller-Destination-Number") == called:
        return _called_back(told)
    return None


def _ended(told: Mapping[str, str]) -> Receipt:
    call = told.get("Unique-ID", "")
    bridged = _number(told, "variable_bridge_epoch")
    seconds = max(0, _number(told, "variable_end_epoch") - bridged) if bridged else 0
    return Receipt(
        notice_ref=f"{call}:{told.get('Event-Sequence', '')}",
        provider_ref=call,
        reference=told["variable_daihou_reference"],
        told=_told(told),
        at=_instant(told),
        code=_cause(told)[:80],
        seconds=seconds,
        recording=told.get("variable_record_path", "") if bridged else "",
    )


def _told(told: Mapping[str, str]) -> Told:
    if _number(told, "variable_bridge_epoch"):
        return Told.SPOKEN
    if not _number(told, "variable_answer_epoch"):
        return Told.FAILED  # The collector's own telephone: nobody else rang.
    return TOLD.get(_cause(told), Told.FAILED)


def _cause(told: Mapping[str, str]) -> str:
    """Say why the person's side ended: of a bridge that failed, as the last attempt has it."""
    last = told.get("variable_originate_disposition", "")
    tried = last if last != "SUCCESS" else ""
    return told.get("variable_bridge_hangup_cause") or tried or told.get("Hangup-Cause", "")


def _not_dialled(told: Mapping[str, str], result: str) -> Receipt | None:
    """Read the end of a job: where the collector's telephone could not be rung, nobody was."""
    call = told.get("Job-UUID", "")
    if not result.startswith("-ERR") or told.get("Job-Command") != "originate":
        return None
    return Receipt(
        notice_ref=f"{call}:job",
        provider_ref=call,
        told=Told.FAILED,
        at=_instant(told),
        code=result.removeprefix("-ERR").strip()[:80],
    )


def _called_back(told: Mapping[str, str]) -> Inbound | None:
    number = TRUNK_ZERO.sub("", told.get("Caller-Caller-ID-Number", ""))
    if not NUMBER.fullmatch(number):
        return None  # It was withheld.
    answered = _number(told, "variable_bridge_epoch") or _number(told, "variable_answer_epoch")
    return Inbound(
        notice_ref=f"{told.get('Unique-ID', '')}:called",
        kind=InboundKind.CALL_BACK,
        address=number,
        at=_instant(told),
        seconds=max(0, _number(told, "variable_end_epoch") - answered) if answered else 0,
    )


def _number(told: Mapping[str, str], name: str) -> int:
    text = told.get(name, "")
    return int(text) if text.isascii() and text.isdigit() else 0


def _instant(told: Mapping[str, str]) -> datetime:
    return datetime.fromtimestamp(_number(told, "Event-Date-Timestamp") // 1_000_000, tz=UTC)


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
