"""Run Django tasks on the Celery workers and the broker a team already has.

A task's message is the one Celery would have sent, so workers of the old code run what new code
enqueues and the reverse. Its row in the ledger, written in the caller's transaction, holds the
result; the message leaves after the commit. What the broker does not take then is sent later by a
worker of the new code.

A worker of the old code knows no ledger. What it ran is read from Celery's result backend when
somebody asks for the result; without one, or with the RPC one, whose results only their sender
can read, such a task stays READY.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.core import checks
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from bridge import registry
from bridge.backends.ledger import LedgerBackend
from bridge.backends.options import APP, Option
from bridge.calls import Arguments
from bridge.cancellation import Cancellation
from bridge.exceptions import EnqueueError
from bridge.hooks import Hooks
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
from bridge.policies import POLICIES
from bridge.result import AnyResult, TaskResult
from bridge.results import Results
from compat.celery.base import OnCelery
from compat.celery.commit_check import check_policy, check_setting
from compat.celery.options import check_rate

if TYPE_CHECKING:
    from bridge.base import Task
    from bridge.ledger.models import TaskRow
    from compat.celery.wire import Message

logger = logging.getLogger("bridge.celery")


class CeleryBackend(OnCelery, LedgerBackend):
    """Tasks in the ledger, carried and run by Celery."""

    transport = "celery"
    instead_of_pausing = (
        " The broker hands out its messages: stop the workers from taking them with "
        "`celery control cancel_consumer QUEUE`, and let them go on with `add_consumer`."
    )
    known_options: ClassVar[tuple[Option, ...]] = (*LedgerBackend.known_options, APP)
    # Celery hands out each message as it comes; its workers can keep a rate each.
    honours: ClassVar[frozenset[str]] = frozenset(POLICIES) - {"concurrency", "rate_limit"}
    in_part: ClassVar[frozenset[str]] = frozenset({"rate_limit"})

    def receive(self, celery_task: Any, message: Message, task: AnyTask) -> Any:
        """Run a task whose message has arrived, if its row allows; return or raise for Celery."""
        from compat.celery import attempt

        return attempt.receive(self, celery_task, message, task)

    def rows(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        """Leave out the rows that another backend on Celery looks after.

        Rows of an alias that has moved to another transport are still looked after here.
        """
        from compat.celery.registration import ledger_backends

        others = [backend.alias for backend in ledger_backends() if backend.alias != self.alias]
        return rows.exclude(backend__in=others)

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Record a task and send its message once the caller's transaction is committed.

        Raise TypeError for arguments that are not JSON, and EnqueueError when the broker cannot be
        reached outside a transaction; a unique task is sent later then.
        """
        from compat.celery import registration

        self.validate_task(task)
        draft = self.draft(task, args, kwargs)
        row = self.store.insert(draft)
        if row is not draft:
            return to_result(row, task)
        registration.ensure(task)
        if self.app.conf.task_always_eager and not self.waits_for_commit(task):
            return self._run_here(row, task)
        # A unique row may be what others have got in the place of theirs: it cannot be taken back.
        if row.unique_key is not None or connections[self.database].in_atomic_block:
            transaction.on_commit(partial(self._publish_committed, [row]), using=self.database)
        else:
            self._publish_now(row)
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
        from compat.celery import registration

        registration.ensure(task)
        results = super().enqueue_many(task, calls, on_complete=on_complete)
        if not self.app.conf.task_always_eager:
            return results
        ids = results.ids
        return Results(
            ids,  # they have run meanwhile
            lambda index: to_result(self.store.tasks.get(id=ids[index]), task),
            batch_id=results.batch_id,
        )

    def dispatch(self, rows: Sequence[TaskRow]) -> None:
        """Send the messages of new rows once the caller's transaction is committed."""
        from compat.celery.wire import send

        later = []
        for row in rows:
            if self.app.conf.task_always_eager and not self.waits_for_commit(self._task_of(row)):
                send(self, row)
            else:
                later.append(row)
        transaction.on_commit(partial(self._publish_committed, later), using=self.database)

    def get_result(self, result_id: str) -> AnyResult:
        """Return a result by id. Raise TaskResultDoesNotExist for an unknown one."""
        from compat.celery.reconcile import reconcile

        row = self.store.find(result_id)
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        if row.status == TaskResultStatus.READY and row.published_at is not None:
            row = reconcile(self, row)
        return self.result_of(row)

    def cancel_many(self, result_ids: Iterable[str], **options: Any) -> dict[str, Cancellation]:
        """Cancel tasks in one commit, but not those that workers of the old code have run."""
        from compat.celery.reconcile import reconcile_all

        ids = list(result_ids)
        reconcile_all(self, ids)
        return super().cancel_many(ids, **options)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        return [*super().check(**kwargs), *check_setting(self)]

    def check_task(self, task: Task[..., Any]) -> list[checks.CheckMessage]:
        """Return what is wrong with a task on this backend."""
        return [*check_policy(task), *check_rate(task)]

    def _task_of(self, row: TaskRow) -> AnyTask:
        return registry.resolve(self.aliases.path(row.task_path))

    def _run_here(self, row: TaskRow, task: DjangoTask[P, R]) -> TaskResult[P, R]:
        from compat.celery.wire import send

        task_enqueued.send(type(self), task_result=to_result(row, task))
        send(self, row)
        return to_result(self.store.tasks.get(id=row.id), task)

    def _publish_now(self, row: TaskRow) -> None:
        from compat.celery.wire import send

        at = timezone.now()
        try:
            send(self, row)
        except Exception as error:
            self.store.delete(row)
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

    def _publish_committed(self, rows: Sequence[TaskRow]) -> None:
        for row in rows:
            try:
                self._publish(row)
            except Exception as error:  # noqa: BLE001
                # The task is committed and safe: nobody up the stack could do better than the
                # relay.
                logger.warning(
                    "task=%s path=%s waits for the relay, the broker did not take it: %r",
                    row.id,
                    row.task_path,
                    error,
                )
                if isinstance(error, OperationalError):
                    return  # the broker is away, and to find out about each row would take long

    def _publish(self, row: TaskRow) -> None:
        from compat.celery.wire import send

        at = timezone.now()
        send(self, row)
        self.store.mark_published(row, at)
