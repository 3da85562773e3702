"""Tells receivers of signals what has been stored, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue

from bridge.backends.ledger import LedgerBackend
from bridge.execution import announce
from bridge.interface import task_finished
from bridge.ledger.models import TaskRow
from bridge.listeners import is_heard
from bridge.outcome import Outcome, Succeeded
from bridge.worker.persistence import clean_connections, refresh_connections

logger = logging.getLogger("bridge.worker")
Stored = tuple[TaskRow, Outcome]


class Announcer:
    """A slow receiver holds up neither the tasks nor the ledger."""

    def __init__(self, backend: LedgerBackend) -> None:
        self._backend = backend
        self._sender = type(backend)
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._main, name="announcer", daemon=True)
        self._thread.start()

    def put(self, stored: Sequence[Stored]) -> None:
        """Announce these, in this order, after those before."""
        if not self._hears(logging.INFO):
            stored = [each for each in stored if not isinstance(each[1], Succeeded)]
            if not self._hears(logging.ERROR):
                return
        if stored:
            self._queue.put(partial(self._announce_all, stored))

    def dispatch(self, rows: Sequence[TaskRow]) -> None:
        """Announce new rows that follow from others, and hand them to what carries them."""
        self._queue.put(partial(self._dispatch, rows))

    def close(self) -> None:
        """Wait until everything has been announced."""
        self._queue.put(None)
        self._thread.join()

    def _hears(self, level: int) -> bool:
        return is_heard(task_finished, self._sender, level)

    def _main(self) -> None:
        while (errand := self._queue.get()) is not None:
            refresh_connections()
            errand()
            clean_connections()

    def _announce_all(self, stored: Sequence[Stored]) -> None:
        for row, outcome in stored:
            self._announce(row, outcome)

    def _dispatch(self, rows: Sequence[TaskRow]) -> None:
        try:
            self._backend.follow_ups.dispatch(rows)
        except BaseException:
            logger.exception("%d tasks enqueued unannounced", len(rows))

    def _announce(self, row: TaskRow, outcome: Outcome) -> None:
        try:
            announce(self._backend.result_of(row), self._sender, outcome)
        except BaseException:
            # Whatever a receiver does, even sys.exit(), the next task is announced too.
            logger.exception("task=%s finished unannounced", row.id)
