"""Make tasks known to Huey, under their own path and their legacy names."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from bridge import registry
from bridge.backends.base import bridge_backends
from bridge.interface import AnyTask, task_backends
from compat.huey.backend import HueyBackend
from compat.huey.task import BridgedTask

if TYPE_CHECKING:
    from bridge.base import Task

_lock = threading.RLock()
_subscribed = False


def huey_backends() -> list[HueyBackend]:
    """Return the configured backends that run on Huey."""
    return [backend for backend in bridge_backends() if isinstance(backend, HueyBackend)]


def owner(task: AnyTask) -> HueyBackend:
    """Return the backend that runs a task's messages: its own, or else the first on Huey.

    Raise ImproperlyConfigured when none is.
    """
    backend = task_backends[task.backend]
    if isinstance(backend, HueyBackend):
        return backend
    for backend in huey_backends():
        return backend
    raise ImproperlyConfigured(
        f"Huey runs the task {task.module_path!r}, and no backend of TASKS is on Huey. Add an "
        "entry with the BACKEND 'bridge.HueyBackend', or stop its Huey consumers."
    )


def subscribe() -> None:
    """Register every task, those declared later included."""
    global _subscribed
    with _lock:
        if not _subscribed:
            _subscribed = True
            registry.subscribe(register)


def register(task: Task[..., Any]) -> None:
    """Register a task with every Huey of this process."""
    for backend in huey_backends():
        ensure(backend, task)


def ensure(backend: HueyBackend, task: AnyTask) -> None:
    """Register a task with every Huey of one backend, under all of its names."""
    for name in backend.aliases.names(task.module_path):
        for huey in backend.hueys.all():
            class_of(huey, name, task.module_path)


def class_of(huey: Any, name: str, path: str) -> type[BridgedTask]:
    """Return the class of a task under one of its names; make it if there is none.

    Raise ImproperlyConfigured when the name is another task's.
    """
    with _lock:
        known = huey._registry._registry.get(name)
        if known is None:
            module, _, own = name.rpartition(".")
            known = type(own, (BridgedTask,), {"__module__": module, "bridged": path, "huey": huey})
            huey._registry.register(known)
        elif getattr(known, "bridged", None) != path:
            other = getattr(known, "bridged", None)
            what = f"the task {other!r}" if other else "a task that Huey's own decorator has made"
            raise ImproperlyConfigured(
                f"The task {path!r} has the name {name!r} in Huey, as has {what}. Remove one of "
                "them, or correct ALIASES."
            )
    found: type[BridgedTask] = known
    return found
