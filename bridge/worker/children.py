"""A child process as its supervisor sees it."""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from uuid import UUID

from django.db import connections

from bridge.worker.child import worker_id
from bridge.worker.marks import Marks
from bridge.worker.options import OVERDUE

# Children inherit the loaded project; the supervisor has no threads and no open connection
# when it forks.
_fork = multiprocessing.get_context("fork")


class ChildProcess:
    """One child and the marks it shares with its supervisor."""

    def __init__(self, process: BaseProcess, marks: Marks) -> None:
        self.process = process
        self.marks = marks
        # The claims of its tasks that ran past their hard timeout.
        self.overdue: set[tuple[UUID, int]] = set()
        # Those of them that have failed in the ledger while it still lives.
        self.timed_out: set[tuple[UUID, int]] = set()
        self.kill_at = math.inf
        self.id = f"{worker_id().rpartition(':')[0]}:{process.pid}"

    @classmethod
    def start(cls, main: Callable[[Marks], None], at_once: int) -> ChildProcess:
        """Fork a child that runs main(marks)."""
        close_connections()
        marks = Marks(at_once)
        process = _fork.Process(target=main, args=(marks,), daemon=False)
        process.start()
        return cls(process, marks)

    @property
    def pid(self) -> int | None:
        """Return its process id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Say whether it has not ended yet."""
        return self.process.is_alive()

    @property
    def ending(self) -> str:
        """Say in words how it ended."""
        if self.condemned:
            return "was killed for the hard_timeout of another task"
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.pid is not None and self.alive:
            os.kill(self.pid, number)

    @property
    def condemned(self) -> bool:
        """Say whether it is to end because of a hard timeout."""
        return self.kill_at < math.inf

    @property
    def neighbours(self) -> int:
        """Return how many tasks run there that are not overdue."""
        running = {mark.claim for mark in self.marks.read() if mark.words is None}
        return len(running - self.overdue)

    def note_end(self) -> None:
        """Take note, once it has ended, of the overdue tasks for which it did."""
        if self.process.exitcode == OVERDUE:
            self.overdue |= self.marks.late()

    def close(self) -> None:
        """Free what the system keeps of a process that has ended."""
        self.process.join()
        self.process.close()
        self.marks.close()


def close_connections() -> None:
    """Close every database connection, so that no child shares its socket."""
    connections.close_all()
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "close_pool"):
            connection.close_pool()
