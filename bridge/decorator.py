"""The @task decorator: Django's, typed, with policies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Concatenate, Literal, TypedDict, Unpack, cast, overload

from bridge.base import Task
from bridge.interface import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    AnyContext,
    P,
    R,
    task_backends,
)
from bridge.policies import OnLost
from bridge.retry import Retry


class Options(TypedDict, total=False):
    """Keyword arguments of @task() besides takes_context."""

    priority: int
    queue_name: str
    backend: str
    retry: Retry | None
    timeout: float | timedelta | None
    hard_timeout: float | timedelta | None
    on_lost: OnLost | None


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...
@overload
def task(
    *, takes_context: Literal[True], **options: Unpack[Options]
) -> Callable[[Callable[Concatenate[AnyContext, P], R]], Task[P, R]]: ...
@overload
def task(
    *, takes_context: Literal[False] = False, **options: Unpack[Options]
) -> Callable[[Callable[P, R]], Task[P, R]]: ...
def task(
    function: Callable[..., Any] | None = None,
    /,
    *,
    takes_context: bool = False,
    **options: Unpack[Options],
) -> Any:
    """Declare a function as a task.

    On a backend that is not ours the task is that backend's own and policies are left out, since
    nothing there would honour them. Raise InvalidTask for a task its backend cannot run.
    """
    if function is not None and not callable(function):
        raise TypeError(
            f"@task decorates a function, not {function!r}. Give settings by name, "
            f"for example @task(queue_name={function!r})."
        )
    if "run_after" in options:
        raise TypeError(
            "run_after is set per call: use .using(run_after=...), not @task(run_after=...)."
        )
    alias = options.get("backend", DEFAULT_TASK_BACKEND_ALIAS)

    def declare(func: Callable[..., Any]) -> Any:
        task_class = task_backends[alias].task_class
        fields: dict[str, Any] = {
            "func": func,
            "backend": alias,
            "priority": DEFAULT_TASK_PRIORITY,
            "queue_name": DEFAULT_TASK_QUEUE_NAME,
            "run_after": None,
            "takes_context": takes_context,
            **cast("dict[str, Any]", options),
        }
        if not issubclass(task_class, Task):
            known = getattr(task_class, "__dataclass_fields__", {})
            fields = {name: value for name, value in fields.items() if name in known}
        return task_class(**fields)

    return declare if function is None else declare(function)
