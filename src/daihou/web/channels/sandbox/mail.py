"""A small mail server of this machine: it takes messages, greylists, refuses, loses answers."""

import email
import socketserver
import threading
from email import policy

from daihou.web.channels.sandbox.web import POLL_SECONDS
from daihou.web.channels.sandbox.world import Fate, World


class MailTwin(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, world: World) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.world = world

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def start(self) -> "MailTwin":
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class _Session(socketserver.StreamRequestHandler):
    server: MailTwin

    def handle(self) -> None:
        sender, recipient = "", ""
        self._say("220 twin ESMTP")
        while line := self.rfile.readline(2048).decode(errors="replace").strip():
            word = line.partition(" ")[0].upper()
            if word in {"EHLO", "HELO"}:
                self._say("250 twin")
            elif word == "MAIL":
                sender = line.partition("<")[2].partition(">")[0]
                self._say("250 sender")
            elif word == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                is_refused = self.server.world.fate_of(recipient) is Fate.REFUSED
                self._say("550 5.1.1 no such mailbox" if is_refused else "250 recipient")
            elif word == "DATA":
                self._say("354 go on")
                if not self._take(sender, recipient):
                    return
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 as you say")

    def _take(self, sender: str, recipient: str) -> bool:
        """Take a message to its last dot; tell whether the line still stands."""
        lines = []
        while (line := self.rfile.readline(1 << 16)) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        letter = email.message_from_bytes(b"".join(lines), policy=policy.default)
        reference = sender.partition("+")[2].partition("@")[0]
        body = letter.get_body(preferencelist=("plain",))
        fate, _ref = self.server.world.take(
            provider="smtp",
            reference=reference,
            address=recipient,
            slots={"subject": str(letter["Subject"])},
            text=body.get_content() if body is not None else "",
        )
        if fate is Fate.THROTTLED:
            self._say("451 4.7.1 greylisted, try again later")
        elif fate in {Fate.LOST_ANSWER, Fate.BROKEN}:
            return False
        else:
            self._say("250 2.0.0 queued")
        return True

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
