"""What surrounds a task body that runs inside the transactions of a test."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from bridge.exceptions import TransactionLeftOpen

logger = logging.getLogger("bridge.testing")


class Stage:
    """One attempt, which ends as if its body had run outside of every transaction.

    What the body has written stays, as it does in a worker, unless a database error took it. What
    it has put off until the commit is done at the end.
    """

    def __init__(self) -> None:
        found = connections.all(initialized_only=True)
        self._scenes = [Scene(connection) for connection in found if connection.in_atomic_block]

    def leave(self) -> None:
        """End the attempt of a body that has returned. Raise what fails its task."""
        if self._close_blocks():
            raise TransactionLeftOpen(
                "The task returned inside an open database transaction, which was rolled back. "
                "Commit it, or use transaction.atomic() as a context manager."
            )
        for scene in self._scenes:
            scene.end()
        self._commit()

    def close(self) -> None:
        """End the attempt of a body that has raised, or do nothing after leave()."""
        self._close_blocks()
        for scene in self._scenes:
            try:
                scene.end()
            except DatabaseError as error:
                logger.debug("what the task has written is rolled back: %r", error)
        self._commit()

    def _close_blocks(self) -> bool:
        """Roll back the blocks that the body has left open; say whether there were any."""
        depths = {scene.connection.alias: scene.depth for scene in self._scenes}
        left_open = False
        for connection in connections.all(initialized_only=True):
            while len(connection.atomic_blocks) > depths.get(connection.alias, 0):
                left_open = True
                connection.atomic_blocks[-1].__exit__(TransactionLeftOpen, None, None)
        return left_open

    def _commit(self) -> None:
        for scene in self._scenes:
            scene.do_what_waited()


class Scene:
    """A connection that was in a transaction before the body was called."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.depth = len(connection.atomic_blocks)
        self._waiting = len(connection.run_on_commit)
        self._savepoint: str | None = connection.savepoint()

    def end(self) -> None:
        """Keep what was written. Raise DatabaseError when an error has made that impossible."""
        savepoint, self._savepoint = self._savepoint, None
        if savepoint is None:
            return
        try:
            self.connection.savepoint_commit(savepoint)
        except DatabaseError as error:
            error.add_note(
                "The task went on after a database error, which a transaction does not allow, and "
                "a TestCase is one. Put what may fail into atomic(), or the test into a "
                "TransactionTestCase."
            )
            self.connection.needs_rollback = False
            self.connection.savepoint_rollback(savepoint)
            del self.connection.run_on_commit[self._waiting :]
            raise

    def do_what_waited(self) -> None:
        """Call what the body has given to transaction.on_commit()."""
        while len(self.connection.run_on_commit) > self._waiting:
            entry: Any = self.connection.run_on_commit.pop(self._waiting)
            _, action, robust = entry
            try:
                action()
            except Exception:
                if not robust:
                    raise
                logger.exception("%r failed in on_commit(robust=True)", action)
