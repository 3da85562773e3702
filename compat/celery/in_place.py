"""Run a task where Celery runs tasks at once and no backend of TASKS is on Celery: in tests."""

from __future__ import annotations

from typing import Any

from bridge.backends.endless import bounded
from bridge.backends.immediate import ImmediateBackend
from bridge.execution import attempt
from bridge.ids import new_id
from bridge.in_memory import attempt_in_memory, enqueue_hooks
from bridge.interface import AnyTask
from bridge.outcome import Succeeded
from bridge.result import AnyResult
from bridge.results import new_result


def run_in_place(task: AnyTask, args: Any, kwargs: Any) -> Any:
    """Run a task to its end, its policies as on ImmediateBackend; return or raise what it does."""
    result: AnyResult = new_result(
        task, new_id(), list(args), dict(kwargs), backend=task.backend, enqueued_at=None
    )
    while not result.is_finished:
        result, outcome = attempt_in_memory(
            result,
            sender=ImmediateBackend,
            worker_id="celery:eager",
            run=lambda running: bounded(running, attempt(running)),
        )
    enqueue_hooks(result)
    if isinstance(outcome, Succeeded):
        return outcome.value
    raise outcome.exception
