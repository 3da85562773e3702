"""Moments that tasks report: a datagram with a label and the machine's monotonic clock."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Self

VARIABLE = "BENCH_MARKS"


def send(label: str) -> None:
    """Report that the moment called label is now."""
    message = f"{label} {time.monotonic()!r}".encode()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(message, os.environ[VARIABLE])


class Marks:
    """The receiving end, a socket at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._seen: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def wait(self, label: str, seconds: float) -> float:
        """Return the moment, in seconds of time.monotonic(). Raise TimeoutError without one."""
        until = time.monotonic() + seconds
        while label not in self._seen:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                seen, _, at = self._socket.recv(256).decode().rpartition(" ")
            except TimeoutError:
                raise TimeoutError(f"No task reported {label!r} within {seconds:.0f} s.") from None
            self._seen.setdefault(seen, float(at))
        return self._seen.pop(label)
