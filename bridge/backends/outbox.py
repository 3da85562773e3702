"""When new rows become messages: after the commit, and what is due much later, later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from bridge.exceptions import EnqueueError, PayloadTooLarge
from bridge.retry import like

if TYPE_CHECKING:
    from bridge.backends.carried import CarriedBackend
    from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.messages")

HEAD_START = timedelta(seconds=5)
"""For how long a relay leaves a new row to the process that has written it."""


class Outbox:
    """Sends the new rows of a backend. What it cannot send, a relay sends later."""

    def __init__(self, backend: CarriedBackend) -> None:
        self.backend = backend

    def post(self, row: TaskRow) -> None:
        """Send a row at the commit of the caller's transaction, without one at once.

        Raise EnqueueError, or PayloadTooLarge, when it is at once and fails; the row is gone then.
        """
        # A unique row may be what others have got in the place of theirs: it cannot be taken back.
        if row.unique_key is not None or self._in_transaction:
            self.post_at_commit([row])
        elif not self._is_held(row):
            self._send_now(row)

    def post_at_commit(self, rows: Sequence[TaskRow]) -> None:
        """Send rows at the commit of the caller's transaction; nothing is raised then."""
        action = partial(self._send_committed, rows)
        if not self._in_transaction or connections[self.backend.database].in_atomic_block:
            transaction.on_commit(action, using=self.backend.database)
        else:
            self._at_end_of_transactions(action)

    @property
    def _in_transaction(self) -> bool:
        return not connections[self.backend.database].get_autocommit()

    def _at_end_of_transactions(self, action: Callable[[], None]) -> None:
        """Let Django call action when the caller, who commits himself, turns autocommit on again.

        Should that never happen, a relay finds the committed rows.
        """
        # on_commit() refuses to wait for such a commit outside of a block.
        with transaction.atomic(using=self.backend.database):
            transaction.on_commit(action, using=self.backend.database)

    def _is_held(self, row: TaskRow) -> bool:
        """Say whether a row is left to the relay, which there has to be: until it is due, mostly.

        Where only workers of the old code run, its message leaves at once, as theirs would.
        """
        if self.backend.holds(row):
            return True
        if row.run_after is None or self.backend.hold_eta is None:
            return False
        ahead = row.run_after - like(timezone.now(), row.run_after)
        if ahead <= timedelta(seconds=self.backend.hold_eta):
            return False
        return self.backend.leases.anyone(self.backend.transport)

    def _send_now(self, row: TaskRow) -> None:
        at = timezone.now()
        try:
            self.backend.send(row)
        except Exception as error:
            if self.backend.is_doubtful(error):
                # It may be enqueued. Should it be, the claim drops what the relay sends.
                logger.warning("task=%s path=%s is sent again: %r", row.id, row.task_path, error)
                return
            if not self.backend.store.messages.take_back(row):
                # The queue has it all the same, and a worker has claimed it meanwhile.
                logger.warning("task=%s sent, although the broker said: %r", row.id, error)
                return
            if isinstance(error, PayloadTooLarge):
                raise
            raise EnqueueError(
                f"The broker did not take {row.task_path!r} ({error}); nothing was enqueued. "
                "Enqueue it again when the broker answers, or enqueue inside a transaction, "
                "after which a worker sends what the broker refused."
            ) from error
        try:
            self.backend.store.messages.mark_published(row, at)
        except DatabaseError as error:
            # The task is enqueued. Should the relay send it again, the claim drops the second.
            logger.warning("task=%s sent, and not marked as sent: %r", row.id, error)

    def _send_committed(self, rows: Sequence[TaskRow]) -> None:
        for row in rows:
            try:
                if not self._is_held(row):
                    self._send(row)
            except Exception as error:  # noqa: BLE001
                # The task is committed and safe: nobody up the stack could do better than the
                # relay.
                logger.warning(
                    "task=%s path=%s waits for the relay, the broker did not take it: %r",
                    row.id,
                    row.task_path,
                    error,
                )
                if self.backend.is_away(error):
                    return  # to find out about each row would take long

    def _send(self, row: TaskRow) -> None:
        try:
            if self._is_relayed(row):
                with self.backend.store.messages.publishing(row) as mine:
                    if mine:
                        self.backend.send(row)
            else:
                at = timezone.now()
                self.backend.send(row)
                self.backend.store.messages.mark_published(row, at)
        except Exception as error:
            if not self.backend.is_hopeless(error):
                raise
            from bridge.endings import end

            end(self.backend, row, error)

    def _is_relayed(self, row: TaskRow) -> bool:
        """Say whether a relay may be about to send a row: workers of the old code would run both.

        The transaction was long, there are many rows, or it is an old row that runs again.
        """
        if self.backend.runs_at_once(row.queue_name):
            return False
        return row.enqueued_at is None or timezone.now() - row.enqueued_at > HEAD_START / 2
