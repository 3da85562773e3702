"""A child process: what it is made of, and how it starts and ends."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from types import FrameType
from typing import cast

from bridge.backends.ledger import LedgerBackend
from bridge.interface import task_backends
from bridge.worker.announcer import Announcer
from bridge.worker.courier import Courier
from bridge.worker.executor import Executor
from bridge.worker.floor import Floor
from bridge.worker.marks import Marks
from bridge.worker.options import OVERDUE, RECYCLED, WorkerOptions
from bridge.worker.post import Post
from bridge.worker.scout import Scout

logger = logging.getLogger("bridge.worker")


def worker_id() -> str:
    """Return what a result shows as the worker of an attempt: host and process."""
    return f"{socket.gethostname()[:48]}:{os.getpid()}"


LAST_MOMENT = 1.0
"""Seconds a child goes on when its supervisor has died; well below any sensible lease."""


class Child:
    """One child process. `worker` is the supervisor's id, which holds the lease."""

    def __init__(self, options: WorkerOptions, worker: str, marks: Marks) -> None:
        self.options = options
        self.backend = cast("LedgerBackend", task_backends[options.backend])
        self.floor = Floor(options.concurrency)
        self.announcer = Announcer(self.backend)
        post = Post(self.backend, worker, worker_id(), self.announcer.dispatch)
        scout = Scout(post, options)
        self.courier = Courier(options, post, scout, self.floor, marks, self.announcer)
        self.executor = Executor(self.backend, self.floor, marks)

    def main(self, supervisor_alive: int) -> None:
        """Run until SIGTERM, or until a batch has nothing left; end with the supervisor."""
        self.floor.bell.catch_signals()
        signal.signal(signal.SIGTERM, _leave_it_to_the_bell)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor decides what Ctrl+C means
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the supervisor's own is of no use here
        os.register_at_fork(
            before=_hold_sigterm, after_in_parent=_release_sigterm, after_in_child=_listen_no_more
        )
        threading.Thread(target=self._end_with, args=(supervisor_alive,), daemon=True).start()
        courier = threading.Thread(target=self._supply, name="courier")
        # Only in the main thread a soft timeout can interrupt a blocking call: it works too.
        helpers = [
            threading.Thread(target=self.executor.work, name=f"task-{number}")
            for number in range(1, self.options.concurrency)
        ]
        for thread in (courier, *helpers):
            thread.start()
        self.executor.work()
        for thread in (*helpers, courier):
            thread.join()
        code = RECYCLED if self.courier.recycle else 0
        _end_within(self.options.grace, code)
        self.announcer.close()
        sys.exit(code)

    def _supply(self) -> None:
        self.courier.main()
        if self.courier.stuck:
            self.announcer.close()
            os._exit(OVERDUE)
        self.floor.close(self.options.concurrency)

    def _end_with(self, supervisor_alive: int) -> None:
        os.read(supervisor_alive, 1)  # returns when the supervisor's end of the pipe is gone
        # Nobody keeps the lease any more, but it still holds: what has ended can be stored, and
        # what has not started goes back.
        self.floor.bell.ring(signal.SIGTERM)
        time.sleep(LAST_MOMENT)
        os._exit(70)


def _leave_it_to_the_bell(signum: int, frame: FrameType | None) -> None:
    """Exist: without a handler the interpreter would not note the signal."""


def _hold_sigterm() -> None:
    # What reaches a new process before it has its own handlers must neither be lost nor ring here.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def _release_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _listen_no_more() -> None:
    # A process that a task forks ends by SIGTERM, and rings no bell of ours with it.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _release_sigterm()


def _end_within(seconds: float, code: int) -> None:
    # The interpreter waits for threads and processes that tasks have left running, for ever.
    watch = threading.Timer(seconds, _end, (code,))
    watch.daemon = True
    watch.start()


def _end(code: int) -> None:
    main = threading.main_thread()
    names = [each.name for each in threading.enumerate() if not each.daemon and each is not main]
    logger.warning(
        "pid=%s ends without waiting for what tasks left running: %s", os.getpid(), names
    )
    os._exit(code)
