"""The event loop on which a child process runs its coroutine tasks."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine
from typing import Any

from bridge.worker.fatal import ending_the_process

logger = logging.getLogger("bridge.worker")


class Loop:
    """An event loop in a thread of its own, started for the first coroutine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        # The loop itself keeps only weak references to its tasks.
        self._running: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Say whether no coroutine is running."""
        return not self._running

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine beside those that are running; do not wait for it."""
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._main, args=(self._loop,), name="loop", daemon=True
                ).start()
        self._loop.call_soon_threadsafe(self._start, coroutine)

    def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        # What one coroutine does to the loop, stop it or exit in a task of its own, is no reason
        # for all the others to hang.
        with ending_the_process():
            while True:
                try:
                    loop.run_forever()
                except (SystemExit, KeyboardInterrupt) as error:
                    logger.warning("pid=%s event loop goes on after %r", os.getpid(), error)

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
