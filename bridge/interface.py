"""Names of the Tasks API, from Django itself (6.0+) or from the django-tasks backport (5.2).

The only module that knows where they live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import django
from django.core.exceptions import ImproperlyConfigured

P = ParamSpec("P")
R = TypeVar("R")

if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import (
        DEFAULT_TASK_BACKEND_ALIAS,
        DEFAULT_TASK_QUEUE_NAME,
        TaskContext,
        TaskResult,
        TaskResultStatus,
        task_backends,
    )
    from django.tasks.backends.base import BaseTaskBackend
    from django.tasks.backends.dummy import DummyBackend as DjangoDummyBackend
    from django.tasks.base import DEFAULT_TASK_PRIORITY, TaskError
    from django.tasks.base import Task as DjangoTask
    from django.tasks.checks import check_tasks
    from django.tasks.exceptions import (
        InvalidTask,
        InvalidTaskBackend,
        TaskException,
        TaskResultDoesNotExist,
        TaskResultMismatch,
    )
    from django.tasks.signals import (
        log_task_enqueued,
        log_task_finished,
        task_enqueued,
        task_finished,
        task_started,
    )
    from django.tasks.signals import logger as tasks_logger
    from django.utils.json import normalize_json
else:
    try:
        from django_tasks import (
            DEFAULT_TASK_BACKEND_ALIAS,
            DEFAULT_TASK_QUEUE_NAME,
            TaskContext,
            TaskResult,
            TaskResultStatus,
            task_backends,
        )
        from django_tasks.backends.base import BaseTaskBackend
        from django_tasks.backends.dummy import DummyBackend as DjangoDummyBackend
        from django_tasks.base import DEFAULT_TASK_PRIORITY, TaskError
        from django_tasks.base import Task as DjangoTask
        from django_tasks.checks import check_tasks
        from django_tasks.exceptions import InvalidTaskBackendError as InvalidTaskBackend
        from django_tasks.exceptions import InvalidTaskError as InvalidTask
        from django_tasks.exceptions import (
            TaskException,
            TaskResultDoesNotExist,
            TaskResultMismatch,
        )
        from django_tasks.signals import (
            log_task_enqueued,
            log_task_finished,
            task_enqueued,
            task_finished,
            task_started,
        )
        from django_tasks.signals import logger as tasks_logger
        from django_tasks.utils import normalize_json
    except ImportError as error:
        raise ImproperlyConfigured(
            f"Django {django.get_version()} has no django.tasks. "
            "Install the backport: pip install 'django-task-bridge[backport]'."
        ) from error

if TYPE_CHECKING:
    BaseTask = DjangoTask
    AnyTask = DjangoTask[..., Any]
    AnyResult = TaskResult[..., Any]
    AnyContext = TaskContext[..., Any]
else:

    class BaseTask(DjangoTask, Generic[P, R]):
        """Give Django's Task the type parameters it has in its stubs."""

    AnyTask = DjangoTask
    AnyResult = TaskResult
    AnyContext = TaskContext

__all__ = [
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_PRIORITY",
    "DEFAULT_TASK_QUEUE_NAME",
    "AnyContext",
    "AnyResult",
    "AnyTask",
    "BaseTask",
    "BaseTaskBackend",
    "DjangoDummyBackend",
    "DjangoTask",
    "InvalidTask",
    "InvalidTaskBackend",
    "P",
    "R",
    "TaskContext",
    "TaskError",
    "TaskException",
    "TaskResult",
    "TaskResultDoesNotExist",
    "TaskResultMismatch",
    "TaskResultStatus",
    "check_tasks",
    "log_task_enqueued",
    "log_task_finished",
    "normalize_json",
    "task_backends",
    "task_enqueued",
    "task_finished",
    "task_started",
    "tasks_logger",
]
