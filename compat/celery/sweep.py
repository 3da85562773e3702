"""Settle in the background what workers of the old code have finished, oldest first.

A thread of its own: a result backend that hangs must not cost a worker its lease.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from django.db import Error
from django.db.models import Q
from django.utils import timezone

from bridge.expiring import expire_unheard
from bridge.ledger.away import AWAY, is_locked
from bridge.ledger.models import READY, TaskRow
from bridge.recovery import patience
from compat.celery import stored
from compat.celery.forking import connected
from compat.celery.reconcile import AT_ONCE, carry_out, verdicts
from compat.celery.verdict import Verdict

if TYPE_CHECKING:
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")
Place: TypeAlias = tuple[datetime | None, UUID]
"""When a row's message was sent, and its id."""

MOST_AHEAD = 10_000
"""How many rows are found in one look: for each the database puts all that wait in order."""
SLICE = 0.2
"""Seconds that one call of work() takes, or a little more."""
AGE = timedelta(seconds=2)
"""A message that was sent so lately need not be asked for."""
PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds from the end of one pass to the next: longer each time that one has found nothing."""
LONGEST_REST = 300.0
"""The same while the result backend is away."""


class Sweep:
    """Goes through the rows of one backend that wait with their message sent, a part at a time."""

    def __init__(self, backend: CeleryBackend) -> None:
        self._backend = backend
        # Where the last rows were, and those behind them that are known already.
        self._after: Place | None = None
        self._ahead: list[Place] = []
        self._more = False
        self._found = 0
        self._pause = PAUSE
        self._rest = PAUSE
        self.due = 0.0
        if not stored.is_readable(backend.app):
            self.due = math.inf

    def work(self) -> None:
        """Settle for some seconds, if it is time."""
        if time.monotonic() < self.due:
            return
        until = time.monotonic() + SLICE
        while self._step() and time.monotonic() < until:
            pass

    def _step(self) -> bool:
        """Settle some rows; say whether the pass goes on."""
        if not self._ahead:
            self._ahead = connected(self._look)
        some = self._ahead[:AT_ONCE]
        rows = connected(partial(self._read, some))
        try:
            judged = verdicts(self._backend, rows) if rows else []
        except Exception as error:  # noqa: BLE001
            # Every result backend has its own errors.
            self._be_patient(error)
            return False
        self._rest = PAUSE
        if any(verdict for _, verdict in judged):
            connected(partial(self._carry_out, judged))
        if unheard := _unheard(rows, judged):
            connected(partial(self._expire, unheard))
        self._ahead = self._ahead[AT_ONCE:]
        if not self._ahead and not self._more:
            self._end()
            return False
        self._after = some[-1]
        return True

    def _look(self) -> list[Place]:
        waiting = self._backend.store.messages.published(
            self._backend.transport, timezone.now() - AGE
        )
        if self._after is not None:
            at, id_ = self._after
            waiting = waiting.filter(Q(published_at__gt=at) | Q(published_at=at, id__gt=id_))
        places = self._backend.rows(waiting).values_list("published_at", "id")[:MOST_AHEAD]
        self._more = len(places) == MOST_AHEAD
        return list(places)

    def _read(self, places: Sequence[Place]) -> list[TaskRow]:
        ids = [id_ for _, id_ in places]
        waiting = self._backend.store.tasks.filter(id__in=ids, status=READY)
        return list(waiting.order_by("published_at", "id"))

    def _carry_out(self, judged: Sequence[tuple[TaskRow, Verdict]]) -> None:
        for row, verdict in judged:
            if verdict is not None:
                self._try(row, partial(self._follow, row, verdict))

    def _follow(self, row: TaskRow, verdict: Verdict) -> None:
        with patience(self._backend):
            self._found += carry_out(self._backend, row, verdict)

    def _expire(self, rows: Sequence[TaskRow]) -> None:
        for row in rows:
            self._try(row, partial(expire_unheard, self._backend, row))

    def _try(self, row: TaskRow, settle: Callable[[], None]) -> None:
        try:
            settle()
        except AWAY as error:
            if not is_locked(error):
                raise
        except Exception:
            logger.exception("task=%s path=%s cannot be settled", row.id, row.task_path)

    def _end(self) -> None:
        if self._found:
            logger.info("Settled %d tasks that workers of the old code have run", self._found)
        self._pause = PAUSE if self._found else min(2 * self._pause, LONGEST_PAUSE)
        self._after, self._found = None, 0
        self.due = time.monotonic() + self._pause

    def _be_patient(self, error: Exception) -> None:
        logger.warning(
            "Celery's result backend does not answer (%r); what workers of the old code have run "
            "is looked for in %g s",
            error,
            self._rest,
        )
        self.due = time.monotonic() + self._rest
        self._rest = min(2 * self._rest, LONGEST_REST)


def _unheard(rows: Sequence[TaskRow], judged: Sequence[tuple[TaskRow, Verdict]]) -> list[TaskRow]:
    """Return rows with a deadline that no worker of the old code has, as far as anybody knows."""
    # What is stored of a row with a claim may be of an attempt that this code has made.
    heard = {row.id for row, verdict in judged if verdict is not None or not row.token}
    return [row for row in rows if row.expires_at is not None and row.id not in heard]


class Sweeper:
    """The thread that sweeps for one worker."""

    def __init__(self, backends: Sequence[CeleryBackend]) -> None:
        self._sweeps = [Sweep(backend) for backend in backends]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bridge-sweep", daemon=True)

    def start(self) -> None:
        """Begin, unless there is nothing that could be read."""
        if any(sweep.due < math.inf for sweep in self._sweeps):
            self._thread.start()

    def stop(self) -> None:
        """End soon; a result backend that hangs is not waited for."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            for sweep in self._sweeps:
                try:
                    sweep.work()
                except Error as error:
                    logger.warning("Cannot look for finished tasks: %s", str(error).strip())
                except Exception:
                    logger.exception("Cannot look for finished tasks")
            due = min(sweep.due for sweep in self._sweeps)
            self._stopped.wait(min(LONGEST_REST, max(SLICE * 5, due - time.monotonic())))
