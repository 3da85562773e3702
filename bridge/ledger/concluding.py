"""What the end of tasks brings about, in the same commit: hooks, and batches counted down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from bridge.exceptions import HookRefused
from bridge.ledger.ending import FAILED, Ending
from bridge.ledger.follow_ups import FollowUps
from bridge.ledger.models import BatchRow, TaskRow
from bridge.ledger.vendors.verbs import Claim, Left, Vendor

logger = logging.getLogger("bridge.ledger")
Atomic = Callable[[], AbstractContextManager[CursorWrapper]]


class Concluding:
    """Ends tasks that have hooks or are part of a batch.

    `atomic` opens a transaction, or a savepoint in the one that is open.
    """

    def __init__(self, vendor: Vendor, follow_ups: FollowUps, atomic: Atomic) -> None:
        self._vendor = vendor
        self._follow_ups = follow_ups
        self._atomic = atomic

    def exchange(
        self, endings: Sequence[Ending], claim: Claim | None, *, skip_locked: bool = False
    ) -> tuple[Left, list[TaskRow]]:
        """Leave, enqueue, claim and count down in one commit.

        Raise HookRefused when the database does not take a hook. A task that fails does so even
        without its hooks.
        """
        try:
            return self._exchange(endings, claim, skip_locked)
        except HookRefused as error:
            if len(endings) > 1 or endings[0].status != FAILED or not endings[0].consequences:
                raise
            _report(endings[0], error)
            return self.exchange([endings[0].lightened()], claim, skip_locked=skip_locked)

    def follow(self, endings: Sequence[Ending]) -> None:
        """Do all that follows from endings which the open transaction has written already."""
        try:
            with self._atomic() as cursor:
                drafts = [row for each in endings for row in self._follow_ups.of_hooks(each)]
                made = self._write(cursor, drafts)
                made += self._count(cursor, endings, timezone.now())
        except HookRefused as error:
            if len(endings) > 1:
                for each in endings:
                    self.follow([each])
            elif endings[0].consequences:
                _report(endings[0], error)
                self.follow([endings[0].lightened()])
        else:
            self._dispatch(made)

    def complete(self, batch: BatchRow) -> None:
        """Enqueue what follows from a batch without tasks, in the open transaction."""
        with self._atomic() as cursor:
            made = self._write(cursor, self._follow_ups.of_batch(batch.id, batch.on_complete))
        self._dispatch(made)

    def _exchange(
        self, endings: Sequence[Ending], claim: Claim | None, skip_locked: bool
    ) -> tuple[Left, list[TaskRow]]:
        # Before the transaction opens: to draft may be to import, and to call the user's code.
        drafts = {each.id: self._follow_ups.of_hooks(each) for each in endings}
        with self._atomic() as cursor:
            left = self._vendor.leave(cursor, endings, skip_locked=skip_locked)
            kept = [each for each in endings if each.id in left.ids]
            made = self._write(cursor, [row for each in kept for row in drafts[each.id]])
            rows = [] if claim is None else self._vendor.claim(cursor, claim)
            # Last: other workers wait for the batch until this is committed.
            made += self._count(cursor, kept, left.at)
        self._dispatch(made)
        return left, rows

    def _count(
        self, cursor: CursorWrapper, endings: Sequence[Ending], at: datetime
    ) -> list[TaskRow]:
        return self._write(cursor, self._follow_ups.of_batches(cursor, endings, at))

    def _write(self, cursor: CursorWrapper, rows: Sequence[TaskRow]) -> list[TaskRow]:
        made = self._follow_ups.write(cursor, rows)
        if self._follow_ups.notify:
            for queue in sorted({row.queue_name for row in made if row.transport == "db"}):
                self._vendor.ring(cursor, queue)
        return made

    def _dispatch(self, made: Sequence[TaskRow]) -> None:
        if made:
            self._follow_ups.dispatch(made)


def _report(ending: Ending, error: HookRefused) -> None:
    logger.error("task=%s failed, and its hooks are not enqueued: %s", ending.id, error)
