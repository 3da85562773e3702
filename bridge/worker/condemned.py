"""What becomes of a child process in which a task runs past its hard timeout."""

from __future__ import annotations

import logging
import signal
import time

from bridge.worker.children import ChildProcess
from bridge.worker.settling import Settling

logger = logging.getLogger("bridge.worker")
LEAVE = 2.0
"""Seconds a condemned child has to end by itself once no other task runs in it."""


class Condemned:
    """Fails the tasks that are overdue at once, and ends their process without harm to the others.

    A condemned child takes nothing new and gives back what it has not started. It ends by itself
    once all but the overdue tasks is stored. It is killed at once when nothing else runs in it,
    and after `grace` seconds when something still does.
    """

    def __init__(self, settling: Settling, worker: str, grace: float) -> None:
        self._settling = settling
        self._worker = worker
        self._grace = grace

    def look(self, child: ChildProcess) -> bool:
        """Return whether a child has just been condemned, because a task in it is late.

        See to the end of one that was condemned before.
        """
        if not child.alive:
            return False
        late = child.marks.late() - child.overdue
        child.overdue |= late
        is_new = bool(late) and not child.condemned
        if is_new:
            self._condemn(child)
        if child.condemned:
            self._press(child)
        return is_new

    def _condemn(self, child: ChildProcess) -> None:
        neighbours = child.neighbours
        child.kill_at = time.monotonic() + (self._grace if neighbours else 0.0)
        if neighbours:
            logger.error(
                "worker=%s pid=%s hard timeout; the %d other tasks there have %g s to finish, "
                "another process takes its place",
                self._worker,
                child.pid,
                neighbours,
                self._grace,
            )

    def _press(self, child: ChildProcess) -> None:
        now = time.monotonic()
        if not child.neighbours:
            child.kill_at = min(child.kill_at, now + LEAVE)
        if now >= child.kill_at:
            # First of all: the ledger may be away, and the overdue task must not go on.
            child.process.kill()
            logger.error("worker=%s pid=%s killed: hard timeout", self._worker, child.pid)
        else:
            child.send(signal.SIGTERM)
            self._settling.time_out(child)
