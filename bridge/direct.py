"""The context of a task that is called here and now, by no worker of ours."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bridge.context import AnyContext, TaskContext
from bridge.ids import new_id
from bridge.interface import AnyTask, DjangoTaskContext, TaskResultStatus
from bridge.result import AnyResult, TaskResult, result_like

_WORKER = "direct"


def is_direct(context: AnyContext) -> bool:
    """Say whether a context was made for a call that no worker makes."""
    return context.task_result.worker_ids == [_WORKER]


def direct_context(task: AnyTask, args: Any, kwargs: Any) -> AnyContext:
    """Return the context of a call that no worker makes: a first attempt that is running."""
    now = timezone.now()
    result: AnyResult = TaskResult(
        task=task,
        id=str(new_id()),
        status=TaskResultStatus.RUNNING,
        enqueued_at=None,
        started_at=now,
        last_attempted_at=now,
        finished_at=None,
        args=[],
        kwargs={},
        backend=task.backend,
        errors=[],
        worker_ids=[_WORKER],
    )
    # A caller in the same process may pass what is not JSON.
    object.__setattr__(result, "args", list(args))
    object.__setattr__(result, "kwargs", dict(kwargs))
    return TaskContext(task_result=result)


def own_context(task: AnyTask, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a call; backends of Django's give a context that can do less."""
    if task.takes_context and args and type(args[0]) is DjangoTaskContext:
        return (TaskContext(task_result=result_like(args[0].task_result)), *args[1:])
    return args
