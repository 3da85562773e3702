"""A child process: claim, run, finish, until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from queue import SimpleQueue
from types import FrameType
from typing import cast

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.ledger.models import TaskRow
from bridge.worker.marks import Marks
from bridge.worker.options import WorkerOptions
from bridge.worker.persistence import persist
from bridge.worker.runner import run

logger = logging.getLogger("bridge.worker")


def worker_id() -> str:
    """Return what a result shows as the worker of an attempt: host and process."""
    return f"{socket.gethostname()[:48]}:{os.getpid()}"


class Child:
    """The loop of one child process. `worker` is the supervisor's id, which holds the lease."""

    def __init__(self, options: WorkerOptions, worker: str, marks: Marks) -> None:
        self.options = options
        self.worker = worker
        self.marks = marks
        self.backend = cast("LedgerBackend", task_backends[options.backend])
        self.stopping = threading.Event()

    def main(self, supervisor_alive: int) -> None:
        """Run until SIGTERM, or until a batch has nothing left; end with the supervisor."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides what Ctrl+C means
        threading.Thread(target=_end_with, args=(supervisor_alive,), daemon=True).start()
        if self.options.concurrency == 1:
            self._run_in_main_thread()
        else:
            self._run_in_threads()

    def _run_in_main_thread(self) -> None:
        # Only here a soft timeout can interrupt a blocking call.
        while not self.stopping.is_set():
            rows = self._claim(1)
            for row in rows:
                run(self.backend, row, self.marks, slot=0)
            if not rows and self._idle():
                return

    def _run_in_threads(self) -> None:
        free: SimpleQueue[int] = SimpleQueue()
        work: SimpleQueue[tuple[int, TaskRow] | None] = SimpleQueue()
        for slot in range(self.options.concurrency):
            free.put(slot)
        threads = [
            threading.Thread(target=self._serve, args=(work, free), name=f"task-{slot}")
            for slot in range(self.options.concurrency)
        ]
        for thread in threads:
            thread.start()
        while not self.stopping.is_set():
            slots = [free.get()]
            while not free.empty():
                slots.append(free.get())
            rows = self._claim(len(slots))
            for row in rows:
                work.put((slots.pop(), row))
            for slot in slots:
                free.put(slot)
            if not rows and self._idle(busy=free.qsize() < self.options.concurrency):
                break
        for _ in threads:
            work.put(None)
        for thread in threads:
            thread.join()

    def _serve(self, work: SimpleQueue[tuple[int, TaskRow] | None], free: SimpleQueue[int]) -> None:
        while (item := work.get()) is not None:
            slot, row = item
            try:
                run(self.backend, row, self.marks, slot)
            except BaseException:
                logger.exception("Task id=%s: its outcome could not be stored", row.id)
                os._exit(1)  # the supervisor then settles every task of this process
            finally:
                free.put(slot)

    def _claim(self, limit: int) -> list[TaskRow]:
        def claim() -> list[TaskRow]:
            if self.stopping.is_set():
                return []
            return self.backend.store.claim(
                transport=self.backend.transport,
                worker=self.worker,
                worker_id=worker_id(),
                limit=limit,
                queues=self.options.queues,
            )

        return persist(claim, "claim tasks")

    def _idle(self, *, busy: bool = False) -> bool:
        """Wait for the next look; True when a batch is over."""
        if self.options.batch and not busy:
            return True
        self.stopping.wait(0.01 if busy and self.options.batch else self.options.interval)
        return False

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping.set()


def _end_with(supervisor_alive: int) -> None:
    os.read(supervisor_alive, 1)  # returns when the supervisor's end of the pipe is gone
    os._exit(70)
