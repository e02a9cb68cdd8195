"""A mail server of a test's own, as small as one can be: it takes what comes and keeps it."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message


@dataclass
class MailServer:
    """`answers` maps a verb to what is answered instead of its 250, such as {"RCPT": "550 No"}."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    received: list[Message] = field(default_factory=list)
    trickles: threading.Event | None = None
    """Its greeting comes sign by sign, and never to its end, until this is set."""


class _Session(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        mails: MailServer = self.server.mails  # type: ignore[attr-defined]
        if mails.trickles:
            while not mails.trickles.wait(0.02):
                self.wfile.write(b"2")
            return
        self._say("220 here")
        while line := self.rfile.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            if verb == "DATA":
                self._say("354 go on")
                lines = []
                while (text := self.rfile.readline()) != b".\r\n":
                    lines.append(text.removeprefix(b"."))
                mails.received.append(message_from_bytes(b"".join(lines)))
            self._say(mails.answers.get(verb, "221 bye" if verb == "QUIT" else "250 fine"))
            if verb == "QUIT":
                return

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextlib.contextmanager
def mail_server() -> Iterator[MailServer]:
    mails = MailServer()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.daemon_threads = True
        server.mails = mails  # type: ignore[attr-defined]
        mails.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield mails
        server.shutdown()
