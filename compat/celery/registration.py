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
from bridge.seconds import seconds
from compat.celery.backend import CeleryBackend

if TYPE_CHECKING:
    from bridge.base import Task

_lock = threading.RLock()
_paths: dict[str, str] = {}  # name in Celery -> module path of the task
_subscribed = False


def celery_backends() -> list[CeleryBackend]:
    """Return the configured backends that run on Celery."""
    return [backend for backend in bridge_backends() if isinstance(backend, CeleryBackend)]


def owner(task: AnyTask) -> CeleryBackend:
    """Return the backend that runs a task's messages: its own, or else the first on Celery."""
    backend = task_backends[task.backend]
    return backend if isinstance(backend, CeleryBackend) else celery_backends()[0]


def subscribe() -> None:
    """Register every task, those declared later included."""
    global _subscribed
    with _lock:
        if not _subscribed:
            _subscribed = True
            registry.subscribe(register)


def ensure(task: AnyTask) -> None:
    """Register a task that was declared while another backend was configured."""
    if task.module_path not in _paths:
        register(cast("Task[..., Any]", task))


def register(task: Task[..., Any]) -> None:
    """Register a task with every Celery app of this process, present and future."""
    path = task.module_path
    with _lock:
        for backend in celery_backends():
            for name in backend.aliases.names(path):
                known = _paths.get(name)
                if known is None:
                    shared_task(name=name, bind=True, **_options(task))(_body(task))
                    _paths[name] = path
                elif known != path:
                    raise ImproperlyConfigured(
                        f"The tasks {known!r} and {path!r} both claim the Celery name {name!r}. "
                        f"Remove one of them from ALIASES of TASKS[{backend.alias!r}]."
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


def _options(task: Task[..., Any]) -> dict[str, Any]:
    options = {
        "bridged": task.module_path,
        # The ledger requeues what a dead worker held, within MAX_LOSSES. Were the broker to do
        # it, the message would come back while the row still says RUNNING, and be dropped.
        "acks_late": owner(task).on_lost_of(task) == "retry",
        "reject_on_worker_lost": False,
        "retry_on_worker_lost": False,
        # The task's policy decides.
        "max_retries": None,
        # Before the claim nobody knows whether this delivery runs: a duplicate must not turn a
        # stored result back to STARTED.
        "track_started": False,
    }
    if task.hard_timeout is not None:
        options["time_limit"] = seconds(task.hard_timeout)
    return options


def _body(task: Task[..., Any]) -> Callable[..., Any]:
    path = task.module_path

    def body(self: Any, *args: Any, **kwargs: Any) -> Any:
        from compat.celery.attempt import run  # models: not before the app registry is ready

        return run(self, path, args, kwargs)

    for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(body, attribute, getattr(task.func, attribute, None))
    return body
