"""What a worker's main process does beside its pool: the lease, recovery, and the relay.

One thread does it, so that a slow database never stops the worker from consuming. It uses the
database and the broker only while it holds the fork lock: a child process that is forked at that
moment would inherit the open connections.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from celery import bootsteps, signals
from django.db import InterfaceError, OperationalError

from bridge.expiring import expire
from bridge.ledger.away import AWAY, is_away
from bridge.ledger.models import FAILED
from bridge.recovery import recover
from bridge.worker.tidying import Tidying
from bridge.worker.trust import Trust
from compat.celery import holder, registration, stored
from compat.celery.backend import CeleryBackend
from compat.celery.deaths import Orphans, watch
from compat.celery.forking import connected
from compat.celery.legacy_readers import tell_lost
from compat.celery.relay import relay
from compat.celery.sweep import Sweeper

logger = logging.getLogger("bridge.celery")

RETRY_AFTER = 1.0
TURN = 0.1
"""Seconds that errands have between two looks while the relay has more to send."""
TIDYING = 0.3
"""For how many seconds of each round old tasks are deleted: no child is forked meanwhile."""


class Maintenance:
    """The thread of one worker. `worker` is the name that holds the lease."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.pid = os.getpid()
        self.backends = registration.ledger_backends()
        self.interval = min(map(_interval, self.backends))
        self.orphans = Orphans(worker)
        self._trust = Trust()
        self.tidying = [Tidying(backend) for backend in self.backends]
        self.sweeper = Sweeper(self.backends)
        # Set when the pool begins to stop, and what it still runs is no longer told apart.
        self.closing = threading.Event()
        self._stopped = threading.Event()
        self._more = False
        self._errands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        # Those that could not be run yet, and when they are tried again.
        self._again: deque[tuple[float, Callable[[], None]]] = deque()
        self._thread = threading.Thread(target=self._run, name="bridge", daemon=True)

    def start(self) -> None:
        """Open the lease, then keep it."""
        connected(self._renew)
        self._thread.start()
        self.sweeper.start()

    def stop(self) -> None:
        """End the lease, once the pool has run what it held."""
        self._stopped.set()
        self.sweeper.stop()
        self._errands.put(lambda: None)
        if self._thread.is_alive():
            self._thread.join(10)
        connected(self._end)

    def run_errand(self, errand: Callable[[CeleryBackend], None]) -> None:
        """Let the thread do something for every backend, soon."""
        for backend in self.backends:
            self._errands.put(partial(errand, backend))

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stopped.is_set():
            errand = self._next_errand(due)
            if errand is None:
                done = self._pass()
                wait = self.interval if done else RETRY_AFTER
                due = time.monotonic() + (TURN if done and self._more else wait)
            else:
                self._guarded(partial(self._try, errand))

    def _next_errand(self, due: float) -> Callable[[], None] | None:
        """Wait for an errand; return None when it is time to renew the lease."""
        while (now := time.monotonic()) < due:
            if self._again and self._again[0][0] <= now:
                return self._again.popleft()[1]
            until = min(due, self._again[0][0]) if self._again else due
            with suppress(Empty):
                return self._errands.get(timeout=until - now)
        return None

    def _pass(self) -> bool:
        return all(
            self._guarded(partial(connected, action)) for action in (self._renew, self._look_after)
        )

    def _try(self, errand: Callable[[], None]) -> None:
        try:
            connected(errand)
        except AWAY as error:
            if not is_away(error):
                raise
            # Celery says such a thing once. The lease is renewed meanwhile, for the database may
            # be there, and the row of a task locked.
            logger.warning("Cannot settle a task (%s); next try in 1 s", str(error).strip())
            self._again.append((time.monotonic() + RETRY_AFTER, errand))

    def _renew(self) -> None:
        for backend in self.backends:
            backend.leases.renew(self.worker, backend.transport)
        self._trust.renewed(min(backend.leases.seconds for backend in self.backends))

    def _end(self) -> None:
        for backend in self.backends:
            backend.leases.end(self.worker)

    def _look_after(self) -> None:
        self._more = False
        for backend in self.backends:
            for row in recover(backend) if self._trust else ():
                if row.status == FAILED and row.transport == backend.transport:
                    tell_lost(backend, str(row.id), f"Worker lost: {row.worker_ids[-1]}.")
            if not self.closing.is_set():
                self.orphans.settle(backend)
            # The sweep does it where it can ask for results, which this thread cannot wait for.
            expire(backend, sent=not stored.is_readable(backend.app))
            # What waited is gone, or there was no time for all of it.
            self._more |= relay(backend) > 0
        for each in self.tidying:
            each.work(TIDYING)

    def _guarded(self, action: Callable[[], Any]) -> bool:
        """Do something without ending the thread: without it the lease would run out."""
        try:
            action()
        except (OperationalError, InterfaceError) as error:
            logger.warning("The ledger does not answer, next try in 1 s: %s", str(error).strip())
        except Exception:
            logger.exception("Worker %s could not look after its tasks", self.worker)
        else:
            return True
        return False


def _interval(backend: CeleryBackend) -> float:
    """Return how often to look: a lease lasts three times as long, and an ETA is not missed."""
    often = backend.leases.seconds / 3
    return often if backend.hold_eta is None else min(often, backend.hold_eta / 2)


_current: Maintenance | None = None


def prepare(nodename: str) -> None:
    """Name the worker that is starting in this process; its pool is not forked yet."""
    global _current
    _current = Maintenance(holder.take(nodename))
    watch(_current)
    signals.worker_shutdown.connect(_on_shutdown, dispatch_uid="bridge.worker_shutdown")


def _on_shutdown(**kwargs: Any) -> None:
    if _current is not None and _current.pid == os.getpid():
        _current.stop()


class MaintenanceStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Start after the pool has forked, before the first message is consumed."""

    requires = ("celery.worker.components:Pool",)

    def start(self, parent: Any) -> None:
        """Check the tasks and open the lease; an error ends the worker before it takes a task."""
        assert _current is not None
        registration.verify(parent.app)
        _current.start()

    def stop(self, parent: Any) -> None:
        """Begin to stop: the pool still runs what it has, so the lease stays."""
        if _current is not None:
            _current.closing.set()
