"""Ways to a task that no name shows: a call of one would run its function in place."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codemods.engine.literals import string
from codemods.engine.scope import Binding, BindingKind, Chain, Scope
from codemods.engine.site import Rule
from codemods.engine.source import Source
from codemods.engine.survey import dotted_name
from codemods.engine.tree import Frame
from codemods.rules.huey.study import Study

LOOKUP = Rule(
    "HUE210",
    "A task that is looked up by its name",
    "getattr(tasks, name), import_string(path) and globals()[name] may bring any task of a module, "
    "and what is called then cannot be seen: after a rewrite it would run in place. The tasks it "
    "may bring stay on Huey. Make a dict of what may be called, x.enqueue after the rewrite.",
)
SOMETIMES = Rule(
    "HUE218",
    "A name that is a task sometimes",
    "A name that one statement imports as a task and another one binds to something else cannot be "
    "followed, so its task stays on Huey. Give the two different names.",
)
_LOOKS = frozenset({"getattr", "hasattr", "importlib.reload", "reload", "print", "repr"})
_LOADERS = frozenset(
    {
        "django.utils.module_loading.import_string",
        "importlib.import_module",
        "pydoc.locate",
    }
)


def report_hidden(study: Study, sources: list[Source]) -> None:
    """Keep the tasks on Huey that something may reach out of sight."""
    modules = {task.module for task in study.tasks.values()}
    for source in sources:
        for chain in source.survey.chains:
            _judge_lookup(study, source, chain)
            _judge_module(study, source, chain, modules)
        for scope in _scopes(source):
            for name, bindings in scope.bindings.items():
                _judge_bindings(study, source, scope, name, bindings)


def _judge_lookup(study: Study, source: Source, chain: Chain) -> None:
    up = chain.frame.up
    if chain.dotted == "globals" and up is not None and isinstance(up.node, cst.Call):
        holder = up.up
        if holder is not None and isinstance(holder.node, cst.Subscript):
            _keep(study, source, holder, source.name, _text_of(holder.node))
        return
    if up is None or not isinstance(up.node, cst.Call) or up.node.func is not chain.frame.node:
        return
    args = up.node.args
    if chain.dotted == "getattr" and len(args) > 1:
        target = study.resolved(args[0].value, up.scope, source)
        if target is not None and not target.rest:
            _keep(study, source, up, target.full, string(args[1].value))
        elif isinstance(args[0].value, cst.Call):
            _loaded(study, source, up, args[0].value, string(args[1].value))
        return
    found = study.project.resolve(chain, source)
    if found is not None and found.full in _LOADERS and args:
        path = string(args[0].value) or ""
        module, _, name = path.rpartition(".")
        if path in study.tasks:
            _keep(study, source, up, module, name)


def _judge_module(study: Study, source: Source, chain: Chain, modules: set[str]) -> None:
    """Judge a module of tasks that is handed on as a whole."""
    up = chain.frame.up
    handed_on = up is not None and isinstance(up.node, (cst.Arg, cst.Return, cst.Element))
    stored = up is not None and isinstance(up.node, cst.Assign) and not _names_only(up.node)
    if up is None or source.is_test or not (handed_on or stored):
        return
    call_of = up.up.node if up.up is not None else None
    if isinstance(call_of, cst.Call) and dotted_name(call_of.func) in _LOOKS:
        return
    target = study.project.resolve(chain, source)
    if target is not None and target.binding is None and target.full in modules:
        _keep(study, source, chain.frame, target.full, None)


def _names_only(node: cst.Assign) -> bool:
    """Is the module only given another name, by which it is followed?"""
    return all(isinstance(target.target, cst.Name) for target in node.targets)


def _loaded(study: Study, source: Source, frame: Frame, node: cst.Call, name: str | None) -> None:
    """Judge `getattr(import_module("shop.tasks"), name)`."""
    if study.full(node.func, frame.scope, source) in _LOADERS and node.args:
        path = string(node.args[0].value)
        if path is not None:
            _keep(study, source, frame, path, name)


def _keep(study: Study, source: Source, frame: Frame, module: str, name: str | None) -> None:
    keys = frozenset(
        key
        for key, task in study.tasks.items()
        if task.module == module and name in (None, task.name)
    )
    if keys:
        what = name or "any task"
        reason = f"{what} of {module} is looked up by its name"
        study.block(source, frame, LOOKUP, reason, keys)


def _text_of(node: cst.Subscript) -> str | None:
    index = node.slice[0].slice
    return string(index.value) if isinstance(index, cst.Index) else None


def _scopes(source: Source) -> Iterator[Scope]:
    """Yield the scopes of a file in which names are used or bound."""
    seen: dict[int, Scope] = {id(source.survey.scope): source.survey.scope}
    for chain in source.survey.chains:
        scope: Scope | None = chain.frame.scope
        while scope is not None and id(scope) not in seen:
            seen[id(scope)] = scope
            scope = scope.parent
    yield from seen.values()


def _judge_bindings(
    study: Study, source: Source, scope: Scope, name: str, bindings: list[Binding]
) -> None:
    if len(bindings) < 2:
        return
    others = [one for one in bindings if dotted_name(one.value) != "None"]
    targets = [_task_of(study, source, one) for one in others]
    keys = frozenset(key for key in targets if key)
    if not keys or (len(keys) == 1 and all(targets)):
        return
    first = next(one for one, key in zip(others, targets, strict=True) if key)
    reason = f"{name} is a task here, and something else elsewhere"
    study.block(source, first.frame, SOMETIMES, reason, keys)


def _task_of(study: Study, source: Source, binding: Binding) -> str:
    """Return the task that a binding gives to its name, if it is an import or another name."""
    target = None
    if binding.kind is BindingKind.IMPORT:
        target = study.project.resolve_dotted(binding.target)
    elif binding.kind is BindingKind.ASSIGN and dotted_name(binding.value):
        target = study.resolved(binding.value, binding.frame.scope, source)
    return target.full if target is not None and target.full in study.tasks else ""
