"""The Task of our backends: callable, typed, patchable in tests, and a carrier of policies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache, cached_property
from types import EllipsisType
from typing import Any, TypeVar, cast

from asgiref.sync import sync_to_async
from django.utils import timezone

from bridge import registry
from bridge.calls import CallLike, arguments
from bridge.direct import direct_context, own_context
from bridge.hooks import Hook, HookLike, hooks_of
from bridge.interface import (
    AnyTask,
    DjangoTaskContext,
    InvalidTask,
    P,
    R,
)
from bridge.policies import Policies
from bridge.policy_rules import normalize_policies
from bridge.restoring import restore
from bridge.result import TaskResult
from bridge.results import Results, results_of

T = TypeVar("T", bound=AnyTask)


class Task(Policies[P, R]):
    """A background task. Calling it calls the function; enqueue() runs it in a worker."""

    def __post_init__(self) -> None:
        super().__post_init__()
        normalize_policies(self)
        if hooks := (*self.on_success, *self.on_failure):
            cast("Any", self.get_backend()).validate_hooks(hooks, self.module_path)
        registry.declare(self)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function here and now; a coroutine function returns its coroutine.

        A task that takes a context gets one when the caller gives none.
        """
        if self.takes_context and not (args and isinstance(args[0], DjangoTaskContext)):
            return self.func(direct_context(self, args, kwargs), *args, **kwargs)
        return self.func(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> R:
        """Run the function as a worker does; a coroutine function to its end."""
        return super().call(*own_context(self, args), **kwargs)

    async def acall(self, *args: Any, **kwargs: Any) -> R:
        """Do as call() does."""
        return await super().acall(*own_context(self, args), **kwargs)

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
        if name in _patchable(self):
            vars(self)[name] = value
        else:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        if name in vars(self) and name in _patchable(self):
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
        expires: float | timedelta | datetime | EllipsisType | None = ...,
        on_success: HookLike | Sequence[HookLike] | EllipsisType | None = ...,
        on_failure: HookLike | Sequence[HookLike] | EllipsisType | None = ...,
    ) -> Task[P, R]:
        """Return a copy with other settings.

        A timedelta `run_after` counts from now, `expires` in seconds or as a timedelta from the
        enqueueing. None takes away what the task has declared of `expires` and the hooks.
        """
        changes: dict[str, Any] = {
            name: value
            for name, value in (
                ("priority", priority),
                ("queue_name", queue_name),
                ("backend", backend),
            )
            if value is not None
        }
        if run_after is not None:
            if isinstance(run_after, timedelta):
                run_after = timezone.now() + run_after
            changes["run_after"] = run_after
        if expires is not ...:
            changes["expires"] = expires
        for name, value in (("on_success", on_success), ("on_failure", on_failure)):
            if value is not ...:
                changes[name] = hooks_of(value, name)
        copy = dataclasses.replace(self, **changes)
        shadows = (_patchable(self) & vars(self).keys()) - _fields(cast("Any", type(self)))
        vars(copy).update({name: vars(self)[name] for name in shadows})
        return copy

    def hook(self, *args: P.args, **kwargs: P.kwargs) -> Hook:
        """Return this task with arguments, for on_success, on_failure or on_complete.

        `bridge.RETURN_VALUE` and `bridge.RESULT_ID` among them, or within lists and dicts among
        them, stand for what the finished task returned and for its id.
        """
        return Hook(self, args, kwargs)

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[P, R]:
        """Enqueue a call of the task. Raise TypeError for arguments that are not JSON."""
        backend: Any = self.get_backend()
        return cast("TaskResult[P, R]", backend.enqueue(self, args, kwargs))

    async def aenqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[P, R]:
        """Do as enqueue() does."""
        backend: Any = self.get_backend()
        return cast("TaskResult[P, R]", await backend.aenqueue(self, args, kwargs))

    def get_result(self, result_id: str) -> TaskResult[P, R]:
        """Return a result of this task. Raise TaskResultDoesNotExist or TaskResultMismatch."""
        return cast("TaskResult[P, R]", super().get_result(result_id))

    async def aget_result(self, result_id: str) -> TaskResult[P, R]:
        """Do as get_result() does."""
        return cast("TaskResult[P, R]", await super().aget_result(result_id))

    @cached_property
    def is_plain(self) -> bool:
        """Say whether enqueueing it needs to know nothing of its policies."""
        return (
            self.expires is None
            and self.unique is None
            and self.concurrency is None
            and self.rate_limit is None
            and not self.on_success
            and not self.on_failure
        )

    def enqueue_many(
        self,
        calls: Iterable[CallLike],
        *,
        on_complete: HookLike | Sequence[HookLike] | None = None,
    ) -> Results[P, R]:
        """Enqueue the task once for each call and return the results in the same order.

        A call is a tuple or a list of positional arguments, a dict of keyword arguments, or a
        `bridge.Call` of both. Where tasks have a row in the database, all calls are enqueued or
        none; a generator is read a thousand calls at a time, inside the transaction. Raise
        TypeError for what is not a call, and for arguments that are not JSON.

        With `on_complete` the calls are a batch: it is enqueued, once, in the commit that ends
        the last of them, with the id of the batch. An empty list makes a batch to watch.
        """
        backend: Any = self.get_backend()
        each = arguments(calls)
        made: Any
        if on_complete is not None:
            if not hasattr(backend, "validate_hooks"):
                raise InvalidTask(
                    f"TASKS[{self.backend!r}] knows no batches. Leave on_complete out, or choose a "
                    "backend of ours."
                )
            hooks = hooks_of(on_complete, "on_complete")
            made = backend.enqueue_many(self, each, on_complete=hooks)
        elif hasattr(backend, "enqueue_many"):
            made = backend.enqueue_many(self, each)
        else:
            made = [backend.enqueue(self, args, kwargs) for args, kwargs in each]
        return made if isinstance(made, Results) else results_of(made)

    async def aenqueue_many(
        self,
        calls: Iterable[CallLike],
        *,
        on_complete: HookLike | Sequence[HookLike] | None = None,
    ) -> Results[P, R]:
        """Do as enqueue_many() does; the calls are read in another thread."""
        enqueue_many = sync_to_async(self.enqueue_many, thread_sensitive=True)
        return await enqueue_many(calls, on_complete=on_complete)


def _patchable(task: AnyTask) -> frozenset[str]:
    """Return what tests may replace on a task: its public methods."""
    return _methods(cast("Any", type(task)))


@cache
def _methods(kind: Any) -> frozenset[str]:
    return frozenset(
        name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name))
    )


@cache
def _fields(kind: Any) -> frozenset[str]:
    return frozenset(each.name for each in dataclasses.fields(kind))


def _rebuild(path: str, values: dict[str, Any]) -> AnyTask:
    return restore(registry.resolve(path), **values)
