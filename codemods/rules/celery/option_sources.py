"""Options that stand elsewhere: in `**DEFAULTS` of a module, or in a base class."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from codemods.engine.literals import string
from codemods.engine.modules import Target
from codemods.engine.project import Project
from codemods.engine.scope import BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import descendants
from codemods.rules.celery.names import TASK_CLASSES
from codemods.rules.celery.task import Option, Options, is_true

_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """An option given elsewhere."""

    value: cst.BaseExpression
    source: Source
    scope: Scope


@dataclass(slots=True)
class Base:
    """What a base class of tasks has beside options."""

    entries: dict[str, Entry] = field(default_factory=dict)
    methods: list[str] = field(default_factory=list)
    known: bool = True
    """Is every class up to Celery's own in sight?"""


def expand(project: Project, options: Options) -> None:
    """Add the options that `**NAME` and `base=` stand for, where they can be read for sure."""
    call = options.frame
    if call is None or not isinstance(call.node, cst.Call):
        return
    given = {arg.keyword.value for arg in call.node.args if arg.keyword is not None}
    for index, arg in enumerate(call.node.args):
        if index < options.leading:
            continue
        if arg.star == "**":
            entries = _constant_dict(project, arg.value, call.scope, options.source)
            if entries is None:
                return
            _add(options, entries, index, given)
        elif arg.keyword is None:
            return
    options.unreadable = False
    base = options.found.get("base")
    if base is None:
        return
    read = read_base(project, base)
    if read is not None and read.known and not read.methods:
        del options.found["base"]
        _add(options, read.entries, base.index, given)


def _add(options: Options, entries: dict[str, Entry], index: int, given: set[str]) -> None:
    for name, entry in entries.items():
        if name not in given and _is_visible(entry, options.source):
            arg = cst.Arg(keyword=cst.Name(name), value=entry.value)
            options.found[name] = Option(name, arg, index, entry.source, entry.scope)
        elif name not in given:
            options.elsewhere = name


def _is_visible(entry: Entry, source: Source) -> bool:
    """Does the expression mean the same in another file?"""
    if entry.source is source:
        return True
    names = {node.value for node in descendants(entry.value) if isinstance(node, cst.Name)}
    return names <= {"True", "False", "None"}


def _constant_dict(
    project: Project, node: cst.BaseExpression, scope: Scope, source: Source, depth: int = 0
) -> dict[str, Entry] | None:
    """Return the entries of a dict that one assignment makes and nobody changes."""
    if isinstance(node, cst.Name) and depth < _DEPTH:
        target = project.resolve_name((node.value,), scope, source)
        target = project.open(target) if target is not None else None
        if target is None or target.source is None or target.binding is None or target.rest:
            return None
        binding = target.binding
        same = target.source.survey.scope.bindings.get(binding.name, [])
        if binding.kind is not BindingKind.ASSIGN or len(same) != 1 or binding.value is None:
            return None
        if _is_changed(project, target):
            return None
        scope, source = target.source.survey.scope, target.source
        return _constant_dict(project, binding.value, scope, source, depth + 1)
    entries: dict[str, Entry] = {}
    if isinstance(node, cst.Call) and dotted_name(node.func) == "dict":
        for arg in node.args:
            if arg.keyword is None:
                return None
            entries[arg.keyword.value] = Entry(arg.value, source, scope)
        return entries
    if not isinstance(node, cst.Dict):
        return None
    for element in node.elements:
        if isinstance(element, cst.StarredDictElement):
            inner = _constant_dict(project, element.value, scope, source, depth + 1)
            if inner is None:
                return None
            entries.update(inner)
            continue
        key = string(element.key) if isinstance(element, cst.DictElement) else None
        if key is None:
            return None
        entries[key] = Entry(element.value, source, scope)
    return entries


def _is_changed(project: Project, target: Target) -> bool:
    """Is the dict used for anything but being unpacked?"""
    assert target.binding is not None
    name = target.binding.name
    # What changes it may be a file that says nothing of Celery.
    project.select_users([target.dotted])
    if any(name.encode() in source.data for source in project.unparsable):
        return True
    for source in project.relevant:
        for chain in source.survey.chains:
            if name != chain.root and name not in chain.parts:
                continue
            found = project.resolve(chain, source)
            if found is None or found.dotted != target.dotted:
                continue
            up = chain.frame.up.node if chain.frame.up is not None else None
            unpacked = isinstance(up, cst.StarredDictElement) or (
                isinstance(up, cst.Arg) and up.star == "**"
            )
            if found.rest or not unpacked:
                return True
    return False


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
