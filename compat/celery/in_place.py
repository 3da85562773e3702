"""Run a task where Celery runs tasks at once and no backend of TASKS is on Celery: in tests."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, TypeAlias

from bridge.backends.endless import bounded
from bridge.backends.immediate import ImmediateBackend
from bridge.execution import attempt
from bridge.ids import new_id
from bridge.in_memory import attempt_in_memory, enqueue_hooks
from bridge.interface import AnyTask
from bridge.outcome import Failed, Outcome, Succeeded
from bridge.result import AnyResult
from bridge.results import new_result

_Arguments: TypeAlias = "tuple[list[Any], dict[str, Any]]"
_given: ContextVar[tuple[tuple[str, _Arguments], ...]] = ContextVar("given", default=())
"""The arguments of the tasks that run here, by the ids of their results."""


def arguments_of(result: AnyResult) -> _Arguments:
    """Return what a task was called with, where its result may show the repr of it."""
    given = dict(_given.get()).get(result.id)
    return (list(result.args), dict(result.kwargs)) if given is None else given


def run_in_place(task: AnyTask, args: Any, kwargs: Any) -> Any:
    """Run a task to its end, its policies as on ImmediateBackend; return or raise what it does."""
    _, outcome = finish_in_place(task, args, kwargs)
    if isinstance(outcome, Succeeded):
        return outcome.value
    raise outcome.exception


def finish_in_place(task: AnyTask, args: Any, kwargs: Any) -> tuple[AnyResult, Succeeded | Failed]:
    """Do as run_in_place() does; return the result and how it ended."""

    def run(running: AnyResult) -> Outcome:
        shown = running.args, running.kwargs
        _give(running, list(args), dict(kwargs))
        try:
            return bounded(running, attempt(running))
        finally:
            _give(running, *shown)

    # Celery's JSON carries dates and the like, which a result cannot hold: signals see their repr.
    result: AnyResult = new_result(
        task,
        new_id(),
        [repr(value) for value in args],
        {name: repr(value) for name, value in kwargs.items()},
        backend=task.backend,
        enqueued_at=None,
    )
    outcome: Outcome | None = None
    token = _given.set((*_given.get(), (result.id, (list(args), dict(kwargs)))))
    try:
        while not isinstance(outcome, (Succeeded, Failed)):
            result, outcome = attempt_in_memory(
                result, sender=ImmediateBackend, worker_id="celery:eager", run=run
            )
    finally:
        _given.reset(token)
    enqueue_hooks(result)
    return result, outcome


def _give(result: AnyResult, args: list[Any], kwargs: dict[str, Any]) -> None:
    object.__setattr__(result, "args", args)
    object.__setattr__(result, "kwargs", kwargs)
