"""The verbs of the store for tasks whose messages are in another library's queue.

Each is done through Django's connection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from bridge.interface import TaskError
from bridge.ledger.locking import locked
from bridge.ledger.models import FAILED, READY, RUNNING, TaskRow
from bridge.ledger.results import to_json

UNRECORDED = "unrecorded"
"""The worker of an attempt that code without a ledger made."""
CLOCKS_DIFFER = timedelta(seconds=1)
"""By no more than this between hosts, if all is well."""


class Messages:
    """Claims rows by their messages, and notes which rows have one.

    `conclude` does what follows from the end of rows.
    """

    def __init__(self, using: str, conclude: Callable[[Iterable[TaskRow]], None]) -> None:
        self._using = using
        self._conclude = conclude

    @property
    def _tasks(self) -> QuerySet[TaskRow]:
        return TaskRow.objects.using(self._using)

    def claim(
        self,
        draft: TaskRow,
        *,
        worker: str,
        worker_id: str,
        runs: int | None = 0,
        has_row: bool = False,
    ) -> TaskRow | None:
        """Claim the row of a broker message; a message from old code gets its row here.

        One that had a row when it was sent has been taken back, or pruned, if there is none now.

        `runs` is how many attempts led to this message; those the ledger has not seen were made by
        old code. None, where messages do not say, stands for those it has seen. Return None for a
        message that must not run: delivered twice, finished, left over from an earlier attempt, or
        fenced off because the task moved to another transport.
        """
        row = self._tasks.filter(id=draft.id).first()
        if row is None and has_row:
            return None
        if row is None:
            draft.worker_ids = [UNRECORDED] * (runs or 0)
            _start(draft, worker, worker_id)
            try:
                with transaction.atomic(using=self._using):
                    draft.save(using=self._using, force_insert=True)
            except IntegrityError:
                return None
            return draft
        unseen = 0 if runs is None else runs - row.runs
        if row.status != READY or row.transport != draft.transport or unseen < 0:
            return None
        if runs is None and row.token and _is_early(row):
            # Left over from the attempt before. Should it be the right one by a clock that is
            # fast, the relay sends another.
            self.unpublish(row)
            return None
        row.worker_ids = [*row.worker_ids, *[UNRECORDED] * unseen]
        return row if self._take(row, worker, worker_id) else None

    def settle(self, row: TaskRow, **facts: Any) -> bool:
        """READY -> SUCCESSFUL or FAILED for a task that code without a ledger has run."""
        ready = self._tasks.filter(id=row.id, status=READY, token=row.token)
        if not (row.hooks or row.batch_id):
            return bool(ready.update(**facts))
        with transaction.atomic(using=self._using):
            if not ready.update(**facts):
                return False
            self._conclude(self._tasks.filter(id=row.id))
        return True

    def bury(self, row: TaskRow, error: TaskError) -> bool:
        """Write the row of a message that nobody can run as FAILED; False when it has a row."""
        row.status, row.finished_at, row.errors = FAILED, timezone.now(), [to_json(error)]
        try:
            with transaction.atomic(using=self._using):
                row.save(using=self._using, force_insert=True)
        except IntegrityError:
            return False
        return True

    def take_back(self, row: TaskRow) -> bool:
        """Take back a row that no broker accepted. Return False when a worker has claimed it."""
        return bool(self._tasks.filter(id=row.id, status=READY, token=row.token).delete()[0])

    def mark_published(self, row: TaskRow, at: datetime) -> None:
        """Note that a broker has the message, unless the task has been claimed since."""
        self._tasks.filter(id=row.id, token=row.token).update(published_at=at)

    def unpublish(self, row: TaskRow, **facts: Any) -> bool:
        """Note that the message of a READY row is gone, so that a relay sends another.

        Return False when the row has changed, or another message was sent.
        """
        sent = self._tasks.filter(
            id=row.id, status=READY, token=row.token, published_at=row.published_at
        )
        return bool(sent.update(published_at=None, **facts))

    def published(self, transport: str, before: datetime) -> QuerySet[TaskRow]:
        """Return the READY rows of a transport that are due and whose message left before then.

        The oldest message first.
        """
        # Both halves have a partial index. In the order of ids a planner might read all rows.
        due = Q(wake_at=None, lane=None) | Q(wake_at__isnull=False, wake_at__lte=timezone.now())
        return self._tasks.filter(
            due, transport=transport, status=READY, published_at__lt=before
        ).order_by("published_at", "id")

    def unpublished(
        self, transport: str, before: datetime, until: datetime | None = None
    ) -> QuerySet[TaskRow]:
        """Return the READY rows of a transport that wait for a message since `before`.

        Those that run after `until` wait on. A row that ran before is not sent until its next
        attempt is due.
        """
        new = Q(token=0, enqueued_at__lt=before)
        if until is not None:
            new &= Q(run_after=None) | Q(run_after__lte=until)
        again = Q(token__gt=0) & (Q(run_after=None) | Q(run_after__lt=before))
        return self._tasks.filter(
            new | again, transport=transport, status=READY, published_at=None
        ).order_by("-priority", "id")

    @contextmanager
    def publishing(self, row: TaskRow) -> Iterator[bool]:
        """Hold an unpublished row while a broker takes its message.

        Yield False when somebody else has sent it, or is about to: a broker may take long to
        answer him, and who waits here may have a lease to renew. An exception leaves the row
        unpublished.
        """
        waits = self._tasks.filter(status=READY, token=row.token, published_at=None)
        with transaction.atomic(using=self._using):
            held = locked(waits, [row.id], skip_locked=True)
            if held:
                waits.filter(id=row.id).update(published_at=timezone.now())
            yield bool(held)

    def _take(self, row: TaskRow, worker: str, worker_id: str) -> bool:
        token = row.token
        changes = _start(row, worker, worker_id)
        return bool(self._tasks.filter(id=row.id, status=READY, token=token).update(**changes))


def _is_early(row: TaskRow) -> bool:
    return row.run_after is not None and row.run_after > timezone.now() + CLOCKS_DIFFER


def _start(row: TaskRow, worker: str, worker_id: str) -> dict[str, Any]:
    now = timezone.now()
    changes = {
        "status": RUNNING,
        "worker": worker,
        "token": row.token + 1,
        "wake_at": None,
        "worker_ids": [*row.worker_ids, worker_id],
        "started_at": row.started_at or now,
        "last_attempted_at": now,
    }
    for name, value in changes.items():
        setattr(row, name, value)
    return changes
