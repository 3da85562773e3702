"""The `task(...)` call that takes a decorator's place, as option rules put it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.decorators.given import Option, Options
from codemods.engine.imports import Need
from codemods.engine.names import local_name
from codemods.engine.project import Project
from codemods.engine.site import Kind

Values = Mapping[str, cst.BaseExpression]
"""The options' expressions after edits inside them."""
Make = Callable[[Values], cst.BaseExpression]


@dataclass(frozen=True, slots=True)
class NewArg:
    """A keyword argument of the new call, where an old one stood or at the end."""

    keyword: str
    make: Make
    anchor: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of an option."""

    code: str
    kind: Kind
    reason: str


@dataclass(slots=True, eq=False)
class Build:
    """The state the option rules of a library share."""

    project: Project
    options: Options
    key: str
    """The task's module path, or the alias's name."""
    args: list[NewArg] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    needs: set[Need] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    unknown_queue: bool = False
    legacy_name: str | None = None
    refusal: Finding | None = None

    def keep(self, option: Option, keyword: str) -> None:
        """Pass the option's own expression on under another name."""
        name = option.name
        self.put(keyword, lambda values: values[name], option.index)

    def put(self, keyword: str, make: Make, anchor: int | None = None) -> None:
        """Add an argument with a new expression."""
        self.args.append(NewArg(keyword, make, anchor))

    def note(self, code: str, reason: str, kind: Kind = Kind.REWRITE) -> None:
        """Record what became of an option."""
        self.findings.append(Finding(code, kind, reason))

    def refuse(self, code: str, reason: str) -> None:
        """Leave the whole task as it is; the first reason counts."""
        if self.refusal is None:
            self.refusal = Finding(code, Kind.PERSON, reason)

    def decorator(self) -> str:
        """Return how the file spells the new decorator at module level."""
        return self.bridge("task")

    def bridge(self, name: str) -> str:
        """Return how the file spells a name of the bridge at module level."""
        spelled, need = local_name(self.options.source, "bridge", name, inside=False)
        if need is not None:
            self.needs.add(need)
        return spelled
