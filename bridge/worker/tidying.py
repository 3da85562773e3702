"""What RETENTION says is no longer kept, deleted by the worker beside its work."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator

from django.db import connections

from bridge.backends.ledger import LedgerBackend
from bridge.ledger.away import AWAY
from bridge.ledger.pruning import Pruned, Selection, prune

logger = logging.getLogger("bridge.worker")
PAUSE = 300.0
"""Seconds between the end of one pass through the ledger and the next."""
SLICE = 0.05
"""For how many seconds one call of work() deletes, or a little more."""


class Tidying:
    """Deletes finished tasks of one backend, a little at a time, when its RETENTION says so."""

    def __init__(self, backend: LedgerBackend) -> None:
        self._backend = backend
        self._next = 0.0
        self._pass: Iterator[Pruned] | None = None
        self._total = Pruned()

    def work(self, seconds: float = SLICE) -> None:
        """Delete for some seconds, if it is time; an error is logged and ends the pass."""
        if not self._backend.retention.by_state() or time.monotonic() < self._next:
            return
        until = time.monotonic() + seconds
        try:
            for pruned in self._steps():
                self._total += pruned
                if time.monotonic() >= until:
                    return
        except AWAY as error:
            logger.warning("Old tasks stay for now: %s", str(error).strip())
            connections.close_all()
        except Exception:
            logger.exception("Old tasks cannot be deleted")
        self._end()

    def _steps(self) -> Iterator[Pruned]:
        if self._pass is None:
            selection = Selection(retention=self._backend.retention, backend=self._backend.alias)
            self._pass = prune(self._backend.database, selection)
        return self._pass

    def _end(self) -> None:
        if self._total:
            each = " ".join(f"{kind.lower()}={self._total[kind]}" for kind in sorted(self._total))
            logger.info("deleted by RETENTION: %s", each)
        self._pass = None
        self._total = Pruned()
        # Workers that were started together need not look together.
        self._next = time.monotonic() + PAUSE * random.uniform(0.8, 1.2)
