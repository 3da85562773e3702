"""A backend whose tasks have a row in the ledger."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core import checks
from django.db import router
from django.utils import timezone

from bridge import registry
from bridge.backends.base import BridgeBackend, needs_app
from bridge.backends.options import DATABASE, LEASE, MAX_LOSSES, PGBOUNCER, RETENTION, Option
from bridge.backends.vendor_check import check_vendor
from bridge.base import Task
from bridge.calls import Arguments
from bridge.cancellation import Cancellation
from bridge.checks.kinds import WRONG_LEDGER_OPTION
from bridge.hooks import Hooks
from bridge.interface import (
    AnyTask,
    DjangoTask,
    InvalidTask,
    P,
    R,
    TaskResultDoesNotExist,
    task_enqueued,
)
from bridge.ledger.policies import apply_policies
from bridge.ledger.results import to_result
from bridge.listeners import is_heard
from bridge.requeueing import Requeueing
from bridge.result import AnyResult
from bridge.results import Results
from bridge.retention import Retention, retention_of
from bridge.values import storable

# Tasks may be declared before Django's app registry is ready (in the module of a Celery app, for
# example), and a task needs its backend at once: the models are imported when first used.
if TYPE_CHECKING:
    from bridge.ledger.follow_ups import FollowUps
    from bridge.ledger.leases import Leases
    from bridge.ledger.models import BatchRow, TaskRow
    from bridge.ledger.store import Store

PATH_LENGTH = 255
QUEUE_LENGTH = 128

T = TypeVar("T")


class LedgerBackend(BridgeBackend):
    """Store tasks and results in the ledger; a subclass says what carries them."""

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True
    # Can its queues be paused, and what can be done instead?
    supports_pause = False
    instead_of_pausing = ""

    known_options: ClassVar[tuple[Option, ...]] = (
        *BridgeBackend.known_options,
        DATABASE,
        LEASE,
        MAX_LOSSES,
        PGBOUNCER,
        RETENTION,
    )

    # What carries and runs the tasks?
    transport = ""

    @cached_property
    def database(self) -> str:
        """Return the alias of the ledger's database, OPTIONS["DATABASE"] or the router's."""
        from bridge.ledger.models import TaskRow

        return str(self.option(DATABASE) or router.db_for_write(TaskRow))

    @cached_property
    def pooled(self) -> bool:
        """Say whether PgBouncer may hand each transaction to another server connection.

        OPTIONS["PGBOUNCER"]: nothing is prepared then, and nobody is notified.
        """
        return bool(self.option(PGBOUNCER))

    @cached_property
    def store(self) -> Store:
        """Return the writer of the ledger."""
        from bridge.ledger.store import Store

        return Store(self.database, follow_ups=self.follow_ups)

    @cached_property
    def follow_ups(self) -> FollowUps:
        """Return how the hooks of finished tasks are enqueued."""
        from bridge.backends.follow_ups import dispatch, draft
        from bridge.ledger.follow_ups import FollowUps

        return FollowUps(partial(draft, self.database), dispatch, notify=not self.pooled)

    @cached_property
    def lease(self) -> float:
        """Return for how many seconds a heartbeat lasts, from OPTIONS["LEASE"]."""
        return float(self.option(LEASE))

    @cached_property
    def leases(self) -> Leases:
        """Return the leases of this ledger's workers."""
        from bridge.ledger.leases import Leases

        return Leases(self.database, self.lease)

    @cached_property
    def max_losses(self) -> int:
        """Return how many dead workers a task may see before it fails, OPTIONS["MAX_LOSSES"]."""
        return int(self.option(MAX_LOSSES))

    @cached_property
    def retention(self) -> Retention:
        """Return for how long finished tasks are kept, from OPTIONS["RETENTION"]: for ever."""
        return retention_of(self.option(RETENTION))

    def validate_once(self, task: AnyTask) -> None:
        """Raise InvalidTask for a task that has no place in a row."""
        for what, text, longest in (
            ("The path of a task", task.module_path, PATH_LENGTH),
            ("The name of a queue", task.queue_name, QUEUE_LENGTH),
        ):
            if len(text) > longest:
                raise InvalidTask(
                    f"{what} has {longest} characters at most; {text!r:.80} has {len(text)}. "
                    "Choose a shorter one."
                )

    def validate_hooks(self, hooks: Hooks, whose: str) -> None:
        """Raise InvalidTask for hooks that cannot be enqueued in the commit of what ends."""
        from bridge.backends.follow_ups import misplaced

        # Which database it is may be up to a router, which may need a complete app registry.
        for hook in misplaced(hooks, self.database if apps.ready else None):
            raise InvalidTask(
                f"The hooks of {whose} are enqueued in the commit that ends it, in the database "
                f"of TASKS[{self.alias!r}]. TASKS[{hook.task.backend!r}], the backend of "
                f"{hook.task.module_path!r}, keeps no tasks there. Choose another backend with "
                "using(backend=...), or enqueue it at the end of the function."
            )

    def draft(self, task: AnyTask, args: Any, kwargs: Any) -> TaskRow:
        """Return the row of a call, with the policies of its task; nothing is written.

        Raise TypeError for arguments that are not JSON, or that a key cannot be made of.
        """
        from bridge.ledger.models import TaskRow

        row = TaskRow(
            task_path=task.module_path,
            args=storable(list(args), typed=self.typed_json),
            kwargs=storable(dict(kwargs), typed=self.typed_json),
            backend=self.alias,
            transport=self.transport,
            queue_name=task.queue_name,
            priority=task.priority,
            run_after=task.run_after,
            on_lost=self.on_lost_of(task),
        )
        if isinstance(task, Task) and not task.is_plain:
            if hooks := (*task.on_success, *task.on_failure):
                self.validate_hooks(hooks, task.module_path)
            apply_policies(row, task, timezone.now())
        return row

    def enqueue_many(
        self,
        task: DjangoTask[P, R],
        calls: Iterable[Arguments],
        *,
        on_complete: Hooks | None = None,
    ) -> Results[P, R]:
        """Enqueue a task once for each call, or not at all when one call cannot be.

        The calls are read, and their rows written, a thousand at a time.
        """
        self.validate_task(task)
        drafts = (self.draft(task, args, kwargs) for args, kwargs in calls)
        return self.enqueue_drafts(task, drafts, self.new_batch(on_complete))

    def enqueue_drafts(
        self, task: DjangoTask[P, R], drafts: Iterable[TaskRow], batch: BatchRow | None
    ) -> Results[P, R]:
        """Enqueue a task once for each row; the batch is not written yet, either."""
        from bridge.backends.many import write_many

        written = write_many(self.store, drafts, batch, notify=not self.pooled)
        if is_heard(task_enqueued, type(self), logging.DEBUG):
            for row in written.new:
                task_enqueued.send(type(self), task_result=to_result(row, task))
        if written.new:
            self.dispatch(written.new)
        return Results(
            [row.id for row in written.rows],
            lambda index: to_result(written.rows[index], task),
            batch_id=str(batch.id) if batch else None,
        )

    def new_batch(self, on_complete: Hooks | None) -> BatchRow | None:
        """Return a batch that is not written yet; None when nobody asked for one."""
        from bridge.backends.many import new_batch

        self.validate_hooks(on_complete or (), "a batch")
        return new_batch(on_complete)

    def dispatch(self, rows: Sequence[TaskRow]) -> None:
        """Hand new rows to what carries them, once the caller's transaction is committed.

        Nothing is raised: they are in the ledger already.
        """

    def result_of(self, row: TaskRow) -> AnyResult:
        """Return a row's result. Raise TaskNotFound when its task is gone from the code."""
        return to_result(row, registry.resolve(self.aliases.path(row.task_path)))

    def get_result(self, result_id: str) -> AnyResult:
        """Return a result by id. Raise TaskResultDoesNotExist for an unknown one."""
        row = self.store.find(result_id)
        if row is None:
            raise TaskResultDoesNotExist(result_id)
        return self.result_of(row)

    def cancel(self, result_id: str) -> Cancellation:
        """Let a task never start, or ask it to stop when a worker has it.

        It takes part in the caller's transaction. Raise TaskResultDoesNotExist for an unknown id.
        """
        return _only(self.cancel_many([result_id]), result_id)

    def cancel_many(self, result_ids: Iterable[str], **options: Any) -> dict[str, Cancellation]:
        """Cancel tasks in one commit; say what became of each that is known.

        `statuses` narrows down which are cancelled. With `skip_locked` those are left out that
        somebody else is writing at the moment.
        """
        from bridge.backends.control import cancel

        return cancel(self, result_ids, **options)

    def requeue(self, result_id: str, *, expires_at: datetime | None = None) -> Requeueing:
        """Let a finished task run again as if it never had; its errors stay.

        A deadline that has passed goes, unless `expires_at` sets a new one. It takes part in the
        caller's transaction. Raise TaskResultDoesNotExist for an unknown id.
        """
        return _only(self.requeue_many([result_id], expires_at=expires_at), result_id)

    async def arequeue(self, result_id: str, *, expires_at: datetime | None = None) -> Requeueing:
        """Do as requeue() does."""
        again = sync_to_async(self.requeue, thread_sensitive=True)
        return await again(result_id, expires_at=expires_at)

    def requeue_many(self, result_ids: Iterable[str], **options: Any) -> dict[str, Requeueing]:
        """Requeue tasks in one commit; say what became of each that is known.

        `statuses` narrows down which are requeued, `expires_at` and `skip_locked` are as above.
        """
        from bridge.backends.control import requeue

        return requeue(self, result_ids, **options)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        messages = [*super().check(**kwargs), *needs_app(self.alias)]
        messages += self.wrong(WRONG_LEDGER_OPTION, "pooled", "lease", "max_losses", "retention")
        if apps.is_installed("bridge"):
            messages += self.wrong(WRONG_LEDGER_OPTION, "database") or check_vendor(
                self.alias, self.database
            )
        return messages


def _only(answers: dict[str, T], result_id: str) -> T:
    if not answers:
        raise TaskResultDoesNotExist(result_id)
    (answer,) = answers.values()
    return answer
