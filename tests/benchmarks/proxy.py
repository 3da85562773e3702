"""A TCP proxy that delays every byte and counts the statements sent to PostgreSQL.

As a program: `python -m tests.benchmarks.proxy HOST PORT DELAY` prints the port it listens on,
then the number of statements so far for every line it reads. Threads, because the timers of
asyncio round up to a millisecond.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from queue import SimpleQueue
from typing import Self

STATEMENTS = {ord("Q"), ord("E")}  # a simple query; the execution of a prepared one
CHUNK = 1 << 16


class Proxy:
    """A proxy in a process of its own; `delay` is in seconds, each way."""

    def __init__(self, host: str, port: int, delay: float = 0.0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, host, str(port), repr(delay)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.port = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def statements(self) -> int:
        """Return how many statements clients have sent so far."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


class Meter:
    """Count statements in what a client sends, however it is cut into pieces."""

    def __init__(self) -> None:
        self.statements = 0
        self._rest = b""
        self._started = False

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        self._rest += data
        while (head := 5 if self._started else 4) <= len(self._rest):
            size = int.from_bytes(self._rest[head - 4 : head]) + head - 4
            if len(self._rest) < size:
                return
            if self._started:
                self.statements += self._rest[0] in STATEMENTS
            else:
                self._started = self._rest[4:6] == b"\x00\x03"  # not a request for encryption
            self._rest = self._rest[size:]


def serve(listener: socket.socket, target: tuple[str, int], delay: float) -> list[Meter]:
    """Accept clients until the listener is closed; return the growing list of their meters."""
    meters: list[Meter] = []

    def accept() -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(target)
                meters.append(Meter())
                relay(client, server, delay, meters[-1])
                relay(server, client, delay, None)

    threading.Thread(target=accept, daemon=True).start()
    return meters


def relay(source: socket.socket, target: socket.socket, delay: float, meter: Meter | None) -> None:
    """Start to pass bytes on, each `delay` seconds after it came."""
    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

    def read() -> None:
        data = b"."
        while data:
            try:
                data = source.recv(CHUNK)
            except OSError:
                data = b""
            waiting.put((time.monotonic() + delay, data))
            if meter and data:
                meter.feed(data)

    def write() -> None:
        try:
            while True:
                due, data = waiting.get()
                if (early := due - time.monotonic()) > 0:
                    time.sleep(early)
                if not data:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(data)
        except OSError:
            source.close()

    for work in (read, write):
        threading.Thread(target=work, daemon=True).start()


def main() -> None:
    host, port, delay = sys.argv[1:]
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        meters = serve(listener, (host, int(port)), float(delay))
        print(listener.getsockname()[1], flush=True)
        for _ in sys.stdin:
            print(sum(meter.statements for meter in meters), flush=True)


if __name__ == "__main__":
    main()
