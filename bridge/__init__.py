"""Django's Tasks API on the queues a team already runs, and on a database it can stay on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from bridge.backends.database import DatabaseBackend
    from bridge.backends.dummy import DummyBackend
    from bridge.backends.immediate import ImmediateBackend
    from bridge.backoff import exponential, fixed
    from bridge.base import Task
    from bridge.batches import (
        Batch,
        aenqueue_batch,
        aget_batch,
        enqueue_batch,
        get_batch,
    )
    from bridge.calls import Call
    from bridge.cancellation import Cancellation
    from bridge.context import TaskContext
    from bridge.decorator import task
    from bridge.exceptions import (
        BatchDoesNotExist,
        EnqueueError,
        HardTimeout,
        MaxAttemptsExceeded,
        PayloadTooLarge,
        TaskCancelled,
        TaskExpired,
        TaskNotFound,
        TaskTimeout,
        WorkerLost,
    )
    from bridge.hooks import RESULT_ID, RETURN_VALUE, Hook
    from bridge.limits import Concurrency, RateLimit
    from bridge.pauses import pause_queue, paused_queues, resume_queue
    from bridge.progress import Progress
    from bridge.requeueing import Requeueing
    from bridge.result import TaskResult
    from bridge.retry import Retry
    from bridge.unique import Unique

# Strings, so that a backend imports its library only when TASKS names it.
_HOMES = {
    "Batch": "bridge.batches",
    "BatchDoesNotExist": "bridge.exceptions",
    "Call": "bridge.calls",
    "Cancellation": "bridge.cancellation",
    "CeleryBackend": "compat.celery.backend",
    "Concurrency": "bridge.limits",
    "DatabaseBackend": "bridge.backends.database",
    "DummyBackend": "bridge.backends.dummy",
    "EnqueueError": "bridge.exceptions",
    "HardTimeout": "bridge.exceptions",
    "Hook": "bridge.hooks",
    "HueyBackend": "compat.huey.backend",
    "ImmediateBackend": "bridge.backends.immediate",
    "MaxAttemptsExceeded": "bridge.exceptions",
    "PayloadTooLarge": "bridge.exceptions",
    "Progress": "bridge.progress",
    "RESULT_ID": "bridge.hooks",
    "RETURN_VALUE": "bridge.hooks",
    "RateLimit": "bridge.limits",
    "Requeueing": "bridge.requeueing",
    "Retry": "bridge.retry",
    "Task": "bridge.base",
    "TaskCancelled": "bridge.exceptions",
    "TaskContext": "bridge.context",
    "TaskExpired": "bridge.exceptions",
    "TaskNotFound": "bridge.exceptions",
    "TaskResult": "bridge.result",
    "TaskTimeout": "bridge.exceptions",
    "Unique": "bridge.unique",
    "WorkerLost": "bridge.exceptions",
    "aenqueue_batch": "bridge.batches",
    "aget_batch": "bridge.batches",
    "enqueue_batch": "bridge.batches",
    "exponential": "bridge.backoff",
    "fixed": "bridge.backoff",
    "get_batch": "bridge.batches",
    "pause_queue": "bridge.pauses",
    "paused_queues": "bridge.pauses",
    "resume_queue": "bridge.pauses",
    "task": "bridge.decorator",
}
_EXTRAS = {"celery": "celery", "huey": "huey", "kombu": "celery"}

__all__ = [
    "RESULT_ID",
    "RETURN_VALUE",
    "Batch",
    "BatchDoesNotExist",
    "Call",
    "Cancellation",
    "Concurrency",
    "DatabaseBackend",
    "DummyBackend",
    "EnqueueError",
    "HardTimeout",
    "Hook",
    "ImmediateBackend",
    "MaxAttemptsExceeded",
    "PayloadTooLarge",
    "Progress",
    "RateLimit",
    "Requeueing",
    "Retry",
    "Task",
    "TaskCancelled",
    "TaskContext",
    "TaskExpired",
    "TaskNotFound",
    "TaskResult",
    "TaskTimeout",
    "Unique",
    "WorkerLost",
    "aenqueue_batch",
    "aget_batch",
    "enqueue_batch",
    "exponential",
    "fixed",
    "get_batch",
    "pause_queue",
    "paused_queues",
    "resume_queue",
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
