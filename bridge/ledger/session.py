"""A connection of the worker's own: what task bodies do to Django's does not touch it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.utils import load_backend

from bridge.ledger.vendors import vendor_of


class Session:
    """One connection, for one thread at a time; it opens when first used, and again after close().

    `pooled` says that a proxy such as PgBouncer hands each transaction to another server
    connection: nothing is prepared and nobody listens. `patience` is for how many seconds it waits
    for other writers on SQLite; None leaves that to DATABASES.
    """

    def __init__(self, using: str, *, pooled: bool = False, patience: float | None = None) -> None:
        public = connections[using]
        self.line = vendor_of(public).Line(pooled=pooled)
        settings = self.line.tuned(deepcopy(public.settings_dict), patience)
        settings.update(CONN_MAX_AGE=None, ATOMIC_REQUESTS=False, AUTOCOMMIT=True)
        backend = load_backend(settings["ENGINE"])
        self.connection: BaseDatabaseWrapper = backend.DatabaseWrapper(settings, using)
        # The thread that uses it is not the one that makes it.
        self.connection.inc_thread_sharing()

    @contextmanager
    def transaction(self) -> Iterator[CursorWrapper]:
        """Open a cursor whose verbs are committed together at the end, or not at all."""
        self._open()
        with self.line.transaction(self.connection) as cursor:
            yield cursor

    @contextmanager
    def atomic(self) -> Iterator[CursorWrapper]:
        """Open a cursor whose statements are committed together: the unit is not one verb."""
        self._open()
        with self.line.atomic(self.connection) as cursor:
            yield cursor

    @contextmanager
    def cursor(self) -> Iterator[CursorWrapper]:
        """Open a cursor to read."""
        self._open()
        with self.connection.cursor() as cursor:
            yield cursor

    def wait(self, bell: int, seconds: float, idle: float) -> bool:
        """Return True once there may be work, False once `bell` can be read or after `seconds`.

        `idle` is for how many seconds there has been none.
        """
        self._open()
        return self.line.wait(self.connection, bell, seconds, idle)

    def close(self) -> None:
        """Drop the connection, broken or not."""
        self.connection.close()

    def _open(self) -> None:
        if self.connection.connection is None:
            self.connection.ensure_connection()  # connect() raises errors of the driver
            try:
                self.line.prepare(self.connection)
            except BaseException:
                self.connection.close()
                raise
