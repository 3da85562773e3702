"""The parent process: keeps the lease, replaces children, settles what a dead child left."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import time
from multiprocessing.connection import wait
from typing import cast

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.ledger.away import AWAY
from bridge.worker.child import Child, worker_id
from bridge.worker.children import ChildProcess
from bridge.worker.condemned import Condemned
from bridge.worker.crashes import MAX_CRASHES, WINDOW, Crashes
from bridge.worker.heartbeat import Heartbeat
from bridge.worker.marks import Marks
from bridge.worker.options import RECYCLED, WorkerOptions
from bridge.worker.settling import Settling
from bridge.worker.stop import Stop
from bridge.worker.tidying import Tidying

logger = logging.getLogger("bridge.worker")
LOOK = 0.2
FAREWELL = 5.0
"""How many seconds past the grace a stopping worker waits for a database that is away."""


class Supervisor:
    """A db_worker: run() returns its exit code."""

    def __init__(self, options: WorkerOptions) -> None:
        self.options = options
        self.backend = cast("LedgerBackend", task_backends[options.backend])
        self.worker = f"{worker_id()}:{secrets.token_hex(4)}"
        self.stop = Stop(self.worker, options.grace, watched=options.reload)
        self.heartbeat = Heartbeat(self.backend, self.worker)
        self.settling = Settling(self.backend, self.worker)
        self.condemned = Condemned(self.settling, self.worker, options.grace)
        self.tidying = Tidying(self.backend)
        self.crashes = Crashes()
        self.children: list[ChildProcess] = []
        self.starts: list[float] = []
        # In a batch: did a condemned child leave what its successor may not have seen?
        self._look_again = False
        self._parent = os.getppid()
        self._alive, self._keep = os.pipe()

    def run(self) -> int:
        """Work until a signal, or until a batch is done.

        0: all well; 1: children kept dying, or the database stayed away until the end.
        """
        with self.stop.listening():
            try:
                self.heartbeat.open(give_up=lambda: self.stop.asked)
                self._supervise()
                left = self._leave()
            except AWAY as error:
                left = False
                logger.warning("worker=%s database: %s", self.worker, str(error).strip())
            finally:
                self._end_children()
        if not left:
            logger.error(
                "worker=%s stopped, and the ledger does not know: another worker recovers its "
                "tasks once its lease has ended",
                self.worker,
            )
        return 0 if left and not self.crashes.too_many else 1

    def _supervise(self) -> None:
        self.starts = [time.monotonic()] * self.options.processes
        while self.children or self.starts:
            self._start_children()
            wait([child.process.sentinel for child in self.children if child.alive], timeout=LOOK)
            self.heartbeat.beat()
            new = [child for child in self.children if self.condemned.look(child)]
            self.starts += [time.monotonic()] * len(new)
            self._bury_the_dead()
            self.settling.sweep(self.children)
            if self.options.reload and os.getppid() != self._parent:
                self.stop.ask()  # nobody is left who would
            if not self.stop.asked:
                self.tidying.work()
            else:
                self._stop_children()
                if self._out_of_patience() and not any(child.alive for child in self.children):
                    return

    def _start_children(self) -> None:
        now = time.monotonic()
        self.starts.sort()
        # Condemned children live beside their successors: not too many of them, for the memory.
        while self.starts and self.starts[0] <= now and len(self.children) < self._most_children:
            self.starts.pop(0)
            self.children.append(ChildProcess.start(self._child_main, self.options.concurrency))
            logger.debug("worker=%s pid=%s child started", self.worker, self.children[-1].pid)

    @property
    def _most_children(self) -> int:
        return 2 * self.options.processes

    def _child_main(self, marks: Marks) -> None:
        os.close(self._keep)
        Child(self.options, self.worker, marks).main(self._alive)

    def _bury_the_dead(self) -> None:
        for child in [child for child in self.children if not child.alive]:
            # A batch is not over while a dead child's tasks wait to be given back: settled first,
            # replaced second.
            child.note_end()
            if self.settling.settle(child):
                self.children.remove(child)
                if not self.stop.asked:
                    self._replace(child)
                child.close()
        if self._look_again and not self.children and not self.starts:
            self._look_again = False
            self.starts.append(time.monotonic())

    def _replace(self, child: ChildProcess) -> None:
        now = time.monotonic()
        code = child.process.exitcode
        if child.condemned:
            self._look_again = self.options.batch
            return
        # A task body that calls os._exit(0) is not the end of a batch.
        if code == 0 and self.options.batch and not child.marks.read():
            return
        if code == RECYCLED:
            logger.info("worker=%s pid=%s reached its limit; replaced", self.worker, child.pid)
            self.starts.append(now)
        elif child.overdue:
            self.starts.append(now)
        else:
            self._replace_crashed(child, now)

    def _replace_crashed(self, child: ChildProcess, now: float) -> None:
        pause = self.crashes.count(now)
        if self.crashes.too_many:
            logger.critical(
                "worker=%s pid=%s %s, the last of %d within %g s; giving up. "
                "Look at the first of them.",
                self.worker,
                child.pid,
                child.ending,
                MAX_CRASHES,
                WINDOW,
            )
            self.stop.ask()
        else:
            logger.warning(
                "worker=%s pid=%s %s; another starts in %g s",
                self.worker,
                child.pid,
                child.ending,
                pause,
            )
            self.starts.append(now + pause)

    def _stop_children(self) -> None:
        self.starts.clear()
        # Sent at every look: a child that is just starting may miss the first one.
        number = signal.SIGKILL if self.stop.out_of_time() else signal.SIGTERM
        for child in self.children:
            child.send(number)

    def _out_of_patience(self) -> bool:
        return self.stop.out_of_time(FAREWELL)

    def _leave(self) -> bool:
        """Give back what is left and end the lease; False when that is for others to do."""
        self._bury_the_dead()
        if self.children or self.settling.incomplete:
            return False
        self.settling.release_rest(give_up=self._out_of_patience)
        self.heartbeat.close(give_up=self._out_of_patience)
        return True

    def _end_children(self) -> None:
        # Children must not go on without somebody who keeps their lease.
        for child in self.children:
            child.process.kill()
            child.close()
        os.close(self._alive)
        os.close(self._keep)
