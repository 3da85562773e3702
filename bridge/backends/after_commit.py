"""Tasks that are enqueued when the caller's transaction commits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connections, transaction

from bridge.interface import P, R
from bridge.result import TaskResult


def enqueue_after_commit(
    result: TaskResult[P, R],
    enqueue: Callable[[TaskResult[P, R]], TaskResult[P, R]],
    database: str,
) -> TaskResult[P, R]:
    """Return a result that is READY, and has no `enqueued_at`, until the transaction commits.

    Then it becomes what `enqueue` makes of it. After a rollback nothing is enqueued.
    """
    at_commit(lambda: result.become(enqueue(result)), database)
    return result


@dataclass(slots=True)
class Waiting:
    """What waits for a commit; in a test, which may have none, somebody else can call it."""

    action: Callable[[], None]
    done: bool = False

    def __call__(self) -> None:
        if not self.done:
            self.done = True
            self.action()


def at_commit(action: Callable[[], None], database: str) -> None:
    """Call what enqueues tasks once the transaction that is open here commits."""
    transaction.on_commit(Waiting(action), using=database)


def in_transaction(database: str) -> bool:
    """Say whether there is a commit to wait for."""
    # A project without DATABASES has a default connection that is never in a transaction.
    return bool(connections[database].in_atomic_block)
