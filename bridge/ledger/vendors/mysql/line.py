"""A connection of the worker's own to MySQL or MariaDB."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

SHORTEST, LONGEST = 0.05, 1.0
"""Seconds between two looks of an idle worker; it becomes slower the longer there is nothing."""


class Line:
    """READ COMMITTED, and polling."""

    means_tasks = False
    skips_locked = True

    def __init__(self, *, pooled: bool) -> None:
        """Ignore `pooled`: nothing is kept from one transaction to the next."""

    def tuned(self, settings: dict[str, Any], patience: float | None) -> dict[str, Any]:
        """Ask for READ COMMITTED: the level above it locks the gaps between rows, too."""
        return {**settings, "OPTIONS": {**settings["OPTIONS"], "isolation_level": "read committed"}}

    def prepare(self, connection: BaseDatabaseWrapper) -> None:
        """Let what cannot skip a locked row wait as short as a server of either kind can."""
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 1")

    @contextmanager
    def transaction(self, connection: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
        """Open a transaction of several statements on a connection in autocommit mode."""
        with connection.cursor() as cursor:
            cursor.execute("START TRANSACTION")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                _undo(connection, cursor)
                raise

    # A verb may be several statements here, so a transaction always holds as many as it likes.
    atomic = transaction

    def wait(self, connection: BaseDatabaseWrapper, bell: int, seconds: float, idle: float) -> bool:
        """Wait until it is time to look again: there is nothing that would tell."""
        pause = min(max(idle / 4, SHORTEST), LONGEST)
        rings = bool(select.select([bell], [], [], min(pause, seconds))[0])
        return pause < seconds and not rings


def _undo(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> None:
    try:
        cursor.execute("ROLLBACK")
    except Error:
        connection.close()  # the server rolls back what it has lost touch with
