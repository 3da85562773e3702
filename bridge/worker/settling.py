"""What becomes of the tasks that a dead child held."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable

from django.db import Error, connections

from bridge.backends.ledger import LedgerBackend
from bridge.exceptions import HardTimeout
from bridge.ledger import ending
from bridge.ledger.away import AWAY
from bridge.ledger.ending import Ending, apply
from bridge.ledger.models import TaskRow
from bridge.ledger.vendors.verbs import Left
from bridge.outcome import describe
from bridge.recovery import announce_stored, lose, patience
from bridge.worker.children import ChildProcess
from bridge.worker.last_words import unpack
from bridge.worker.persistence import persist

logger = logging.getLogger("bridge.worker")
RETRY = 1.0
SWEEP = 5.0
"""Seconds between two looks for what dead children have claimed after they were settled."""


class Settling:
    """Settles the rows of one worker's children: what ended is stored, what started is lost.

    What did neither goes back. `incomplete` says that it failed for a reason that trying again
    does not mend. The rows then stay with this worker until its lease ends, and another worker
    recovers them.
    """

    def __init__(self, backend: LedgerBackend, worker: str) -> None:
        self._backend = backend
        self._worker = worker
        self._next = 0.0
        self._sweep_at = math.inf
        self.incomplete = False

    def settle(self, child: ChildProcess) -> bool:
        """Settle what a dead child held; False when the database was away, to be tried again."""
        if time.monotonic() < self._next:
            return False
        self._sweep_at = min(self._sweep_at, time.monotonic() + SWEEP)
        try:
            self._settle(child)
        except AWAY as error:
            self._wait(child, error)
            return False
        except Exception:
            logger.exception(
                "worker=%s pid=%s could not settle the tasks of a dead child; another worker "
                "recovers them once this one has stopped",
                self._worker,
                child.pid,
            )
            self.incomplete = True
        return True

    def time_out(self, child: ChildProcess) -> None:
        """Fail the overdue tasks of a child that still lives; how they end there is dropped.

        What cannot be done now is done when it is settled. So is what holds a place under a
        concurrency limit: the place is not free while its task goes on.
        """
        claims = child.overdue - child.timed_out
        if not claims or time.monotonic() < self._next:
            return
        try:
            for row in self._held():
                if (row.id, row.token) in claims and "concurrency" not in (row.limits or {}):
                    self._time_out(row)
        except AWAY as error:
            self._wait(child, error)
            return
        except Exception:
            logger.exception("worker=%s pid=%s cannot fail overdue tasks", self._worker, child.pid)
        child.timed_out |= claims

    def sweep(self, children: Iterable[ChildProcess]) -> None:
        """Release what dead children claimed after they were settled; it never started.

        A database carries out a statement whose sender has died, and may take its time.
        """
        if self.incomplete or time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + SWEEP
        known = {child.id for child in children}
        try:
            self._release([row for row in self._held() if row.worker_ids[-1] not in known])
        except Error as error:
            logger.warning("worker=%s cannot look for late claims (%s)", self._worker, error)
            connections.close_all()

    def release_rest(self, give_up: Callable[[], bool]) -> None:
        """Give back what a claim took whose answer was lost; no process runs it."""
        persist(lambda: self._release(self._held()), "release unstarted tasks", give_up=give_up)

    def _wait(self, child: ChildProcess, error: Exception) -> None:
        logger.warning(
            "worker=%s pid=%s cannot settle the tasks of a child (%s); next try in %g s",
            self._worker,
            child.pid,
            str(error).strip(),
            RETRY,
        )
        self._next = time.monotonic() + RETRY
        connections.close_all()

    def _settle(self, child: ChildProcess) -> None:
        marks = {mark.claim: mark for mark in child.marks.read()}
        unstarted = []
        for row in self._held():
            if row.worker_ids[-1] != child.id:
                continue
            mark = marks.get((row.id, row.token))
            if mark is None:
                unstarted.append(row)
            elif mark.words is not None:
                self._store(row, mark.words)
            else:
                self._end(child, row)
        self._release(unstarted)

    def _store(self, row: TaskRow, words: bytes) -> None:
        try:
            how = unpack(row, words)
            left = self._leave([how])
        except AWAY:
            raise
        except Exception as error:  # noqa: BLE001
            # As while its child lived: an outcome that no row can hold fails its task, no other.
            how = ending.fail(row, describe(error))
            left = self._leave([how])
        if row.id in left.ids:
            apply(row, how, left.at)
            announce_stored(self._backend, row)

    def _end(self, child: ChildProcess, row: TaskRow) -> None:
        if (row.id, row.token) in child.overdue:
            self._time_out(row)
        else:
            lose(self._backend, row, f"Worker process {child.id} {child.ending} in mid-task.")

    def _time_out(self, row: TaskRow) -> None:
        error = HardTimeout("The task ran longer than its hard_timeout.")
        with patience(self._backend):
            kept = self._backend.store.fail(row, describe(error))
        if kept:
            logger.error("task=%s path=%s failed: %s", row.id, row.task_path, error)
            announce_stored(self._backend, row)

    def _leave(self, endings: list[Ending]) -> Left:
        with patience(self._backend):
            return self._backend.store.leave(endings)

    def _release(self, rows: list[TaskRow]) -> None:
        if rows:
            self._leave([ending.release(row) for row in rows])

    def _held(self) -> list[TaskRow]:
        return self._backend.store.held(self._worker)
