"""Names of the Tasks API, from Django itself (6.0+) or from the django-tasks backport (5.2).

The only module that knows where they live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

import django
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from typing_extensions import ParamSpec, TypeVar

    # With defaults, so that users may write Task, TaskResult and TaskContext without parameters.
    P = ParamSpec("P", default=...)
    R = TypeVar("R", default=Any)
else:
    from typing import ParamSpec, TypeVar

    P = ParamSpec("P")
    R = TypeVar("R")

if TYPE_CHECKING or django.VERSION >= (6, 0):
    from django.tasks import (
        DEFAULT_TASK_BACKEND_ALIAS,
        DEFAULT_TASK_QUEUE_NAME,
        TaskResultStatus,
        default_task_backend,
        task_backends,
    )
    from django.tasks import TaskContext as DjangoTaskContext
    from django.tasks import TaskResult as DjangoTaskResult
    from django.tasks.backends.base import BaseTaskBackend
    from django.tasks.backends.dummy import DummyBackend as DjangoDummyBackend
    from django.tasks.backends.immediate import ImmediateBackend as DjangoImmediateBackend
    from django.tasks.base import DEFAULT_TASK_PRIORITY, TASK_REFRESH_ATTRS, TaskError
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
            TaskResultStatus,
            default_task_backend,
            task_backends,
        )
        from django_tasks import TaskContext as DjangoTaskContext
        from django_tasks import TaskResult as DjangoTaskResult
        from django_tasks.backends.base import BaseTaskBackend
        from django_tasks.backends.dummy import DummyBackend as DjangoDummyBackend
        from django_tasks.backends.immediate import ImmediateBackend as DjangoImmediateBackend
        from django_tasks.base import DEFAULT_TASK_PRIORITY, TASK_REFRESH_ATTRS, TaskError
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
    BaseTaskResult = DjangoTaskResult
    BaseTaskContext = DjangoTaskContext
    AnyTask = DjangoTask[..., Any]
    AnyDjangoResult = DjangoTaskResult[..., Any]
else:

    class BaseTask(DjangoTask, Generic[P, R]):
        """Give Django's Task the type parameters it has in its stubs."""

    class BaseTaskResult(DjangoTaskResult, Generic[P, R]):
        """Do the same for TaskResult."""

        __slots__ = ()

    class BaseTaskContext(DjangoTaskContext, Generic[P, R]):
        """Do the same for TaskContext."""

        __slots__ = ()

    AnyTask = DjangoTask
    AnyDjangoResult = DjangoTaskResult

__all__ = [
    "DEFAULT_TASK_BACKEND_ALIAS",
    "DEFAULT_TASK_PRIORITY",
    "DEFAULT_TASK_QUEUE_NAME",
    "TASK_REFRESH_ATTRS",
    "AnyDjangoResult",
    "AnyTask",
    "BaseTask",
    "BaseTaskBackend",
    "BaseTaskContext",
    "BaseTaskResult",
    "DjangoDummyBackend",
    "DjangoImmediateBackend",
    "DjangoTask",
    "DjangoTaskContext",
    "DjangoTaskResult",
    "InvalidTask",
    "InvalidTaskBackend",
    "P",
    "R",
    "TaskError",
    "TaskException",
    "TaskResultDoesNotExist",
    "TaskResultMismatch",
    "TaskResultStatus",
    "check_tasks",
    "default_task_backend",
    "log_task_enqueued",
    "log_task_finished",
    "normalize_json",
    "task_backends",
    "task_enqueued",
    "task_finished",
    "task_started",
    "tasks_logger",
]
