"""Celery learns every declared task, under its own name and its legacy names."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from celery import Celery, shared_task
from django.core.exceptions import ImproperlyConfigured

from bridge import registry
from bridge.backends.base import bridge_backends
from bridge.interface import AnyTask, task_backends
from compat.celery.backend import CeleryBackend
from compat.celery.base import OnCelery
from compat.celery.options import options_of

if TYPE_CHECKING:
    from bridge.base import Task

_lock = threading.RLock()
_paths: dict[str, str] = {}  # name in Celery -> module path of the task
_subscribed = False


def celery_backends() -> list[OnCelery]:
    """Return the configured backends that run on Celery."""
    return [backend for backend in bridge_backends() if isinstance(backend, OnCelery)]


def ledger_backends() -> list[CeleryBackend]:
    """Return those that keep their tasks in the ledger."""
    return [backend for backend in celery_backends() if isinstance(backend, CeleryBackend)]


def owner(task: AnyTask) -> OnCelery:
    """Return the backend that runs a task's messages: its own, or else the first on Celery.

    Raise ImproperlyConfigured when none is.
    """
    backend = task_backends[task.backend]
    if isinstance(backend, OnCelery):
        return backend
    for backend in celery_backends():
        return backend
    raise ImproperlyConfigured(
        f"Celery runs the task {task.module_path!r}, and no backend of TASKS is on Celery. Add an "
        "entry with the BACKEND 'bridge.CeleryBackend', or stop its Celery workers."
    )


def subscribe() -> None:
    """Register every task, those declared later included."""
    global _subscribed
    with _lock:
        if not _subscribed:
            _subscribed = True
            registry.subscribe(register)


def ensure(task: AnyTask) -> None:
    """Register a task that was declared while another backend was configured."""
    # What using() changed is for one call, and not for the Celery task.
    task = registry.find(task.module_path) or task
    backend = task_backends[task.backend]
    name = task.module_path
    if isinstance(backend, OnCelery):
        name = backend.aliases.wire_name(name)
    if name not in _paths:
        register(cast("Task[..., Any]", task))
    if task.module_path not in _paths:
        _add(task.module_path, task, None)  # for tests: no worker takes a message under this name


def register(task: Task[..., Any]) -> None:
    """Register a task with every Celery app of this process, present and future."""
    for backend in celery_backends():
        for name in backend.aliases.names(task.module_path):
            _add(name, task, backend)


def _add(name: str, task: AnyTask, backend: OnCelery | None) -> None:
    path = task.module_path
    with _lock:
        known = _paths.get(name)
        if known is None:
            options = options_of(task, backend and owner(task))
            shared_task(name=name, bind=True, **options)(_body(task))
            _paths[name] = path
        elif known != path:
            where = f" of TASKS[{backend.alias!r}]" if backend else ""
            raise ImproperlyConfigured(
                f"The tasks {known!r} and {path!r} both claim the Celery name {name!r}. "
                f"Remove one of them from ALIASES{where}."
            )


def verify(app: Celery) -> None:
    """Raise ImproperlyConfigured when a name of ours leads to another Celery task."""
    for name, path in _paths.items():
        celery_task = app.tasks.get(name)
        if celery_task is not None and getattr(celery_task, "bridged", None) != path:
            raise ImproperlyConfigured(
                f"The Celery task {name!r} and the task {path!r} have the same name, so this "
                "worker would run the wrong one. Remove the Celery task, or give it another name."
            )


def _body(task: AnyTask) -> Callable[..., Any]:
    path = task.module_path

    def body(self: Any, *args: Any, **kwargs: Any) -> Any:
        from compat.celery.attempt import run  # models: not before the app registry is ready

        return run(self, path, args, kwargs)

    for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(body, attribute, getattr(task.func, attribute, None))
    return body
