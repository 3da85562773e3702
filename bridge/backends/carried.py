"""A backend whose tasks have a row in the ledger and a message in another library's queue."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db.models import QuerySet

from bridge import registry
from bridge.backends.base import bridge_backends
from bridge.backends.commit_check import check_policy, check_setting
from bridge.backends.ledger import LedgerBackend
from bridge.backends.outbox import Outbox
from bridge.base import Task
from bridge.calls import Arguments
from bridge.cancellation import Cancellation
from bridge.exceptions import PayloadTooLarge
from bridge.hooks import Hooks
from bridge.ids import to_uuid
from bridge.interface import (
    AnyTask,
    DjangoTask,
    P,
    R,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from bridge.ledger.results import to_result
from bridge.result import AnyResult, TaskResult
from bridge.results import Results

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow


class CarriedBackend(LedgerBackend):
    """Write the row in the caller's transaction, and send the message after the commit.

    What the queue does not take then is sent later, by a relay in a worker.
    """

    # What is the library called, whose queue it is?
    carrier = ""

    @abstractmethod
    def runs_at_once(self, queue_name: str) -> bool:
        """Say whether send() runs the tasks of a queue and returns when they have ended."""

    @abstractmethod
    def send(self, row: TaskRow) -> None:
        """Send the message of a row."""

    @abstractmethod
    def relay(self, *, held: bool = False) -> int:
        """Send rows without a message that are due soon, with `held` all; return how many.

        When any were sent there may be more.
        """

    @abstractmethod
    def ensure(self, task: AnyTask) -> None:
        """Let the library know a task that was declared while another backend was configured."""

    @abstractmethod
    def is_away(self, error: Exception) -> bool:
        """Say whether an error of send() means that nothing can be sent at the moment."""

    def is_doubtful(self, error: Exception) -> bool:
        """Say whether the message may have been taken in spite of an error of send()."""
        return False

    def is_hopeless(self, error: Exception) -> bool:
        """Say whether send() would raise an error for this row however often it is tried."""
        return isinstance(error, PayloadTooLarge)

    def holds(self, row: TaskRow) -> bool:
        """Say whether a new row is left to the relay."""
        return False

    def sendable(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        """Return those of the rows that wait that the relay may send."""
        return rows

    @cached_property
    def hold_eta(self) -> float | None:
        """Return from how many seconds ahead a task waits in the ledger for its message to be sent.

        None: every message is sent at once.
        """
        return None

    @cached_property
    def outbox(self) -> Outbox:
        """Return what sends new rows."""
        return Outbox(self)

    @abstractmethod
    def reconcile(self, row: TaskRow) -> TaskRow:
        """Settle a READY row whose task code without a ledger has run, and return the row."""

    def reconcile_many(self, rows: Sequence[TaskRow]) -> None:
        """Settle those of READY rows whose tasks code without a ledger has run."""
        for row in rows:
            self.reconcile(row)

    def rows(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        """Leave out the rows that another backend on this transport looks after.

        Rows of an alias that has moved to another transport are still looked after here.
        """
        others = [
            backend.alias
            for backend in bridge_backends()
            if isinstance(backend, CarriedBackend)
            and backend.transport == self.transport
            and backend.alias != self.alias
        ]
        return rows.exclude(backend__in=others)

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Record a task and send its message once the caller's transaction is committed.

        Raise TypeError for arguments that are not JSON, PayloadTooLarge for too many, and
        EnqueueError when the queue cannot be reached outside a transaction; a unique task is sent
        later then.
        """
        self.validate_task(task)
        draft = self.draft(task, args, kwargs)
        row = self.store.insert(draft)
        if row is not draft:
            return to_result(row, task)
        self.ensure(task)
        if self.runs_at_once(task.queue_name) and not self.waits_for_commit(task):
            return self._run_here(row, task)
        self.outbox.post(row)
        result = to_result(row, task)
        task_enqueued.send(type(self), task_result=result)
        return result

    def enqueue_many(
        self,
        task: DjangoTask[P, R],
        calls: Iterable[Arguments],
        *,
        on_complete: Hooks | None = None,
    ) -> Results[P, R]:
        """Record a task for each call, or none; send the messages after the commit."""
        self.ensure(task)
        results = super().enqueue_many(task, calls, on_complete=on_complete)
        if not self.runs_at_once(task.queue_name):
            return results
        ids = results.ids
        return Results(
            ids,  # they have run meanwhile
            lambda index: to_result(self.store.tasks.get(id=ids[index]), task),
            batch_id=results.batch_id,
        )

    def dispatch(self, rows: Sequence[TaskRow]) -> None:
        """Send the messages of new rows once the caller's transaction is committed."""
        later = []
        for row in rows:
            at_once = self.runs_at_once(row.queue_name)
            if at_once and not self.waits_for_commit(self._task_of(row)):
                self.send(row)
            else:
                later.append(row)
        self.outbox.post_at_commit(later)

    def get_result(self, result_id: str) -> AnyResult:
        """Return a result by id. Raise TaskResultDoesNotExist for an unknown one."""
        row = self.store.find(result_id)
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        if row.status == TaskResultStatus.READY and row.published_at is not None:
            row = self.reconcile(row)
        return self.result_of(row)

    def cancel_many(self, result_ids: Iterable[str], **options: Any) -> dict[str, Cancellation]:
        """Cancel tasks in one commit, but not those that workers of the old code have run."""
        ids = list(result_ids)
        sent = self.store.tasks.filter(
            id__in=[to_uuid(result_id) for result_id in ids],
            status=TaskResultStatus.READY,
            published_at__isnull=False,
        )
        self.reconcile_many(list(sent))
        return super().cancel_many(ids, **options)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return [*super().check(**kwargs), *check_setting(self)]

    def check_task(self, task: Task[..., Any]) -> list[checks.CheckMessage]:
        """Return what is wrong with a task on this backend."""
        return [*super().check_task(task), *check_policy(self, task)]

    def _task_of(self, row: TaskRow) -> AnyTask:
        return registry.resolve(self.aliases.path(row.task_path))

    def _run_here(self, row: TaskRow, task: DjangoTask[P, R]) -> TaskResult[P, R]:
        task_enqueued.send(type(self), task_result=to_result(row, task))
        self.send(row)
        return to_result(self.store.tasks.get(id=row.id), task)
