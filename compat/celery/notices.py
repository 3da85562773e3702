"""What Celery is told in the background, so that nobody waits for a broker or a result backend.

Best effort: what cannot be said is logged, and what is in the ledger is true anyway.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from queue import Full, Queue

logger = logging.getLogger("bridge.celery")

MOST = 1000
"""How many notices may wait; while a broker hangs those after them are not sent."""
FAREWELL = 2.0
"""For how many seconds a process that ends waits for its last notices."""


class Notices:
    """One thread that starts with the first notice of its process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._queue: Queue[Callable[[], None]] = Queue(MOST)

    def put(self, notice: Callable[[], None]) -> None:
        """Let a notice be sent soon, after those before; nothing is raised."""
        with self._lock:
            if self._pid != os.getpid():
                self._start()
        try:
            self._queue.put_nowait(notice)
        except Full:
            logger.warning("Celery is not told of a task that has ended: too much waits already")

    def wait(self, seconds: float) -> bool:
        """Wait until all that was put is said; False when that takes longer."""
        if self._pid != os.getpid():
            return True
        said = threading.Event()
        until = time.monotonic() + seconds
        try:
            self._queue.put(said.set, timeout=seconds)
        except Full:
            return False
        return said.wait(max(0.0, until - time.monotonic()))

    def _start(self) -> None:
        # A thread does not survive a fork, and what its parent has to say is the parent's.
        self._pid = os.getpid()
        self._queue = Queue(MOST)
        threading.Thread(target=self._main, args=(self._queue,), daemon=True).start()
        atexit.register(self.wait, FAREWELL)

    @staticmethod
    def _main(queue: Queue[Callable[[], None]]) -> None:
        while True:
            notice = queue.get()
            try:
                notice()
            except Exception as error:  # noqa: BLE001
                # Every broker and result backend has its own errors.
                logger.warning("Celery is not told of tasks that have ended: %r", error)


notices = Notices()
