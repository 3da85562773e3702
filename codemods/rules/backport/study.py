"""What the rules know about the project while they judge it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.outcome import Outcome
from codemods.engine.project import Project
from codemods.engine.scope import Binding, Chain, Scope
from codemods.engine.site import Kind, Note, Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.backport.names import TASK, is_backport


@dataclass(frozen=True, slots=True, eq=False)
class Mention:
    """One place that names something of the backport."""

    source: Source
    chain: Chain
    full: str
    """The path of what is named, with all attributes."""
    direct: bool
    """Is the name it begins with imported from the backport in this file?"""


@dataclass(slots=True, eq=False)
class Study:
    """The project, and everything found so far."""

    project: Project
    target: str = "bridge"
    outcomes: list[Outcome] = field(default_factory=list)
    groups: list[frozenset[str]] = field(default_factory=list)
    """Files that are rewritten together or not at all."""
    notes: list[Note] = field(default_factory=list)
    tasks: dict[str, tuple[Source, Frame]] = field(default_factory=dict)
    """The functions under the decorator, by module path."""
    kept: set[int] = field(default_factory=set)
    """The ids of imports that stay, and whose uses stay with them."""
    mentions: dict[Source, list[Mention]] = field(default_factory=dict)

    def outcome(self, source: Source, frame: Frame, rule: Rule, kind: Kind, reason: str) -> Outcome:
        """Add a finding; what a file gets, it gets as a whole."""
        found = Outcome(source, frame, rule.code, kind, reason, frozenset({source.label}))
        self.outcomes.append(found)
        return found

    def resolved(self, node: cst.BaseExpression | None, scope: Scope, source: Source) -> str:
        """Return the path of what an expression of names stands for, empty when unknown."""
        name = dotted_name(node)
        if not name:
            return ""
        target = self.project.resolve_name(tuple(name.split(".")), scope, source)
        return target.full if target is not None else ""

    def read(self, source: Source) -> None:
        """Find the mentions of the backport in a file, and the tasks it defines."""
        found = self.mentions.setdefault(source, [])
        for chain in source.survey.chains:
            target = self.project.resolve(chain, source) if chain.root else None
            if target is not None and is_backport(target.full):
                found.append(Mention(source, chain, target.full, self._direct(chain)))
        for frame in source.survey.functions:
            node = frame.node
            assert isinstance(node, cst.FunctionDef)
            if any(self._makes_task(item, frame, source) for item in node.decorators):
                self.tasks[f"{source.name}.{node.name.value}"] = (source, frame)

    def named(self, full: str) -> Iterator[Mention]:
        """Yield every mention of exactly one thing."""
        for mentions in self.mentions.values():
            yield from (mention for mention in mentions if mention.full == full)

    def _makes_task(self, item: cst.Decorator, frame: Frame, source: Source) -> bool:
        value = item.decorator
        func = value.func if isinstance(value, cst.Call) else value
        return self.resolved(func, frame.scope, source) in TASK

    def _direct(self, chain: Chain) -> bool:
        targets = {binding.target for binding in bindings_of(chain)}
        return len(targets) == 1 and all(map(is_backport, targets))

    def is_kept(self, mention: Mention) -> bool:
        """Does an import stay that gives the place its name?"""
        return any(id(b.frame.node) in self.kept for b in bindings_of(mention.chain))


def bindings_of(chain: Chain) -> list[Binding]:
    """Return what gives the first name of a chain its value."""
    found = chain.frame.scope.lookup(chain.root)
    return found[1] if found is not None else []
