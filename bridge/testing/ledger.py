"""Tasks in the ledger that a test runs, on Django's connection."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bridge.exceptions import TaskNotFound
from bridge.execution import attempt, execute
from bridge.ledger.channel import RowChannel
from bridge.ledger.models import READY, PauseRow, TaskRow
from bridge.outcome import Failed, Outcome, describe
from bridge.testing.ran import Ran, Which
from bridge.testing.stage import Stage
from bridge.worker.transactional import Transaction, take_note

if TYPE_CHECKING:
    from bridge.backends.ledger import LedgerBackend
    from bridge.ledger.store import Store
    from bridge.result import AnyResult

WORKER = "test"


class Channel(RowChannel):
    """Reads from the transaction of the test, which no other connection can look into."""

    def __init__(self, store: Store, row: TaskRow) -> None:
        super().__init__(row)
        self._found = store.tasks.filter(id=row.id, cancel_requested_at__isnull=False)

    def is_cancelled(self, result: AnyResult) -> bool:
        """Say whether somebody asked the task to stop."""
        return self._found.exists()


class LedgerTasks:
    """The READY tasks of a backend."""

    def __init__(self, backend: LedgerBackend, which: Which) -> None:
        self._backend = backend
        self._which = which

    def ids(self) -> set[str]:
        """Return the ids of those that can run."""
        return {str(key) for key in self._rows().values_list("id", flat=True)}

    def run_next(self, among: Collection[str] | None, but: Collection[str]) -> Ran | None:
        """Run the first of these, or of all, that is not among those; None without any."""
        rows = self._rows().exclude(id__in=but)
        if among is not None:
            rows = rows.filter(id__in=among)
        row = rows.order_by("-priority", "id").first()
        if row is None:
            return None
        # By its id: a test's clock may be another than that of the database.
        claimed = self._backend.store.messages.claim(
            row, worker=WORKER, worker_id=WORKER, runs=row.runs
        )
        return _Attempt(self._backend, claimed).run() if claimed else None

    def _rows(self) -> QuerySet[TaskRow]:
        backend, which = self._backend, self._which
        rows = backend.store.tasks.filter(
            transport=backend.transport, backend=backend.alias, status=READY
        )
        if which.queues is not None:
            rows = rows.filter(queue_name__in=which.queues)
        if not which.deferred:
            due = Q(wake_at=None) | Q(wake_at__lte=timezone.now())
            rows = rows.filter(due if which.retry_waits else due | Q(token__gt=0))
        paused = PauseRow.objects.filter(
            transport=OuterRef("transport"), queue_name=OuterRef("queue_name")
        )
        return rows.filter(~Exists(paused))


class _Attempt:
    """One attempt to run a claimed row."""

    def __init__(self, backend: LedgerBackend, row: TaskRow) -> None:
        self._backend = backend
        self._row = row
        self._transaction = Transaction(backend, row)
        self._error: BaseException | None = None

    def run(self) -> Ran:
        """Run the row's task, and store how that ended. Raise TaskNotFound if there is none."""
        try:
            result = self._backend.result_of(self._row)
        except TaskNotFound as error:
            self._backend.store.fail(self._row, describe(error))
            raise
        execute(result, self._finish, sender=type(self._backend), run=self._attempt)
        return Ran(self._backend.result_of(self._row), self._error)

    def _attempt(self, result: AnyResult) -> Outcome:
        losses = self._row.losses
        channel = Channel(self._backend.store, self._row)
        stage = Stage()
        if getattr(result.task, "transactional", False):
            outcome = self._transaction.attempt(result, losses=losses, channel=channel)
        else:
            outcome = attempt(result, losses=losses, after_call=stage.leave, channel=channel)
        stage.close()
        return outcome

    def _finish(self, outcome: Outcome) -> AnyResult:
        if self._transaction.stored is not None:
            take_note(self._row, self._transaction.stored)
        else:
            try:
                self._backend.store.finish(self._row, outcome)
            except Exception as error:  # noqa: BLE001
                # The outcome itself cannot be stored: a worker fails the task, too.
                outcome = Failed(exception=error, error=describe(error))
                self._backend.store.finish(self._row, outcome)
        if isinstance(outcome, Failed):
            self._error = outcome.exception
        return self._backend.result_of(self._row)
