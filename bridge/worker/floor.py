"""Where the courier and the threads that run tasks meet: what waits, and what has ended."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from bridge.worker.bell import Bell
from bridge.worker.held import Held


class Floor:
    """The tasks of one child process. `at_once` is how many of them may run at a time."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.bell = Bell()
        # How many ended tasks are stored at once, while others are waiting?
        self.enough = 1
        self._asleep = False
        self._waiting: SimpleQueue[Held | None] = SimpleQueue()
        self._ended: deque[Held] = deque()
        # A semaphore in C: threading's takes longer than everything else here.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(at_once):
            self._places.put(None)
        self._moved_at = time.monotonic()

    def put(self, held: Held) -> None:
        """Let a task wait for a thread."""
        self._moved_at = time.monotonic()
        self._waiting.put(held)

    def take(self) -> Held | None:
        """Wait for a task that may start now; None when there will be no more."""
        self._places.get()
        held = self._waiting.get()
        if held is not None:
            self._moved_at = time.monotonic()
        return held

    def end(self, held: Held) -> None:
        """Hand over a task that has run, and make its place free."""
        self._ended.append(held)
        self._places.put(None)
        if self._asleep and self.pressing:
            self.bell.ring()

    def collect(self) -> list[Held]:
        """Return the tasks that have ended since the last call."""
        return [self._ended.popleft() for _ in range(len(self._ended))]

    @contextmanager
    def sleep(self) -> Iterator[bool]:
        """Let tasks that end in this block ring; yield False when there is no time to sleep."""
        self._asleep = True  # first: a task that ends between the two lines is seen, or rings
        try:
            yield not self.pressing
        finally:
            self._asleep = False

    @property
    def pressing(self) -> bool:
        """Say whether what has ended should be stored now: it is enough, or nothing is waiting."""
        ended = len(self._ended)
        return ended >= self.enough or (ended > 0 and self._waiting.empty())

    def take_back(self) -> list[Held]:
        """Return the tasks that nobody has started; nobody will."""
        taken = []
        try:
            while (held := self._waiting.get_nowait()) is not None:
                taken.append(held)
        except Empty:
            pass
        return taken

    def close(self, threads: int) -> None:
        """Send so many threads home, once nothing waits."""
        for _ in range(threads):
            self._waiting.put(None)

    @property
    def waiting(self) -> int:
        """Return how many tasks wait for a thread."""
        return self._waiting.qsize()

    @property
    def ended(self) -> int:
        """Return how many tasks have ended and were not collected."""
        return len(self._ended)

    @property
    def still(self) -> float:
        """Return for how many seconds tasks have been waiting without one starting."""
        return time.monotonic() - self._moved_at if self.waiting else 0.0
