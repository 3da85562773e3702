"""Run tasks at once in the caller's process: for tests and for development."""

from __future__ import annotations

import dataclasses
from typing import Any

from django.utils import timezone

from bridge.backends.base import BridgeBackend
from bridge.execution import execute
from bridge.ids import new_id
from bridge.interface import (
    DjangoTask,
    P,
    R,
    TaskResult,
    TaskResultStatus,
    task_enqueued,
)
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded
from bridge.results import new_result
from bridge.values import storable


class ImmediateBackend(BridgeBackend):
    """Run each task inside enqueue().

    `run_after` and the waits between retries are accepted and skipped. With
    OPTIONS["PROPAGATE"] an exception that fails a task reaches the caller of enqueue().
    """

    supports_defer = True
    supports_async_task = True
    supports_priority = True

    def enqueue(self, task: DjangoTask[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Run a task to its end and return the result."""
        self.validate_task(task)
        result = new_result(
            task,
            new_id(),
            storable(list(args)),
            storable(dict(kwargs)),
            backend=self.alias,
            enqueued_at=timezone.now(),
        )
        task_enqueued.send(type(self), task_result=result)
        while not result.is_finished:
            result, outcome = self._attempt(result)
        if isinstance(outcome, Failed) and self._propagates(outcome.exception):
            raise outcome.exception
        return result

    def _attempt(self, result: TaskResult[P, R]) -> tuple[TaskResult[P, R], Outcome]:
        now = timezone.now()
        running = _replace(
            result,
            status=TaskResultStatus.RUNNING,
            started_at=result.started_at or now,
            last_attempted_at=now,
            worker_ids=[*result.worker_ids, f"immediate:{self.alias}"],
        )
        final = running

        def finish(outcome: Outcome) -> TaskResult[P, R]:
            nonlocal final
            final = _finished(running, outcome)
            return final

        outcome = execute(running, finish, sender=type(self))
        return final, outcome

    def _propagates(self, error: BaseException) -> bool:
        return isinstance(error, KeyboardInterrupt) or bool(self.options.get("PROPAGATE"))


def _finished(result: TaskResult[P, R], outcome: Outcome) -> TaskResult[P, R]:
    match outcome:
        case Succeeded(value=value):
            done = _replace(result, status=TaskResultStatus.SUCCESSFUL, finished_at=timezone.now())
            object.__setattr__(done, "_return_value", value)
            return done
        case Failed(error=error):
            errors = [*result.errors, error]
            return _replace(
                result, status=TaskResultStatus.FAILED, errors=errors, finished_at=timezone.now()
            )
        case RetryLater(error=error):
            return _replace(result, status=TaskResultStatus.READY, errors=[*result.errors, error])


def _replace(result: TaskResult[P, R], **changes: Any) -> TaskResult[P, R]:
    return dataclasses.replace(result, **changes)
