"""What Celery's option rules share."""

from __future__ import annotations

from dataclasses import dataclass, field

from codemods.engine.decorators.build import Build as AnyBuild
from codemods.engine.decorators.build import Make
from codemods.engine.decorators.given import Option
from codemods.engine.names import local_name
from codemods.engine.site import Rule

POLICY = Rule(
    "CEL310",
    "A policy that django.tasks does not have",
    "With --target django the new code imports django.tasks alone, which knows priority, "
    "queue_name, backend and takes_context. A task whose options or self.retry() need a policy "
    "stays on Celery. Use --target bridge, or do in the function what the option did.",
)
_OF_DJANGO = frozenset({"priority", "queue_name", "backend", "takes_context"})


@dataclass(slots=True, eq=False, kw_only=True)
class Build(AnyBuild):
    """The new call, and what decides how Celery's options are to be read."""

    broker: str
    default_queue: str | None
    """Celery's default queue, None when the settings are not in sight."""
    target: str = "bridge"
    handlers: list[Option] = field(default_factory=list)
    """The functions that are called when a task has ended."""

    def put(self, keyword: str, make: Make, anchor: int | None = None) -> None:
        """Add an argument with a new expression."""
        if self.target == "django" and keyword not in _OF_DJANGO:
            self.refuse(POLICY.code, f"{keyword}= is a policy of the bridge")
        AnyBuild.put(self, keyword, make, anchor)

    def decorator(self) -> str:
        """Return how the file spells the decorator at module level."""
        if self.target == "bridge":
            return self.bridge("task")
        spelled, need = local_name(self.options.source, "django.tasks", "task", inside=False)
        if need is not None:
            self.needs.add(need)
        return spelled
