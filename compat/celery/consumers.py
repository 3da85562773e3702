"""Which tasks may be sent: those that every worker knows that consumes their queue.

A worker that gets the name of a task that it does not have throws the message away. Under
OPTIONS["REQUIRE_CONSUMER"] a message waits in the ledger until no worker would.

The workers are asked by a relay, which is in a worker of the new code, and never by who enqueues:
a process leaves its first task of each name and queue to the relay, and sends the next ones itself
once that one has been sent.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q, QuerySet

from bridge.ledger.models import READY

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")

ASK_FOR = 1.0
"""Seconds in which workers have to answer."""
ASK_EVERY = 10.0
"""Seconds for which their answers count."""


class Workers:
    """What the workers of an app say that they consume and know."""

    def __init__(self, backend: CeleryBackend) -> None:
        self._backend = backend
        self._asked_at = -ASK_EVERY
        self._queues: dict[str, set[str]] = {}
        self._names: dict[str, set[str]] = {}

    def know(self, task_path: str, queue_name: str) -> bool:
        """Say whether a worker consumes a task's queue, and every one that does knows the task."""
        self._ask()
        name = self._backend.aliases.wire_name(task_path)
        queue = self._backend.celery_queues.of_message(queue_name, name)
        nodes = [node for node, queues in self._queues.items() if queue in queues]
        return bool(nodes) and all(name in self._names.get(node, ()) for node in nodes)

    def _ask(self) -> None:
        if time.monotonic() - self._asked_at < ASK_EVERY:
            return
        with self._backend.app.connection_for_write() as connection:
            inspect = self._backend.app.control.inspect(timeout=ASK_FOR, connection=connection)
            queues, names = inspect.active_queues() or {}, inspect.registered() or {}
        self._queues = {node: {each["name"] for each in known} for node, known in queues.items()}
        # "shop.tasks.mail [rate_limit=10/s]"
        self._names = {
            node: {text.partition(" ")[0] for text in known} for node, known in names.items()
        }
        self._asked_at = time.monotonic()


class Gate:
    """Holds the rows of tasks that a worker might not know."""

    def __init__(self, backend: CeleryBackend) -> None:
        self._backend = backend
        self._workers = Workers(backend)
        self._firsts: dict[tuple[str, str], UUID] = {}
        self._open: set[tuple[str, str]] = set()
        self._reported: set[tuple[str, str]] = set()

    def holds(self, row: TaskRow) -> bool:
        """Say whether a new row is left to the relay. One query, until the task is known."""
        task = (row.task_path, row.queue_name)
        if task in self._open:
            return False
        if row.run_after is not None:
            return True  # it may wait for another reason
        first = self._backend.store.find(str(self._firsts.get(task)))
        if first is not None and (first.published_at is not None or first.token):
            self._open.add(task)
            return False
        if first is None or first.status != READY:
            self._firsts[task] = row.id  # there was none, or it was taken back, or it has ended
        return True

    def let_through(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        """Leave out the rows that a worker might not know. Asks the workers."""
        waiting = rows.order_by().values_list("task_path", "queue_name").distinct()
        unknown = {task for task in waiting if not self._workers.know(*task)}
        for path, queue in unknown - self._reported:
            logger.warning(
                "path=%s queue=%s waits until every worker of the queue knows it", path, queue
            )
        self._reported = unknown
        for path, queue in unknown:
            rows = rows.exclude(Q(task_path=path, queue_name=queue))
        return rows
