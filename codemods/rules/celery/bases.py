"""Options that stand in a base class of tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.decorators.given import Option, Options
from codemods.engine.decorators.sources import Entry, add, unpack, written
from codemods.engine.literals import is_true, string
from codemods.engine.project import Project
from codemods.engine.scope import Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.rules.celery.names import TASK_CLASSES

_DEPTH = 4


@dataclass(slots=True)
class Base:
    """What a base class of tasks has beside options."""

    entries: dict[str, Entry] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    known: bool = True
    """Is every class up to Celery's own in sight?"""


def expand(project: Project, options: Options) -> None:
    """Add the options that `**NAME` and `base=` stand for, where they can be read for sure."""
    unpack(project, options)
    base = options.found.get("base")
    if base is None or options.unreadable:
        return
    read = read_base(project, base)
    if read is not None and read.known and not read.methods:
        del options.found["base"]
        add(options, read.entries, base.index, written(options))


def read_base(project: Project, option: Option) -> Base | None:
    """Return what the class given as base= brings, None when it cannot be seen."""
    base = Base()
    if not _read_class(project, option.value, option.scope, option.source, base, 0):
        return None
    return base


def _read_class(
    project: Project,
    node: cst.BaseExpression,
    scope: Scope,
    source: Source,
    base: Base,
    depth: int,
) -> bool:
    name = dotted_name(node)
    target = project.resolve_name(tuple(name.split(".")), scope, source) if name else None
    target = project.open(target) if target is not None else None
    if target is None or depth > _DEPTH:
        return False
    if target.source is None:
        if target.full not in TASK_CLASSES:
            base.known = False
        return True
    made = target.binding.frame.node if target.binding is not None else None
    if not isinstance(made, cst.ClassDef) or target.rest:
        return False
    inside = target.source.survey.scope
    for parent in made.bases:
        if not _read_class(project, parent.value, inside, target.source, base, depth + 1):
            base.known = False
    base.known &= bool(made.bases) and not made.keywords
    for statement in made.body.body:
        _read_statement(statement, base, target.source, inside)
    return True


def _read_statement(statement: cst.CSTNode, base: Base, source: Source, scope: Scope) -> None:
    if isinstance(statement, cst.FunctionDef):
        base.methods.append(statement.name.value)
        return
    if not isinstance(statement, cst.SimpleStatementLine):
        base.methods.append("its body")
        return
    for small in statement.body:
        if isinstance(small, cst.Pass) or (isinstance(small, cst.Expr) and string(small.value)):
            continue
        if isinstance(small, cst.Assign) and len(small.targets) == 1:
            name = dotted_name(small.targets[0].target)
            if name == "abstract" and is_true(small.value):
                continue
            if name and "." not in name:
                base.entries[name] = Entry(small.value, source, scope)
                continue
        base.methods.append("its body")
