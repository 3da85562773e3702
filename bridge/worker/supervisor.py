"""The parent process: keeps the lease, restarts children, settles what a dead child left."""

from __future__ import annotations

import logging
import multiprocessing
import os
import secrets
import signal
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import cast
from uuid import UUID

from django.db import InterfaceError, OperationalError, connections

from bridge.backends.ledger import LedgerBackend
from bridge.exceptions import HardTimeout
from bridge.interface import task_backends
from bridge.ledger.models import RUNNING, TaskRow
from bridge.recovery import lose, recover
from bridge.worker.child import Child, worker_id
from bridge.worker.marks import NO_DEADLINE, Marks
from bridge.worker.options import WorkerOptions
from bridge.worker.persistence import persist
from bridge.worker.runner import fail

logger = logging.getLogger("bridge.worker")

# Children inherit the loaded project; the supervisor has no threads and no open connection
# when it forks.
_fork = multiprocessing.get_context("fork")
LOOK = 0.2
MAX_CRASHES = 20
CRASH_WINDOW = 60.0


@dataclass(slots=True)
class _Process:
    process: BaseProcess
    marks: Marks
    overdue: set[UUID] = field(default_factory=set)

    @property
    def id(self) -> str:
        return worker_id().rpartition(":")[0] + f":{self.process.pid}"


class Supervisor:
    """A db_worker: run() returns its exit code."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.backend = cast("LedgerBackend", task_backends[options.backend])
        self.worker = f"{worker_id()}:{secrets.token_hex(4)}"
        self.children: list[_Process] = []
        self.stopping = threading.Event()
        self.forced = False
        self.crashes: list[float] = []
        self.next_beat = 0.0
        self.renewed_at = 0.0
        self.trust_from = 0.0
        self._alive, self._keep = os.pipe()

    def run(self) -> int:
        """Work until a signal, or until a batch is done. 0: all well; 1: children kept dying."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._on_signal)
        persist(self._renew, "renew the lease", give_up=self.stopping.is_set)
        try:
            self._supervise()
        finally:
            # Children must not go on without somebody who keeps their lease.
            for child in self.children:
                child.process.kill()
                child.process.join()
        persist(self._release_rest, "release unstarted tasks", give_up=self._out)
        persist(lambda: self.backend.leases.end(self.worker), "close the lease", give_up=self._out)
        return 1 if self._crash_looping() else 0

    def _supervise(self) -> None:
        for _ in range(self.options.processes):
            self._start_child()
        stop_by: float | None = None
        while self.children:
            wait([child.process.sentinel for child in self.children], timeout=LOOK)
            self._heartbeat()
            self._kill_overdue()
            self._bury_the_dead()
            if self.stopping.is_set():
                stop_by = stop_by or time.monotonic() + self.options.grace
                out_of_time = self.forced or time.monotonic() > stop_by
                # Sent at every look: a child that is just starting may miss the first one.
                self._signal_children(signal.SIGKILL if out_of_time else signal.SIGTERM)

    def _release_rest(self) -> None:
        """Give back what a claim took whose answer was lost; no process runs it."""
        for row in self._held():
            self.backend.store.release(row)

    def _heartbeat(self) -> None:
        if time.monotonic() < self.next_beat:
            return
        self.next_beat = time.monotonic() + self.backend.leases.seconds / 3
        try:
            if self._renew():
                recover(self.backend)
        except (OperationalError, InterfaceError) as error:
            logger.warning("Cannot renew the lease (%s); next try in 1 s", str(error).strip())
            self.next_beat = time.monotonic() + 1
            connections.close_all()
        except Exception:
            logger.exception("Worker %s could not look after lost tasks", self.worker)

    def _renew(self) -> bool:
        """Prolong the lease; say whether others that missed theirs may be taken for dead.

        After an outage that outlasted a lease everybody has missed it, and needs time to say so.
        """
        lease = self.backend.leases.seconds
        self.backend.leases.renew(self.worker, self.backend.transport)
        now = time.monotonic()
        if self.renewed_at and now - self.renewed_at > lease:
            self.trust_from = now + lease
        self.renewed_at = now
        return now >= self.trust_from

    def _start_child(self) -> None:
        connections.close_all()
        for connection in connections.all(initialized_only=True):
            if hasattr(connection, "close_pool"):
                connection.close_pool()  # or the child shares the pool's sockets
        marks = Marks(self.options.concurrency)
        process = _fork.Process(target=self._child_main, args=(marks,), daemon=False)
        process.start()
        self.children.append(_Process(process, marks))

    def _child_main(self, marks: Marks) -> None:
        os.close(self._keep)
        Child(self.options, self.worker, marks).main(self._alive)

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for child in self.children:
            late = {m.id for m in child.marks.read() if NO_DEADLINE < m.deadline < now}
            if late and child.process.is_alive():
                child.overdue = late
                child.process.kill()

    def _bury_the_dead(self) -> None:
        for child in [child for child in self.children if not child.process.is_alive()]:
            child.process.join()
            self.children.remove(child)
            code = child.process.exitcode
            if code != 0:
                self._settle(child, code)
            child.marks.close()
            if code != 0 and not self.stopping.is_set():
                self._replace(child, code)

    def _replace(self, child: _Process, code: int | None) -> None:
        if not child.overdue:
            self.crashes.append(time.monotonic())
        if self._crash_looping():
            logger.critical(
                "%d child processes died within %.0f s; giving up. Look at the first of them.",
                MAX_CRASHES,
                CRASH_WINDOW,
            )
            self.stopping.set()
        else:
            logger.warning("Child pid=%s ended with %s; starting another", child.process.pid, code)
            self._start_child()

    def _crash_looping(self) -> bool:
        recent = [at for at in self.crashes if at > time.monotonic() - CRASH_WINDOW]
        return len(recent) >= MAX_CRASHES

    def _settle(self, child: _Process, code: int | None) -> None:
        """Settle every row the dead child held: started ones are lost, the others go back."""
        started = {(mark.id, mark.token) for mark in child.marks.read()}
        for row in persist(self._held, "read the tasks of a dead child"):
            if row.worker_ids[-1] != child.id:
                continue
            persist(partial(self._settle_row, child, code, row, started), "settle a task")

    def _settle_row(
        self, child: _Process, code: int | None, row: TaskRow, started: set[tuple[UUID, int]]
    ) -> None:
        if (row.id, row.token) not in started:
            self.backend.store.release(row)
        elif row.id in child.overdue:
            error = HardTimeout("The task ran longer than its hard_timeout; its process died.")
            fail(self.backend, row, error)
        else:
            lose(self.backend, row, f"Worker process {child.id} ended with {code} in mid-task.")

    def _held(self) -> list[TaskRow]:
        return list(self.backend.store.tasks.filter(worker=self.worker, status=RUNNING))

    def _signal_children(self, number: int) -> None:
        for child in self.children:
            if child.process.pid is not None and child.process.is_alive():
                os.kill(child.process.pid, number)

    def _on_signal(self, signum: int, frame: FrameType | None) -> None:
        if self.stopping.is_set():
            self.forced = True
            logger.warning("Second signal: killing the tasks that still run")
        else:
            self.stopping.set()
            logger.info(
                "Stopping: running tasks have %.0f s to finish; signal again to kill them",
                self.options.grace,
            )

    def _out(self) -> bool:
        return self.forced
