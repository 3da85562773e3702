"""When an enqueue tells idle workers: often enough that none oversleeps, no oftener.

All commits that notify wait for one another on a lock of the whole server, which keeps them from
being flushed together. So a task that follows another within the pause goes in silence: the worker
that the first one woke looks again, a little more than a pause after it found nothing.
"""

from __future__ import annotations

import time

from django.db.backends.base.base import BaseDatabaseWrapper

PAUSE = 0.05
"""Seconds between two notifications of one queue that are sent by one process."""


class Doorbell:
    """When the workers of each database and queue were last told."""

    def __init__(self) -> None:
        self._rung: dict[tuple[str, str], float] = {}

    def rings(self, connection: BaseDatabaseWrapper, queue: str) -> bool:
        """Say whether a row that is written now should be announced, and count it if so."""
        if connection.in_atomic_block or not connection.autocommit:
            return True  # nobody hears before the commit, and PostgreSQL folds what is the same
        now = time.monotonic()
        if now - self._rung.get((connection.alias, queue), -PAUSE) < PAUSE:
            return False
        self._rung[connection.alias, queue] = now
        return True


doorbell = Doorbell()
