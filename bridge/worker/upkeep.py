"""What a worker of another library does beside its tasks: the lease, recovery, the relay."""

from __future__ import annotations

import logging
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError, connections

from bridge.backends.carried import CarriedBackend
from bridge.recovery import recover
from bridge.worker.persistence import persist
from bridge.worker.tidying import Tidying
from bridge.worker.trust import Trust

logger = logging.getLogger("bridge.messages")

RETRY_AFTER = 1.0
TIDYING = 0.3
"""For how many seconds of each round old tasks are deleted."""


class Upkeep:
    """One thread of one process. `worker` is the name that holds the lease."""

    def __init__(self, name: str, backends: Sequence[CarriedBackend]) -> None:
        self.pid = os.getpid()
        self.worker = f"{name[:80]}:{self.pid}:{secrets.token_hex(4)}"
        self.backends = backends
        self.interval = min(backend.leases.seconds for backend in backends) / 3
        self._tidying = [Tidying(backend) for backend in backends]
        self._trust = Trust()
        self._more = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bridge", daemon=True)

    def start(self) -> None:
        """Open the lease, then keep it; wait for a database that is away."""
        persist(self._renew, "open its lease")
        self._thread.start()

    def stop(self) -> None:
        """End the lease; the process holds nothing any more."""
        self._stopped.set()
        self._thread.join(10)
        self._guarded(self._end)

    def _run(self) -> None:
        wait = 0.0
        while not self._stopped.wait(wait):
            renewed = self._guarded(self._renew)
            done = self._guarded(self._look_after) and renewed
            connections.close_all()
            wait = self.interval if done else RETRY_AFTER
            if done and self._more:
                wait = 0.0  # the relay has not sent all

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
            if self._trust:
                recover(backend)
            self._more |= backend.relay() > 0
        for each in self._tidying:
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
