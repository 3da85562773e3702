"""A connection of the worker's own to PostgreSQL."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

CHANNEL = "bridge_task"

PATIENCE = "100ms"
"""How long a verb waits for what others have locked: all that this connection does waits with it.
It costs nothing: the server's clock starts when something is locked."""

# Every statement has its index. Statistics of a queue that was empty a moment ago must not talk
# the planner, which keeps the plan of a prepared statement, into reading the whole table. And
# a role or database may ask for a stricter level by default.
_SETTINGS = (
    "SET enable_seqscan = off",
    "SET enable_bitmapscan = off",
    "SET jit = off",
    "SET default_transaction_isolation = 'read committed'",
    f"SET lock_timeout = '{PATIENCE}'",
)


class Line:
    """Prepared statements and LISTEN; neither behind PgBouncer."""

    means_tasks = True

    def __init__(self, *, pooled: bool) -> None:
        self.pooled = self.skips_locked = pooled
        self.heard = False

    def tuned(self, settings: dict[str, Any], patience: float | None) -> dict[str, Any]:
        """Ask for prepared statements and for a connection outside any pool."""
        options = dict(settings["OPTIONS"])
        options.pop("pool", None)
        # The claim skips what others lock; a stricter level would fail on it instead.
        options.pop("isolation_level", None)
        options["server_side_binding"] = not self.pooled
        options["prepare_threshold"] = None if self.pooled else 0
        return {**settings, "OPTIONS": options}

    def prepare(self, connection: BaseDatabaseWrapper) -> None:
        """Settle plans and isolation, and listen for new tasks."""
        if self.pooled:
            return
        connection.connection.add_notify_handler(self._hear)
        with connection.cursor() as cursor:
            for statement in (*_SETTINGS, f"LISTEN {CHANNEL}"):
                cursor.execute(statement)

    def transaction(self, connection: BaseDatabaseWrapper) -> AbstractContextManager[CursorWrapper]:
        """Open a cursor: every verb is a single statement, which autocommit makes a transaction."""
        return cast("AbstractContextManager[CursorWrapper]", connection.cursor())

    @contextmanager
    def atomic(self, connection: BaseDatabaseWrapper) -> Iterator[CursorWrapper]:
        """Open a transaction of several statements on a connection in autocommit mode."""
        with connection.cursor() as cursor:
            # In one round trip what prepare() says once, where there is no session to say it to.
            patience = f"; SET LOCAL lock_timeout = '{PATIENCE}'" if self.pooled else ""
            cursor.execute(f"BEGIN ISOLATION LEVEL READ COMMITTED{patience}")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                _undo(connection, cursor)
                raise

    def wait(self, connection: BaseDatabaseWrapper, bell: int, seconds: float, idle: float) -> bool:
        """Wait for a notification, of which some may have come with an answer."""
        handle = connection.connection.pgconn
        if not self.heard:
            poll = select.poll()  # select() refuses the 1024th file of a process
            for number in (bell, handle.socket):
                poll.register(number, select.POLLIN)
            if any(number == handle.socket for number, _ in poll.poll(seconds * 1000)):
                with connection.wrap_database_errors:
                    handle.consume_input()
                    while handle.notifies() is not None:
                        self.heard = True
        heard, self.heard = self.heard, False
        return heard

    def _hear(self, notification: object) -> None:
        self.heard = True


def _undo(connection: BaseDatabaseWrapper, cursor: CursorWrapper) -> None:
    try:
        cursor.execute("ROLLBACK")
    except Error:
        connection.close()  # the server rolls back what it has lost touch with
