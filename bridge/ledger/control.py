"""What people decide about tasks and queues, through Django's connection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from copy import copy
from datetime import datetime
from itertools import compress
from uuid import UUID

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from bridge.cancellation import Cancellation
from bridge.ledger.batches import count_up
from bridge.ledger.cancelling import cancel_locked
from bridge.ledger.locking import locked
from bridge.ledger.models import FAILED, READY, RUNNING, SUCCESSFUL, PauseRow, TaskRow
from bridge.ledger.requeueing import requeue_locked
from bridge.ledger.vendors import vendor_of
from bridge.requeueing import Requeueing


class Control:
    """The verbs of the store that no worker uses; each is done in the caller's transaction.

    `conclude` does what follows from the end of rows.
    """

    def __init__(self, using: str, conclude: Callable[[Iterable[TaskRow]], None]) -> None:
        self._using = using
        self._vendor = vendor_of(connections[using])
        self._conclude = conclude

    def cancel(
        self,
        ids: Collection[UUID],
        *,
        statuses: Collection[str] = (READY, RUNNING),
        skip_locked: bool = False,
    ) -> list[tuple[TaskRow, Cancellation]]:
        """READY -> FAILED; ask those that are RUNNING to stop.

        Rows in other states than these stay. Ids that are unknown are left out, and with
        `skip_locked` those that somebody else holds at the moment.
        """
        with transaction.atomic(using=self._using):
            rows = locked(self._tasks, ids, skip_locked=skip_locked)
            answers = list(zip(rows, cancel_locked(self._tasks, rows, statuses), strict=True))
            self._conclude([row for row, answer in answers if answer is Cancellation.DONE])
        return answers

    def requeue(
        self,
        ids: Collection[UUID],
        *,
        statuses: Collection[str] = (FAILED, SUCCESSFUL),
        expires_at: datetime | None = None,
        skip_locked: bool = False,
    ) -> list[tuple[TaskRow, Requeueing]]:
        """FAILED or SUCCESSFUL -> READY with no attempt made; the errors stay.

        Ids as in cancel(). `expires_at` is the new deadline of what is requeued; without one only
        a deadline that has passed changes: it goes.
        """
        with transaction.atomic(using=self._using):
            rows = locked(self._tasks, ids, skip_locked=skip_locked)
            before = [copy(row) for row in rows]
            answers = requeue_locked(self._tasks, rows, statuses=statuses, expires_at=expires_at)
            with connections[self._using].cursor() as cursor:
                count_up(cursor, compress(before, map(bool, answers)))
        return list(zip(rows, answers, strict=True))

    def pause(self, transport: str, queue: str) -> bool:
        """Let nothing be claimed from a queue; False when it was paused already."""
        _, is_new = self._pauses.get_or_create(
            transport=transport, queue_name=queue, defaults={"paused_at": timezone.now()}
        )
        return is_new

    def resume(self, transport: str, queue: str) -> bool:
        """Let a queue be claimed from again; False when it was not paused."""
        return bool(self._pauses.filter(transport=transport, queue_name=queue).delete()[0])

    def paused(self, transport: str) -> list[str]:
        """Return the paused queues in alphabetical order."""
        rows = self._pauses.filter(transport=transport)
        return sorted(rows.values_list("queue_name", flat=True))

    def ring(self, queues: Iterable[str]) -> None:
        """Wake the idle workers of queues, where the vendor can, after the commit."""
        with connections[self._using].cursor() as cursor:
            for queue in sorted(set(queues)):
                self._vendor.ring(cursor, queue)

    @property
    def _tasks(self) -> QuerySet[TaskRow]:
        return TaskRow.objects.using(self._using)

    @property
    def _pauses(self) -> QuerySet[PauseRow]:
        return PauseRow.objects.using(self._using)
