"""Celery's names for the states of a result."""

from __future__ import annotations

from typing import Any

from bridge.exceptions import TaskCancelled, TaskExpired
from bridge.interface import TaskResultStatus
from compat.celery.facade import progress

PENDING, STARTED, SUCCESS = "PENDING", "STARTED", "SUCCESS"
FAILURE, RETRY, REVOKED = "FAILURE", "RETRY", "REVOKED"
READY_STATES = frozenset({SUCCESS, FAILURE, REVOKED})
_REVOKED = frozenset(
    [
        *(f"{kind.__module__}.{kind.__qualname__}" for kind in (TaskCancelled, TaskExpired)),
        "celery.exceptions.TaskRevokedError",
    ]
)


def state_of(result: Any) -> str:
    """Return the state of a result; a task that is running may have said one of its own."""
    if result.status == TaskResultStatus.SUCCESSFUL:
        return SUCCESS
    if result.status == TaskResultStatus.FAILED:
        last = result.errors[-1].exception_class_path if result.errors else ""
        return REVOKED if last in _REVOKED else FAILURE
    if result.status == TaskResultStatus.RUNNING:
        said = said_by(result)
        return said[0] if said is not None else STARTED
    return RETRY if result.attempts else PENDING


def said_by(result: Any) -> tuple[str, Any] | None:
    """Return the state and meta that a running task has told with update_state()."""
    told = getattr(result, "progress", None)
    return progress.read(told.note) if told is not None else None
