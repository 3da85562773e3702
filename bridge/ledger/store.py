"""The only writer of a task's status: one verb per transition.

    insert --> READY --claim--> RUNNING --succeed--> SUCCESSFUL
                 ^                 |------fail-----> FAILED
                 |--retry_later----|
                 |--release--------|
                 `--lose-----------'---------------> FAILED

Every transition out of RUNNING checks the claim (worker and token), so a worker that lost its
lease cannot overwrite the one that took over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connections, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from bridge.exceptions import WorkerLost
from bridge.interface import TaskError
from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL, TaskRow
from bridge.ledger.results import to_json
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded, describe

UNRECORDED = "unrecorded"
"""The worker of an attempt that code without a ledger made."""

SPREAD = 8
"""How many rows a worker looks at per row it wants, where rows cannot be locked."""


class Store:
    """The ledger in one database."""

    def __init__(self, using: str) -> None:
        self.using = using

    @property
    def tasks(self) -> QuerySet[TaskRow]:
        """Return every row of the ledger, to read."""
        return TaskRow.objects.using(self.using)

    def find(self, task_id: str) -> TaskRow | None:
        """Return a row by id, None for an id that is not in the ledger or not an id at all."""
        try:
            return self.tasks.filter(id=UUID(str(task_id))).first()
        except ValueError:
            return None

    def insert(self, row: TaskRow) -> TaskRow:
        """Write a new READY row in the caller's transaction."""
        row.enqueued_at = timezone.now()
        row.save(using=self.using, force_insert=True)
        return row

    def delete(self, row: TaskRow) -> None:
        """Take back a row that no broker accepted."""
        self.tasks.filter(id=row.id, status=READY).delete()

    def claim(
        self,
        *,
        transport: str,
        worker: str,
        worker_id: str,
        limit: int = 1,
        queues: Iterable[str] = (),
    ) -> list[TaskRow]:
        """Move up to `limit` due rows READY -> RUNNING; no queues means all of them.

        `worker` holds the lease, `worker_id` is what the result shows.
        """
        due = self._due(transport, list(queues))
        locking = connections[self.using].features.has_select_for_update_skip_locked
        if locking:
            due = due.select_for_update(skip_locked=True)
        elif not due.exists():
            return []  # without taking SQLite's write lock
        # All or nothing: a claim that breaks off must not leave rows RUNNING that nobody runs.
        with transaction.atomic(using=self.using):
            while candidates := list(due[: limit if locking else limit * SPREAD]):
                taken: list[TaskRow] = []
                for row in candidates:
                    if len(taken) < limit and self._take(row, worker, worker_id):
                        taken.append(row)
                if taken:
                    return taken
        return []

    def claim_message(
        self, draft: TaskRow, *, worker: str, worker_id: str, runs: int = 0
    ) -> TaskRow | None:
        """Claim the row of a broker message; a message from old code gets its row here.

        `runs` is how many attempts led to this message; those the ledger has not seen were made by
        old code. Return None for a message that must not run: delivered twice, finished, left
        over from an earlier attempt, or fenced off because the task moved to another transport.
        """
        row = self.tasks.filter(id=draft.id).first()
        if row is None:
            draft.worker_ids = [UNRECORDED] * runs
            _start(draft, worker, worker_id)
            try:
                with transaction.atomic(using=self.using):
                    draft.save(using=self.using, force_insert=True)
            except IntegrityError:
                return None
            return draft
        unseen = runs - row.runs
        if row.status != READY or row.transport != draft.transport or unseen < 0:
            return None
        row.worker_ids = [*row.worker_ids, *[UNRECORDED] * unseen]
        return row if self._take(row, worker, worker_id) else None

    def finish(self, row: TaskRow, outcome: Outcome) -> bool:
        """Record how an attempt ended. Return False when the claim was lost meanwhile."""
        match outcome:
            case Succeeded(value=value):
                return self.succeed(row, value)
            case Failed(error=error):
                return self.fail(row, error)
            case RetryLater(error=error, delay=delay):
                return self.retry_later(row, error, delay)

    def succeed(self, row: TaskRow, value: Any) -> bool:
        """RUNNING -> SUCCESSFUL."""
        return self._leave(row, status=SUCCESSFUL, return_value=value, finished_at=timezone.now())

    def fail(self, row: TaskRow, error: TaskError) -> bool:
        """RUNNING -> FAILED."""
        return self._leave(
            row, status=FAILED, errors=[*row.errors, to_json(error)], finished_at=timezone.now()
        )

    def retry_later(self, row: TaskRow, error: TaskError, delay: float) -> bool:
        """RUNNING -> READY in `delay` seconds."""
        run_after = timezone.now() + timedelta(seconds=delay)
        errors = [*row.errors, to_json(error)]
        # The message is spent; until a new one is sent the task waits for the relay.
        return self._leave(row, status=READY, errors=errors, run_after=run_after, published_at=None)

    def release(self, row: TaskRow) -> bool:
        """RUNNING -> READY for a task that was claimed and not started; it costs no attempt."""
        worker_ids = row.worker_ids[:-1]
        first = {} if worker_ids else {"started_at": None, "last_attempted_at": None}
        return self._leave(row, status=READY, worker_ids=worker_ids, **first)

    def lose(self, row: TaskRow, reason: str, *, max_losses: int) -> bool:
        """RUNNING -> READY or FAILED, as its on_lost says, because its worker died."""
        error = to_json(describe(WorkerLost(reason)))
        changes: dict[str, Any] = {"errors": [*row.errors, error], "losses": row.losses + 1}
        if row.on_lost == "retry" and row.losses + 1 < max_losses:
            # Whatever message the dead worker held is gone with it: a broker needs a new one.
            return self._leave(row, status=READY, published_at=None, **changes)
        return self._leave(row, status=FAILED, finished_at=timezone.now(), **changes)

    def settle(self, row: TaskRow, **facts: Any) -> bool:
        """READY -> SUCCESSFUL or FAILED for a task that code without a ledger has run."""
        return bool(self.tasks.filter(id=row.id, status=READY, token=row.token).update(**facts))

    def mark_published(self, row: TaskRow, at: datetime) -> None:
        """Note that a broker has the message, unless the task has been claimed since."""
        self.tasks.filter(id=row.id, token=row.token).update(published_at=at)

    def unpublish(self, row: TaskRow) -> None:
        """Note that the message of a READY row is gone, so that a relay sends another."""
        self.tasks.filter(id=row.id, status=READY, token=row.token).update(published_at=None)

    def unpublished(self, transport: str, before: datetime) -> QuerySet[TaskRow]:
        """Return the READY rows of a transport that wait for a message since `before`.

        A row that ran before is not sent until its next attempt is due.
        """
        new = Q(token=0, enqueued_at__lt=before)
        again = Q(token__gt=0) & (Q(run_after=None) | Q(run_after__lt=before))
        return self.tasks.filter(
            new | again, transport=transport, status=READY, published_at=None
        ).order_by("-priority", "id")

    @contextmanager
    def publishing(self, row: TaskRow) -> Iterator[bool]:
        """Hold an unpublished row while a broker takes its message.

        Yield False when another relay was faster. An exception leaves the row unpublished.
        """
        with transaction.atomic(using=self.using):
            held = self.tasks.filter(id=row.id, status=READY, token=row.token, published_at=None)
            yield bool(held.update(published_at=timezone.now()))

    def _due(self, transport: str, queues: list[str]) -> QuerySet[TaskRow]:
        # SQLite's clock is UTC, and naive times are local.
        now = Now() if settings.USE_TZ else timezone.now()
        due = self.tasks.filter(
            Q(run_after=None) | Q(run_after__lte=now), transport=transport, status=READY
        )
        if queues:
            due = due.filter(queue_name__in=queues)
        return due.order_by("-priority", "id")

    def _take(self, row: TaskRow, worker: str, worker_id: str) -> bool:
        token = row.token
        changes = _start(row, worker, worker_id)
        return bool(self.tasks.filter(id=row.id, status=READY, token=token).update(**changes))

    def _leave(self, row: TaskRow, **changes: Any) -> bool:
        held = self.tasks.filter(id=row.id, status=RUNNING, worker=row.worker, token=row.token)
        changes["worker"] = None
        if not held.update(**changes):
            return False
        _assign(row, changes)
        return True


def _start(row: TaskRow, worker: str, worker_id: str) -> dict[str, Any]:
    now = timezone.now()
    changes = {
        "status": RUNNING,
        "worker": worker,
        "token": row.token + 1,
        "worker_ids": [*row.worker_ids, worker_id],
        "started_at": row.started_at or now,
        "last_attempted_at": now,
    }
    _assign(row, changes)
    return changes


def _assign(row: TaskRow, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
