"""What Celery runs for a bridged task: claim, execute, and tell Celery how it ended."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NoReturn, cast

from celery.exceptions import Ignore, Reject
from celery.exceptions import Retry as CeleryRetry
from django.utils import timezone

from bridge import registry
from bridge.endings import end
from bridge.exceptions import EnqueueError
from bridge.interface import AnyTask
from bridge.ledger.models import TaskRow
from bridge.ledger.results import to_result
from bridge.outcome import Outcome, RetryLater, Succeeded
from bridge.result import AnyResult
from bridge.worker.delivery import Delivery
from bridge.worker.persistence import persist
from compat.celery import holder
from compat.celery.bound import SENT_AGAIN_WITH
from compat.celery.in_place import run_in_place
from compat.celery.registration import celery_backends, owner
from compat.celery.telling import failure, is_terminated, note_started
from compat.celery.wire import RETRY_POLICY, Message

if TYPE_CHECKING:
    from bridge.base import Task
    from compat.celery.backend import CeleryBackend

logger = logging.getLogger("bridge.celery")


def run(celery_task: Any, path: str, args: Any, kwargs: Any) -> Any:
    """Run a message's task once. Raise Ignore for a message that must not run."""
    task = cast("Task[..., Any]", registry.resolve(path))
    if celery_task.request.called_directly:
        return task(*args, **kwargs)
    if celery_task.request.is_eager and not celery_backends():
        return run_in_place(task, args, kwargs)
    message = Message.of(celery_task.request, args, kwargs)
    return owner(task).run_message(celery_task, message, task)


def receive(backend: CeleryBackend, celery_task: Any, message: Message, task: AnyTask) -> Any:
    """Claim the row of a message and run its task; return or raise for Celery."""
    if celery_task.request.is_eager:
        with holder.eager(backend) as worker:
            return Attempt(celery_task, backend, message, worker).run(task)
    return Attempt(celery_task, backend, message, holder.current()).run(task)


class Attempt:
    """One delivery of a message."""

    def __init__(
        self, celery_task: Any, backend: CeleryBackend, message: Message, worker: str
    ) -> None:
        self.celery_task = celery_task
        self.backend = backend
        self.message = message
        self.delivery = Delivery(
            backend, worker, here=bool(celery_task.request.is_eager), refused=is_terminated
        )

    def run(self, task: Any) -> Any:
        """Claim the row, run the task, and return or raise for Celery."""
        draft = self.message.draft(self.backend, task)
        row = self.delivery.claim(draft, runs=self.message.retries, has_row=self.message.has_row)
        if row is None:
            raise Ignore("a message that must not run again")
        note_started(self.celery_task)
        result: AnyResult = to_result(row, task)
        # Old code may have sent what a result does not hold: dates, or whatever can be pickled.
        object.__setattr__(result, "args", self.message.args)
        object.__setattr__(result, "kwargs", self.message.kwargs)
        return self._tell_celery(row, self.delivery.run(row, result))

    def _tell_celery(self, row: TaskRow, outcome: Outcome) -> Any:
        if not isinstance(outcome, Succeeded) and is_terminated(outcome):
            raise outcome.exception
        if not self.delivery.kept:
            raise Ignore("another worker has taken the task over")
        if isinstance(outcome, Succeeded):
            return outcome.value
        if isinstance(outcome, RetryLater) and not self._is_cancelled(row):
            self._send_again(row, outcome)
        raise failure(outcome.exception)

    def _send_again(self, row: TaskRow, outcome: RetryLater) -> NoReturn:
        """Let Celery send the next attempt's message, under the same id and name."""
        options: dict[str, Any] = {"retry_policy": RETRY_POLICY}
        if not self.message.portable:
            options["serializer"] = "pickle"
        more = self.celery_task.request.get(SENT_AGAIN_WITH) or {}
        if not more and self._is_held(outcome.delay):
            raise CeleryRetry(exc=outcome.exception, when=outcome.delay)
        options |= more
        at = timezone.now()
        try:
            again = self.celery_task.retry(
                exc=outcome.exception, countdown=outcome.delay, throw=False, **options
            )
        except Reject as error:
            self._leave_to_relay(row, error.reason)
            raise Ignore("its next attempt was not sent") from error
        if not self.celery_task.request.is_eager:
            self.backend.store.messages.mark_published(row, at)
        raise again

    def _is_held(self, delay: float) -> bool:
        """Say whether the relay sends the next attempt's message when it is due."""
        hold = self.backend.hold_eta
        eager = self.celery_task.request.is_eager
        return not eager and hold is not None and delay > hold and self.message.repeatable

    def _is_cancelled(self, row: TaskRow) -> bool:
        """Say whether somebody asked the task to stop; then end it, no attempt has to follow."""
        asked = self.backend.store.tasks.filter(id=row.id, cancel_requested_at__isnull=False)
        return asked.exists() and bool(self.backend.cancel(str(row.id)))

    def _leave_to_relay(self, row: TaskRow, refusal: Any) -> None:
        if self.message.repeatable:
            logger.warning(
                "task=%s path=%s the relay sends its next attempt, the broker did not take it: %r",
                row.id,
                row.task_path,
                refusal,
            )
        else:
            error = EnqueueError(f"Its next attempt was refused: {refusal!r}.")
            persist(lambda: end(self.backend, row, error), f"fail task {row.id}")
