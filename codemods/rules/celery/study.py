"""What the rules know about the project while they judge it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from codemods.engine.outcome import Outcome
from codemods.engine.project import Project
from codemods.engine.scope import Chain
from codemods.engine.site import Note
from codemods.engine.source import Source
from codemods.rules.celery.census import Census
from codemods.rules.celery.task import CeleryTask

_SENDING = ("CEL20", "CEL21", "CEL4")
_NO_SENDING = frozenset({"CEL203", "CEL206", "CEL208", "CEL209", "CEL211"})
"""What starts like the code of a rule for sending, and sends nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One place that names a task."""

    task: CeleryTask
    source: Source
    chain: Chain
    rest: tuple[str, ...]
    """The attributes read from the task."""

    @property
    def position(self) -> int:
        """Return where the first of those attributes stands in the chain."""
        return len(self.chain.parts) - len(self.rest)


@dataclass(slots=True, eq=False)
class Study:
    """The project, its tasks, and everything found so far."""

    project: Project
    census: Census
    broker: str
    default_queue: str | None = None
    target: str = "bridge"
    """Whose names the code may use afterwards: "bridge", or "django" alone."""
    outcomes: list[Outcome] = field(default_factory=list)
    takes_context: set[str] = field(default_factory=set)
    asks: set[str] = field(default_factory=set)
    """Tasks whose body asks for another attempt."""
    queues: set[str] = field(default_factory=set)
    unknown_queues: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    """Module path of each task with a custom name."""
    groups: list[frozenset[str]] = field(default_factory=list)
    """Tasks that move together or not at all."""
    uses: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    used: dict[int, Use] = field(default_factory=dict)
    """The use of a task behind each `x.method`, by the id of that node."""
    canvases: dict[int, str] = field(default_factory=dict)
    """Why each canvas stays on Celery, by the id of its node; empty when it does not."""
    with_options: dict[str, set[bool]] = field(default_factory=lambda: defaultdict(set))
    """Whether production code sends a task with `using(...)`, without, or both."""
    on_celery: dict[str, set[str]] = field(default_factory=dict)
    """What methods_on_celery() is when the uses in tests are judged."""
    handled: set[str] = field(default_factory=set)
    """Tasks with functions that are called when they have ended."""
    enqueued: set[str] = field(default_factory=set)
    """The tasks that production code sends as tasks of the bridge, at the same time."""
    mocks: dict[tuple[int, str], list[tuple[str, Outcome]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    """The mocks of each sending method in one test of one task, by the ids of both."""
    eager_propagates: bool = False
    """Do the settings run tasks at once and raise what fails?"""
    stays: dict[str, Outcome] = field(default_factory=dict)
    """The tasks that stay on Celery, once that is decided."""
    notes: list[Note] = field(default_factory=list)

    @property
    def tasks(self) -> dict[str, CeleryTask]:
        """Return every task by module path."""
        return self.census.tasks

    def methods_on_celery(self) -> dict[str, set[str]]:
        """Return the methods of each task that production code calls on its Celery task."""
        methods: dict[str, set[str]] = defaultdict(set)
        for outcome in self.outcomes:
            if outcome.on_celery and not outcome.source.is_test:
                for key in outcome.tasks:
                    methods[key].add(outcome.on_celery)
        return methods

    def settle_production(self) -> None:
        """Note what production code does with each task, before tests of it are judged."""
        self.on_celery = self.methods_on_celery()
        self.enqueued = {
            key
            for outcome in self.outcomes
            if not (outcome.source.is_test or outcome.on_celery)
            and outcome.code.startswith(_SENDING)
            and outcome.code not in _NO_SENDING
            for key in outcome.tasks
        }

    def chains_to(self, dotted: str) -> list[tuple[Source, Chain]]:
        """Return every use of what a project module defines under a dotted path."""
        name = dotted.rpartition(".")[2]
        found = []
        for source in self.project.relevant:
            for chain in source.survey.chains:
                # A name it was imported as may be another one.
                if (
                    name not in chain.parts
                    and chain.root != name
                    and not self._renames(source, chain)
                ):
                    continue
                target = self.project.resolve(chain, source)
                if target is not None and target.dotted == dotted:
                    found.append((source, chain))
        return found

    def _renames(self, source: Source, chain: Chain) -> bool:
        return any(
            not binding.target.endswith(f".{binding.name}") and binding.target != binding.name
            for binding in source.survey.scope.bindings.get(chain.root, ())
            if binding.target
        )
