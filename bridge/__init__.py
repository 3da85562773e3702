"""Django's Tasks API on the queues a team already runs, and on a database it can stay on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from bridge.backends.database import DatabaseBackend
    from bridge.backends.dummy import DummyBackend
    from bridge.backends.immediate import ImmediateBackend
    from bridge.base import Task
    from bridge.calls import Call
    from bridge.decorator import task
    from bridge.exceptions import (
        EnqueueError,
        HardTimeout,
        MaxAttemptsExceeded,
        TaskNotFound,
        TaskTimeout,
        WorkerLost,
    )
    from bridge.retry import Retry, exponential, fixed

# Strings, so that a backend imports its library only when TASKS names it.
_HOMES = {
    "Call": "bridge.calls",
    "CeleryBackend": "compat.celery.backend",
    "DatabaseBackend": "bridge.backends.database",
    "DummyBackend": "bridge.backends.dummy",
    "EnqueueError": "bridge.exceptions",
    "HardTimeout": "bridge.exceptions",
    "ImmediateBackend": "bridge.backends.immediate",
    "MaxAttemptsExceeded": "bridge.exceptions",
    "Retry": "bridge.retry",
    "Task": "bridge.base",
    "TaskNotFound": "bridge.exceptions",
    "TaskTimeout": "bridge.exceptions",
    "WorkerLost": "bridge.exceptions",
    "exponential": "bridge.retry",
    "fixed": "bridge.retry",
    "task": "bridge.decorator",
}
_EXTRAS = {"celery": "celery", "kombu": "celery"}

__all__ = [
    "Call",
    "DatabaseBackend",
    "DummyBackend",
    "EnqueueError",
    "HardTimeout",
    "ImmediateBackend",
    "MaxAttemptsExceeded",
    "Retry",
    "Task",
    "TaskNotFound",
    "TaskTimeout",
    "WorkerLost",
    "exponential",
    "fixed",
    "task",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        value = getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        raise ImproperlyConfigured(
            f"bridge.{name} needs the package {error.name!r}, which is not installed. "
            f"Install it: pip install 'django-task-bridge[{extra}]'."
        ) from error
    globals()[name] = value
    return value
