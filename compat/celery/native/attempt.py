"""What Celery runs for a bridged task without a row: the task itself, and Celery keeps the end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from celery.exceptions import Reject

from bridge.exceptions import EnqueueError
from bridge.execution import attempt, execute
from bridge.in_memory import begun, ended
from bridge.interface import AnyTask
from bridge.ledger.messages import UNRECORDED
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded, describe
from bridge.result import AnyResult, changed
from bridge.results import new_result
from bridge.worker.child import worker_id
from bridge.worker.persistence import refuse_open_transaction
from compat.celery import stamp
from compat.celery.bound import SENT_AGAIN_WITH
from compat.celery.native import eager
from compat.celery.native.reading import to_result
from compat.celery.telling import failure, is_ignored, is_terminated, note_started, tracks_start
from compat.celery.wire import RETRY_POLICY, Message

if TYPE_CHECKING:
    from compat.celery.native.backend import NativeCeleryBackend

logger = logging.getLogger("bridge.celery")


class Attempt:
    """One delivery of a message. Whoever delivers it twice runs the task twice."""

    def __init__(
        self, backend: NativeCeleryBackend, celery_task: Any, message: Message, task: AnyTask
    ) -> None:
        self.backend = backend
        self.celery_task = celery_task
        self.request = celery_task.request
        self.message = message
        self.task = task
        self._sent_stamps = self.request.stamps, self.request.stamped_headers
        self._end: AnyResult | None = None
        self._raises: BaseException | None = None

    def run(self) -> Any:
        """Run the task once, and return or raise for Celery."""
        result = begun(self._enqueued(), worker_id())
        outcome = execute(result, self._finisher(result), sender=type(self.backend), run=self._call)
        if isinstance(outcome, Succeeded):
            return outcome.value
        raise outcome.exception if self._raises is None else self._raises

    def _enqueued(self) -> AnyResult:
        """Return the result as it was before this attempt."""
        message = self.message
        ours = message.stamp or {
            "queue_name": message.queue_name(self.backend),
            "priority": message.priority(self.backend),
            "run_after": message.eta and stamp.text(message.eta),
        }
        result: AnyResult = new_result(
            stamp.task_of(ours, self.task, self.backend.alias),
            message.id,
            message.args,
            message.kwargs,
            backend=ours.get("backend", self.backend.alias),
            enqueued_at=None,
        )
        return changed(result, **{**stamp.facts_of(ours), **self._history()})

    def _history(self) -> dict[str, Any]:
        """Return what earlier attempts have left, which no message carries."""
        attempts = self.message.retries
        if not attempts:
            return {}
        before = self._stored()
        workers = [] if before is None else before.worker_ids[:attempts]
        return {
            "worker_ids": [*[UNRECORDED] * (attempts - len(workers)), *workers],
            "errors": [] if before is None else before.errors[:attempts],
            "started_at": None if before is None else before.started_at,
        }

    def _stored(self) -> AnyResult | None:
        if self.request.is_eager:
            return eager.known(self.message.id)
        if not self.backend.supports_get_result or is_ignored(self.celery_task):
            return None
        try:
            meta = self.backend.records.find(self.message.id)
            return None if meta is None else to_result(self.backend, self.message.id, meta)
        except Exception as error:  # noqa: BLE001
            # Every result backend has its own errors, and none of them is the task's.
            logger.warning("task=%s earlier attempts are not known: %r", self.message.id, error)
            return None

    def _call(self, result: AnyResult) -> Outcome:
        if tracks_start(self.celery_task):
            self._stamp(result)
            note_started(self.celery_task)
        after_call = None if self.request.is_eager else refuse_open_transaction
        return attempt(result, after_call=after_call)

    def _finisher(self, running: AnyResult) -> Any:
        def finish(outcome: Outcome) -> AnyResult | None:
            if is_terminated(outcome):
                return None
            end = ended(running, outcome)
            self._stamp(end)
            if isinstance(outcome, RetryLater):
                end = self._again(running, end, outcome)
            elif isinstance(outcome, Failed):
                self._raises = failure(outcome.exception)
            if self.request.is_eager:
                eager.hand_over(end)
            return end

        return finish

    def _again(self, running: AnyResult, end: AnyResult, outcome: RetryLater) -> AnyResult:
        """Let Celery send the next attempt's message, under the same id and name."""
        self._store_retry(outcome)
        # What has happened so far may be long, and the headers of a message must not be.
        self.request.stamps, self.request.stamped_headers = self._sent_stamps
        options: dict[str, Any] = {"retry_policy": RETRY_POLICY}
        if not self.message.portable:
            options["serializer"] = "pickle"
        options |= self.request.get(SENT_AGAIN_WITH) or {}
        try:
            self._raises = self.celery_task.retry(
                exc=outcome.exception, countdown=outcome.delay, throw=False, **options
            )
        except Reject as error:
            refused = EnqueueError(f"Its next attempt was refused: {error.reason!r}.")
            refused.__cause__ = outcome.exception
            end = ended(end, Failed(exception=refused, error=describe(refused)))
            self._raises = refused
            self._stamp(end)
        else:
            # It is stored already: the next attempt may be over by the time Celery would do it.
            self.request.ignore_result = True
        return end

    def _store_retry(self, outcome: RetryLater) -> None:
        if self.request.is_eager or is_ignored(self.celery_task):
            return
        try:
            self.celery_task.backend.mark_as_retry(
                self.request.id, outcome.exception, outcome.error.traceback, request=self.request
            )
        except Exception as error:  # noqa: BLE001
            logger.warning("task=%s RETRY is not stored: %r", self.request.id, error)

    def _stamp(self, result: AnyResult) -> None:
        """Let Celery store what is known of the task with whatever state it stores next."""
        if is_ignored(self.celery_task) and not self.celery_task.store_errors_even_if_ignored:
            return
        stamps, names = self._sent_stamps
        self.request.stamps = {**(stamps or {}), stamp.NAME: stamp.attempted(result)}
        self.request.stamped_headers = sorted({*(names or ()), stamp.NAME})
