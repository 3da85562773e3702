"""Where outcomes are, and what becomes of each Celery task."""

from __future__ import annotations

from collections.abc import Iterator

from codemods.engine.literals import string
from codemods.engine.outcome import Outcome
from codemods.engine.places import Places
from codemods.engine.plan import Fate
from codemods.engine.source import Source
from codemods.engine.tree import Frame
from codemods.rules.celery.study import Study
from codemods.rules.celery.task import CeleryTask

DEFAULT_QUEUE = "default"


class CeleryPlaces(Places):
    """Where outcomes are, and the queues and the fates of their tasks."""

    def __init__(self, study: Study) -> None:
        self.study = study
        found = ((outcome.source, outcome.frame) for outcome in study.outcomes)
        super().__init__(study.project, [*found, *_definitions(study)])

    def queue_of(self, outcome: Outcome) -> str:
        """Return the queue of its tasks, when all have one and it is known."""
        queues = {task_queue(self.study.tasks[key]) for key in outcome.tasks}
        return queues.pop() if len(queues) == 1 else ""

    def fates(self, stays: dict[str, Outcome]) -> Iterator[Fate]:
        """Yield what becomes of each task."""
        for key, task in self.study.tasks.items():
            line, _ = self.position(task.source, task.node)
            label, cause = task.source.label, stays.get(key)
            common = (key, label, line, self.areas.of(label), task_queue(task), cause is None)
            if cause is None:
                yield Fate(*common)
                continue
            reason = f"declined: {cause.reason}" if cause.declined else cause.reason
            yield Fate(*common, cause.id, f"{cause.source.label}:{cause.line}", reason)


def task_queue(task: CeleryTask) -> str:
    """Return the queue a definition names, the default one, or nothing when it cannot be read."""
    value = task.option("queue")
    return DEFAULT_QUEUE if value is None else string(value) or ""


def _definitions(study: Study) -> Iterator[tuple[Source, Frame]]:
    for task in study.tasks.values():
        yield task.source, task.frame
