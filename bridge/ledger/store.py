"""The only writer of a task's status: one verb per transition.

    insert --> READY --claim--> RUNNING --succeed--> SUCCESSFUL
                 ^                 |------fail-----> FAILED
                 |--retry_later----|
                 |--release--------|
                 `--lose-----------'---------------> FAILED
    READY --control.cancel--> FAILED    FAILED, SUCCESSFUL --control.requeue--> READY

Every transition out of RUNNING checks the claim (worker and token), so a worker that lost its
lease cannot overwrite the one that took over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet
from django.utils import timezone

from bridge.interface import TaskError
from bridge.ledger import ending
from bridge.ledger.bulk import insert_all
from bridge.ledger.columns import read
from bridge.ledger.concluding import Concluding
from bridge.ledger.control import Control
from bridge.ledger.doorbell import doorbell
from bridge.ledger.ending import Ending
from bridge.ledger.follow_ups import FollowUps
from bridge.ledger.inserting import enqueue_now
from bridge.ledger.lanes import Lanes
from bridge.ledger.messages import Messages
from bridge.ledger.models import RUNNING, BatchRow, TaskRow
from bridge.ledger.new_rows import NewRows
from bridge.ledger.session import Session
from bridge.ledger.uniqueness import despite_deadlocks, insert_unique
from bridge.ledger.vendors import vendor_of
from bridge.ledger.vendors.verbs import Claim, Left, Look
from bridge.outcome import Outcome


class Store:
    """The ledger in one database, through Django's connection or through a worker's own."""

    def __init__(
        self, using: str, session: Session | None = None, follow_ups: FollowUps | None = None
    ) -> None:
        self.using = using
        self._session = session
        self._vendor = vendor_of(connections[using])
        self._concluding = Concluding(self._vendor, follow_ups or FollowUps(), self._atomic)
        self.lanes = Lanes(self._vendor, self._cursor, self._atomic)
        self.control = Control(using, self.conclude)
        self.messages = Messages(using, self.conclude)

    @property
    def tasks(self) -> QuerySet[TaskRow]:
        """Return every row of the ledger, to read through Django's connection."""
        return TaskRow.objects.using(self.using)

    def read(self, rows: QuerySet[TaskRow]) -> list[TaskRow]:
        """Return rows, read through this store's own connection when it has one."""
        with self._cursor() as cursor:
            return read(cursor, rows)

    def find(self, task_id: str) -> TaskRow | None:
        """Return a row by id, None for an id that is not in the ledger or not an id at all."""
        try:
            return self.tasks.filter(id=UUID(str(task_id))).first()
        except ValueError:
            return None

    def held(self, worker: str) -> list[TaskRow]:
        """Return the rows whose claim a worker holds."""
        return self.read(self.tasks.filter(worker=worker, status=RUNNING))

    def insert_new(self, new: NewRows, *, notify: bool = False) -> None:
        """Write new READY rows in the caller's transaction; `notify` may wake idle workers.

        The fastest way there is, for tasks without policies.
        """
        connection = connections[self.using]
        # Also for deferred rows: a worker asleep does not know when it has to get up.
        notify = notify and doorbell.rings(connection, new.queue_name)
        with connection.cursor() as cursor:
            self._vendor.insert(cursor, new, notify=notify)

    def insert(self, row: TaskRow, *, notify: bool = False) -> TaskRow:
        """Write a new READY row in the caller's transaction.

        Return the row that has its unique_key instead, when there is one; a transaction that is
        writing the same key is waited for.
        """
        if row.unique_key is None:
            return self.insert_many([row], notify=notify)[0]
        enqueue_now(row)
        return despite_deadlocks(connections[self.using], lambda: self._insert_unique(row, notify))

    def insert_many(self, rows: Sequence[TaskRow], *, notify: bool = False) -> Sequence[TaskRow]:
        """Write new READY rows in the caller's transaction, which they need for their unique_keys.

        Return in the place of each the row that has its unique_key.
        """
        with self._cursor() as cursor:
            kept = insert_all(cursor, rows)
            if notify:
                self._ring(cursor, rows)
        return kept

    def open_batch(self, batch: BatchRow) -> None:
        """Write a batch in the transaction that writes its tasks; one without any is complete."""
        batch.created_at = timezone.now()
        if not batch.pending:
            batch.finished_at = batch.created_at
        batch.save(using=self.using, force_insert=True)
        if not batch.pending:
            self._concluding.complete(batch)

    def conclude(self, rows: Iterable[TaskRow]) -> None:
        """Do what follows from the end of rows, in the transaction that has just ended them.

        They are as they are now. Hooks that the database refuses are logged and left out.
        """
        if endings := [ending.ended(row) for row in rows if row.hooks or row.batch_id]:
            self._concluding.follow(endings)

    def claim(
        self,
        *,
        transport: str,
        worker: str,
        worker_id: str,
        limit: int = 1,
        queues: Iterable[str] = (),
    ) -> list[TaskRow]:
        """Move up to `limit` due rows READY -> RUNNING, as far as their limits allow.

        No queues means all of them. `worker` holds the lease, `worker_id` is what the result shows.
        """
        self.wake(transport)
        look = self.look(transport)
        served = tuple(queues)
        claim = Claim(
            transport=transport,
            queues=served or look.queues,
            worker=worker,
            worker_id=worker_id,
            limit=limit,
        )
        rows = self.take(claim)
        if look.limited and len(rows) < limit:
            rows += self.lanes.claim(replace(claim, queues=served, limit=limit - len(rows)))
        return rows

    def take(self, claim: Claim) -> list[TaskRow]:
        """Move rows that are awake READY -> RUNNING, the first to run in front."""
        with self._transaction() as cursor:
            return self._vendor.claim(cursor, claim)

    def exchange(
        self, endings: Sequence[Ending], claim: Claim | None, *, skip_locked: bool = False
    ) -> tuple[Left, list[TaskRow]]:
        """End some claims and make others, in one commit, with all that follows from the ends."""
        if any(each.consequences for each in endings):
            return self._concluding.exchange(endings, claim, skip_locked=skip_locked)
        with self._transaction() as cursor:
            if claim is None:
                return self._vendor.leave(cursor, endings, skip_locked=skip_locked), []
            if not endings:
                return Left(frozenset(), timezone.now()), self._vendor.claim(cursor, claim)
            return self._vendor.exchange(cursor, endings, claim, skip_locked=skip_locked)

    def leave(self, endings: Sequence[Ending], *, skip_locked: bool = False) -> Left:
        """End claims, all in one commit.

        Those that another worker has taken over are left out, and with `skip_locked` those that
        somebody else holds at the moment.
        """
        return self.exchange(endings, None, skip_locked=skip_locked)[0]

    def look(self, transport: str) -> Look:
        """Say which queues have rows to claim, and when the next deferred row is due."""
        with self._cursor() as cursor:
            return self._vendor.look(cursor, transport)

    def wake(self, transport: str, limit: int = 1000) -> int:
        """Make up to `limit` deferred rows claimable that are due; return how many."""
        with self._transaction() as cursor:
            return self._vendor.wake(cursor, transport, limit)

    def finish(self, row: TaskRow, outcome: Outcome) -> bool:
        """Record how an attempt ended. Return False when the claim was lost meanwhile."""
        return self._end(row, ending.ending_of(row, outcome))

    def succeed(self, row: TaskRow, value: Any) -> bool:
        """RUNNING -> SUCCESSFUL."""
        return self._end(row, ending.succeed(row, value))

    def fail(self, row: TaskRow, error: TaskError) -> bool:
        """RUNNING -> FAILED."""
        return self._end(row, ending.fail(row, error))

    def retry_later(self, row: TaskRow, error: TaskError, delay: float) -> bool:
        """RUNNING -> READY in `delay` seconds."""
        return self._end(row, ending.retry_later(row, error, delay))

    def release(self, row: TaskRow) -> bool:
        """RUNNING -> READY for a task that was claimed and not started; it costs no attempt."""
        return self._end(row, ending.release(row))

    def lose(self, row: TaskRow, reason: str, *, max_losses: int) -> bool:
        """RUNNING -> READY or FAILED, as its on_lost says, because its worker died."""
        return self._end(row, ending.lose(row, reason, max_losses=max_losses))

    @contextmanager
    def patience(self, seconds: float) -> Iterator[None]:
        """Open a transaction on Django's connection that waits no longer for a row of others.

        Then is_locked() is true of the error.
        """
        with (
            transaction.atomic(using=self.using),
            connections[self.using].cursor() as cursor,
            self._vendor.patience(cursor, seconds),
        ):
            yield

    def _insert_unique(self, row: TaskRow, notify: bool) -> TaskRow:
        with self._transaction() as cursor:
            kept = insert_unique(cursor, self._vendor, row)
            if notify and kept is row:
                self._ring(cursor, [row])
        return kept

    def _ring(self, cursor: CursorWrapper, rows: Iterable[TaskRow]) -> None:
        for queue in {row.queue_name for row in rows}:
            if doorbell.rings(cursor.db, queue):
                self._vendor.ring(cursor, queue)

    def _end(self, row: TaskRow, how: Ending) -> bool:
        left = self.leave([how])
        if row.id not in left.ids:
            return False
        ending.apply(row, how, left.at)
        return True

    @contextmanager
    def _cursor(self) -> Iterator[CursorWrapper]:
        if self._session is not None:
            with self._session.cursor() as cursor:
                yield cursor
        else:
            with connections[self.using].cursor() as cursor:
                yield cursor

    @contextmanager
    def _transaction(self) -> Iterator[CursorWrapper]:
        if self._session is not None:
            with self._session.transaction() as cursor:
                yield cursor
        else:
            with transaction.atomic(using=self.using), self._cursor() as cursor:
                yield cursor

    @contextmanager
    def _atomic(self) -> Iterator[CursorWrapper]:
        if self._session is not None:
            with self._session.atomic() as cursor:
                yield cursor
        else:
            with self._transaction() as cursor:
                yield cursor
