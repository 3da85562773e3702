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
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from celery import Celery
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from bridge.backends.ledger import LedgerBackend
from bridge.exceptions import EnqueueError
from bridge.interface import (
    AnyResult,
    DjangoTask,
    P,
    R,
    TaskResult,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_enqueued,
)
from bridge.ledger.results import to_result
from compat.celery.app import load_app

if TYPE_CHECKING:
    from bridge.ledger.models import TaskRow

logger = logging.getLogger("bridge.celery")


class CeleryBackend(LedgerBackend):
    """Tasks in the ledger, carried and run by Celery."""

    transport = "celery"

    @cached_property
    def app(self) -> Celery:
        """Return the Celery app, OPTIONS["APP"] or the current one."""
        return load_app(self.options.get("APP"), self.alias)

    @cached_property
    def high_first(self) -> bool:
        """Say whether the broker serves high priority numbers first."""
        return bool(self.app.connection_for_write().transport.driver_type == "amqp")

    def rows(self, rows: QuerySet[TaskRow]) -> QuerySet[TaskRow]:
        """Leave out the rows that another backend on Celery looks after.

        Rows of an alias that has moved to another transport are still looked after here.
        """
        from compat.celery.registration import celery_backends

        others = [backend.alias for backend in celery_backends() if backend.alias != self.alias]
        return rows.exclude(backend__in=others)

    def on_ready(self) -> None:
        """Let Celery know every declared task, now and later."""
        from compat.celery import registration, worker

        registration.subscribe()
        worker.subscribe()

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Record a task and send its message once the caller's transaction is committed.

        Raise TypeError for arguments that are not JSON, and EnqueueError when the broker cannot be
        reached outside a transaction.
        """
        from compat.celery import registration

        row = self.record(task, args, kwargs)
        registration.ensure(task)
        if self.app.conf.task_always_eager:
            return self._run_here(row, task)
        if connections[self.database].in_atomic_block:
            transaction.on_commit(partial(self._publish_committed, row), using=self.database)
        else:
            self._publish_now(row)
        result = to_result(row, task)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> AnyResult:
        """Return a result by id. Raise TaskResultDoesNotExist for an unknown one."""
        from compat.celery.reconcile import reconcile

        row = self.store.find(result_id)
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        if row.status == TaskResultStatus.READY and row.published_at is not None:
            row = reconcile(self, row)
        return self.result_of(row)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        messages = super().check(**kwargs)
        try:
            self.app  # noqa: B018
        except ImproperlyConfigured as error:
            messages.append(checks.Error(str(error), id="bridge.E010"))
        return messages

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

    def _publish_committed(self, row: TaskRow) -> None:
        try:
            self._publish(row)
        except Exception as error:  # noqa: BLE001
            # The task is committed and safe: nobody up the stack could do better than the relay.
            logger.warning(
                "task=%s path=%s waits for the relay, the broker did not take it: %r",
                row.id,
                row.task_path,
                error,
            )

    def _publish(self, row: TaskRow) -> None:
        from compat.celery.wire import send

        at = timezone.now()
        send(self, row)
        self.store.mark_published(row, at)
