"""One thread per process that acts when a time is up: cheaper than a timer thread per task."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable

LONGEST_SLEEP = 3600.0
"""Seconds; the system refuses to sleep for centuries."""


class Watch:
    """What is done, in the watchdog's thread, once its time is up."""

    __slots__ = ("at", "bite")

    def __init__(self, bite: Callable[[], None]) -> None:
        self.bite = bite
        self.at = math.inf


class Watchdog:
    """Bites once for every watch that is not called off in time."""

    def __init__(self) -> None:
        # Taken directly: the condition's own way in is Python, in which a bite can lose the lock.
        self._lock = threading.Lock()
        self._bell = threading.Condition(self._lock)
        self._watches: set[Watch] = set()
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    def set(self, watch: Watch, seconds: float) -> None:
        """Let a watch bite so many seconds from now."""
        watch.at = time.monotonic() + seconds
        with self._lock:
            self._watches.add(watch)
            if self._thread is None:
                self._thread = threading.Thread(target=self._main, name="watchdog", daemon=True)
                self._thread.start()
            elif watch.at < self._wakes_at:
                self._bell.notify()

    def call_off(self, watch: Watch) -> None:
        """Once this returns a watch has bitten, or never will."""
        with self._lock:
            self._watches.discard(watch)

    def _main(self) -> None:
        with self._lock:
            while True:
                now = time.monotonic()
                for watch in [watch for watch in self._watches if watch.at <= now]:
                    self._watches.discard(watch)
                    watch.bite()
                self._wakes_at = min((watch.at for watch in self._watches), default=math.inf)
                self._bell.wait(min(max(0.0, self._wakes_at - now), LONGEST_SLEEP))


watchdog = Watchdog()


def _forget_threads() -> None:
    watchdog.__init__()  # type: ignore[misc]


# A process that a task forks has neither the thread nor the time limit.
os.register_at_fork(after_in_child=_forget_threads)
