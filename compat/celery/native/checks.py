"""What system checks say of a backend that leaves results to Celery, and of its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from celery.backends.base import BaseKeyValueStoreBackend, DisabledBackend
from django.core import checks

from bridge.checks.kinds import NO_RESULTS, PARTIAL_POLICY

if TYPE_CHECKING:
    from bridge.base import Task
    from compat.celery.native.backend import NativeCeleryBackend

MEANS = {
    "retry": "it runs again when the broker delivers its message again, after a whole worker has "
    "died; when only its process dies, it fails with WorkerLost",
    "fail": "it fails with WorkerLost when its process dies; when the whole worker dies, its "
    "result stays as it is",
}


def check_results(backend: NativeCeleryBackend) -> Iterator[checks.CheckMessage]:
    """Yield a warning when Celery keeps results from which no TaskResult can be made."""
    conf = backend.app.conf
    results: Any = backend.app.backend
    if isinstance(results, DisabledBackend) or conf.task_ignore_result:
        return  # nobody wants any
    place = f"get_result() of TASKS[{backend.alias!r}] knows no results: "
    if not isinstance(results, BaseKeyValueStoreBackend):
        yield NO_RESULTS(
            f"{place}Celery's {type(results).__name__} does not keep what they consist of."
        )
    elif not conf.result_extended:
        yield NO_RESULTS(
            f"{place}result_extended of its Celery app is off.",
            hint="Set CELERY_RESULT_EXTENDED = True in the settings of producers and workers.",
        )


def check_loss(task: Task[..., Any]) -> Iterator[checks.CheckMessage]:
    """Yield a warning that what becomes of a lost task is up to Celery and the broker."""
    if task.on_lost is not None:
        yield PARTIAL_POLICY(
            f"Task {task.module_path!r} has on_lost={task.on_lost!r}, and no lease tells who has "
            f"died: {MEANS[task.on_lost]}.",
            obj=task.module_path,
        )
