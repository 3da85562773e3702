"""Every task this process has declared, and the way from a stored path back to its task."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.module_loading import import_string

from bridge.exceptions import TaskNotFound
from bridge.interface import AnyTask, DjangoTask

if TYPE_CHECKING:
    from bridge.base import Task

Listener = Callable[["Task[..., Any]"], None]


@dataclass(frozen=True, slots=True)
class Ignored:
    """The policies that were left out of a task, since its backend is not ours."""

    path: str
    backend: str
    policies: tuple[str, ...]


_lock = threading.RLock()
_declared: dict[str, Task[..., Any]] = {}
_ignored: dict[str, Ignored] = {}
_listeners: list[Listener] = []


def declare(task: Task[..., Any]) -> None:
    """Remember a task and tell the listeners; copies made by using() are not news."""
    with _lock:
        known = _declared.get(task.module_path)
        if known is not None and known.func is task.func:
            return
        _declared[task.module_path] = task
        for listener in _listeners:
            listener(task)


def declared() -> list[Task[..., Any]]:
    """Return every task this process has declared."""
    with _lock:
        return list(_declared.values())


def find(path: str) -> Task[..., Any] | None:
    """Return the task declared at a module path, None when this process has declared none."""
    with _lock:
        return _declared.get(path)


def note_ignored(func: Callable[..., Any], backend: str, policies: Sequence[str]) -> None:
    """Remember which policies a task was declared with in vain."""
    path = f"{func.__module__}.{func.__qualname__}"
    with _lock:
        if policies:
            _ignored[path] = Ignored(path, backend, tuple(policies))
        else:
            _ignored.pop(path, None)


def ignored() -> list[Ignored]:
    """Return every task of this process that was declared with policies in vain."""
    with _lock:
        return list(_ignored.values())


def subscribe(listener: Listener) -> None:
    """Call listener with every task, those already declared included."""
    with _lock:
        _listeners.append(listener)
        for task in declared():
            listener(task)


def unsubscribe(listener: Listener) -> None:
    """Stop calling listener."""
    with _lock:
        _listeners.remove(listener)


def resolve(path: str) -> AnyTask:
    """Return the task at a module path. Raise TaskNotFound when there is none."""
    try:
        task = import_string(path)
    except Exception as error:
        raise TaskNotFound(
            f"Task {path!r} cannot be imported ({type(error).__name__}: {error}). "
            "Restore it, or add its old name to ALIASES if it moved."
        ) from error
    if not isinstance(task, DjangoTask):
        raise TaskNotFound(
            f"{path!r} is {type(task).__name__}, not a task. Decorate the function with @task()."
        )
    return task
