"""`python -m` without the second in which Django and Celery are imported: forked by what has them.

A child is like a new process in all but that: own session, environment, folder, files, and no
setting has been read before.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Forked:
    """A child, with what tests use of subprocess.Popen."""

    def __init__(self, nursery: Nursery, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        """Wait for the end and return the exit code. Raise subprocess.TimeoutExpired."""
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            time.sleep(0.02)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


class Nursery:
    """The process that forks, asked one thing at a time."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.process.nursery_server", str(theirs.fileno())],
            cwd=ROOT,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        self._lock = threading.Lock()

    def start(
        self, arguments: list[str], environment: dict[str, str], cwd: Path, files: list[int]
    ) -> Forked:
        """Do as `python -m` with these arguments; the files are its input, output and errors."""
        request = {"arguments": arguments, "environment": environment, "cwd": str(cwd)}
        return Forked(self, self.ask(request, files))

    def ask(self, request: dict[str, Any], files: list[int] | None = None) -> Any:
        """Return the answer of the server."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(request).encode()], files or [])
            answer = self._socket.recv(1000)
        assert answer, f"The nursery ended with exit code {self._server.wait(10)}."
        return json.loads(answer)

    def close(self) -> None:
        """End it, and what it has started; so does the end of this process, however it comes."""
        self._socket.close()
        self._server.wait(10)


@cache
def nursery() -> Nursery:
    """Return the nursery of this process."""
    nursery = Nursery()
    atexit.register(nursery.close)
    return nursery
