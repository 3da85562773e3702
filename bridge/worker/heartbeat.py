"""A worker's lease: renewed a few times before it ends, and others' looked after."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import connections

from bridge.backends.ledger import LedgerBackend
from bridge.ledger.away import AWAY
from bridge.recovery import recover
from bridge.worker.persistence import persist
from bridge.worker.trust import Trust

logger = logging.getLogger("bridge.worker")
BEATS_PER_LEASE = 3
RETRY = 1.0


class Heartbeat:
    """Keeps the lease of one worker and recovers the tasks of those that lost theirs."""

    def __init__(self, backend: LedgerBackend, worker: str) -> None:
        self._backend = backend
        self._worker = worker
        self._next = 0.0
        self._trust = Trust()

    def open(self, give_up: Callable[[], bool]) -> None:
        """Open the lease, waiting for a database that is away until give_up() says so."""
        persist(self._renew, "open the lease", give_up=give_up)

    def beat(self) -> None:
        """Renew the lease when it is time; a failure is logged and tried again soon."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._backend.leases.seconds / BEATS_PER_LEASE
        try:
            self._renew()
            if self._trust:
                recover(self._backend)
        except AWAY as error:
            logger.warning(
                "worker=%s cannot renew its lease (%s); next try in %g s",
                self._worker,
                str(error).strip(),
                RETRY,
            )
            self._next = time.monotonic() + RETRY
            connections.close_all()
        except Exception:
            logger.exception("worker=%s could not look after lost tasks", self._worker)

    def close(self, give_up: Callable[[], bool]) -> None:
        """End the lease of a worker that holds nothing any more."""
        persist(lambda: self._backend.leases.end(self._worker), "close the lease", give_up=give_up)

    def _renew(self) -> None:
        self._backend.leases.renew(self._worker, self._backend.transport)
        self._trust.renewed(self._backend.leases.seconds)
