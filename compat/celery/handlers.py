"""Functions that Celery called when a task had ended: `on_success` and `on_failure`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from billiard.einfo import ExceptionInfo

from bridge.context import TaskContext
from bridge.exceptions import HardTimeout, TaskCancelled, TaskExpired, WorkerLost
from bridge.interface import TaskResultStatus, task_finished
from bridge.result import AnyResult
from bridge.typed_json import revive
from bridge.values import is_typed
from compat.celery.bound import celery_self
from compat.celery.in_place import arguments_of

Handler = Callable[..., object]
T = TypeVar("T")

_NOT_OF_THE_BODY = (HardTimeout, TaskCancelled, TaskExpired, WorkerLost)
_declared: dict[str, _Handlers] = {}


@dataclass(frozen=True, slots=True)
class _Handlers:
    on_success: Handler | None
    on_failure: Handler | None


def celery_handlers(
    *, on_success: Handler | None = None, on_failure: Handler | None = None
) -> Callable[[T], T]:
    """Call these functions when a task has ended for good, as Celery's options of that name did.

    It stands above `@task(...)`. They run in the worker that ran the task, once its end is stored,
    with `(self, retval, task_id, args, kwargs)` and `(self, exc, task_id, args, kwargs, einfo)`.
    What they raise is logged. As in Celery nothing is called for a direct call, nor for a task
    that never started, was cancelled, or died with its worker: `on_failure=task.hook(...)` follows
    those too.
    """

    def declare(task: T) -> T:
        path: str = task.module_path  # type: ignore[attr-defined]
        _declared[path] = _Handlers(on_success, on_failure)
        task_finished.connect(_finished, dispatch_uid=__name__)
        return task

    return declare


def _finished(*, task_result: AnyResult, **kwargs: Any) -> None:
    handlers = _declared.get(task_result.task.module_path)
    if handlers is None:
        return
    error = sys.exc_info()[1]
    if task_result.status == TaskResultStatus.SUCCESSFUL:
        if handlers.on_success is not None:
            value = task_result.return_value
            handlers.on_success(_self(task_result), value, task_result.id, *_arguments(task_result))
        return
    if error is None or isinstance(error, _NOT_OF_THE_BODY) or handlers.on_failure is None:
        return
    arguments = _arguments(task_result)
    handlers.on_failure(_self(task_result), error, task_result.id, *arguments, ExceptionInfo())


def _self(result: AnyResult) -> Any:
    return celery_self(TaskContext(task_result=result))


def _arguments(result: AnyResult) -> tuple[list[Any], dict[str, Any]]:
    args, kwargs = arguments_of(result)
    return (revive(args), revive(kwargs)) if is_typed(result.backend) else (args, kwargs)
