"""One delivery of a message: claim its row, run the task, store how that ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from bridge.execution import attempt, execute
from bridge.ledger.channel import RowChannel, channel_of
from bridge.worker.child import worker_id
from bridge.worker.persistence import persist, refuse_open_transaction
from bridge.worker.runner import store_outcome
from bridge.worker.transactional import Stored, Transaction, take_note

if TYPE_CHECKING:
    from bridge.backends.carried import CarriedBackend
    from bridge.ledger.models import TaskRow
    from bridge.outcome import Outcome
    from bridge.result import AnyResult

logger = logging.getLogger("bridge.messages")


class Delivery:
    """A message in the hands of a worker, whose name holds the lease.

    `here` says that the task runs in the process of its caller, maybe in its transaction. `kept`
    is whether the outcome is in the ledger: it is not when another worker has taken the task over,
    nor when `refused` says of an outcome that it is not one.
    """

    def __init__(
        self,
        backend: CarriedBackend,
        worker: str,
        *,
        here: bool,
        refused: Callable[[Outcome], bool] = lambda outcome: False,
        understood: Callable[[Outcome], Outcome] = lambda outcome: outcome,
    ) -> None:
        self.backend = backend
        self.worker = worker
        self.here = here
        self.kept = False
        self._refused = refused
        self._understood = understood
        self._stored: Stored | None = None

    def claim(self, draft: TaskRow, *, runs: int | None, has_row: bool = False) -> TaskRow | None:
        """Claim the row of a message; None for one that must not run."""
        claim = partial(
            self.backend.store.messages.claim,
            draft,
            worker=self.worker,
            worker_id=worker_id(),
            runs=runs,
            has_row=has_row,
        )
        # The queue has forgotten the message: while the database is away it waits here.
        row = claim() if self.here else persist(claim, f"claim task {draft.id}")
        if row is None:
            logger.warning(
                "task=%s path=%s message dropped, the task has run, runs, has moved or is gone",
                draft.id,
                draft.task_path,
            )
        return row

    def run(self, row: TaskRow, result: AnyResult) -> Outcome:
        """Run the task of a claimed row, as its result says, and store how it ended."""
        return execute(
            result,
            partial(self._finish, row),
            sender=type(self.backend),
            run=partial(self._attempt, row),
        )

    def _attempt(self, row: TaskRow, result: AnyResult) -> Outcome:
        # The caller's transaction may hold the row: nobody else could see it, or ask it to stop.
        channel = RowChannel(row) if self.here else channel_of(self.backend.database, row, result)
        if getattr(result.task, "transactional", False):
            transaction = Transaction(self.backend, row)
            outcome = transaction.attempt(result, losses=row.losses, channel=channel)
            self._stored = transaction.stored
        else:
            after_call = None if self.here else refuse_open_transaction
            outcome = attempt(result, losses=row.losses, after_call=after_call, channel=channel)
        return self._understood(outcome)

    def _finish(self, row: TaskRow, outcome: Outcome) -> AnyResult | None:
        if self._refused(outcome):
            return None
        if self._stored is not None:
            take_note(row, self._stored)
            self.kept = True
            return self.backend.result_of(row)
        if self.here:
            self.kept = self.backend.store.finish(row, outcome)
            return self.backend.result_of(row)
        stored = store_outcome(self.backend, row, outcome)
        self.kept = stored is not None
        return stored
