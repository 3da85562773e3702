"""A backend whose tasks have a row in the ledger and a message in another library's queue."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core import checks
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from bridge import registry
from bridge.backends.base import bridge_backends
from bridge.backends.commit_check import check_policy, check_setting
from bridge.backends.ledger import LedgerBackend
from bridge.base import Task
from bridge.calls import Arguments
from bridge.cancellation import Cancellation
from bridge.exceptions import EnqueueError
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

logger = logging.getLogger("bridge.messages")


class CarriedBackend(LedgerBackend):
    """Write the row in the caller's transaction, and send the message after the commit.

    What the queue does not take then is sent later, by a relay in a worker.
    """

    # What is the library called, whose queue it is?
    carrier = ""

    @property
    @abstractmethod
    def runs_at_once(self) -> bool:
        """Say whether send() runs the task and returns when it has ended."""

    @abstractmethod
    def send(self, row: TaskRow) -> None:
        """Send the message of a row."""

    @abstractmethod
    def ensure(self, task: AnyTask) -> None:
        """Let the library know a task that was declared while another backend was configured."""

    @abstractmethod
    def is_away(self, error: Exception) -> bool:
        """Say whether an error of send() means that nothing can be sent at the moment."""

    @abstractmethod
    def reconcile(self, row: TaskRow) -> TaskRow:
        """Settle a READY row whose task code without a ledger has run, and return the row."""

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

        Raise TypeError for arguments that are not JSON, and EnqueueError when the queue cannot be
        reached outside a transaction; a unique task is sent later then.
        """
        self.validate_task(task)
        draft = self.draft(task, args, kwargs)
        row = self.store.insert(draft)
        if row is not draft:
            return to_result(row, task)
        self.ensure(task)
        if self.runs_at_once and not self.waits_for_commit(task):
            return self._run_here(row, task)
        # A unique row may be what others have got in the place of theirs: it cannot be taken back.
        if row.unique_key is not None or connections[self.database].in_atomic_block:
            transaction.on_commit(partial(self._send_committed, [row]), using=self.database)
        else:
            self._send_now(row)
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
        if not self.runs_at_once:
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
            if self.runs_at_once and not self.waits_for_commit(self._task_of(row)):
                self.send(row)
            else:
                later.append(row)
        transaction.on_commit(partial(self._send_committed, later), using=self.database)

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
        for row in sent:
            self.reconcile(row)
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

    def _send_now(self, row: TaskRow) -> None:
        at = timezone.now()
        try:
            self.send(row)
        except Exception as error:
            if not self.store.delete(row):
                # The queue has it all the same, and a worker has claimed it meanwhile.
                logger.warning("task=%s sent, although the broker said: %r", row.id, error)
                return
            raise EnqueueError(
                f"The broker did not take {row.task_path!r} ({error}); nothing was enqueued. "
                "Enqueue it again when the broker answers, or enqueue inside a transaction, "
                "after which a worker sends what the broker refused."
            ) from error
        try:
            self.store.mark_published(row, at)
        except DatabaseError as error:
            # The task is enqueued. Should the relay send it again, the claim drops the second.
            logger.warning("task=%s sent, and not marked as sent: %r", row.id, error)

    def _send_committed(self, rows: Sequence[TaskRow]) -> None:
        for row in rows:
            try:
                at = timezone.now()
                self.send(row)
                self.store.mark_published(row, at)
            except Exception as error:  # noqa: BLE001
                # The task is committed and safe: nobody up the stack could do better than the
                # relay.
                logger.warning(
                    "task=%s path=%s waits for the relay, the broker did not take it: %r",
                    row.id,
                    row.task_path,
                    error,
                )
                if self.is_away(error):
                    return  # to find out about each row would take long
