"""A connection of the worker's own to SQLite."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

TICK = 0.015
"""Seconds between two questions whether somebody has written. They read no table."""

SLOW_TICK = 0.03
"""The same, for a worker that had nothing to do for a while."""

AWHILE = 10.0


class Line:
    """Write-ahead log and immediate transactions."""

    means_tasks = False
    skips_locked = False

    def __init__(self, *, pooled: bool) -> None:
        self.version: int | None = None

    def tuned(self, settings: dict[str, Any], patience: float | None) -> dict[str, Any]:
        """Change nothing but the time-out, if asked: the file is the project's."""
        if patience is None:
            return settings
        return {**settings, "OPTIONS": {**settings["OPTIONS"], "timeout": patience}}

    def prepare(self, connection: BaseDatabaseWrapper) -> None:
        """Let readers go on while somebody writes; the file keeps this setting."""
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")

    @contextmanager
    def transaction(self, connection: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
        """Take the write lock at once: a lock upgrade in mid-transaction may not wait for it."""
        with connection.cursor() as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                connection.connection.rollback()
                raise

    # A verb may be several statements here, so a transaction always holds as many as it likes.
    atomic = transaction

    def wait(self, connection: BaseDatabaseWrapper, bell: int, seconds: float, idle: float) -> bool:
        """Wait until another connection has written to the file."""
        until = time.monotonic() + seconds
        tick = TICK if idle < AWHILE else SLOW_TICK
        while True:
            known, self.version = self.version, self._read_version(connection)
            if known != self.version:
                return True
            rest = until - time.monotonic()
            if rest <= 0 or select.select([bell], [], [], min(tick, rest))[0]:
                return False

    def _read_version(self, connection: BaseDatabaseWrapper) -> int:
        with connection.wrap_database_errors:
            return int(connection.connection.execute("PRAGMA data_version").fetchone()[0])
