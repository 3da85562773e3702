"""The Celery task behind a task, for what only Celery's own API can say.

`celery_self` is the other way round: what a bound Celery task was to the code it called, and
`celery_handlers` calls what Celery called at a task's end.

Canvas, headers, a chosen task id: a call that has no counterpart in Django's API goes on as it was,
on the task that Celery's workers run for the task anyway. Such a call is Celery's: it is not part
of the caller's transaction, its result is an AsyncResult, and its row is written when it runs.
`unique` and `concurrency` say nothing about it.
"""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.core.exceptions import ImproperlyConfigured

from bridge import registry
from bridge.interface import AnyTask
from compat.celery import registration
from compat.celery.bound import celery_self
from compat.celery.handlers import celery_handlers

__all__ = ["celery_handlers", "celery_self", "celery_task"]

# What using() changes, which no message would carry.
_PER_CALL = ("priority", "queue_name", "run_after")


def celery_task(task: AnyTask) -> Any:
    """Return the Celery task that runs a task, under the name old workers know it by.

    Raise ImproperlyConfigured where no backend of TASKS is on Celery, unless Celery's app runs
    tasks at once, as in tests: there it runs the task in the caller's process. Raise ValueError
    for a copy made by using(), whose settings the Celery task would not know.
    """
    declared = registry.find(task.module_path) or task
    changed = [name for name in _PER_CALL if getattr(task, name) != getattr(declared, name)]
    if changed:
        raise ValueError(
            f"celery_task() takes {task.module_path!r} as it is declared, not a copy of it with "
            f"another {changed[0]}. Give that to apply_async() or set() of the Celery task."
        )
    if registration.celery_backends():
        backend = registration.owner(task)
        registration.ensure(task)
        app, name = backend.app, backend.aliases.wire_name(task.module_path)
    elif current_app.conf.task_always_eager:
        registration.ensure(task)
        app, name = current_app, task.module_path
    else:
        raise ImproperlyConfigured(
            f"celery_task({task.module_path!r}) needs Celery workers, and no backend of TASKS is "
            "on Celery. Add an entry with the BACKEND 'bridge.CeleryBackend', set "
            "task_always_eager of the Celery app in tests, or enqueue the task instead."
        )
    celery_task = app.tasks[name]
    if getattr(celery_task, "bridged", None) != task.module_path:
        raise ImproperlyConfigured(
            f"The Celery task {name!r} is not the one that runs {task.module_path!r}: old code "
            "declares it in this process. Remove that declaration, or give it another name."
        )
    return celery_task
