"""The @task decorator: Django's, typed, with policies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, Literal, TypedDict, Unpack, cast, overload

from bridge import registry
from bridge.base import Task
from bridge.context import AnyContext
from bridge.hooks import HookLike
from bridge.interface import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    P,
    R,
    task_backends,
)
from bridge.limits import Concurrency, RateLimit
from bridge.policies import OnLost
from bridge.retry import Retry
from bridge.unique import Unique


class Options(TypedDict, total=False):
    """Keyword arguments of @task() besides takes_context."""

    priority: int
    queue_name: str
    backend: str
    retry: Retry | None
    timeout: float | timedelta | None
    hard_timeout: float | timedelta | None
    on_lost: OnLost | None
    expires: float | timedelta | datetime | None
    unique: Unique | bool | None
    concurrency: Concurrency | int | None
    rate_limit: RateLimit | str | None
    transactional: bool
    on_success: HookLike | Sequence[HookLike] | None
    on_failure: HookLike | Sequence[HookLike] | None
    enqueue_on_commit: bool | None


@overload
def task(
    function: Callable[Concatenate[AnyContext, P], R],
    /,
    *,
    takes_context: Literal[True],
    **options: Unpack[Options],
) -> Task[P, R]: ...
@overload
def task(
    function: Callable[P, R],
    /,
    *,
    takes_context: Literal[False] = False,
    **options: Unpack[Options],
) -> Task[P, R]: ...
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
    nothing there would honour them; a system check says so. Raise InvalidTask for a task its
    backend cannot run.
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
            ignored = [name for name, value in fields.items() if value and name not in known]
            fields = {name: value for name, value in fields.items() if name in known}
            registry.note_ignored(func, alias, ignored)
        return task_class(**fields)

    return declare if function is None else declare(function)
