"""Run Django tasks on Celery without a ledger: nothing touches the database.

`OPTIONS["RESULTS"] = "native"` of `bridge.CeleryBackend` is this. A task's message is the one that
the ledger mode sends, so workers of the old code, of either mode, run each other's. What is
missing, since no row says so:

- A message that is delivered twice runs twice. What the broker refuses is not sent later: the
  caller of `enqueue()`, or of the transaction that commits, gets EnqueueError.
- `unique`, `concurrency`, `transactional`, hooks, batches, progress and `cancel()`.
- Results are what Celery's result backend keeps, for `result_expires`. With a key-value one
  (Redis, Memcached, files, S3, ...) and `result_extended` they say what the ledger would;
  otherwise `supports_get_result` is False. RUNNING shows with `task_track_started` only. A worker
  of the old code tells neither when it began nor what earlier attempts raised.
- `task_finished` is sent before Celery stores the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.core import checks
from django.utils import timezone

from bridge.backends.after_commit import in_transaction
from bridge.backends.memory import MemoryBackend
from bridge.backends.options import APP, MAX_PAYLOAD, QUEUE_MAP, RESULTS, Option
from bridge.base import Task
from bridge.exceptions import EnqueueError, PayloadTooLarge
from bridge.expiry import expiry
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
from bridge.result import AnyResult, TaskResult, changed
from compat.celery import stamp
from compat.celery.base import OnCelery
from compat.celery.checks import check_options
from compat.celery.native.checks import check_loss, check_results
from compat.celery.options import check_rate

if TYPE_CHECKING:
    from compat.celery.native.records import Records
    from compat.celery.wire import Message


class NativeCeleryBackend(OnCelery, MemoryBackend):
    """Tasks in the broker, results in Celery's result backend."""

    supports_defer = True
    supports_async_task = True

    known_options: ClassVar[tuple[Option, ...]] = (
        *MemoryBackend.known_options,
        APP,
        MAX_PAYLOAD,
        QUEUE_MAP,
        RESULTS,
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"retry", "timeout", "hard_timeout", "expires", "enqueue_on_commit"}
    )
    in_part: ClassVar[frozenset[str]] = frozenset({"rate_limit", "on_lost"})

    @property
    def supports_get_result(self) -> bool:  # type: ignore[override]  # Django's is a constant
        """Say whether Celery's result backend keeps what a result consists of."""
        return self.records.kept

    @cached_property
    def records(self) -> Records:
        """Return the results that Celery keeps."""
        from compat.celery.native.records import Records

        return Records(self.app)

    def waits_for_commit(self, task: AnyTask) -> bool:
        """Say whether a task is sent when the transaction that is open here commits.

        It is unless somebody says no: no broker takes back what a transaction rolls back, and a
        worker would not see what is not committed.
        """
        choice = getattr(task, "enqueue_on_commit", None)
        wanted = self.enqueue_on_commit if choice is None else choice
        return wanted is not False and in_transaction(self.database)

    def validate_once(self, task: AnyTask) -> None:
        """Raise InvalidTask for a task with hooks."""
        if isinstance(task, Task):
            self.validate_hooks((*task.on_success, *task.on_failure), task.module_path)

    def validate_hooks(self, hooks: Hooks, whose: str) -> None:
        """Raise InvalidTask for any hook."""
        if hooks:
            raise InvalidTask(
                f"The hooks of {whose} are enqueued in the commit that ends it, and with RESULTS "
                f"of TASKS[{self.alias!r}] at 'native' there is none. Set RESULTS to 'ledger', or "
                f"enqueue {hooks[0].task.module_path!r} at the end of the function."
            )

    def enqueue_call(
        self, task: DjangoTask[P, R], args: Any, kwargs: Any, *, batch_id: str | None
    ) -> TaskResult[P, R]:
        """Enqueue one call. Raise InvalidTask for a task of a batch."""
        if batch_id is not None:
            self._refuse_batch()
        return super().enqueue_call(task, args, kwargs, batch_id=None)

    def complete(self, batch_id: str, made: Sequence[AnyResult], on_complete: Hooks) -> None:
        """Raise InvalidTask."""
        self._refuse_batch()

    def receive(self, result: TaskResult[P, R]) -> TaskResult[P, R]:
        """Send the message of a task.

        Raise EnqueueError when the broker does not take it, PayloadTooLarge when it is too large.
        """
        from compat.celery import registration

        task = result.task
        registration.ensure(task)
        now = timezone.now()
        result = changed(
            result, enqueued_at=now, expires_at=expiry(getattr(task, "expires", None), now)
        )
        if self.app.conf.task_always_eager:
            return self._run_here(result)
        kept = self.records.kept
        if kept:
            self.records.open(result, self.aliases.wire_name(task.module_path))
        try:
            self._publish(result)
        except Exception as error:
            if kept:
                self.records.drop(result.id)
            if isinstance(error, PayloadTooLarge):
                raise
            raise EnqueueError(
                f"The broker did not take {task.module_path!r} ({error}); nothing was enqueued. "
                "Enqueue it again when the broker answers, or set RESULTS to 'ledger', with which "
                "workers send later what the broker refuses after a commit."
            ) from error
        task_enqueued.send(type(self), task_result=result)
        return result

    def run_message(self, celery_task: Any, message: Message, task: AnyTask) -> Any:
        """Run a task whose message has arrived; return or raise for Celery."""
        from compat.celery.native.attempt import Attempt

        return Attempt(self, celery_task, message, task).run()

    def get_result(self, result_id: str) -> AnyResult:
        """Return a result by id. Raise TaskResultDoesNotExist for an unknown or expired one."""
        from compat.celery.native.reading import to_result

        if not self.supports_get_result:
            return super().get_result(result_id)  # type: ignore[return-value]  # it raises
        meta = self.records.find(result_id)
        if meta is None:
            raise TaskResultDoesNotExist(result_id)
        return to_result(self, result_id, meta)

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        """Return what is wrong with this backend's settings."""
        messages = [*super().check(**kwargs), *check_options(self)]
        return messages or [*check_results(self)]

    def check_task(self, task: Task[..., Any]) -> list[checks.CheckMessage]:
        """Return what is wrong with a task on this backend."""
        return [*check_rate(task), *check_loss(task)]

    def _publish(self, result: AnyResult) -> None:
        from compat.celery.wire import publish

        task = result.task
        stamps: dict[str, Any] = {
            "stamped_headers": [stamp.NAME],
            stamp.NAME: stamp.enqueued(result),
        }
        publish(
            self,
            task.module_path,
            result.args,
            result.kwargs,
            task_id=result.id,
            queue_name=task.queue_name,
            priority=task.priority,
            run_after=task.run_after,
            expires_at=result.expires_at,
            headers={},
            **stamps,
        )

    def _run_here(self, result: TaskResult[P, R]) -> TaskResult[P, R]:
        from compat.celery.native import eager

        task_enqueued.send(type(self), task_result=result)
        with eager.expecting(result) as results:
            self._publish(result)
            return cast("TaskResult[P, R]", results[result.id])

    def _refuse_batch(self) -> None:
        raise InvalidTask(
            f"TASKS[{self.alias!r}] knows no batches, since its RESULTS are 'native'. Set RESULTS "
            "to 'ledger', or leave on_complete and enqueue_batch() out."
        )
