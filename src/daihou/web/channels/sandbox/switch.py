"""A telephone switch of this machine that speaks FreeSWITCH's event socket."""

import queue
import re
import socketserver
import threading
import time
from collections.abc import Mapping
from urllib.parse import quote
from uuid import uuid4

from daihou.web.channels.sandbox.web import KEY_SECRET, POLL_SECONDS
from daihou.web.channels.sandbox.world import Fate, World

ORIGINATE = re.compile(
    r"originate \{origination_uuid='(?P<call>[0-9a-f-]{36})',"
    r"daihou_reference='(?P<reference>[^']+)'"
    r"(?P<others>.*)\}user/(?P<agent>[\w-]+) &bridge\(.*sofia/gateway/[\w-]+/(?P<number>\+?\d+)\)"
)
CAUSES = {
    Fate.BUSY: "USER_BUSY",
    Fate.NO_ANSWER: "NO_ANSWER",
    Fate.REJECTED: "CALL_REJECTED",
    Fate.BOUNCED: "UNALLOCATED_NUMBER",
    Fate.FAILED: "NETWORK_OUT_OF_ORDER",
}
SPOKEN_SECONDS = 42


class SwitchTwin(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.world = world
        self.events: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.is_stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"esl://127.0.0.1:{self.server_address[1]}"

    def start(self) -> "SwitchTwin":
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.is_stopping.set()
        self.shutdown()
        self.server_close()

    def dial(self, command: str) -> tuple[Fate | None, str]:
        """Ring a number; its end becomes an event."""
        found = ORIGINATE.fullmatch(command)
        if found is None:
            return None, "-ERR syntax"
        fate, ref = self.world.take(
            provider="freeswitch",
            reference=found["reference"],
            address=found["number"],
            slots={"agent": found["agent"]},
            is_once=True,
        )
        if fate is Fate.REFUSED:
            return fate, "-ERR GATEWAY_DOWN"
        recording = f"/recordings/{found['call']}.wav" if "record_path" in found["others"] else ""
        self.events.put(_ended(found["call"], found["reference"], fate, recording))
        self.world.tell()  # The events tell it.
        return fate, f"+OK Job-UUID: {ref}"

    def ring_us(self, *, number: str, called: str, seconds: int = 0) -> str:
        """Let a person call our number; nobody takes it where there are no ``seconds``."""
        call, now = str(uuid4()), int(time.time())
        fields = {
            "Event-Name": "CHANNEL_HANGUP_COMPLETE",
            "Event-Sequence": "1",
            "Event-Date-Timestamp": str(now * 1_000_000),
            "Unique-ID": call,
            "Call-Direction": "inbound",
            "Caller-Caller-ID-Number": number,
            "Caller-Destination-Number": called,
            "Hangup-Cause": "NORMAL_CLEARING" if seconds else "ORIGINATOR_CANCEL",
            "variable_answer_epoch": str(now - seconds) if seconds else "0",
            "variable_bridge_epoch": "0",
            "variable_end_epoch": str(now),
        }
        self.events.put(_written(fields))
        return call


def _ended(call: str, reference: str, fate: Fate, recording: str) -> str:
    cause, now = CAUSES.get(fate), int(time.time())
    begun = now - SPOKEN_SECONDS
    fields = {
        "Event-Name": "CHANNEL_HANGUP_COMPLETE",
        "Event-Sequence": str(abs(hash(call)) % 10_000),
        "Event-Date-Timestamp": str(now * 1_000_000),
        "Unique-ID": call,
        "Call-Direction": "outbound",
        "Hangup-Cause": cause or "NORMAL_CLEARING",
        "variable_originate_disposition": cause or "SUCCESS",
        "variable_bridge_hangup_cause": "" if cause else "NORMAL_CLEARING",
        "variable_answer_epoch": str(begun),
        "variable_bridge_epoch": "0" if cause else str(begun),
        "variable_end_epoch": str(now),
        "variable_daihou_reference": reference,
        "variable_record_path": recording,
    }
    return _written(fields)


def _written(fields: Mapping[str, str]) -> str:
    return "".join(f"{name}: {quote(value)}\n" for name, value in fields.items()) + "\n"


class _Session(socketserver.StreamRequestHandler):
    server: SwitchTwin

    def handle(self) -> None:
        self.wfile.write(b"Content-Type: auth/request\n\n")
        if self._command() != f"auth {KEY_SECRET}":
            self._reply("-ERR invalid")
            return
        self._reply("+OK accepted")
        while command := self._command():
            if command.startswith("event "):
                self._reply("+OK event listener enabled plain")
                self._stream()
                return
            fate, said = self.server.dial(command.removeprefix("bgapi "))
            if fate in {Fate.LOST_ANSWER, Fate.BROKEN}:
                return
            self._reply(said)

    def _command(self) -> str:
        line = self.rfile.readline(1 << 16).decode(errors="replace").strip()
        more = line
        while more:  # Headers of the command, to the empty line.
            more = self.rfile.readline(1 << 16).decode(errors="replace").strip()
        return line

    def _reply(self, text: str) -> None:
        self.wfile.write(f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode())

    def _stream(self) -> None:
        while not self.server.is_stopping.is_set():
            try:
                event = self.server.events.get(timeout=0.2)
            except queue.Empty:
                continue
            size = len(event.encode())
            head = f"Content-Length: {size}\nContent-Type: text/event-plain\n\n"
            self.wfile.write(f"{head}{event}".encode())
            self.wfile.flush()
