"""What the courier says to the ledger, and what it does when the ledger does not answer."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar
from uuid import UUID

from django.db import Error, InterfaceError, OperationalError

from bridge.backends.ledger import LedgerBackend
from bridge.ledger import ending
from bridge.ledger.away import is_locked
from bridge.ledger.ending import Ending
from bridge.ledger.follow_ups import Dispatch, leave_alone
from bridge.ledger.lanes import Visit
from bridge.ledger.models import RUNNING, TaskRow
from bridge.ledger.session import Session
from bridge.ledger.store import Store
from bridge.ledger.vendors.verbs import Claim, Left, Look, Survey
from bridge.worker.held import Held
from bridge.worker.persistence import persist

logger = logging.getLogger("bridge.worker")
ASK_AFTER = (0.0, 2.0, 15.0, 60.0, 300.0)
"""Seconds after a lost answer at which to ask what the ledger has done."""

TRY_FOR = 0.25
"""Seconds after which nothing more is tried that may have to wait for a lock."""

T = TypeVar("T")
Delivery = tuple[Held, Ending]


@dataclass(slots=True)
class Answer:
    """What came of deliveries, and the rows that were claimed.

    Those `kept` are stored, those `locked` are to be tried again; the others came too late.
    """

    kept: list[Delivery] = field(default_factory=list)
    locked: list[Delivery] = field(default_factory=list)
    rows: list[TaskRow] = field(default_factory=list)

    def __iadd__(self, other: Answer) -> Self:
        self.kept += other.kept
        self.locked += other.locked
        self.rows += other.rows
        return self


class _Locked(Exception):
    """Somebody else keeps locked what a statement needs."""


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

    def exchange(self, deliveries: Sequence[Delivery], queues: Sequence[str], limit: int) -> Answer:
        """Store endings and claim up to `limit` rows.

        An outcome that the database cannot store fails its task, and no other. One that others
        keep locked keeps nothing else waiting.
        """
        try:
            return self._exchange(deliveries, queues, limit, self.session.line.skips_locked)
        except _Locked:
            return self._around_locks(deliveries, queues, limit)

    def retry(self, deliveries: Sequence[Delivery]) -> Answer:
        """Store endings that were locked, as far as that is possible now."""
        return self._around_locks(deliveries, (), 0)

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
        releases = [ending.release(row) for row in stray]
        left = self._persist(
            lambda: self._store.leave(releases, skip_locked=True), "release unstarted tasks"
        )
        self._ask_at = [at for at in self._ask_at if at > due]
        if len(left.ids) < len(stray):
            self._ask_at.insert(0, due + 1.0)  # somebody else holds them
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

    def _exchange(
        self, deliveries: Sequence[Delivery], queues: Sequence[str], limit: int, skip_locked: bool
    ) -> Answer:
        if len({how.id for _, how in deliveries}) < len(deliveries):
            # One row, held twice: others took it for lost, and it came back to this process.
            return self._one_by_one(deliveries)
        claim = self._claim(queues, limit) if limit else None
        endings = [how for _, how in deliveries]
        try:
            left, rows = self._persist(
                lambda: self._store.exchange(endings, claim, skip_locked=skip_locked),
                "store outcomes and claim tasks",
                # Whoever skips locked rows waits for a lock only to do what follows from an end.
                until_locked=not skip_locked or any(how.consequences for how in endings),
            )
        except (Error, ValueError) as error:
            if not deliveries:
                raise
            if len(deliveries) > 1:
                return self._one_by_one(deliveries)
            return self._fail(deliveries[0][0], error)
        answer = self._sorted(deliveries, left)
        answer.rows += rows
        return answer

    def _around_locks(
        self, deliveries: Sequence[Delivery], queues: Sequence[str], limit: int
    ) -> Answer:
        """Store what nobody has locked, in little time, and claim.

        The rows themselves can be skipped. What follows from an end cannot, so that is tried one
        by one, and no more than once for a batch.
        """
        plain = [each for each in deliveries if each[1].consequences is None]
        answer = self._exchange(plain, queues, limit, skip_locked=True)
        until = time.monotonic() + TRY_FOR
        batches: set[UUID] = set()
        for each in deliveries:
            consequences = each[1].consequences
            if consequences is None:
                continue
            if time.monotonic() >= until or consequences.batch_id in batches:
                answer.locked.append(each)
                continue
            try:
                answer += self._exchange([each], (), 0, skip_locked=True)
            except _Locked:
                answer.locked.append(each)
                if consequences.batch_id is not None:
                    batches.add(consequences.batch_id)
        return answer

    def _one_by_one(self, deliveries: Sequence[Delivery]) -> Answer:
        answer = Answer()
        for each in deliveries:
            answer += self.exchange([each], (), 0)
        return answer

    def _claim(self, queues: Sequence[str], limit: int) -> Claim:
        return Claim(
            transport=self._transport,
            queues=queues,
            worker=self._worker,
            worker_id=self._worker_id,
            limit=limit,
        )

    def _fail(self, held: Held, error: Exception) -> Answer:
        delivery = held, held.fail(error)
        left = self._persist(
            lambda: self._store.leave([delivery[1]], skip_locked=True),
            f"store task {held.row.id}",
            until_locked=delivery[1].consequences is not None,
        )
        return self._sorted([delivery], left)

    def _sorted(self, deliveries: Sequence[Delivery], left: Left) -> Answer:
        """Say what became of endings, and bring the rows up to date whose claims have ended."""
        answer = Answer([each for each in deliveries if each[1].id in left.ids])
        if len(answer.kept) < len(deliveries):
            self._explain([each for each in deliveries if each[1].id not in left.ids], answer)
        for held, how in answer.kept:
            ending.apply(held.row, how, left.at)
        return answer

    def _explain(self, missing: list[Delivery], answer: Answer) -> None:
        """Tell endings that are locked, or had been stored when the connection broke."""
        ids = [how.id for _, how in missing]
        rows = self._persist(
            lambda: self._store.read(self._store.tasks.filter(id__in=ids)), "read own tasks"
        )
        there = {(row.id, row.token, row.worker or "", row.status) for row in rows}
        for delivery in missing:
            how = delivery[1]
            if (how.id, how.token, how.worker, RUNNING) in there:
                answer.locked.append(delivery)
            elif self._doubt and (how.id, how.token, "", how.status) in there:
                answer.kept.append(delivery)

    def _persist(self, action: Callable[[], T], what: str, *, until_locked: bool = False) -> T:
        """Repeat action until the database answers; raise _Locked if it says so, when asked to."""

        def act() -> T:
            try:
                return action()
            except OperationalError as error:
                if until_locked and is_locked(error):
                    raise _Locked from error
                raise

        return persist(act, what, reset=self._reset)

    def _reset(self) -> None:
        self.session.close()
        self._doubt = True
        self._ask_at = [time.monotonic() + wait for wait in ASK_AFTER]
