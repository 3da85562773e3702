"""Options that stand elsewhere: in `**DEFAULTS` of a module, or in a class of the project."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from codemods.engine.decorators.given import Option, Options
from codemods.engine.literals import string
from codemods.engine.modules import Target
from codemods.engine.project import Project
from codemods.engine.scope import BindingKind, Scope
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import descendants

_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """An option given elsewhere."""

    value: cst.BaseExpression
    source: Source
    scope: Scope


def unpack(project: Project, options: Options) -> None:
    """Add the options that `**NAME` stands for, where they can be read for sure."""
    call = options.frame
    if call is None or not isinstance(call.node, cst.Call):
        return
    given = written(options)
    for index, arg in enumerate(call.node.args):
        if index < options.leading:
            continue
        if arg.star == "**":
            entries = _constant_dict(project, arg.value, call.scope, options.source)
            if entries is None:
                return
            add(options, entries, index, given)
        elif arg.keyword is None:
            return
    options.unreadable = False


def written(options: Options) -> set[str]:
    """Return the names of the options that the call itself has."""
    call = options.frame
    assert call is not None
    assert isinstance(call.node, cst.Call)
    return {arg.keyword.value for arg in call.node.args if arg.keyword is not None}


def add(options: Options, entries: dict[str, Entry], index: int, given: set[str]) -> None:
    """Add options that another place gives, those the call has itself aside."""
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
    # What changes it may be a file that says nothing of the library.
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
