"""What Celery's messages and results have no place for.

It travels as a stamp, which Celery 5.3 and later store with every state of a task when
result_extended is set: a worker of the old code keeps it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils import timezone

from bridge.interface import (
    DEFAULT_TASK_PRIORITY,
    DEFAULT_TASK_QUEUE_NAME,
    AnyTask,
    TaskError,
)
from bridge.restoring import restore
from bridge.result import AnyResult
from compat.celery.moments import aware

NAME = "bridge"
"""Of the stamp."""

Stamp = dict[str, Any]

TIMES = ("enqueued_at", "expires_at", "started_at", "last_attempted_at")


def enqueued(result: AnyResult) -> Stamp:
    """Return what the message of a task says of it."""
    task = result.task
    stamp: Stamp = {"backend": result.backend, **dict(_times(result, TIMES[:2]))}
    if task.priority != DEFAULT_TASK_PRIORITY:
        stamp["priority"] = task.priority
    if task.queue_name != DEFAULT_TASK_QUEUE_NAME:
        stamp["queue_name"] = task.queue_name
    if task.run_after is not None:
        stamp["run_after"] = text(task.run_after)
    return stamp


def attempted(result: AnyResult) -> Stamp:
    """Return what is stored of a task once a worker has begun to run it."""
    return {
        **enqueued(result),
        **dict(_times(result, TIMES[2:])),
        "worker_ids": result.worker_ids,
        "errors": [[error.exception_class_path, error.traceback] for error in result.errors],
    }


def of(stamps: Any) -> Stamp:
    """Return our stamp of a message or a stored state; an empty one when old code has sent it."""
    found = (stamps or {}).get(NAME)
    if isinstance(found, list) and found:  # so does Celery hand it to a task that runs eagerly
        found = found[0]
    return found if isinstance(found, dict) else {}


def task_of(stamp: Stamp, task: AnyTask, backend: str) -> AnyTask:
    """Return a task as it was enqueued."""
    run_after = stamp.get("run_after")
    as_enqueued = {
        "backend": stamp.get("backend", backend),
        "priority": stamp.get("priority", DEFAULT_TASK_PRIORITY),
        "queue_name": stamp.get("queue_name", DEFAULT_TASK_QUEUE_NAME),
        "run_after": None if run_after is None else moment(run_after),
    }
    if all(getattr(task, name) == value for name, value in as_enqueued.items()):
        return task
    return restore(task, **as_enqueued)


def facts_of(stamp: Stamp) -> dict[str, Any]:
    """Return what a stamp says, by the names of TaskResult."""
    facts = {name: moment(stamp[name]) for name in TIMES if name in stamp}
    return {
        **facts,
        "worker_ids": list(stamp.get("worker_ids", ())),
        "errors": [
            TaskError(exception_class_path=path, traceback=traceback)
            for path, traceback in stamp.get("errors", ())
        ],
    }


def moment(text: str) -> datetime:
    """Return a time as the project has them, naive without USE_TZ."""
    return aware(datetime.fromisoformat(text))


def _times(result: AnyResult, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        at = getattr(result, name)
        if at is not None:
            yield name, text(at)


def text(at: datetime) -> str:
    """Return a time of the project's as a stamp has it, with its offset."""
    return (timezone.make_aware(at) if timezone.is_naive(at) else at).isoformat()
