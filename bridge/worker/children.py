"""A child process as its supervisor sees it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from uuid import UUID

from django.db import connections

from bridge.worker.child import worker_id
from bridge.worker.marks import NO_DEADLINE, Marks

# Children inherit the loaded project; the supervisor has no threads and no open connection
# when it forks.
_fork = multiprocessing.get_context("fork")


class ChildProcess:
    """One child and the marks it shares with its supervisor."""

    def __init__(self, process: BaseProcess, marks: Marks) -> None:
        self.process = process
        self.marks = marks
        self.overdue: set[UUID] = set()
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
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def send(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.pid is not None and self.alive:
            os.kill(self.pid, number)

    def kill_if_overdue(self) -> bool:
        """Kill it when a task ran past its hard timeout, and remember which."""
        now = time.monotonic()
        late = {m.id for m in self.marks.read() if NO_DEADLINE < m.deadline < now}
        if not late or not self.alive:
            return False
        self.overdue = late
        self.process.kill()
        return True

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
