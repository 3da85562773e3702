"""What task bodies did, in a file that outlives every kill and every database."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

STARTED, RAISED, ENDED = "S", "R", "E"

# Records of one size that divides a page: a write that a SIGKILL interrupts is whole or absent,
# since the kernel only looks for the signal between pages.
SIZE = 64

KEYS = 500
"""How many keys share a file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One moment of one attempt. `at` is in seconds of time.monotonic()."""

    moment: str
    key: int
    attempt: int
    pid: int
    parent: int
    at: float


class Journal:
    """Append-only files of records, each small enough for a disk that is nearly full."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self._files: dict[int, int] = {}

    def write(self, moment: str, key: int, attempt: int) -> None:
        """Append a record of this process in one write."""
        text = f"{moment} {key} {attempt} {os.getpid()} {os.getppid()} {time.monotonic_ns()}"
        os.write(self._file(key // KEYS), text.ljust(SIZE - 1).encode() + b"\n")

    def read(self) -> list[Record]:
        """Return every record so far."""
        records = []
        for path in self.folder.iterdir():
            for line in path.read_text().splitlines():
                moment, *numbers = line.split()
                key, attempt, pid, parent, at = map(int, numbers)
                records.append(Record(moment, key, attempt, pid, parent, at / 1e9))
        return records

    def _file(self, number: int) -> int:
        if number not in self._files:
            path = self.folder / str(number)
            self._files[number] = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        return self._files[number]
