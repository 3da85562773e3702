"""Attempts to run tasks that only their results know of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from bridge.cancellation import Cancellation
from bridge.execution import execute
from bridge.interface import BaseTaskBackend, P, R, TaskResultStatus
from bridge.outcome import Failed, Outcome, RetryLater, Succeeded
from bridge.result import AnyResult, TaskResult, changed
from bridge.typed_json import revive
from bridge.values import is_typed


def attempt_in_memory(
    result: TaskResult[P, R],
    *,
    sender: type[BaseTaskBackend],
    worker_id: str,
    run: Callable[[AnyResult], Outcome],
) -> tuple[TaskResult[P, R], Outcome]:
    """Make one attempt to run a task that only its result knows of; return what that becomes."""
    running = begun(result, worker_id)
    final = running

    def finish(outcome: Outcome) -> TaskResult[P, R]:
        nonlocal final
        final = ended(running, outcome)
        return final

    _running[running.id] = running
    try:
        outcome = execute(running, finish, sender=sender, run=run)
    finally:
        del _running[running.id]
    return final, outcome


_running: dict[str, AnyResult] = {}


def cancel_in_memory(result_id: str) -> Cancellation:
    """Ask a task to stop that runs in this process; any other has finished."""
    result = _running.get(result_id)
    if result is None:
        return Cancellation.TOO_LATE
    object.__setattr__(result, "cancel_requested_at", timezone.now())
    return Cancellation.REQUESTED


def enqueue_hooks(result: TaskResult[P, R]) -> None:
    """Enqueue what a finished task names."""
    task: Any = result.task
    if result.status == TaskResultStatus.SUCCESSFUL:
        for hook in getattr(task, "on_success", ()):
            hook.enqueue(result_id=result.id, return_value=result.return_value)
    else:
        for hook in getattr(task, "on_failure", ()):
            hook.enqueue(result_id=result.id)


def begun(result: TaskResult[P, R], worker_id: str) -> TaskResult[P, R]:
    """Return what a result becomes when a worker begins an attempt, now."""
    now = timezone.now()
    return changed(
        result,
        status=TaskResultStatus.RUNNING,
        started_at=result.started_at or now,
        last_attempted_at=now,
        worker_ids=[*result.worker_ids, worker_id],
        progress=None,
    )


def ended(result: TaskResult[P, R], outcome: Outcome) -> TaskResult[P, R]:
    """Return what a result becomes when its attempt ends, now."""
    match outcome:
        case Succeeded(value=value):
            return changed(
                result,
                status=TaskResultStatus.SUCCESSFUL,
                finished_at=timezone.now(),
                _return_value=revive(value) if is_typed(result.backend) else value,
            )
        case Failed(error=error):
            return changed(
                result,
                status=TaskResultStatus.FAILED,
                finished_at=timezone.now(),
                errors=[*result.errors, error],
            )
        case RetryLater(error=error):
            errors = [*result.errors, error]
            return changed(result, status=TaskResultStatus.READY, errors=errors)
