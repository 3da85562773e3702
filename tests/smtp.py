"""An SMTP server on loopback that keeps what it takes and refuses what it is told to."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple


class Mail(NamedTuple):
    """What one transaction brought."""

    sender: str
    recipients: list[str]
    data: bytes


@dataclass
class Answers:
    """Codes to answer with: to everybody, to senders, for a recipient, for the next data."""

    greeting: int = 220
    sender: int = 250
    recipients: dict[str, int] = field(default_factory=dict)
    data: list[int] = field(default_factory=list)


class Server(socketserver.ThreadingTCPServer):
    """The server; `received` is what it took, `connections` how often somebody came."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.answers = Answers()
        self.received: list[Mail] = []
        self.connections = 0

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return int(self.server_address[1])


class Handler(socketserver.StreamRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        """Answer until QUIT."""
        self.server.connections += 1
        greeting = self.server.answers.greeting
        self._say(greeting)
        sender, recipients = "", list[str]()
        while greeting == 220 and (line := self.rfile.readline()):
            verb, _, rest = line.decode().strip().partition(" ")
            verb = verb.upper()
            address = rest[rest.find("<") + 1 : rest.find(">")]
            if verb == "MAIL":
                sender, recipients = address, []
                self._say(self.server.answers.sender)
            elif verb == "RCPT":
                code = self.server.answers.recipients.get(address, 250)
                recipients += [address] if code == 250 else []
                self._say(code)
            elif verb == "DATA":
                self._say(354)
                data = self._data()
                code = self.server.answers.data.pop(0) if self.server.answers.data else 250
                if code == 250:
                    self.server.received.append(Mail(sender, recipients, data))
                self._say(code)
            else:
                self._say(221 if verb == "QUIT" else 250)
                if verb == "QUIT":
                    return

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _say(self, code: int) -> None:
        self.wfile.write(b"%d as told\r\n" % code)


@contextmanager
def smtp_server(port: int = 0) -> Iterator[Server]:
    """Run a server for the block."""
    with Server(port) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
