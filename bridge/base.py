"""The Task of our backends: callable, typed, patchable in tests, and a carrier of policies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.utils import timezone

from bridge import registry
from bridge.calls import CallLike, arguments
from bridge.ids import new_id
from bridge.interface import (
    DEFAULT_TASK_BACKEND_ALIAS,
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    AnyContext,
    AnyResult,
    AnyTask,
    BaseTask,
    P,
    R,
    TaskContext,
    TaskResult,
    TaskResultStatus,
)
from bridge.policies import OnLost, validate_policies
from bridge.results import Results, results_of
from bridge.retry import Retry

T = TypeVar("T", bound=AnyTask)


@dataclass(frozen=True, kw_only=True, repr=False)
class Policies(BaseTask[P, R]):
    """What a task says about its own execution."""

    # Django 6.0 gives its own fields no defaults.
    priority: int = DEFAULT_TASK_PRIORITY
    backend: str = DEFAULT_TASK_BACKEND_ALIAS
    queue_name: str = DEFAULT_TASK_QUEUE_NAME
    run_after: datetime | None = None
    takes_context: bool = False

    # When does it run again after an exception?
    retry: Retry | None = None
    # After how many seconds is it interrupted?
    timeout: float | timedelta | None = None
    # After how many seconds is its process killed?
    hard_timeout: float | timedelta | None = None
    # What becomes of it when its worker dies? None leaves it to the backend's ON_LOST.
    on_lost: OnLost | None = None


class Task(Policies[P, R]):
    """A background task. Calling it calls the function; enqueue() runs it in a worker."""

    def __post_init__(self) -> None:
        super().__post_init__()
        validate_policies(self)
        registry.declare(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function here and now; a coroutine function returns its coroutine.

        A task that takes a context gets one when the caller gives none.
        """
        if self.takes_context and not (args and isinstance(args[0], TaskContext)):
            return self.func(direct_context(self, args, kwargs), *args, **kwargs)
        return self.func(*args, **kwargs)

    def __str__(self) -> str:
        return self.module_path

    def __repr__(self) -> str:
        return f"<Task {self.module_path}>"

    def __reduce__(self) -> tuple[Any, ...]:
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        del values["func"]
        return _rebuild, (self.module_path, values)

    def __setattr__(self, name: str, value: Any) -> None:
        # Tests replace a task's enqueue; its fields stay frozen.
        if name in PATCHABLE:
            vars(self)[name] = value
        else:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        if name in vars(self) and name in PATCHABLE:
            del vars(self)[name]
        else:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    @property
    def __name__(self) -> str:
        return self.func.__name__

    @property
    def __wrapped__(self) -> Callable[..., R]:
        return self.func

    def using(
        self,
        *,
        priority: int | None = None,
        queue_name: str | None = None,
        run_after: datetime | timedelta | None = None,
        backend: str | None = None,
    ) -> Task[P, R]:
        """Return a copy with other settings; a timedelta run_after counts from now."""
        if isinstance(run_after, timedelta):
            run_after = timezone.now() + run_after
        copy = super().using(
            priority=priority, queue_name=queue_name, run_after=run_after, backend=backend
        )
        vars(copy).update({name: vars(self)[name] for name in PATCHABLE & vars(self).keys()})
        return cast("Task[P, R]", copy)

    def enqueue_many(self, calls: Iterable[CallLike]) -> Results[P, R]:
        """Enqueue the task once for each call and return the results in the same order.

        A call is a tuple or a list of positional arguments, a dict of keyword arguments, or a
        `bridge.Call` of both. Where tasks have a row in the database, all calls are enqueued or
        none; a generator is read a thousand calls at a time, inside the transaction. Raise
        TypeError for what is not a call, and for arguments that are not JSON.
        """
        backend = self.get_backend()
        each = arguments(calls)
        if hasattr(backend, "enqueue_many"):
            made = backend.enqueue_many(self, each)
        else:
            made = [backend.enqueue(self, args, kwargs) for args, kwargs in each]
        return made if isinstance(made, Results) else results_of(made)

    async def aenqueue_many(self, calls: Iterable[CallLike]) -> Results[P, R]:
        """Do as enqueue_many() does; the calls are read in another thread."""
        return await sync_to_async(self.enqueue_many, thread_sensitive=True)(calls)


PATCHABLE = frozenset(
    name for name in dir(Task) if not name.startswith("_") and callable(getattr(Task, name))
)


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
        worker_ids=["direct"],
    )
    # A caller in the same process may pass what is not JSON.
    object.__setattr__(result, "args", list(args))
    object.__setattr__(result, "kwargs", dict(kwargs))
    return TaskContext(task_result=result)


def restore(task: T, **changes: Any) -> T:
    """Return a copy of a task as it was stored.

    Settings may have changed since, a queue removed for example: a task that is already in the
    ledger is not validated again.
    """
    copy = object.__new__(type(task))
    for field in dataclasses.fields(cast("Any", task)):
        object.__setattr__(copy, field.name, changes.get(field.name, getattr(task, field.name)))
    return copy


def _rebuild(path: str, values: dict[str, Any]) -> AnyTask:
    return restore(registry.resolve(path), **values)
