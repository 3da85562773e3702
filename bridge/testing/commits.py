"""What waits for a commit that a TestCase never makes."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connections

from bridge.backends.after_commit import Waiting


def waiting() -> Iterator[Waiting]:
    """Yield what is to be enqueued when the transactions commit that are open in this thread."""
    for connection in connections.all(initialized_only=True):
        for _, action, *_ in connection.run_on_commit:
            if isinstance(action, Waiting) and not action.done:
                yield action


def enqueue_waiting() -> None:
    """Enqueue it now, once: a commit that comes after all does not do it again."""
    for action in list(waiting()):
        action()
