"""Names of the drafts of Django's Tasks API, for code that was written against them.

Where code says `from django_tasks import ResultStatus, tasks`, let it say `from bridge.drafts` so.
New code has no use for any of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.base import Task
from bridge.decorator import task
from bridge.interface import (
    DEFAULT_TASK_BACKEND_ALIAS,
    InvalidTask,
    InvalidTaskBackend,
    TaskResultDoesNotExist,
    TaskResultMismatch,
    TaskResultStatus,
    default_task_backend,
    task_backends,
)
from bridge.interface import DEFAULT_TASK_QUEUE_NAME as DEFAULT_QUEUE_NAME
from bridge.result import TaskResult

RENAMED = {"NEW": "READY", "COMPLETE": "SUCCESSFUL", "SUCCEEDED": "SUCCESSFUL"}
"""Statuses of the drafts, and what has become of them."""


class _Statuses(type):
    def __call__(cls, value: str) -> TaskResultStatus:
        return TaskResultStatus(RENAMED.get(value, value))

    def __getitem__(cls, name: str) -> TaskResultStatus:
        return TaskResultStatus[RENAMED.get(name, name)]

    def __getattr__(cls, name: str) -> Any:
        return getattr(TaskResultStatus, name)

    def __iter__(cls) -> Iterator[TaskResultStatus]:
        return iter(TaskResultStatus)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, TaskResultStatus)


class ResultStatus(metaclass=_Statuses):
    """TaskResultStatus, with the names of the drafts beside its own."""

    NEW = TaskResultStatus.READY
    COMPLETE = TaskResultStatus.SUCCESSFUL
    SUCCEEDED = TaskResultStatus.SUCCESSFUL


InvalidTaskError = InvalidTask
InvalidTaskBackendError = InvalidTaskBackend

ResultDoesNotExist = (TaskResultDoesNotExist, TaskResultMismatch)
"""For `except`: the drafts made no difference between no result and that of another task."""

tasks = task_backends

__all__ = [
    "DEFAULT_QUEUE_NAME",
    "DEFAULT_TASK_BACKEND_ALIAS",
    "InvalidTaskBackendError",
    "InvalidTaskError",
    "ResultDoesNotExist",
    "ResultStatus",
    "Task",
    "TaskResult",
    "default_task_backend",
    "task",
    "tasks",
]
