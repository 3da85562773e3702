"""Where outcomes are, and what becomes of each Celery task."""

from __future__ import annotations

from codemods.engine.literals import string
from codemods.engine.task_places import DEFAULT_QUEUE, TaskPlaces
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask


class CeleryPlaces(TaskPlaces[CeleryTask]):
    """Where outcomes are, and the queues and the fates of their tasks."""

    def __init__(self, study: Study) -> None:
        super().__init__(study.project, study.tasks, study.outcomes, task_queue)


def task_queue(task: CeleryTask) -> str:
    """Return the queue a definition names, the default one, or nothing when it cannot be read."""
    value = task.option("queue")
    return DEFAULT_QUEUE if value is None else string(value) or ""
