"""What the rules know about the project while they judge it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.imports import Need
from codemods.engine.modules import Target
from codemods.engine.outcome import Outcome
from codemods.engine.project import Project
from codemods.engine.scope import Binding, BindingKind, Chain, Scope
from codemods.engine.site import Kind, Note, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.huey.census import Census
from codemods.rules.huey.schedules.entry import Periodic
from codemods.rules.huey.task import HueyTask

_NAME = "task"
_OTHER = "bridge_task"


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One place that names a task."""

    task: HueyTask
    source: Source
    chain: Chain
    rest: tuple[str, ...]
    """The attributes read from the task."""

    @property
    def position(self) -> int:
        """Return where the first of those attributes stands in the chain."""
        return len(self.chain.parts) - len(self.rest)

    @property
    def call(self) -> Frame | None:
        """Return the call of what the use names, if it is called there."""
        up = self.chain.frame.up
        if up is not None and isinstance(up.node, cst.Call):
            return up if up.node.func is self.chain.frame.node else None
        return None

    def outcome(self, rule: Rule, reason: str, kind: Kind = Kind.REWRITE) -> Outcome:
        """Return an outcome at this place."""
        key = frozenset({self.task.key})
        return Outcome(self.source, self.chain.frame, rule.code, kind, reason, key)

    def person(self, rule: Rule, reason: str) -> Outcome:
        """Return that a person is needed; outside tests the task stays on Huey."""
        found = self.outcome(rule, reason, Kind.PERSON)
        found.blocks = not self.source.is_test
        return found


@dataclass(slots=True, eq=False)
class Study:
    """The project, its tasks, and everything found so far."""

    project: Project
    census: Census
    outcomes: list[Outcome] = field(default_factory=list)
    groups: list[frozenset[str]] = field(default_factory=list)
    """Tasks that move together or not at all."""
    uses: dict[str, list[Use]] = field(default_factory=lambda: defaultdict(list))
    queues: set[str] = field(default_factory=set)
    unknown_queues: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    """Module path of each task with a custom name, and the name in messages."""
    periodic: dict[str, Periodic] = field(default_factory=dict)
    """When each periodic task is due, by module path."""
    stays: dict[str, Outcome] = field(default_factory=dict)
    """The tasks that stay on Huey, once that is decided."""
    notes: list[Note] = field(default_factory=list)
    freed: set[Source] = field(default_factory=set)
    """The files in which nothing but converted definitions is called `task`."""

    @property
    def tasks(self) -> dict[str, HueyTask]:
        """Return every task by module path."""
        return self.census.tasks

    def free_names(self, active: list[Outcome]) -> None:
        """Let the new decorator be called `task` where Huey's was, and is not any more.

        To be called once it is decided which tasks stay.
        """
        replaced = {id(edit.frame.node) for outcome in active for edit in outcome.edits}
        for source in {outcome.source for outcome in active}:
            bindings = source.survey.scope.bindings.get(_NAME, [])
            if len(bindings) != 1 or bindings[0].kind is not BindingKind.IMPORT:
                continue
            target = self.project.resolve_dotted(bindings[0].target)
            if target is None or not self.census.is_factory(target):
                continue
            uses = [
                chain
                for chain in source.survey.chains
                if chain.root == _NAME and _is_bound(chain, bindings[0])
            ]
            if all(_is_replaced(chain, replaced) for chain in uses):
                self.freed.add(source)
        for outcome in active:
            if outcome.source in self.freed:
                outcome.needs = {_freed(need) for need in outcome.needs}
                # Huey's import goes also where nothing used it.
                outcome.stale.add(_NAME)

    def decorator(self, source: Source, spelled: str) -> str:
        """Return how a file spells the new decorator, given what would be free before."""
        return _NAME if source in self.freed and spelled == _OTHER else spelled

    def resolved(
        self, node: cst.BaseExpression | None, scope: Scope, source: Source
    ) -> Target | None:
        """Return what an expression of names stands for."""
        name = dotted_name(node)
        return self.project.resolve_name(tuple(name.split(".")), scope, source) if name else None

    def full(self, node: cst.BaseExpression | None, scope: Scope, source: Source) -> str:
        """Return the path of what an expression of names stands for, empty when unknown."""
        target = self.resolved(node, scope, source)
        return target.full if target is not None else ""

    def block(
        self, source: Source, frame: Frame, rule: Rule, reason: str, keys: frozenset[str]
    ) -> None:
        """Keep tasks on Huey because of a place."""
        self.outcomes.append(
            Outcome(source, frame, rule.code, Kind.PERSON, reason, keys, blocks=True)
        )

    def task_around(self, frame: Frame) -> HueyTask | None:
        """Return the task whose function a place is in."""
        nodes = {id(task.node): task for task in self.tasks.values()}
        return next((nodes[id(up.node)] for up in frame.ancestors() if id(up.node) in nodes), None)


def _is_bound(chain: Chain, binding: Binding) -> bool:
    found = chain.frame.scope.lookup(chain.root)
    return found is not None and binding in found[1]


def _is_replaced(chain: Chain, replaced: set[int]) -> bool:
    """Is the name part of a decorator, or of what makes one, that is written anew?"""
    above = (chain.frame, *chain.frame.ancestors())
    return any(id(frame.node) in replaced for frame in above[:3])


def _freed(need: Need) -> Need:
    return Need(need.module, need.name, _NAME) if need.local == _OTHER else need
