"""What a worker tells Celery of the task it runs, whatever keeps the result."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from celery import states
from celery.exceptions import TaskPredicate

from bridge.outcome import Outcome

logger = logging.getLogger("bridge.celery")

# How a pool process ends when its parent terminates it.
TERMINATED = {-(256 - number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}


def is_ignored(celery_task: Any) -> bool:
    """Say whether Celery stores nothing of the task it runs."""
    return bool(celery_task.request.ignore_result or celery_task.ignore_result)


def tracks_start(celery_task: Any) -> bool:
    """Say whether Celery is to store STARTED of the task it runs."""
    if is_ignored(celery_task) or celery_task.request.is_eager:
        return False
    return bool(celery_task.app.conf.task_track_started)


def note_started(celery_task: Any) -> None:
    """Let Celery store STARTED, where task_track_started says so."""
    if not tracks_start(celery_task):
        return
    request = celery_task.request
    facts = {"pid": os.getpid(), "hostname": request.hostname}
    try:
        celery_task.update_state(state=states.STARTED, meta=facts)
    except Exception as error:  # noqa: BLE001
        # Every result backend has its own errors, and none of them is the task's.
        logger.warning("task=%s STARTED is not stored: %r", request.id, error)


def is_terminated(outcome: Outcome) -> bool:
    """Say whether the pool is ending this process: whoever ended it decides about the task."""
    error = getattr(outcome, "exception", None)
    return isinstance(error, SystemExit) and error.code in TERMINATED


def failure(error: BaseException) -> Exception:
    """Return what to raise for Celery in the place of what a task raised."""
    if isinstance(error, Exception) and not isinstance(error, TaskPredicate):
        return error
    # Celery would let it end the worker's process, or not end the task: it has ended.
    wrapped = RuntimeError(f"The task raised {error!r}.")
    wrapped.__cause__ = error
    return wrapped
