"""The request to stop, and how long running tasks have then."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger("bridge.worker")
LAST = 15.0
"""Seconds past the grace, or the second signal, after which a worker that hangs in its database,
and hears of nothing, ends all the same."""


class Stop:
    """Asked by the first SIGTERM or SIGINT, forced by the second or once `grace` seconds are over.

    Under a watcher only SIGTERM counts: Ctrl+C reaches every process of a terminal, and the
    watcher is the one to say what it means.
    """

    def __init__(self, worker: str, grace: float, *, watched: bool = False) -> None:
        self._worker = worker
        self._grace = grace
        self._watched = watched
        self._process = os.getpid()
        self._deadline: float | None = None
        self._forced = False

    @property
    def asked(self) -> bool:
        """Say whether nothing new may start."""
        return self._deadline is not None

    def out_of_time(self, after: float = 0.0) -> bool:
        """Say whether running tasks are to be killed, or were `after` seconds ago."""
        late = self._deadline is not None and time.monotonic() > self._deadline + after
        return self._forced or late

    def ask(self) -> None:
        """Let the running tasks finish, for `grace` seconds from the first time on."""
        if self._deadline is None:
            self._deadline = time.monotonic() + self._grace

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals of this process, and give them back at the end."""
        on_interrupt = signal.SIG_IGN if self._watched else self._on_signal
        before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._on_signal),
            signal.SIGINT: signal.signal(signal.SIGINT, on_interrupt),
            signal.SIGALRM: signal.signal(signal.SIGALRM, self._on_alarm),
        }
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            return  # in a child that was forked a moment ago; it is told again
        if not self._forced:
            signal.setitimer(signal.ITIMER_REAL, LAST if self.asked else self._grace + LAST)
        if self.asked:
            self._forced = True
            logger.warning("worker=%s second signal: kills the tasks that still run", self._worker)
        else:
            self.ask()
            logger.info(
                "worker=%s signal=%s stopping: running tasks have %g s to finish, "
                "a second signal kills them",
                self._worker,
                signal.Signals(number).name,
                self._grace,
            )

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        logger.critical("worker=%s hangs in its database; ends, its children too", self._worker)
        os._exit(1)  # which closes the pipe that keeps children alive
