"""Tasks that are enqueued because another one has finished."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from bridge.interface import InvalidTask, task_backends
from bridge.seconds import seconds
from bridge.values import storable

if TYPE_CHECKING:
    from bridge.base import Task


class Placeholder(Enum):
    """Stands in the arguments of a hook for what is known once the task has finished."""

    RETURN_VALUE = "return_value"
    ID = "id"

    def __repr__(self) -> str:
        return f"bridge.{'RETURN_VALUE' if self is RETURN_VALUE else 'RESULT_ID'}"


RETURN_VALUE: Any = Placeholder.RETURN_VALUE
"""What the finished task returned; None when it failed."""

RESULT_ID: Any = Placeholder.ID
"""The id of the finished task's result, or of the finished batch."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A task and the arguments it is enqueued with, made by `task.hook(...)`."""

    task: Task[..., Any]
    args: tuple[Any, ...] = (RESULT_ID,)
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    # How many seconds after the finish may it start?
    delay: float | None = None

    def after(self, delay: float | timedelta) -> Hook:
        """Return this hook, to start so many seconds after the finish at the earliest."""
        wait = seconds(delay)
        if not 0 <= wait <= LONGEST_DELAY:
            raise InvalidTask(
                f"A hook starts between 0 and {LONGEST_DELAY} seconds after the finish, not "
                f"{delay!r}."
            )
        return replace(self, delay=wait)

    def enqueue(self, *, result_id: str, return_value: Any = None) -> None:
        """Enqueue the task now, for what has just finished."""
        args, kwargs = filled(_spec(self), result_id=result_id, return_value=return_value)
        task = self.task
        if self.delay is not None:
            task = task.using(run_after=timedelta(seconds=self.delay))
        task.enqueue(*args, **kwargs)


HookLike: TypeAlias = "Task[..., Any] | Hook"
Hooks: TypeAlias = tuple[Hook, ...]
Spec: TypeAlias = dict[str, Any]
"""A hook as the ledger keeps it."""

LONGEST_DELAY = 10**9
"""Seconds, some 30 years."""

_MARK = "$bridge"


def hooks_of(value: Any, what: str) -> Hooks:
    """Return what on_success, on_failure or on_complete names. Raise InvalidTask for anything else.

    A task alone is enqueued with the id of what has finished as its only argument.
    """
    from bridge.base import Task

    if value is None:
        return ()
    hooks = []
    for each in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(each, Task):
            hooks.append(Hook(each))
        elif isinstance(each, Hook):
            hooks.append(each)
        else:
            raise InvalidTask(
                f"{what} must be a task of a bridge backend, what its hook() returned, or a list "
                f"of these, not {each!r}."
            )
    return tuple(hooks)


def specs_of(hooks: Iterable[Hook]) -> list[Spec]:
    """Return hooks as the ledger keeps them. Raise TypeError for arguments that are not JSON."""
    return [_spec(hook) for hook in hooks]


def task_specs(on_success: Hooks, on_failure: Hooks) -> dict[str, list[Spec]] | None:
    """Return the hooks of one task by the status that they wait for, None without any."""
    specs = {"SUCCESSFUL": specs_of(on_success), "FAILED": specs_of(on_failure)}
    return {status: each for status, each in specs.items() if each} or None


def filled(
    spec: Spec, *, result_id: str, return_value: Any = None
) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a hook, with what has finished in the place of its marks."""
    known = {"id": result_id, "return_value": return_value}
    args = [_fill(value, known) for value in spec["args"]]
    return args, {name: _fill(value, known) for name, value in spec["kwargs"].items()}


def _spec(hook: Hook) -> Spec:
    task = hook.task
    backend: Any = task_backends[task.backend]
    typed = getattr(backend, "typed_json", False)
    spec: Spec = {
        "task": task.module_path,
        "backend": task.backend,
        # What a worker that does not know the task needs to write its row all the same.
        "transport": getattr(backend, "transport", ""),
        "on_lost": backend.on_lost_of(task),
        "queue_name": task.queue_name,
        "priority": task.priority,
        "args": storable([_mark(value) for value in hook.args], typed=typed),
        "kwargs": storable(
            {name: _mark(value) for name, value in hook.kwargs.items()}, typed=typed
        ),
    }
    if hook.delay is not None:
        spec["delay"] = hook.delay
    elif task.run_after is not None:
        spec["run_after"] = task.run_after.isoformat()
    if isinstance(task.expires, datetime):
        spec["expires"] = task.expires.isoformat()
    elif isinstance(task.expires, (int, float, timedelta)):
        spec["expires"] = seconds(task.expires)
    if hooks := task_specs(task.on_success, task.on_failure):
        spec["hooks"] = hooks
    return spec


def _mark(value: Any) -> Any:
    if isinstance(value, Placeholder):
        return {_MARK: value.value}
    if isinstance(value, Mapping):
        marked = {name: _mark(each) for name, each in value.items()}
        # A dict of the caller's that looks like a mark is wrapped in one.
        return {_MARK: marked} if marked.keys() == {_MARK} else marked
    if isinstance(value, (list, tuple)):
        return [_mark(each) for each in value]
    return value


def _fill(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_MARK}:
            mark = value[_MARK]
            return {_MARK: _fill(mark[_MARK], known)} if isinstance(mark, dict) else known[mark]
        return {name: _fill(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, known) for each in value]
    return value
