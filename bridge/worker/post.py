"""What the courier says to the ledger, and what it does when the ledger does not answer."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from django.db import Error, InterfaceError, OperationalError

from bridge.backends.ledger import LedgerBackend
from bridge.ledger import ending
from bridge.ledger.ending import Ending
from bridge.ledger.follow_ups import Dispatch, leave_alone
from bridge.ledger.lanes import Visit
from bridge.ledger.models import TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.ledger.vendors.verbs import Claim, Left, Look, Survey
from bridge.worker.held import Held
from bridge.worker.persistence import persist

logger = logging.getLogger("bridge.worker")
ASK_AFTER = (0.0, 2.0, 15.0, 60.0, 300.0)
"""Seconds after a lost answer at which to ask what the ledger has done."""

T = TypeVar("T")
Delivery = tuple[Held, Ending]


class Post:
    """A connection of its own to the ledger; it waits for a database that is away."""

    def __init__(
        self,
        backend: LedgerBackend,
        worker: str,
        worker_id: str,
        dispatch: Dispatch = leave_alone,
    ) -> None:
        self._transport = backend.transport
        self._worker = worker
        self._worker_id = worker_id
        self.session = Session(backend.database, pooled=backend.pooled)
        follow_ups = replace(backend.follow_ups, dispatch=dispatch)
        self._store = Store(backend.database, self.session, follow_ups)
        # Was an answer lost, so that the ledger may have done what nobody was told of?
        self._doubt = False
        self._ask_at: list[float] = []

    def exchange(
        self, deliveries: Sequence[Delivery], queues: Sequence[str], limit: int
    ) -> tuple[list[Delivery], list[TaskRow]]:
        """Store endings and claim up to `limit` rows; return the endings that held, and the rows.

        An outcome that the database cannot store fails its task, and no other.
        """
        if len({how.id for _, how in deliveries}) < len(deliveries):
            # One row, held twice: others took it for lost, and it came back to this process.
            return self._one_by_one(deliveries), []
        claim = self._claim(queues, limit) if limit else None
        try:
            left, rows = self._persist(
                lambda: self._store.exchange([how for _, how in deliveries], claim),
                "store outcomes and claim tasks",
            )
        except (Error, ValueError) as error:
            if not deliveries:
                raise
            if len(deliveries) > 1:
                return self._one_by_one(deliveries), []
            return self._fail(deliveries[0][0], error), []
        kept = [delivery for delivery in deliveries if delivery[1].id in left.ids]
        if self._doubt and len(kept) < len(deliveries):
            kept += self._confirm([each for each in deliveries if each[1].id not in left.ids])
        for held, how in kept:
            ending.apply(held.row, how, left.at)
        return kept, rows

    def forget(self, known: Callable[[TaskRow], bool]) -> None:
        """Give back what was claimed by a statement whose answer was lost.

        Ask more than once: where the network failed, the statement may be carried out later.
        """
        if not self._ask_at or time.monotonic() < self._ask_at[0]:
            return
        due = time.monotonic()
        stray = [
            row
            for row in self._persist(lambda: self._store.held(self._worker), "read own tasks")
            if row.worker_ids[-1] == self._worker_id and not known(row)
        ]
        self._persist(lambda: self._store.release_many(stray), "release unstarted tasks")
        self._ask_at = [at for at in self._ask_at if at > due]
        self._doubt = False

    def look(self) -> Look:
        """Say what there is to claim."""
        return self._persist(lambda: self._store.look(self._transport), "look for tasks")

    def wake(self) -> int:
        """Make deferred rows claimable that are due."""
        return self._persist(lambda: self._store.wake(self._transport), "wake deferred tasks")

    def survey(self, after: str) -> Survey:
        """Read the first rows of some lanes."""
        return self._persist(
            lambda: self._store.lanes.survey(self._transport, after), "look into lanes"
        )

    def visit(self, lanes: Sequence[str], limit: int, delay: float) -> Visit:
        """Claim up to `limit` rows from lanes; those under a rate start within `delay` seconds."""
        claim = self._claim((), limit)
        return self._persist(
            lambda: self._store.lanes.visit(claim, lanes, delay), "claim tasks under limits"
        )

    def wait(self, bell: int, seconds: float, idle: float) -> bool:
        """Wait for new tasks, for the bell, or for so many seconds; say if there may be tasks."""
        try:
            return self.session.wait(bell, seconds, idle)
        except (OperationalError, InterfaceError) as error:
            text = str(error).strip()
            logger.warning("pid=%s cannot wait for tasks (%s); looks for them", os.getpid(), text)
            self.session.close()
            return True

    @property
    def means_tasks(self) -> bool:
        """Say whether wait() returns True for new tasks only, or for anything that was written."""
        return self.session.line.means_tasks

    def _one_by_one(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        return [kept for each in deliveries for kept in self.exchange([each], (), 0)[0]]

    def _claim(self, queues: Sequence[str], limit: int) -> Claim:
        return Claim(
            transport=self._transport,
            queues=queues,
            worker=self._worker,
            worker_id=self._worker_id,
            limit=limit,
        )

    def _fail(self, held: Held, error: Exception) -> list[Delivery]:
        how = held.fail(error)
        left: Left = self._persist(lambda: self._store.leave([how]), f"store task {held.row.id}")
        if held.row.id not in left.ids:
            return []
        ending.apply(held.row, how, left.at)
        return [(held, how)]

    def _confirm(self, missing: list[Delivery]) -> list[Delivery]:
        """Return the endings that had been stored when the connection broke."""
        ids = [how.id for _, how in missing]
        rows = self._persist(
            lambda: self._store.read(self._store.tasks.filter(id__in=ids)), "read own tasks"
        )
        stored = {(row.id, row.token, row.status) for row in rows if row.worker is None}
        return [
            delivery
            for delivery in missing
            if (delivery[1].id, delivery[1].token, delivery[1].status) in stored
        ]

    def _persist(self, action: Callable[[], T], what: str) -> T:
        return persist(action, what, reset=self._reset)

    def _reset(self) -> None:
        self.session.close()
        self._doubt = True
        self._ask_at = [time.monotonic() + wait for wait in ASK_AFTER]
