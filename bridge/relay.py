"""Send what the queue of another library refused, what is due soon, and what a dead worker had."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

from django.db import Error as DatabaseError
from django.db.models import QuerySet
from django.utils import timezone

from bridge.backends.carried import CarriedBackend
from bridge.backends.outbox import HEAD_START
from bridge.endings import end
from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.messages")

AT_ONCE = 200
AT_MOST = 1.0
"""Seconds that one relay() takes, or a little more: the lease has to be renewed, too."""
REFUSALS = 10
"""After so many a queue is left alone until the next relay(), for those behind it."""

Send = Callable[[TaskRow], None]


def relay(
    backend: CarriedBackend,
    connected: Callable[[], AbstractContextManager[Send]],
    *,
    held: bool = False,
) -> int:
    """Send READY rows without a message that are due, or will be soon; return how many.

    With `held` send those as well that are due much later. When any were sent there may be more.
    `connected` is entered only when there are some, and gives what sends one.
    """
    rows = list(waiting(backend, held=held)[:AT_ONCE])
    if not rows:
        return 0
    with connected() as send:
        look = _Look(backend, send, held=held)
        look.send(rows)
    if look.sent:
        logger.info("Relay: sent %d tasks that no queue had got", look.sent)
    return look.sent


def waiting(backend: CarriedBackend, *, held: bool = False) -> QuerySet[TaskRow]:
    """Return the rows that a relay has to send, the first to run in front."""
    now = timezone.now()
    hold = None if held else backend.hold_eta
    ahead = None if hold is None else now + timedelta(seconds=hold)
    rows = backend.store.messages.unpublished(backend.transport, now - HEAD_START, ahead)
    return backend.sendable(backend.rows(rows))


class _Look:
    """One look at what waits, through one connection."""

    def __init__(self, backend: CarriedBackend, send: Send, *, held: bool) -> None:
        self.sent = 0
        self._held = held
        self._backend = backend
        self._publish = send
        self._left: list[UUID] = []
        self._refusals: Counter[str] = Counter()

    def send(self, rows: list[TaskRow]) -> None:
        """Send these rows, and as many of those behind them as there is time for."""
        until = time.monotonic() + AT_MOST
        while rows:
            for row in rows:
                if not self._send(row) or time.monotonic() >= until:
                    return
            rows = list(self._rest()[:AT_ONCE])

    def _send(self, row: TaskRow) -> bool:
        """Send a row, if it can be; say whether others may be sent."""
        if self._refusals[row.queue_name] >= REFUSALS:
            return True
        try:
            with self._backend.store.messages.publishing(row) as mine:
                if mine:
                    self._publish(row)
                else:
                    self._left.append(row.id)  # somebody else is about to send it
            self.sent += mine
        except DatabaseError:
            raise
        except Exception as error:
            if self._backend.is_away(error):
                logger.warning("No queue takes tasks yet: %r", error)
                return False
            if self._backend.is_hopeless(error):
                end(self._backend, row, error)
                return True
            # A queue the broker refuses, for example; the tasks behind it can go.
            logger.exception("task=%s path=%s cannot be sent", row.id, row.task_path)
            self._left.append(row.id)
            self._refusals[row.queue_name] += 1
        return True

    def _rest(self) -> QuerySet[TaskRow]:
        queues = [queue for queue, times in self._refusals.items() if times >= REFUSALS]
        rows = waiting(self._backend, held=self._held)
        return rows.exclude(id__in=self._left).exclude(queue_name__in=queues)
