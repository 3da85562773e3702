"""Where outcomes are, and what becomes of each task."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from codemods.engine.outcome import Outcome
from codemods.engine.places import Places
from codemods.engine.plan import Fate
from codemods.engine.project import Project
from codemods.engine.verdict import Defined

T = TypeVar("T", bound=Defined)

DEFAULT_QUEUE = "default"


class TaskPlaces(Places, Generic[T]):
    """Where outcomes are, and the queues and the fates of their tasks."""

    def __init__(
        self,
        project: Project,
        tasks: Mapping[str, T],
        outcomes: Iterable[Outcome],
        queue: Callable[[T], str],
    ) -> None:
        self.tasks = tasks
        self.queue = queue
        """Returns the queue of a task, nothing when it cannot be read."""
        found = ((outcome.source, outcome.frame) for outcome in outcomes)
        defined = ((task.source, task.frame) for task in tasks.values())
        super().__init__(project, [*found, *defined])

    def queue_of(self, outcome: Outcome) -> str:
        """Return the queue of its tasks, when all have one and it is known."""
        queues = {self.queue(self.tasks[key]) for key in outcome.tasks}
        return queues.pop() if len(queues) == 1 else ""

    def fates(self, stays: dict[str, Outcome]) -> Iterator[Fate]:
        """Yield what becomes of each task."""
        for key, task in self.tasks.items():
            line, _ = self.position(task.source, task.frame.node)
            label, cause = task.source.label, stays.get(key)
            common = (key, label, line, self.areas.of(label), self.queue(task), cause is None)
            if cause is None:
                yield Fate(*common)
                continue
            reason = f"declined: {cause.reason}" if cause.declined else cause.reason
            yield Fate(*common, cause.id, f"{cause.source.label}:{cause.line}", reason)
